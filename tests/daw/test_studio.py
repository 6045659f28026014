"""The studio: batches, history, observers, the breaker, allowlists, and calls that make no sense."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.daw.songs import ids, large

from workbench.daw import TOOLS, Caller, Project, Studio

NOTE = {"pitch": 60, "startBeat": 0, "durationBeats": 1, "velocity": 80}


@pytest.fixture
def studio() -> Studio:
    return Studio(new_id=ids())


def test_a_batch_refers_to_its_results_and_is_one_step(studio: Studio) -> None:
    empty = studio.project
    results = studio.batch(
        [
            ("stori_add_midi_track", {"name": "Bass"}),
            ("stori_add_midi_region", {"trackId": "$0.trackId", "startBeat": 0}),
            ("stori_add_notes", {"regionId": "$7.regionId", "notes": [NOTE]}),
            ("stori_add_notes", {"regionId": "$1.regionId", "notes": [NOTE]}),
            ("stori_add_midi_region", {"trackName": "bass", "startBeat": 16}),
        ]
    )
    assert [result.ok for result in results] == [True, True, False, True, True]
    error = results[2].answer["errors"][0]
    assert "'$7.regionId'" in error["message"]
    assert error["suggestion"] == "call 7 of this batch, counted from 0, gave no regionId"
    assert results[1].arguments["trackId"] == results[0].answer["trackId"]
    after = studio.project
    assert [len(region.notes) for region in after.regions] == [1, 0]
    assert studio.undo()
    assert studio.project is empty
    assert studio.redo()
    assert studio.project is after
    assert not studio.redo()


def test_history(studio: Studio) -> None:
    states = [studio.project]
    for tempo in (100, 110, 110, 120):
        assert studio.call("stori_set_tempo", {"tempo": tempo}).ok
        states.append(studio.project)
    assert studio.version == 3  # the same tempo again is no change
    assert studio.undo_label == "stori_set_tempo"
    assert studio.undo()
    assert studio.undo()
    assert studio.project is states[1]
    studio.call("stori_set_tempo", {"tempo": 99})
    assert not studio.redo()
    assert studio.undo()
    assert studio.undo()
    assert studio.project is states[0]
    assert not studio.undo()
    assert studio.undo_label is None


def test_observers_hear_of_every_change_until_they_leave(studio: Studio) -> None:
    heard: list[Project] = []
    leave = studio.on_change(heard.append)
    studio.call("stori_set_tempo", {"tempo": 90})
    studio.call("stori_set_tempo", {"tempo": 1000})
    studio.call("stori_play", {})
    studio.undo()
    assert [project.tempo_bpm for project in heard] == [90.0, 120.0]
    leave()
    studio.redo()
    assert len(heard) == 2


def test_the_breaker_counts_by_region_and_caller(studio: Studio) -> None:
    studio.batch(
        [
            ("stori_add_midi_track", {"name": "Bass"}),
            ("stori_add_midi_region", {"trackId": "$0.trackId", "startBeat": 0, "name": "A"}),
            ("stori_add_midi_region", {"trackId": "$0.trackId", "startBeat": 16, "name": "B"}),
        ]
    )
    good, bad = {"notes": [NOTE]}, {"_noteCount": 8}

    def code(region: str | None, arguments, **rest):
        given = arguments if region is None else {"regionId": region, **arguments}
        answer = studio.call("stori_add_notes", given, **rest).answer
        return answer["success"] or answer["errors"][0]["code"]

    region_a = next(studio.project.regions).id
    assert [code("A", bad), code(region_a, bad)] == ["MISSING_REQUIRED"] * 2
    assert code("a", good) is True  # forgives
    assert [code("A", bad) for _ in range(3)] == ["MISSING_REQUIRED"] * 3
    assert code(region_a, good) == "CIRCUIT_OPEN"
    assert code("B", good) is True
    assert code("A", good, caller=Caller()) is True
    assert [code(None, good) for _ in range(4)] == ["MISSING_REQUIRED"] * 3 + ["CIRCUIT_OPEN"]


def test_a_caller_may_call_what_it_may(studio: Studio) -> None:
    caller = Caller(allowed=frozenset({"stori_set_key"}))
    (error,) = studio.call("stori_set_tempo", {"tempo": 90}, caller=caller).answer["errors"]
    assert (error["code"], error["field"]) == ("TOOL_NOT_ALLOWED", "tool_name")
    assert error["suggestion"] == "the tools are stori_set_key"
    assert studio.call("stori_set_key", {"key": "Am"}, caller=caller).ok


def test_calls_side_by_side_lose_nothing(studio: Studio) -> None:
    def add(number: int) -> bool:
        return studio.call("stori_add_midi_track", {"name": f"Part {number}"}).ok

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(add, range(100)))
    assert {track.name for track in studio.project.tracks} == {f"Part {n}" for n in range(100)}
    while studio.undo():
        pass
    assert studio.project.tracks == ()


def test_of_thousands_of_errors_a_few_are_told(studio: Studio) -> None:
    studio.call("stori_add_midi_track", {"name": "Bass"})
    notes = [{"pitch": 999, "velocity": "x"}] * 5000
    answer = studio.call("stori_add_notes", {"regionId": "x" * 10_000, "notes": notes}).answer
    assert len(answer["errors"]) == 20
    assert all(len(error["message"]) < 300 for error in answer["errors"])


# ---------------------------------------------------------------------- calls that make no sense

SONG = large(60)
OWN = [SONG.id, *(t.id for t in SONG.tracks), *(r.id for r in SONG.regions)]
FIELDS = sorted({name for tool in TOOLS.values() for name in tool.takes} | {"notes", "_noteCount"})
odd = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([*OWN, "$0.trackId", "Part 1", "Am", "9" * 400, "\ud800", 10**400, -0.0])
)
values = st.recursive(
    odd,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["pitch", "beat", "value", "x", "startBeat"]), inner, max_size=4)
    ),
    max_leaves=6,
)  # fmt: skip
arguments = (
    st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=4), values, max_size=6)
    | values
    | st.sampled_from([[{"notes": []}] * 1000, {"notes": [NOTE] * 20_000, "regionId": "r0"}])
)


@settings(max_examples=300)
@given(st.sampled_from(sorted(TOOLS)) | st.text(max_size=6), arguments, st.data())
def test_any_call_is_done_or_refused_whole(name: str, given_arguments, data) -> None:
    studio = Studio(SONG)
    if name in TOOLS and isinstance(given_arguments, dict) and data.draw(st.booleans()):
        own = {field: given_arguments.get(field, data.draw(values)) for field in TOOLS[name].takes}
        given_arguments = own | {
            key: data.draw(st.sampled_from(OWN)) for key in own if key.endswith("Id")
        }
    before = SONG.as_dict()
    result = studio.call(name, given_arguments)
    assert SONG.as_dict() == before
    if result.ok:
        assert Project.from_dict(studio.project.as_dict()) == studio.project
        studio.project.to_score()
    else:
        assert studio.project is SONG
        assert result.answer["errors"]
        assert studio.undo_label is None
