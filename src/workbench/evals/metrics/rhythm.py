"""Measures of time: density, syncopation, swing, groove, backbeat, the seam of a loop."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from statistics import fmean, median

from workbench.evals.metrics.registry import metric
from workbench.evals.metrics.steps import (
    BAR_TICKS,
    STEP_TICKS,
    STEPS_PER_BAR,
    bar_onsets,
    drum_notes,
    in_common_time,
    num_bars,
    step_of,
    voices,
)
from workbench.score import TICKS_PER_QUARTER, Score

NAN = math.nan
# Metrical weights of the sixteenths of a 4/4 bar (Longuet-Higgins & Lee 1984).
LHL_WEIGHTS = (0, -4, -3, -4, -2, -4, -3, -4, -1, -4, -3, -4, -2, -4, -3, -4)
SNARE_PITCHES = (37, 38, 39, 40)  # side stick, snares and clap


@metric(unit="notes/bar", source="count")
def notes_per_bar(score: Score) -> float:
    """Notes that start in a bar, on average, drums included."""
    bars = len(score.bar_starts_ticks) if score.length_ticks else 0
    return sum(1 for _ in score.notes) / bars if bars else NAN


@metric(
    unit="share",
    high=1.0,
    source="total step density, Gómez-Marín 2020 (10.1080/09298215.2020.1806887)",
)
def onset_density(score: Score) -> float:
    """Share of sixteenths on which at least one note starts."""
    bars = _bars(score)
    return sum(map(len, bars)) / (STEPS_PER_BAR * len(bars)) if bars else NAN


@metric(
    unit="weight/bar",
    source="Longuet-Higgins & Lee 1984, on a 16-step bar, each drum sound and each part a voice",
)
def syncopation(score: Score) -> float:
    """Syncopation a bar, summed over the voices.

    A note followed by silence that covers a heavier step than its own adds the difference in
    weight; the loop goes round.
    """
    if not in_common_time(score) or not any(score.notes):
        return NAN
    total = num_bars(score) * STEPS_PER_BAR
    return sum(voice_syncopation(steps, total) for steps in voices(score).values()) / num_bars(
        score
    )


def voice_syncopation(steps: Iterable[int], total: int) -> int:
    """Syncopation of one voice over a loop of `total` steps, in metrical weights."""
    order = sorted(steps)
    score = 0
    for here, following in zip(order, [*order[1:], order[0] + total], strict=True):
        silent = [LHL_WEIGHTS[step % STEPS_PER_BAR] for step in range(here + 1, following)]
        weight = LHL_WEIGHTS[here % STEPS_PER_BAR]
        score += max(max(silent, default=weight) - weight, 0)
    return score


@metric(unit="ratio", source="beat-upbeat ratio: (upbeat − beat) / (next beat − upbeat), median")
def swing_ratio(score: Score) -> float:
    """How long the first eighth of a beat is against the second: 1 straight, 2 triplet.

    Looks at beats that have an onset on them, one on the next beat, and exactly one between that
    lies in the middle half of the beat.
    """
    return _swing(score, TICKS_PER_QUARTER)


@metric(unit="ratio", source="as swing_ratio, inside each eighth")
def sixteenth_swing_ratio(score: Score) -> float:
    """How long the first sixteenth of an eighth is against the second: 1 straight, 2 triplet."""
    return _swing(score, TICKS_PER_QUARTER // 2)


def _swing(score: Score, unit_ticks: int) -> float:
    if not in_common_time(score):
        return NAN
    onsets = sorted({note.start_ticks for note in score.notes})
    slack = unit_ticks // 12
    ratios = []
    for beat in range(0, score.length_ticks - unit_ticks + 1, unit_ticks):
        near = [
            onset - beat for onset in onsets if beat - slack <= onset <= beat + unit_ticks + slack
        ]
        starts = [t for t in near if abs(t) <= slack]
        ends = [t for t in near if abs(t - unit_ticks) <= slack]
        between = [t for t in near if slack < t < unit_ticks - slack]
        next_is_end_of_loop = beat + unit_ticks >= score.length_ticks
        if not starts or not (ends or next_is_end_of_loop) or len(between) != 1:
            continue
        start, end = starts[0], ends[0] if ends else unit_ticks
        if unit_ticks / 4 <= between[0] <= unit_ticks * 3 / 4:
            ratios.append((between[0] - start) / (end - between[0]))
    return median(ratios) if ratios else NAN


@metric(
    unit="share",
    high=1.0,
    source="grooving similarity, Wu & Yang 2020 (arXiv 2008.01307), all pairs of bars, 16 steps",
)
def groove_consistency(score: Score) -> float:
    """How alike the bars' onsets are: 1 − the mean Hamming distance of all pairs of bars."""
    bars = _bars(score)
    if len(bars) < 2:
        return NAN
    return fmean(groove_similarity(one, other) for one, other in itertools.combinations(bars, 2))


def groove_similarity(one: frozenset[int], other: frozenset[int]) -> float:
    """1 − the share of the sixteen steps in which two bars differ."""
    return 1 - len(one ^ other) / STEPS_PER_BAR


@metric(unit="ratio", source="own: last bar → first bar, over the mean of neighbouring bars inside")
def seam_continuity(score: Score) -> float:
    """How well the end of the loop leads to its beginning: 1 as well as any bar to the next.

    NaN for fewer than three bars, and where neighbouring bars have nothing in common.
    """
    bars = _bars(score)
    if len(bars) < 3:
        return NAN
    inside = fmean(groove_similarity(one, other) for one, other in itertools.pairwise(bars))
    return groove_similarity(bars[-1], bars[0]) / inside if inside else NAN


@metric(unit="ticks", better="less", source="own: where the loop ends, against its bar line")
def length_error(score: Score) -> float:
    """Ticks between the end of the score and the nearest bar line; 0 for a loop that loops."""
    if not in_common_time(score) or not score.length_ticks:
        return NAN
    over = score.length_ticks % BAR_TICKS
    return min(over, BAR_TICKS - over)


@metric(unit="share", high=1.0, source="own: velocity of snare, rim and clap on beats two and four")
def backbeat_strength(score: Score) -> float:
    """Share of the snare's, rim's and clap's velocity that falls on beats two and four."""
    snares = [note for note in drum_notes(score) if note.pitch in SNARE_PITCHES]
    if not snares or not in_common_time(score):
        return NAN
    on_beat = sum(note.velocity for note in snares if step_of(note) % STEPS_PER_BAR in (4, 12))
    return on_beat / sum(note.velocity for note in snares)


def _bars(score: Score) -> list[frozenset[int]]:
    """The bars' onsets, or nothing where a 16-step grid does not apply."""
    if not in_common_time(score) or not any(score.notes):
        return []
    return bar_onsets(score)


assert STEP_TICKS * STEPS_PER_BAR == BAR_TICKS
