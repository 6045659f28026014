"""Reads a generation sweep: which setting is to be recommended, said with its uncertainty.

The rule: among the settings at which a runner keeps to its primes at least as well as the loops the
primes were cut from, but for a tenth (the 95 % interval of `adherence` lies above −0.1), the one whose
variations differ most. Where none does, the one that comes closest. It is a rule about pattern, not
about taste.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from workbench.errors import SweepError
from workbench.sweeps.result import SweepResult

SETTINGS = ("temperature", "top_p")
MARGIN = 0.1  # of F1: at most one hit in ten lost counts as "as well as"


@dataclass(frozen=True)
class Verdict:
    """A recommended setting and the table it was read from."""

    runner: str
    settings: tuple[tuple[str, float], ...]
    keeps: bool
    """Whether the setting is shown to keep to its primes as well as the originals do."""
    sentence: str
    table: pd.DataFrame
    """Adherence and variety at each setting, with intervals; `keeps` says who passed."""


def weigh(
    result: SweepResult,
    *,
    runner: str = "pocket",
    baseline: str | None = "grammar",
    settings: Sequence[str] = SETTINGS,
    over: str = "prime",
) -> Verdict:
    """The verdict on a runner's settings. Raises `SweepError` where the sweep has nothing on it."""
    table = _weighed(result, runner, settings, over)
    keeping = table[table["keeps"]]
    best = (
        keeping.sort_values("variety", ascending=False).iloc[0]
        if len(keeping)
        else table.sort_values("adherence", ascending=False).iloc[0]
    )
    chosen = tuple((name, float(best[name])) for name in settings)
    said = ", ".join(f"{name} {value:g}" for name, value in chosen)
    head = (
        f"{runner} keeps to its primes as well as the loops they were cut from (within {MARGIN:g}) at "
        f"{len(keeping)} of {len(table)} settings; the most varied of these is {said}"
        if len(keeping)
        else f"{runner} is not shown to keep to its primes as well as the loops they were cut from "
        f"(within {MARGIN:g}) at any of {len(table)} settings; {said} comes closest"
    )
    sentence = f"{head}: adherence {_told(best, 'adherence')}, variety {_told(best, 'variety')}"
    if baseline is not None and baseline in set(result.table["runner"]):
        row = _weighed(result, baseline, (), over).iloc[0]
        sentence += f" ({baseline}: {_told(row, 'adherence')} and {_told(row, 'variety')})"
    units = int(best["n"])
    return Verdict(
        runner, chosen, bool(best["keeps"]),
        f"{sentence}. Means with 95 % bootstrap intervals over {units} {over}s.", table,
    )  # fmt: skip


def _weighed(result: SweepResult, runner: str, settings: Sequence[str], over: str) -> pd.DataFrame:
    """Adherence and variety of a runner at each setting."""
    by = ["runner", *settings]
    adherence = result.intervals("adherence", by, over=over)
    variety = result.intervals("variety", by, over=over)
    table = adherence.rename(
        columns={"value": "adherence", "low": "adherence_low", "high": "adherence_high"}
    ).assign(variety=variety["value"], variety_low=variety["low"], variety_high=variety["high"])
    table = table[(table["runner"] == runner) & table["adherence"].notna()]
    if table.empty:
        raise SweepError(
            f"there is no verdict on {runner}: no row of it has an adherence to a prime"
        )
    return table.assign(keeps=table["adherence_low"] > -MARGIN).reset_index(drop=True)


def _told(row: pd.Series, name: str) -> str:
    return f"{row[name]:.2f} [{row[f'{name}_low']:.2f}, {row[f'{name}_high']:.2f}]"
