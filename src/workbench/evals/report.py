"""What an evaluation says: gates, the measures behind them, a table to read, JSON to keep.

Knows no runner and no music.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from workbench.evals.compare import Interval

TRUTH, TRIGRAM, CONTROL = "truth", "trigram", "control"
"""Columns that every board may have besides the runners'."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One number a shipped model must keep to, both ends included."""

    name: str
    value: float
    low: float = -math.inf
    high: float = math.inf
    truth: float = math.nan
    rule: str = ""
    """The threshold in words, where it depends on the truth."""

    @property
    def passed(self) -> bool:
        """Whether the value lies within; a missing value (NaN) does not."""
        return self.low <= self.value <= self.high


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoreboard:
    """One set of loops: each measure of each column (the runner, baselines, the truth)."""

    name: str
    loops: int
    columns: Mapping[str, Mapping[str, Interval]]
    by_style: Mapping[str, Mapping[str, Mapping[str, float]]] = field(default_factory=dict)
    """Column → style → measure."""

    def value(self, measure: str, column: str) -> float:
        """The mean of a measure over the set; NaN where it was not taken."""
        interval = self.columns.get(column, {}).get(measure)
        return interval.value if interval else math.nan


@dataclass(frozen=True, kw_only=True)
class PocketReport:
    """The gates and everything they were computed from."""

    runner: str
    sha256: str
    plan: Mapping[str, int]
    """How much was asked for."""
    gates: tuple[Gate, ...]
    boards: tuple[Scoreboard, ...]

    @property
    def passed(self) -> bool:
        return all(gate.passed for gate in self.gates)

    def table(self) -> str:
        """The gates, then every measure of every set, as text."""
        lines = [f"{'gate':<44} {'value':>8} {'must be':>17} {'truth':>7}"]
        for gate in self.gates:
            mark = "pass" if gate.passed else "FAIL"
            lines.append(
                f"{gate.name:<44} {gate.value:>8.3f} {_range(gate):>17} {_number(gate.truth):>7}  "
                f"{mark}  {gate.rule}".rstrip()
            )
        for board in self.boards:
            lines += ["", *_board_lines(board)]
        done = sum(gate.passed for gate in self.gates)
        lines += ["", f"{done} of {len(self.gates)} gates passed"]
        return "\n".join(lines)

    def as_dict(self) -> dict[str, object]:
        """JSON-ready; NaN and infinities become null."""
        gates = [{**asdict(gate), "passed": gate.passed} for gate in self.gates]
        plain = {
            "runner": self.runner,
            "sha256": self.sha256,
            "passed": self.passed,
            "plan": dict(self.plan),
            "gates": gates,
            "sets": [asdict(board) for board in self.boards],
        }
        return {key: _without_nan(value) for key, value in plain.items()}

    def to_json(self) -> str:
        """The report as a JSON document."""
        return json.dumps(self.as_dict(), indent=1, allow_nan=False)


def _range(gate: Gate) -> str:
    if math.isinf(gate.high):
        return f"≥ {gate.low:.3f}"
    return f"≤ {gate.high:.3f}" if math.isinf(gate.low) else f"{gate.low:.3f} … {gate.high:.3f}"


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}"


def _board_lines(board: Scoreboard) -> list[str]:
    measures = list(dict.fromkeys(m for column in board.columns.values() for m in column))
    lines = [f"{board.name} ({board.loops} loops)"]
    lines.append(f"  {'':<16}" + "".join(f"{column:>24}" for column in board.columns))
    for measure in measures:
        cells = (_cell(column.get(measure)) for column in board.columns.values())
        lines.append(f"  {measure:<16}" + "".join(f"{cell:>24}" for cell in cells))
    return lines


def _cell(interval: Interval | None) -> str:
    if interval is None or math.isnan(interval.value):
        return "–"
    return f"{interval.value:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def _without_nan(value: object) -> object:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(item) for item in value]
    return value
