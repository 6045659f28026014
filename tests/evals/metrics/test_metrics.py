"""Metrics against MusPy and hand-made cases; NaN where they do not apply."""

from __future__ import annotations

import math
import random

import muspy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import RequestError
from workbench.evals.metrics import METRICS, measure, metric, metric_named
from workbench.evals.metrics.rhythm import LHL_WEIGHTS, voice_syncopation
from workbench.evals.metrics.steps import BAR_TICKS, STEP_TICKS
from workbench.models.grammar import STYLES, compose_loop, loop_score
from workbench.score import DRUM_CHANNEL, Note, Score, TimeSignature, Track

STEPS_PER_BEAT = 4


def drums(hits: str, pitch: int = 38, bars: int = 1, *, late: int = 0) -> Score:
    """A score of one drum sound: one character a sixteenth; odd sixteenths `late` ticks late."""
    notes = tuple(
        Note(STEP_TICKS * i + late * (i % 2), pitch, 60, 90, DRUM_CHANNEL)
        for i, mark in enumerate(hits * bars)
        if mark == "x"
    )
    return Score(tracks=(Track("drums", notes),), length_ticks=len(hits) * bars * STEP_TICKS)


def piano(*notes: tuple[int, int, int], length: int = BAR_TICKS) -> Score:
    """A score of (step, pitch, steps held)."""
    return Score(
        tracks=(
            Track("piano", tuple(Note(STEP_TICKS * s, p, STEP_TICKS * d, 80) for s, p, d in notes)),
        ),
        length_ticks=length,
    )


LOOPS = [
    loop_score(compose_loop(random.Random(f"{style} {seed}"), style=style, bars=4))
    for style in STYLES
    for seed in range(3)
]


def as_muspy(score: Score) -> muspy.Music:
    """The score on a grid of sixteenths, as MusPy reads it."""
    tracks = [
        muspy.Track(
            program=track.program,
            is_drum=track.is_drums,
            notes=[
                muspy.Note(
                    time=round(n.start_ticks / STEP_TICKS),
                    pitch=n.pitch,
                    duration=max(
                        1, round(n.end_ticks / STEP_TICKS) - round(n.start_ticks / STEP_TICKS)
                    ),
                    velocity=n.velocity,
                )
                for n in track.notes
            ],
        )
        for track in score.tracks
    ]
    return muspy.Music(resolution=STEPS_PER_BEAT, tracks=tracks)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("distinct_pitches", muspy.n_pitches_used),
        ("pitch_class_entropy", muspy.pitch_class_entropy),
        ("in_scale_share", muspy.scale_consistency),
        ("polyphony", muspy.polyphony),
    ],
)
def test_agrees_with_muspy_on_pitched_loops(ours: str, theirs) -> None:
    pitched = [score for score in LOOPS if any(not track.is_drums for track in score.tracks)]
    assert len(pitched) > 15
    for score in pitched:
        assert METRICS[ours](score) == pytest.approx(theirs(as_muspy(score)))


def test_groove_consistency_agrees_with_muspy_where_all_pairs_are_neighbours() -> None:
    # MusPy compares neighbouring bars only and counts a bar more when something ends on the last
    # bar line, so: two bars, and nothing that ends there.
    rng = random.Random(1)
    for _ in range(20):
        hits = ["".join(rng.choice("x.") for _ in range(15)) + "." for _ in range(2)]
        score = drums("".join(hits))
        if "x" in hits[1]:
            theirs = muspy.groove_consistency(as_muspy(score), measure_resolution=16)
            assert METRICS["groove_consistency"](score) == pytest.approx(theirs)


def test_groove_consistency_counts_all_pairs() -> None:
    score = drums("x" + "." * 15 + "." * 16 + "x" * 16)
    distances = [1, 15, 16]
    assert METRICS["groove_consistency"](score) == pytest.approx(1 - sum(distances) / 3 / 16)


@pytest.mark.parametrize(
    ("hits", "syncopation"),
    [
        ("x...x...x...x...", 0),
        ("x.x.x.x.x.x.x.x.", 0),
        ("x" * 16, 0),
        ("..x...x...x...x.", 1 + 2 + 1 + 3),  # the off-beats: each is followed by a silent beat
        ("....x.......x...", 1 + 2),  # the backbeat alone: before beats three and one
        ("x..x..x...x.x...", 2 + 2),  # son clave 3-2: before beat two, and before beat three
        ("...............x", 4),
    ],
)
def test_syncopation_of_known_patterns(hits: str, syncopation: int) -> None:
    assert METRICS["syncopation"](drums(hits)) == syncopation


@given(st.sets(st.integers(0, 31), min_size=1))
def test_syncopation_is_the_definition_applied_step_by_step(steps: set[int]) -> None:
    """Independent reading: for every rest, the note before it; a note keeps its strongest rest."""
    gained: dict[int, int] = {}
    for rest in set(range(32)) - steps:
        before = next(s % 32 for s in range(rest - 1, rest - 33, -1) if s % 32 in steps)
        difference = LHL_WEIGHTS[rest % 16] - LHL_WEIGHTS[before % 16]
        gained[before] = max(gained.get(before, 0), difference)
    assert voice_syncopation(steps, 32) == sum(gained.values())


def test_syncopation_adds_the_voices_and_averages_the_bars() -> None:
    one = drums("..x...x...x...x.", pitch=42)
    both = Score(
        tracks=(Track("", tuple(sorted((*one.notes, *drums("....x.......x...").notes)))),),
        length_ticks=BAR_TICKS,
    )
    assert METRICS["syncopation"](both) == 7 + 3
    assert METRICS["syncopation"](drums("..x...x...x...x.", bars=3)) == 7


