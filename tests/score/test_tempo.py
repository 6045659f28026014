import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.models.grammar import STYLES, compose_loop
from workbench.score.tempo import estimate_tempo, grid_fit

JITTER_S = 0.008


def jittered(
    hits: list[tuple[float, int]], bpm: float, rng: random.Random, lead_s: float = 0.0
) -> tuple[list[float], list[int]]:
    """(quarter, pitch) hits as onsets in seconds, each up to 8 ms early or late."""
    played = sorted(
        (lead_s + beat * 60 / bpm + rng.uniform(-JITTER_S, JITTER_S), pitch) for beat, pitch in hits
    )
    return [time for time, _ in played], [pitch for _, pitch in played]


def within(found_bpm: float, bpm: float, tolerance: float = 0.01) -> bool:
    return any(abs(found_bpm / (bpm * octave) - 1) <= tolerance for octave in (0.5, 1, 2))


def grammar_hits(style: str, bars: int, rng: random.Random) -> list[tuple[float, int]]:
    loop = compose_loop(rng, style=style, bars=bars, roles=("drums",))
    return [(event.onset / 32, event.pitch) for event in loop.events]


def test_loops_of_every_style() -> None:
    """The gate: 200 loops at 70 to 170 BPM, 95 % within 1 % of the tempo, its half or double."""
    rng = random.Random(7)
    right = sure_and_wrong = 0
    for i in range(200):
        bpm = rng.uniform(70, 170)
        hits = grammar_hits(STYLES[i % len(STYLES)], 4, rng)
        found = estimate_tempo(*jittered(hits, bpm, rng, rng.choice((0.0, rng.uniform(0, 2)))))
        right += within(found.bpm, bpm)
        sure_and_wrong += found.confidence >= 0.5 and not within(found.bpm, bpm)
    assert right >= 190
    assert sure_and_wrong <= 2


# Written for this test; nothing in the estimator was fitted on them. One bar of sixteenths, or of
# twelve triplets where a line has twelve.
PATTERNS = {
    "backbeat": "k.h.s.h.k.k.s.h.",
    "tresillo": "k..k..k.k..k..k.",
    "clave": "c..c..c...c.c...",
    "shuffle": "k.hs.hk.hs.h",
    "jazz ride": "r..r.rr..r.r",
    "one drop": "h...h...k...h.h.",
    "sixteenths": "hhhhshhhhhkhshhh",
    "half time": "k.h.h.h.s.hhh.h.",
}


@pytest.mark.parametrize("name", PATTERNS)
def test_patterns_of_a_musician(name: str) -> None:
    pattern = PATTERNS[name]
    step = 4 / len(pattern)
    hits = [
        (4 * bar + i * step, ord(mark))
        for bar in range(4)
        for i, mark in enumerate(pattern)
        if mark != "."
    ]
    rng = random.Random(name)
    tempos = [rng.uniform(70, 170) for _ in range(20)]
    found = [estimate_tempo(*jittered(hits, bpm, rng)).bpm for bpm in tempos]
    assert sum(map(within, found, tempos)) >= 19


@pytest.mark.parametrize("ratio", [0.5, 0.56, 0.6, 2 / 3])
def test_swung_sixteenths(ratio: float) -> None:
    """All sixteenths, each second one late: the hardest, as little but the swing tells the beat."""
    hits = [
        (bar * 4 + (i // 2 + (i % 2) * ratio) / 2, 36 if i % 8 == 0 else 38 if i % 8 == 4 else 42)
        for bar in range(4)
        for i in range(16)
    ]
    rng = random.Random(1)
    tempos = [rng.uniform(70, 130) for _ in range(20)]
    found = [estimate_tempo(*jittered(hits, bpm, rng)).bpm for bpm in tempos]
    assert sum(map(within, found, tempos)) >= 18


@pytest.mark.parametrize("count", [4, 8, 16, 32, 64])
def test_random_onsets_are_unsure(count: int) -> None:
    rng = np.random.default_rng(count)
    sure = 0
    for _ in range(40):
        onsets = np.sort(rng.uniform(0, count * 0.12, count))
        sure += (
            estimate_tempo(list(onsets), list(rng.choice([36, 38, 42], count))).confidence >= 0.5
        )
    assert sure <= 2


def test_a_wandering_tempo_is_unsure() -> None:
    rng = random.Random(3)
    sure = 0
    for style in STYLES:
        onsets, voices = jittered(grammar_hits(style, 4, rng), 100, rng)
        drift = np.cumsum(np.random.default_rng(5).normal(0, 0.2, 8))
        warped = np.asarray(onsets) + np.interp(onsets, np.linspace(0, onsets[-1], 8), drift)
        sure += estimate_tempo(list(warped), voices).confidence >= 0.5
    assert sure <= 1


def test_few_onsets_have_no_tempo() -> None:
    found = estimate_tempo([1.0, 1.5, 2.0])
    assert math.isnan(found.bpm)
    assert found.confidence == 0
    assert found.offset_s == 1.0
    assert math.isnan(estimate_tempo([]).offset_s)


def test_the_offset_is_a_beat() -> None:
    found = estimate_tempo([0.3 + i / 2 for i in range(16)])
    assert found.bpm == pytest.approx(120, rel=1e-4)
    assert found.offset_s == pytest.approx(0.3, abs=1e-3)


@settings(max_examples=20)
@given(st.floats(-0.4, 0.4))
def test_earlier_or_later_is_the_same_tempo(lead_s: float) -> None:
    rng = random.Random(2)
    onsets, voices = jittered(grammar_hits("rock", 4, rng), 104, rng)
    here = estimate_tempo(onsets, voices)
    there = estimate_tempo([onset + lead_s for onset in onsets], voices)
    assert there.bpm == pytest.approx(here.bpm, rel=1e-3)


def test_a_grid_fits_what_was_played_to_it() -> None:
    quarters = [0.5] * 8
    assert grid_fit([i / 2 for i in range(8)], quarters, 0.015) > 0.5
    assert grid_fit([i * 0.583 for i in range(8)], quarters, 0.015) < 0
