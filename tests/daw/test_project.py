"""Songs as JSON, and the order of their notes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.daw.songs import large, notes, projects

from workbench.daw import Project
from workbench.daw.project import Region, Track, in_order, merged
from workbench.errors import RequestError


@settings(max_examples=50)
@given(projects())
def test_json_keeps_everything(project: Project) -> None:
    assert Project.from_dict(json.loads(json.dumps(project.as_dict()))) == project


def test_a_file_keeps_everything(tmp_path: Path) -> None:
    project = large(500)
    project.save(tmp_path / "song.json")
    assert Project.load(tmp_path / "song.json") == project


def test_names_are_those_that_travel() -> None:
    region = Region(id="r", name="v", start_beats=4.0, duration_beats=8.0)
    told = Project(
        id="p", tracks=(Track(id="t", name="n", program=3, regions=(region,)),)
    ).as_dict()
    wanted = {"id", "name", "tempo", "key", "timeSignature", "tracks", "buses", "harmony"}
    assert wanted == set(told)
    track = told["tracks"][0]
    assert (track["gmProgram"], track["drumKitId"]) == (3, None)
    assert set(track["regions"][0]) == {
        "id", "name", "startBeat", "durationBeats", "notes", "ccEvents", "pitchBends", "aftertouch",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"tempo": "fast"}, "tempo: "),
        ({"tempo": float("nan")}, "tempo: "),
        ({"bpm": 3}, "bpm: "),
        ({"timeSignature": [4, 5]}, "denominator must be a power of two"),
        ({"buses": [{"id": "b", "name": "x"}, {"id": "b", "name": "y"}]}, "the id 'b'"),
        ({"tracks": [{"id": "t", "name": "n", "sends": [{"busId": "x"}]}]}, "sends to no bus 'x'"),
        ({"tracks": [{"id": "t", "name": "n", "gmProgram": 200}]}, "tracks.0.gmProgram: "),
        (
            {"tracks": [{"id": "t", "name": "n", "gmProgram": 2, "drumKitId": "jazz"}]},
            "a program or a drum kit",
        ),
        ({"id": object()}, "plain JSON values"),
    ],
)
def test_what_is_no_song_is_refused(change, says: str) -> None:
    with pytest.raises(RequestError, match=says.replace(".", r"\.")):
        Project.from_dict({"id": "p", "name": "s", **change})


@given(st.lists(notes, max_size=20), st.lists(notes, max_size=20))
def test_merging_is_sorting(some, more) -> None:
    assert merged(in_order(some), more) == in_order([*some, *more])