@pytest.mark.parametrize(("late", "ratio"), [(0, 1.0), (40, 2.0), (12, 132 / 108)])
def test_sixteenth_swing_is_read_off(late: int, ratio: float) -> None:
    assert METRICS["sixteenth_swing_ratio"](drums("x" * 16, late=late)) == pytest.approx(ratio)


def test_swing_of_styles() -> None:
    jazz = loop_score(
        compose_loop(random.Random(3), style="jazz", groove="ride-swing", roles=("drums",))
    )
    rock = loop_score(
        compose_loop(random.Random(3), style="rock", groove="straight-eighths", roles=("drums",))
    )
    assert 1.4 < METRICS["swing_ratio"](jazz) < 2.2
    assert METRICS["swing_ratio"](rock) == pytest.approx(1.0, abs=0.1)
    assert math.isnan(METRICS["swing_ratio"](drums("x...x...x...x...")))


def test_counts_and_shares() -> None:
    score = drums("x...x...x...x...", pitch=38, bars=2)
    assert METRICS["notes_per_bar"](score) == 4
    assert METRICS["onset_density"](score) == 0.25
    assert METRICS["distinct_drums"](score) == 1
    assert METRICS["backbeat_strength"](score) == 0.5
    assert METRICS["velocity_range"](score) == 0
    assert METRICS["length_error"](score) == 0


def test_backbeat_weighs_by_velocity_and_looks_at_snares_only() -> None:
    notes = (
        Note(0, 36, 60, 127, DRUM_CHANNEL),
        Note(480, 38, 60, 90, DRUM_CHANNEL),
        Note(600, 38, 60, 30, DRUM_CHANNEL),
    )
    score = Score(tracks=(Track("", notes),), length_ticks=BAR_TICKS)
    assert METRICS["backbeat_strength"](score) == 0.75


def test_seam_is_one_for_a_steady_loop_and_lower_for_a_broken_end() -> None:
    steady = drums("x...x...x...x...", bars=4)
    broken = drums("x...x...x...x..." * 3 + ".xxx.xxx.xxx.xxx")
    assert METRICS["seam_continuity"](steady) == 1
    assert METRICS["seam_continuity"](broken) < 0.1


@pytest.mark.parametrize(("length", "error"), [(BAR_TICKS, 0), (BAR_TICKS + 100, 100), (3700, 140)])
def test_length_error_is_the_way_to_the_nearest_bar_line(length: int, error: int) -> None:
    assert METRICS["length_error"](piano((0, 60, 4), length=length)) == error


def test_polyphony_ignores_doubled_pitches() -> None:
    assert METRICS["polyphony"](piano((0, 60, 4), (0, 64, 4), (0, 67, 2))) == 2.5
    assert METRICS["polyphony"](piano((0, 60, 4), (2, 60, 4))) == 1


def test_repetition_compresses_better_than_chance() -> None:
    rng = random.Random(2)
    repeated = piano(*((s, 60 + s % 4, 1) for s in range(64)), length=4 * BAR_TICKS)
    chance = piano(
        *((s, rng.randint(40, 90), 1) for s in sorted(rng.choices(range(64), k=64))),
        length=4 * BAR_TICKS,
    )
    assert METRICS["compression_ratio"](repeated) > 1.5 * METRICS["compression_ratio"](chance)


@pytest.mark.parametrize("name", list(METRICS))
def test_nothing_measures_as_nan_or_zero_notes(name: str) -> None:
    value = METRICS[name](Score())
    assert math.isnan(value)


def test_drums_have_no_pitch_and_pitches_no_drums() -> None:
    drum_values = measure(drums("x...x..."))
    for name in ("distinct_pitches", "pitch_class_entropy", "in_scale_share", "polyphony"):
        assert math.isnan(drum_values[name])
    pitched = measure(piano((0, 60, 4)))
    assert math.isnan(pitched["distinct_drums"])
    assert math.isnan(pitched["backbeat_strength"])
    assert pitched["pitch_class_entropy"] == 0


def test_bars_of_three_have_no_sixteen_step_measures() -> None:
    waltz = Score(
        tracks=drums("x...x...x...").tracks,
        time_signatures=(TimeSignature(0, 3, 4),),
        length_ticks=1440,
    )
    values = measure(waltz)
    assert values["notes_per_bar"] == 3
    for name in ("syncopation", "swing_ratio", "groove_consistency", "seam_continuity"):
        assert math.isnan(values[name])


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(LOOPS))
def test_every_value_is_in_its_range_and_stays_when_the_order_of_tracks_changes(
    score: Score,
) -> None:
    values = measure(score)
    turned = measure(Score(tracks=score.tracks[::-1], length_ticks=score.length_ticks))
    for name, value in values.items():
        assert math.isnan(value) or METRICS[name].low <= value <= METRICS[name].high
        if name != "compression_ratio":  # the order of parts is part of the text it compresses
            assert np.isclose(value, turned[name], equal_nan=True)


def test_registry_refuses_doubles_and_unknown_names() -> None:
    with pytest.raises(ValueError, match="already a metric called polyphony"):

        @metric(unit="notes", source="test")
        def polyphony(score: Score) -> float:
            """Again."""
            return 0.0

    with pytest.raises(RequestError, match=r"metric must be one of .*notes_per_bar, .*'loudness'"):
        metric_named("loudness")
    assert list(measure(LOOPS[0], ["polyphony"])) == ["polyphony"]


def test_every_metric_explains_itself() -> None:
    for one in METRICS.values():
        assert one.summary.endswith(".")
        assert one.unit
        assert one.source
    assert len(METRICS) >= 14
