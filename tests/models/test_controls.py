"""What controls ask of a runner and do to notes: neutral is nothing, more is more, music stays music."""

from __future__ import annotations

import dataclasses
import math
import random
import subprocess
import sys
from collections.abc import Callable
from itertools import combinations, pairwise
from statistics import fmean

import pytest

from workbench.errors import RequestError
from workbench.evals.metrics import METRICS
from workbench.models import GenerationRequest, RunnerInfo, load_runner
from workbench.models import grammar as genres
from workbench.models.controls import (
    GOALS,
    STYLES,
    Commission,
    Controls,
    Dials,
    request_for,
    shaped,
    style_of,
    temperature_of,
)
from workbench.models.expression import role_of, without_overlaps
from workbench.models.shaping import BAR, CUTOFF
from workbench.score import DRUM_CHANNEL, KeySignature, Note, Score, Track, parse_key

RUNNER = load_runner("grammar")
BAND = ("drums", "bass", "piano", "lead")


def composed(style: str, seed: int) -> Score:
    request = GenerationRequest(
        style=style, roles=BAND, bars=4, key="Cm", num_variations=1, seed=seed
    )
    return RUNNER.generate(request).variations[0].score


LOOPS = [composed(style, seed) for style in genres.STYLES for seed in range(2)]


def turned(score: Score, seed: int = 5, **controls: object) -> Score:
    return shaped(score, Controls(**controls), random.Random(seed))  # type: ignore[arg-type]


def pitched(score: Score) -> list[Note]:
    return [note for track in score.tracks if not track.is_drums for note in track.notes]


def onsets(score: Score) -> set[tuple[int, int, int]]:
    return {
        (index, note.start_ticks, note.pitch)
        for index, track in enumerate(score.tracks)
        for note in track.notes
    }


@pytest.mark.parametrize("seed", range(3))
def test_neutral_controls_leave_the_music(seed: int) -> None:
    for score in LOOPS:
        assert turned(score, seed) == score
        assert turned(score, seed, goals=("no such goal",)) == score


# ---------------------------------------------------------------------- more is more

LEVELS = (-1.0, -0.7, -0.3, 0.0, 0.3, 0.7, 1.0)
Measure = Callable[[Score], float]


def mean_pitch(score: Score) -> float:
    return fmean(note.pitch for note in pitched(score))


def velocity(score: Score) -> float:
    return fmean(note.velocity for note in score.notes)


def length(score: Score) -> float:
    return fmean(note.duration_ticks for note in pitched(score))


def cutoff(score: Score) -> float:
    return fmean(
        next((event.value for event in track.controls if event.control == CUTOFF), 64)
        for track in score.tracks
    )


def count(score: Score) -> float:
    return len(list(score.notes))


@pytest.mark.parametrize(
    ("control", "measure", "sign"),
    [
        ("brightness", mean_pitch, 1),
        ("brightness", cutoff, 1),
        ("warmth", length, 1),
        ("warmth", velocity, -1),
        ("intensity", count, 1),
        ("excitement", count, 1),
    ],
)
def test_of_every_loop_more_of_a_control_moves_its_measure_one_way(
    control: str, measure: Measure, sign: int
) -> None:
    moved = 0
    for score in LOOPS:
        values = [sign * measure(turned(score, **{control: level})) for level in LEVELS]
        assert values == sorted(values)
        moved += values[0] < values[-1]
    assert moved == len(LOOPS)


@pytest.mark.parametrize(
    ("control", "levels", "measure"),
    [
        ("intensity", (-1, 0, 1), velocity),
        ("excitement", (-1, 0, 1), METRICS["syncopation"]),
        ("complexity", (0, 0.5, 1), METRICS["polyphony"]),
        ("complexity", (0, 0.5, 1), count),
    ],
)
def test_over_all_loops_more_of_a_control_moves_its_measure(
    control: str, levels: tuple[float, ...], measure: Measure
) -> None:
    low, neutral, high = (
        [measure(turned(score, **{control: level})) for score in LOOPS] for level in levels
    )
    assert fmean(low) < fmean(neutral) < fmean(high)
    for below, above in pairwise((low, neutral, high)):
        sure = sum(one < other for one, other in zip(below, above, strict=True))
        assert sure >= 0.75 * len(LOOPS)


