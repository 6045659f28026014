"""What emotions mean to a runner, and parts composed into songs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.daw.songs import ids

from workbench.daw import CANDIDATES, Caller, Studio, controls_for, performed
from workbench.daw.project import ControlChange, Note, Project, Region, Track
from workbench.errors import RequestError, RunnerError, WorkbenchError
from workbench.evals.critic import critique
from workbench.models import CancelToken, load_runner
from workbench.models.controls import Commission, Controls
from workbench.score import EmotionVector

VECTORS = json.loads((Path(__file__).parent / "vectors" / "maestro.json").read_text())
# The presets of reference §9.4 that the vectors use: energy, valence, tension, intimacy, motion.
PRESETS = {
    "euphoric": (0.95, 0.9, 0.3, 0.4, 0.9),
    "melancholic": (0.25, -0.4, 0.4, 0.8, 0.2),
    "drop": (1.0, 0.5, 0.3, 0.2, 1.0),
    "ambient": (0.15, 0.2, 0.2, 0.7, 0.1),
    "neutral": (0.5, 0.0, 0.3, 0.5, 0.5),
    "anxious": (0.6, -0.2, 0.9, 0.4, 0.7),
}
AXES = ("energy", "valence", "tension", "intimacy", "motion")


@pytest.mark.parametrize("case", VECTORS["orpheus_conditioning"])
def test_conditioning_as_in_the_reference(case) -> None:
    emotion = None
    if case["preset"] != "none":
        axes = dict(zip(AXES, PRESETS[case["preset"]], strict=True))
        emotion = EmotionVector(**axes)
    controls, wanted = controls_for(case["role"], emotion), case["request"]
    for name, field in (
        ("brightness", "tone_brightness"),
        ("warmth", "tone_warmth"),
        ("intensity", "energy_intensity"),
        ("excitement", "energy_excitement"),
        ("complexity", "complexity"),
    ):
        assert getattr(controls, name) == pytest.approx(wanted[field])
    assert list(controls.goals) == wanted["musical_goals"]
    assert controls.not_understood == ()


unit = st.floats(0, 1)


@given(unit, st.floats(-1, 1), unit, unit, unit)
def test_any_emotion_has_controls(energy, valence, tension, intimacy, motion) -> None:
    emotion = EmotionVector(
        energy=energy, valence=valence, tension=tension, intimacy=intimacy, motion=motion
    )
    for role in ("drums", "tenor sax", "pads", "bass"):
        assert len(set(controls_for(role, emotion).goals)) == len(controls_for(role, emotion).goals)


def test_a_performance_is_the_critics_choice() -> None:
    commission = Commission(
        genre="house", tempo_bpm=120.0, bars=4, instruments=("drums",), seed=3, candidates=4
    )
    made = performed(load_runner("grammar"), commission, Controls())
    assert made.choice == max(range(4), key=lambda i: made.loops[i].value)
    assert [loop.critique.value for loop in made.loops] == [
        critique(loop.score).value for loop in made.loops
    ]
    bounded = performed(
        load_runner("grammar"), commission, Controls(), bounds=lambda r: replace(r, bars=2)
    )
    assert bounded.chosen.score.length_ticks == 2 * 1920


# ---------------------------------------------------------------------- into songs

ASKED = {"role": "bass", "style": "funk", "tempo": 100, "bars": 4, "key": "Em"}


@pytest.fixture
def studio() -> Studio:
    return Studio(runner=load_runner("grammar"), seed=1, new_id=ids())


def made(studio: Studio, **arguments):
    result = studio.call("stori_generate_midi", {**ASKED, **arguments})
    assert result.ok, result.answer
    return result


@pytest.mark.parametrize(
    ("role", "name", "program", "kit"),
    [
        ("drums", "Drums", None, "acoustic"),
        ("bass", "Bass", 33, None),
        ("tenor sax", "Tenor Sax", 66, None),
        ("pads", "Pads", 89, None),
        ("fx", "FX", 99, None),
        ("zorp", "Zorp", 0, None),
    ],
)
def test_a_part_without_ids_gets_a_track_and_a_region(studio, role, name, program, kit) -> None:
    answer = made(studio, role=role).answer
    (track,) = studio.project.tracks
    (region,) = track.regions
    assert (track.id, region.id) == (answer["trackId"], answer["regionId"])
    assert (track.name, track.program, track.drum_kit) == (name, program, kit)
    assert (region.start_beats, region.duration_beats) == (0.0, 16.0)
    assert len(region.notes) == answer["notesAdded"] > 0
    assert all(n.start_beats + n.duration_beats <= 16.0 + 1e-9 for n in region.notes)
    assert studio.project.to_score().length_ticks == 4 * 1920
    assert studio.undo()
    assert studio.project.tracks == ()


@pytest.mark.parametrize("bars", [1, 3, 8])
def test_a_region_is_exactly_as_long_as_its_bars(studio: Studio, bars: int) -> None:
    assert made(studio, bars=bars).answer["durationBeats"] == 4.0 * bars
    assert next(studio.project.regions).duration_beats == 4.0 * bars


def test_parts_follow_each_other_on_a_track(studio: Studio) -> None:
    track = made(studio).answer["trackId"]
    second = made(studio, trackId=track, bars=2).answer
    assert second["startBeat"] == 16.0
    third = made(studio, trackName="Bass", bars=1, start_beat=40).answer
    assert [(r.start_beats, r.duration_beats) for r in studio.project.regions] == [
        (0.0, 16.0),
        (16.0, 8.0),
        (40.0, 4.0),
    ]
    assert third["trackId"] == track


def test_a_region_is_composed_anew_from_the_given_beat_on(studio: Studio) -> None:
    old = Region(
        id="R",
        name="r",
        start_beats=8.0,
        duration_beats=32.0,
        notes=(Note(0.0, 1), Note(7.5, 2, 4.0), Note(20.0, 3)),
        controls=(ControlChange(0.0, 64, 1), ControlChange(30.0, 64, 2)),
    )
    bass = Track(id="T", name="Bass", program=33, regions=(old,))
    studio.put(Project(id="p", tracks=(bass,)), "begin")
    made(studio, regionId="R", start_beat=16, bars=2)
    region = studio.project.region("R")
    assert (region.start_beats, region.duration_beats) == (8.0, 16.0)
    assert region.notes[:2] == (Note(0.0, 1), Note(7.5, 2, 0.5))
    assert all(note.start_beats >= 8.0 for note in region.notes[2:])
    assert len(region.notes) > 2
    assert ControlChange(30.0, 64, 2) not in region.controls
    made(studio, regionId="R", bars=2)
    region = studio.project.region("R")
    assert region.duration_beats == 8.0
    assert Note(0.0, 1) not in region.notes


def test_the_same_calls_give_the_same_music_and_another_take_another(studio: Studio) -> None:
    def take(seed: int, roles=("bass", "bass")) -> list:
        again = Studio(runner=load_runner("grammar"), seed=seed, new_id=ids())
        for role in roles:
            made(again, role=role)
        parts = [track.regions[0] for track in again.project.tracks]
        return [(region.notes, region.controls) for region in parts]

    assert take(1) == take(1)
    assert take(1) != take(2)
    assert take(1)[0] != take(1)[1]
    # Another part that is composed in between changes nothing.
    assert take(1, ("bass", "drums", "bass"))[2] == take(1)[1]


def test_emotion_and_words_reach_the_music(studio: Studio) -> None:
    loud = EmotionVector(energy=1.0, motion=0.9)
    soft = EmotionVector(energy=0.0, motion=0.1)

    def velocity(emotion) -> float:
        again = Studio(
            runner=load_runner("grammar"), caller=Caller(emotion=emotion, quality="fast")
        )
        made(again)
        notes = next(again.project.regions).notes
        return sum(note.velocity for note in notes) / len(notes)

    assert velocity(loud) > velocity(None) > velocity(soft)
    told = made(
        studio, prompt="A tense line, not dark.", constraints={"density": "sparse", "swing": 0.5}
    ).answer
    assert {"tense", "sparse"} <= set(told["goals"])
    assert "dark" not in told["goals"]
    assert told["constraintsNotUsed"] == ["swing"]


@pytest.mark.parametrize("quality", CANDIDATES)
def test_quality_is_how_many_are_chosen_among(studio: Studio, quality) -> None:
    result = studio.call("stori_generate_midi", ASKED, caller=Caller(quality=quality))
    assert len(result.answer["quality"]) == CANDIDATES[quality]


@pytest.mark.parametrize(
    ("tool", "extra", "role"),
    [("drums", {}, "drums"), ("bass", {}, "bass"), ("chords", {"key": "Am"}, "chords"),
     ("melody", {"key": "Am"}, "melody")],
)  # fmt: skip
def test_deprecated_tools_compose_too(studio: Studio, tool: str, extra, role: str) -> None:
    given = {"style": "funk", "tempo": 100, "bars": 2, **extra}
    result = studio.call(f"stori_generate_{tool}", given)
    assert result.ok, result.answer
    assert result.answer["role"] == role
    assert next(studio.project.regions).duration_beats == 8.0
    assert not studio.call(f"stori_generate_{tool}", {**given, "bars": 17}).ok


def test_composing_wants_a_key_where_the_tool_says_so(studio: Studio) -> None:
    given = {"style": "funk", "tempo": 100, "bars": 2}
    (error,) = studio.call("stori_generate_chords", given).answer["errors"]
    assert (error["code"], error["field"]) == ("MISSING_REQUIRED", "key")


class Failing:
    """A runner that cannot."""

    def __init__(self, error: Exception) -> None:
        self.error, self.info = error, load_runner("scripted").info

    def generate(self, request, *, cancel=None, on_progress=None):
        raise self.error


@pytest.mark.parametrize(
    ("runner", "code", "says"),
    [
        (None, "GENERATION_FAILED", "no runner"),
        (Failing(RunnerError("the weights are gone")), "GENERATION_FAILED", "the weights are gone"),
        (Failing(WorkbenchError("no")), "GENERATION_FAILED", "no"),
        (Failing(RequestError("bars must be fewer")), "INVALID_VALUE", "bars must be fewer"),
        (load_runner("scripted", scripts=[()]), "GENERATION_FAILED", "composed no notes"),
    ],
    ids=["none", "runner", "other", "request", "silence"],
)
def test_nothing_stands_in_for_what_did_not_come(runner, code: str, says: str) -> None:
    studio = Studio(runner=runner)
    before = studio.project
    (error,) = studio.call("stori_generate_midi", ASKED).answer["errors"]
    assert error["code"] == code
    assert says in error["message"]
    assert studio.project is before


@pytest.mark.parametrize(
    ("arguments", "code", "field"),
    [
        ({"trackId": "K"}, "INVALID_VALUE", "role"),
        ({"trackId": "K", "regionId": "R", "role": "drums"}, "INVALID_VALUE", "regionId"),
        ({"regionId": "R", "start_beat": 4}, "VALUE_OUT_OF_RANGE", "start_beat"),
        ({"constraints": {"max_polyphony": 1}}, "INVALID_VALUE", "arguments"),  # grammar has none
        ({"constraints": {"pitch_range": [60]}}, "INVALID_VALUE", "constraints.pitch_range"),
        ({"bars": 65}, "VALUE_OUT_OF_RANGE", "bars"),
        ({"trackId": "flute"}, "ENTITY_NOT_FOUND", "trackId"),
    ],
)
def test_what_does_not_fit_is_said(studio: Studio, arguments, code: str, field: str) -> None:
    region = Region(id="R", name="r", start_beats=8.0, duration_beats=8.0)
    bass = Track(id="T", name="Bass", program=33, regions=(region,))
    kit = Track(id="K", name="Kit", drum_kit="jazz")
    studio.put(Project(id="p", tracks=(bass, kit)), "begin")
    before = studio.project
    (error,) = studio.call("stori_generate_midi", {**ASKED, **arguments}).answer["errors"]
    assert (error["code"], error["field"]) == (code, field)
    assert studio.project is before


@settings(max_examples=40)
@given(
    st.dictionaries(
        st.sampled_from(
            ("pitch_range", "scale", "max_polyphony", "grid", "instruments", "temperature", "density")
        ),
        st.none() | st.booleans() | st.integers(-1, 130) | st.floats() | st.text(max_size=3)
        | st.lists(st.integers(-1, 130) | st.floats(), max_size=3)
        | st.sampled_from(("sparse", [36, 60], [0, 4, 7], {"a": 1}, [[1], [2]])),
        max_size=3,
    )
)  # fmt: skip
def test_any_constraints_are_met_or_refused(constraints) -> None:
    studio = Studio(runner=load_runner("scripted"))
    before = studio.project
    given_arguments = {**ASKED, "role": "drums", "bars": 1, "constraints": constraints}
    if not studio.call("stori_generate_midi", given_arguments).ok:
        assert studio.project is before


def test_composing_stops_when_its_caller_says_so(studio: Studio) -> None:
    caller = Caller(cancel=CancelToken())
    caller.cancel.cancel()
    (error,) = studio.call("stori_generate_midi", ASKED, caller=caller).answer["errors"]
    assert error["code"] == "GENERATION_FAILED"
    assert studio.project.tracks == ()


def test_what_was_composed_for_a_track_that_has_gone_is_refused() -> None:
    class Meddling:
        """A runner during whose work somebody empties the song."""

        info = load_runner("grammar").info

        def generate(self, request, *, cancel=None, on_progress=None):
            studio.put(Project(id="other"), "away with it")
            return load_runner("grammar").generate(request)

    studio = Studio(Project(id="p", tracks=(Track(id="T", name="Bass", program=33),)))
    studio.runner = Meddling()
    (error,) = studio.call("stori_generate_midi", {**ASKED, "trackId": "T"}).answer["errors"]
    assert error["code"] == "ENTITY_NOT_FOUND"
    assert studio.project == Project(id="other")
