"""An experiment: a folder with a `sweep.yaml`, run into results and a summary that says what came out.

Writes `runs/` (a file a cell, not for keeping), `results/results.parquet`, `results/*.png` and
`results/summary.md`; the text around them is a person's, in `README.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from workbench.sweeps.result import Play, SweepResult, write_atomically
from workbench.sweeps.run import OnProgress, sweep
from workbench.sweeps.spec import read_spec
from workbench.sweeps.verdict import SETTINGS, weigh

MAPS = ("adherence", "variety", "surprise_nats", "copies")


@dataclass(frozen=True, slots=True)
class Experiment:
    """What running an experiment gave."""

    result: SweepResult
    summary: str
    """Markdown: how much was run, the verdict, the tables."""


def run_experiment(
    folder: str | Path,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    on_progress: OnProgress | None = None,
    play: Play | None = None,
) -> Experiment:
    """Run the sweep of a folder or its `sweep.yaml`, or what is left of it; write results and summary.

    Raises `SweepError`. Stopped by Ctrl-C, it writes no summary over that of a finished run.
    """
    source = Path(folder)
    folder = source.parent if source.is_file() else source
    spec, _ = read_spec(source)
    result = sweep(
        source, out=folder / "runs", workers=workers, scheduler=scheduler,
        on_progress=on_progress, play=play,
    )  # fmt: skip
    if result.stopped:
        return Experiment(result, f"{result.caption}\n")
    results = folder / "results"
    result.save(results / "results.parquet")
    for metric in MAPS:
        if metric in result.measures:
            picture = result.heatmap(metric, over=_units(result)).png()
            write_atomically(results / f"{metric}.png", picture)
    summary = _summary(result, spec.question)
    write_atomically(results / "summary.md", summary.encode())
    return Experiment(result, summary)


def _units(result: SweepResult) -> str:
    """What intervals are taken over: primes where they vary (their rows depend on each other)."""
    return "prime" if "prime" in result.factors else "seed"


def _summary(result: SweepResult, question: str) -> str:
    cells = result.table.drop_duplicates("cell")
    weights = cells[cells["weights"] != ""].groupby("runner")["weights"].first()
    about = [f"{name}: weights {sha256}" for name, sha256 in weights.items()]
    minutes = cells["seconds"].sum() / 60
    parts = [
        f"# {question}" if question else "# Results",
        f"{result.caption}. {'; '.join([*about, f'code {result.code}'])}. "
        f"{minutes:.0f} minutes of one core.",
        *_verdicts(result),
        *_failures(result),
    ]
    return "\n\n".join(parts) + "\n"


def _verdicts(result: SweepResult) -> list[str]:
    """A verdict and its table for every runner whose settings were varied over primes."""
    if not {*SETTINGS, "prime"} <= set(result.factors):
        return []
    parts = []
    for runner in result.table["runner"].unique():
        rows = result.table[result.table["runner"] == runner]
        if rows.groupby(list(SETTINGS))["cell"].first().nunique() < 2:
            continue  # rows of other settings are the same cells: there is nothing to choose
        verdict = weigh(result, runner=str(runner))
        parts += [f"**Verdict.** {verdict.sentence}", _markdown(verdict.table)]
    return parts


def _failures(result: SweepResult) -> list[str]:
    failed = result.failures.drop_duplicates("cell")
    counts = failed["error"].value_counts()
    told = "\n".join(f"- {count} cells failed: {error}" for error, count in counts.items())
    return [told] if told else []


def _markdown(table: pd.DataFrame) -> str:
    """A verdict's table: a row for each setting, intervals in brackets."""
    lines = [
        "| temperature | top-p | adherence | variety | keeps to the prime |",
        "|--:|--:|--:|--:|:-:|",
    ]
    lines += [
        f"| {row.temperature:g} | {row.top_p:g} "
        f"| {row.adherence:.3f} [{row.adherence_low:.3f}, {row.adherence_high:.3f}] "
        f"| {row.variety:.3f} [{row.variety_low:.3f}, {row.variety_high:.3f}] "
        f"| {'yes' if row.keeps else 'no'} |"
        for row in table.itertuples()
    ]
    return "\n".join(lines)