def test_thinner_music_is_part_of_thicker_music() -> None:
    """With the same luck; density alone, as the goal turns it."""
    for score in LOOPS:
        half, more = (
            onsets(shaped(score, controls, random.Random(1)))
            for controls in (Controls(intensity=-0.5), Controls(intensity=-1.0))
        )
        assert more <= half <= onsets(score)


# ---------------------------------------------------------------------- music stays music

Setting = dict[str, object]
SETTINGS: dict[str, Setting] = {
    **{
        f"{name} {level:+}": {name: level}
        for name in ("brightness", "warmth", "intensity", "excitement")
        for level in (-1.0, 1.0)
    },
    **{f"complexity {level}": {"complexity": level} for level in (0.0, 1.0)},
    **{goal: {"goals": (goal,)} for goal in GOALS},
    "everything": {
        "brightness": 1.0, "warmth": -1.0, "intensity": 1.0, "excitement": 1.0, "complexity": 1.0,
        "goals": tuple(GOALS),
    },
}  # fmt: skip


@pytest.fixture(scope="module", params=SETTINGS)
def setting(request: pytest.FixtureRequest) -> Setting:
    return SETTINGS[request.param]


@pytest.fixture(scope="module")
def shapes(setting: Setting) -> list[tuple[Score, Score]]:
    """Every loop before and after."""
    return [(score, turned(score, **setting)) for score in LOOPS]


def test_a_loop_stays_a_loop(setting: Setting, shapes: list[tuple[Score, Score]]) -> None:
    assert shapes[3][1] == turned(shapes[3][0], **setting)
    assert sum(score != out for score, out in shapes) >= 0.8 * len(LOOPS)
    for score, out in shapes:
        assert out.length_ticks == score.length_ticks
        assert [track.name for track in out.tracks] == [track.name for track in score.tracks]
        for before, track in zip(score.tracks, out.tracks, strict=True):
            assert track.notes
            assert track.end_ticks <= score.length_ticks
            assert list(track.controls) == sorted(track.controls)
            if track.notes != before.notes:
                assert track.notes == without_overlaps(track.notes, score.length_ticks)


def test_the_key_is_kept_but_for_steps_from_below(
    setting: Setting, shapes: list[tuple[Score, Score]]
) -> None:
    tense = "tense" in str(setting)
    for score, out in shapes:
        allowed = {note.pitch % 12 for note in pitched(score)}  # a minor key has its dominant, too
        allowed.update(parse_key("Cm").pitch_classes)
        for track in out.tracks:
            if not track.is_drums and not (tense and role_of(track) != "chords"):
                assert {note.pitch % 12 for note in track.notes} <= allowed


def test_a_line_stays_a_line(shapes: list[tuple[Score, Score]]) -> None:
    lines = 0
    for score, out in shapes:
        for before, track in zip(score.tracks, out.tracks, strict=True):
            if role_of(track) in ("bass", "melody") and in_line(before):
                assert in_line(track)
                lines += 1
    assert lines > len(LOOPS)


def in_line(track: Track) -> bool:
    return all(one.end_ticks <= other.start_ticks for one, other in pairwise(track.notes))


# ---------------------------------------------------------------------- by hand


def keys(*chords: tuple[int, list[int]], beats: int = 2) -> Score:
    """Piano chords, each at a tick, for some beats; in C, two bars."""
    notes = tuple(Note(start, pitch, 480 * beats) for start, pitches in chords for pitch in pitches)
    return Score(
        tracks=(Track("Chords", notes),),
        key_signatures=(KeySignature(0, "C"),),
        length_ticks=2 * BAR,
    )


