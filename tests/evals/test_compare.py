"""Pattern distance, distinct loops and bootstrap intervals."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from statistics import fmean, median

import pytest

from workbench.errors import RequestError
from workbench.evals import bootstrap_interval, distinct_loops, mean_pairwise_distance, slot_f1
from workbench.models.grammar import compose_loop, loop_score
from workbench.score import DRUM_CHANNEL, Note, Score, Tempo, Track


def hits(*pairs: tuple[int, int]) -> Score:
    notes = tuple(Note(120 * step, pitch, 60, 90, DRUM_CHANNEL) for step, pitch in sorted(pairs))
    return Score(tracks=(Track("", notes),), length_ticks=1920)


def test_distance_is_one_less_the_f1_of_slots() -> None:
    one, other = hits((0, 36), (4, 38)), hits((0, 36), (4, 38), (8, 36), (12, 38))
    assert mean_pairwise_distance([one, other]) == pytest.approx(1 - 4 / 6)
    assert mean_pairwise_distance([one, one]) == 0
    assert mean_pairwise_distance([one, hits((1, 36))]) == 1
    assert math.isnan(mean_pairwise_distance([one]))
    assert math.isnan(slot_f1(set(), set()))


def test_tempo_dynamics_and_microtiming_do_not_make_a_loop_another() -> None:
    one = hits((0, 36), (4, 38))
    (track,) = one.tracks
    moved = replace(
        one,
        tempos=(Tempo.of_bpm(90),),
        tracks=(
            replace(
                track,
                notes=tuple(
                    replace(n, velocity=30, start_ticks=n.start_ticks + 20) for n in track.notes
                ),
            ),
        ),
    )
    assert distinct_loops([one, moved]) == 1
    assert distinct_loops([one, hits((0, 36), (4, 40))]) == 2


def test_loops_of_one_groove_lie_closer_than_loops_of_many_styles() -> None:
    rng = random.Random(1)
    alike = [
        loop_score(compose_loop(rng, style="house", groove="skippy", roles=("drums",)))
        for _ in range(8)
    ]
    mixed = [loop_score(compose_loop(rng, roles=("drums",))) for _ in range(8)]
    assert mean_pairwise_distance(alike) < 0.5 * mean_pairwise_distance(mixed)


def test_interval_covers_the_mean_as_often_as_it_says() -> None:
    rng = random.Random(2)
    covered = 0
    for _ in range(200):
        values = [rng.gauss(0, 1) for _ in range(40)]
        interval = bootstrap_interval(values, rng, resamples=200)
        assert interval.low <= interval.value <= interval.high
        covered += interval.low <= 0 <= interval.high
    assert 0.87 < covered / 200 < 0.99


def test_interval_takes_any_statistic_and_leaves_out_nan() -> None:
    values = [1.0, 2.0, math.nan, 9.0]
    interval = bootstrap_interval(values, random.Random(3), statistic=median)
    assert interval.value == 2
    assert bootstrap_interval([1, 2, 3], random.Random(3), statistic=fmean).value == 2
    assert math.isnan(bootstrap_interval([math.nan], random.Random(3)).low)
    with pytest.raises(RequestError, match="level must lie between 0 and 1, got 95"):
        bootstrap_interval([1.0], random.Random(3), level=95)
