"""What a metric is and where metrics are found. Knows none of them.

A metric is a pure function of a score to a number, NaN where it does not apply.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from workbench.errors import RequestError
from workbench.score import Score

Direction = Literal["more", "less", "neither"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A measure of a score: call it with one. `low` to `high` is its range."""

    name: str
    summary: str
    unit: str
    low: float
    high: float
    better: Direction
    source: str
    """Where the formula comes from."""
    function: Callable[[Score], float]

    def __call__(self, score: Score) -> float:
        value = self.function(score)
        if not math.isnan(value):
            assert self.low <= value <= self.high, f"{self.name} gave {value}"
        return value


METRICS: dict[str, Metric] = {}
"""Every metric by name, in the order of definition."""


def metric(
    *,
    unit: str,
    source: str,
    low: float = 0.0,
    high: float = math.inf,
    better: Direction = "neither",
) -> Callable[[Callable[[Score], float]], Metric]:
    """Register a function as the metric of its name; its docstring's first line is the summary."""

    def register(function: Callable[[Score], float]) -> Metric:
        name = function.__name__
        if name in METRICS:
            raise ValueError(f"there is already a metric called {name}")
        summary = (function.__doc__ or "").strip().splitlines()[0]
        METRICS[name] = Metric(
            name=name,
            summary=summary,
            unit=unit,
            low=low,
            high=high,
            better=better,
            source=source,
            function=function,
        )
        return METRICS[name]

    return register


def metric_named(name: str) -> Metric:
    """The metric of a name. Raises `RequestError` with the names there are."""
    if name not in METRICS:
        raise RequestError(f"metric must be one of {', '.join(METRICS)}, got {name!r}")
    return METRICS[name]


def measure(score: Score, names: Iterable[str] | None = None) -> dict[str, float]:
    """The score's value of each named metric (all by default); NaN where one does not apply."""
    chosen = METRICS if names is None else names
    return {name: metric_named(name)(score) for name in chosen}