def chords_of(score: Score) -> list[set[int]]:
    starts = sorted({note.start_ticks for note in score.notes})
    return [{n.pitch for n in score.notes if n.start_ticks == start} for start in starts]


def test_complex_chords_get_a_seventh_and_simple_ones_keep_their_outer_voices() -> None:
    score = keys((0, [60, 64, 67]), (BAR, [62, 65, 69]))  # C, Dm
    assert chords_of(turned(score, complexity=1.0)) == [{60, 64, 67, 71}, {62, 65, 69, 72}]
    assert chords_of(turned(score, complexity=0.0)) == [{60, 67}, {62, 69}]


def test_simple_music_keeps_its_beats() -> None:
    for score in LOOPS:
        on_beats, still_there = (
            {(index, start) for index, start, _ in onsets(music) if start % 480 == 0}
            for music in (score, turned(score, complexity=0.0))
        )
        assert still_there == on_beats


def test_a_tense_chord_gets_the_note_of_the_key_that_rubs_nearest_its_top() -> None:
    score = keys((0, [60, 64, 67]), (BAR, [62, 65, 69]))
    # F against E; B against F, a tritone.
    assert chords_of(turned(score, goals=("tense",))) == [{60, 64, 65, 67}, {62, 65, 69, 71}]


def test_bright_chords_turn_over_voice_by_voice() -> None:
    score = keys((0, [60, 64, 67]))
    assert chords_of(turned(score, brightness=0.34)) == [{64, 67, 72}]
    assert chords_of(turned(score, brightness=0.67)) == [{67, 72, 76}]
    assert chords_of(turned(score, brightness=-0.34)) == [{55, 60, 64}]


def test_one_note_at_a_time_where_chords_overlapped() -> None:
    score = keys((0, [60, 64]), (480, [62, 65]))
    (track,) = turned(score, goals=("monophonic",)).tracks
    assert [(note.pitch, note.end_ticks) for note in track.notes] == [(64, 480), (65, 1440)]


def test_a_part_is_never_silenced() -> None:
    score = keys((BAR + 120, [60]))
    for seed in range(20):
        assert chords_of(turned(score, seed, intensity=-1.0, goals=("sparse",))) == [{60}]


def test_soft_hits_fall_where_a_stronger_place_follows() -> None:
    backbeat = tuple(
        Note(480 * beat, (36, 38)[beat % 2], 60, 90, DRUM_CHANNEL) for beat in range(8)
    )
    score = Score(tracks=(Track("kit", backbeat),), length_ticks=2 * BAR)
    slots = {(38, 7 * 120), (38, 15 * 120), (36, 3 * 120), (36, 10 * 120)}
    rates = []
    for level in (0.5, 1.0):
        new = [
            note
            for seed in range(200)
            for note in turned(score, seed, excitement=level).tracks[0].notes
            if note.start_ticks % 480
        ]
        assert {(note.pitch, note.start_ticks % BAR) for note in new} == slots
        assert max(note.velocity for note in new) < 90
        rates.append(len(new) / 200 / 8)
    # Seven in ten at 1; four standard errors of 1600 draws.
    assert rates == pytest.approx([0.35, 0.70], abs=4 * (0.25 / 1600) ** 0.5)


def test_off_beats_wait_for_a_silent_beat_when_calm() -> None:
    steps = {0: 0, 3: 480, 6: 960, 10: 1440 - 120, 11: 1440}  # 10 waits only if 11 is not struck
    notes = tuple(Note(120 * step, 60 + step, 60) for step in steps)
    score = Score(tracks=(Track("Melody", notes),), length_ticks=BAR)
    waited = set()
    for seed in range(30):
        for note in turned(score, seed, excitement=-1.0, intensity=2 / 3).notes:  # no thinner
            step = note.pitch - 60
            assert note.start_ticks in (120 * step, steps[step])
            assert step != 10 or note.start_ticks == 1200
            waited |= {step} if note.start_ticks != 120 * step else set()
    assert waited == {3, 6, 11}


