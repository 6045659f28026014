"""Sets of loops: how far their patterns lie apart, how many differ, how sure a mean is."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Hashable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from statistics import fmean

from workbench.errors import RequestError
from workbench.evals.metrics.steps import STEPS_PER_BAR, num_bars, step_of
from workbench.score import DRUM_CHANNEL, Score

Pattern = frozenset[tuple[int, int, int]]
"""(step, program or −1 for drums, pitch) of every onset."""


def pattern_of(score: Score) -> Pattern:
    """What a score plays on its sixteenths, whatever its tempo, dynamics and microtiming."""
    total = max(num_bars(score) * STEPS_PER_BAR, 1)
    return frozenset(
        (step_of(note) % total, -1 if note.channel == DRUM_CHANNEL else track.program, note.pitch)
        for track in score.tracks
        for note in track.notes
    )


def slot_f1(one: AbstractSet[Hashable], other: AbstractSet[Hashable]) -> float:
    """Twice what two sets share, over what they have together: 0 to 1; NaN when both are empty."""
    return 2 * len(one & other) / (len(one) + len(other)) if one or other else math.nan


def mean_pairwise_distance(scores: Sequence[Score]) -> float:
    """Mean of 1 − slot F1 over all pairs of patterns, 0 (all alike) to 1; NaN below two scores."""
    patterns = [pattern for score in scores if (pattern := pattern_of(score))]
    pairs = list(itertools.combinations(patterns, 2))
    return fmean(1 - slot_f1(one, other) for one, other in pairs) if pairs else math.nan


def distinct_loops(scores: Sequence[Score]) -> int:
    """How many different patterns there are among the scores."""
    return len({pattern_of(score) for score in scores})


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with the ends of its interval."""

    value: float
    low: float
    high: float


def bootstrap_interval(
    values: Sequence[float],
    rng: random.Random,
    *,
    statistic: Callable[[Sequence[float]], float] = fmean,
    level: float = 0.95,
    resamples: int = 2000,
) -> Interval:
    """Percentile bootstrap interval of a statistic (Efron 1979). NaN values are left out.

    With no value at all every part is NaN; with one, nothing is known of the spread: both ends are NaN.
    """
    if not 0 < level < 1:
        raise RequestError(f"level must lie between 0 and 1, got {level}")
    known = [value for value in values if not math.isnan(value)]
    if not known:
        return Interval(math.nan, math.nan, math.nan)
    if len(known) == 1:
        return Interval(known[0], math.nan, math.nan)
    draws = sorted(statistic(rng.choices(known, k=len(known))) for _ in range(resamples))
    tail = (1 - level) / 2
    low, high = draws[int(tail * resamples)], draws[min(int((1 - tail) * resamples), resamples - 1)]
    return Interval(statistic(known), low, high)