# ---------------------------------------------------------------------- goals


def test_every_goal_turns_dials_that_there_are() -> None:
    dials = {field.name for field in dataclasses.fields(Dials)}
    for goal, turns in GOALS.items():
        assert set(turns) <= dials
        assert Dials.of(Controls(goals=(goal,))) != Dials()


def test_goals_are_understood_once_in_any_case() -> None:
    controls = Controls(goals=("Dark", "dark ", "wobbly", "sparse"))
    assert controls.understood == ("dark", "sparse")
    assert controls.not_understood == ("wobbly",)
    assert Dials.of(controls) == Dials.of(Controls(goals=("sparse", "dark")))


def test_dials_end_at_one() -> None:
    controls = Controls(brightness=1, intensity=1, goals=("bright", "energetic"))
    assert Dials.of(controls).brightness == Dials.of(controls).loudness == 1


def bar_notes(score: Score, bar: int) -> set[tuple[int, int, int]]:
    return {
        (index, start - bar * BAR, pitch)
        for index, start, pitch in onsets(score)
        if start // BAR == bar
    }


def test_repetitive_repeats_the_first_two_bars() -> None:
    for score in LOOPS:
        out = turned(score, goals=("repetitive",))
        assert bar_notes(out, 0) == bar_notes(out, 2) == bar_notes(score, 0)
        assert bar_notes(out, 1) == bar_notes(out, 3) == bar_notes(score, 1)


def test_breathing_is_silent_at_the_end_of_every_second_bar() -> None:
    for score in LOOPS:
        for note in pitched(turned(score, goals=("breathing",))):
            assert note.end_ticks % (2 * BAR) <= 2 * BAR - 480
            assert (note.end_ticks - 1) // (2 * BAR) == note.start_ticks // (2 * BAR)


def test_monophonic_has_one_note_at_a_time_a_part() -> None:
    for score in LOOPS:
        for track in turned(score, goals=("monophonic",)).tracks:
            assert track.is_drums or in_line(track)


def test_sustained_notes_last_to_the_next_of_their_part() -> None:
    for score in LOOPS:
        for track in turned(score, goals=("sustained",)).tracks:
            starts = sorted({note.start_ticks for note in track.notes})
            following = dict(pairwise([*starts, score.length_ticks]))
            if not track.is_drums:
                assert all(
                    note.end_ticks >= following[note.start_ticks] for note in track.notes[:1]
                )
                late = [n for n in track.notes if n.end_ticks < following[n.start_ticks]]
                assert all(_struck_again(track, note) for note in late)


def _struck_again(track: Track, note: Note) -> bool:
    return any(n.pitch == note.pitch and n.start_ticks == note.end_ticks for n in track.notes)


def test_tense_chords_rub_and_all_grows_louder() -> None:
    def rubs(score: Score) -> float:
        chords: dict[int, set[int]] = {}
        for track in score.tracks:
            for note in track.notes if role_of(track) == "chords" else ():
                chords.setdefault(note.start_ticks, set()).add(note.pitch)
        pairs = [
            (high - low) % 12 in (1, 6, 11)
            for held in chords.values()
            for low, high in combinations(sorted(held), 2)
        ]
        return fmean(pairs) if pairs else math.nan

    def growth(score: Score) -> float:
        half = score.length_ticks // 2
        early, late = [], []
        for note in score.notes:
            (early if note.start_ticks < half else late).append(note.velocity)
        return fmean(late) - fmean(early)

    chords = [score for score in LOOPS if not math.isnan(rubs(score))]
    assert len(chords) > 15
    tense = [turned(score, goals=("tense",)) for score in chords]
    assert fmean(map(rubs, tense)) > 1.5 * fmean(map(rubs, chords))
    for score, out in zip(chords, tense, strict=True):
        assert growth(out) > growth(score) + 5


# ---------------------------------------------------------------------- genres and requests


@pytest.mark.parametrize(
    ("genre", "style"),
    [
        ("boom_bap", "hip-hop"),
        ("Lo-Fi Hip Hop", "hip-hop"),
        ("dnb", "drum-and-bass"),
        ("drum & bass", "drum-and-bass"),
        ("deep house", "house"),
        ("jazz house", "house"),
        ("house jazz", "jazz"),
        ("R&B", "funk"),
        ("afro-cuban", "afro-cuban"),
        ("dark melodic techno", "techno"),
        ("uk drill", "trap"),
        ("latin trap", "trap"),
        ("classical", None),
        ("", None),
        ("jazzy", None),
    ],
)
def test_the_nearest_style_of_a_genre(genre: str, style: str | None) -> None:
    assert style_of(genre, RUNNER.info.styles) == style


def test_every_trained_style_is_its_own_genre() -> None:
    assert set(STYLES) == set(genres.STYLES)
    for style in genres.STYLES:
        assert style_of(style, genres.STYLES) == style


def test_a_style_the_runner_does_not_know_is_none() -> None:
    assert style_of("house", ("jazz",)) is None


ROLES = RunnerInfo(
    name="a", family="a", description="", licence="", roles=("drums",), styles=("jazz",)
)
PLAIN = RunnerInfo(name="b", family="b", description="", licence="")
ASKED = Commission(
    genre="bebop", tempo_bpm=140, bars=8, instruments=("drums", "bass", "pads", "tenor sax"),
    key="F", seed=3, candidates=4,
)  # fmt: skip


def test_a_request_to_a_runner_that_knows_roles() -> None:
    assert request_for(ASKED, Controls(), ROLES) == GenerationRequest(
        style="jazz",
        roles=ASKED.instruments,
        bars=8,
        tempo_bpm=140,
        key="F",
        seed=3,
        num_variations=4,
    )


def test_a_request_to_a_runner_that_knows_programs_only() -> None:
    request = request_for(ASKED, Controls(), PLAIN)
    assert (request.style, request.roles) == (None, None)
    assert request.instruments == (128, 33, 89, 66)


def test_temperature_follows_complexity_and_excitement_unless_asked_for() -> None:
    def temperature(**controls: float) -> float | None:
        return request_for(ASKED, Controls(**controls), ROLES).temperature

    assert temperature() is None
    assert temperature(complexity=0.0) == temperature(excitement=-1.0) == 0.675
    assert temperature(complexity=1.0) == temperature(excitement=1.0) == 1.025
    assert temperature(complexity=1.0, excitement=1.0) == 1.15
    assert temperature(complexity=1.0, excitement=-1.0) is None
    asked = dataclasses.replace(ASKED, temperature=0.3, top_p=0.8)
    request = request_for(asked, Controls(complexity=1.0), ROLES)
    assert (request.temperature, request.top_p) == (0.3, 0.8)
    assert request_for(ASKED, Controls(complexity=1.0), RUNNER.info).temperature is None


def test_temperature_never_falls_and_lies_on_its_side_of_what_runners_are_tuned_to() -> None:
    daring = [step / 20 for step in range(-20, 21)]
    below = [value for d in daring if d < 0 and (value := temperature_of(d)) is not None]
    above = [value for d in daring if d > 0 and (value := temperature_of(d)) is not None]
    assert below == sorted(below)
    assert above == sorted(above)
    assert (below[0], above[-1]) == (0.55, 1.15)
    assert below[-1] <= 0.8 < 0.9 <= above[0]


@pytest.mark.parametrize(
    ("control", "value"),
    [("brightness", 1.1), ("warmth", -2), ("complexity", -0.1), ("excitement", float("nan"))],
)
def test_controls_have_ranges(control: str, value: float) -> None:
    with pytest.raises(RequestError, match=f"{control} must be"):
        Controls(**{control: value})  # type: ignore[arg-type]


def test_torch_is_not_needed() -> None:
    rooms = "workbench.models.controls, workbench.evals.critic"
    code = f"import sys, {rooms}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
