"""Train the pocket model with three seeds, measure each, and write how far the measures lie apart."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from workbench.models.training.card import bounds

HERE = Path(__file__).parent
RUNS, RESULTS = HERE / "runs", HERE / "results"
SEEDS = (0, 1, 2)
T_95 = 4.303  # Student's t at 97.5 % with two degrees of freedom
UNSEEN = "unseen styles"
COLUMNS = ("pocket", "grammar", "trigram", "control", "truth")


def main() -> None:
    """Train and measure what is not there yet; then write the summary."""
    RESULTS.mkdir(exist_ok=True)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(measure, SEEDS))
    reports = [json.loads((RESULTS / f"seed-{seed}.json").read_text()) for seed in SEEDS]
    (RESULTS / "summary.md").write_text(summary(reports))
    print(RESULTS / "summary.md")


def measure(seed: int) -> None:
    """Train and evaluate one seed, on one core, as far as that is not done yet."""
    measures, weights = RESULTS / f"seed-{seed}.json", RUNS / f"seed-{seed}"
    if measures.exists():
        return
    if not (weights / "model.safetensors").exists():
        workbench("train", "pocket", "--out", weights, "--seed", seed)
    workbench("eval", "pocket", "--weights", weights)
    shutil.copy(weights / "gates.json", measures)


def workbench(*arguments: object) -> None:
    """Run a command of ours on one thread; a gate that is missed is a result here, no failure."""
    done = subprocess.run(
        [sys.executable, "-m", "workbench", *map(str, arguments)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=False,
    )
    if done.returncode not in (0, 1):
        raise SystemExit(done.returncode)


def summary(reports: list[dict[str, Any]]) -> str:
    """The tables, as Markdown."""
    rows = [
        gate_row([report["gates"][index] for report in reports])
        for index in range(len(reports[0]["gates"]))
    ]
    passed = ", ".join(
        f"seed {seed}: {sum(gate['passed'] for gate in report['gates'])} of {len(report['gates'])}"
        for seed, report in zip(SEEDS, reports, strict=True)
    )
    heads = "".join(f" seed {seed} |" for seed in SEEDS)
    return "\n".join(
        (
            "# Three trainings of the pocket model",
            "",
            f"Gates passed: {passed}. Weights: "
            + ", ".join(f"`{report['sha256'][:12]}`" for report in reports)
            + ".",
            "",
            f"| gate |{heads} mean ± 95 % of three | must be |",
            "|---|" + "---|" * (len(SEEDS) + 2),
            *rows,
            "",
            "## Styles it never saw (drums, one bar given)",
            "",
            f"| measure |{heads} mean ± 95 % of three | grammar | trigram | control | truth |",
            "|---|" + "---|" * (len(SEEDS) + 5),
            *unseen_rows(reports),
            "",
        )
    )


def gate_row(gates: list[dict[str, Any]]) -> str:
    """One gate of every seed."""
    values = [gate["value"] for gate in gates]
    cells = [
        f"{value:.3f}" + ("" if gate["passed"] else " **✗**")
        for value, gate in zip(values, gates, strict=True)
    ]
    return f"| {gates[0]['name']} | {' | '.join(cells)} | {spread(values)} | {bounds(gates[0])} |"


def unseen_rows(reports: list[dict[str, Any]]) -> list[str]:
    """A row a measure on the unseen styles, beside the other columns of the first seed's report."""
    boards = [
        next(board for board in report["sets"] if board["name"] == UNSEEN) for report in reports
    ]
    rows = []
    for measure in boards[0]["columns"]["pocket"]:
        values = [board["columns"]["pocket"][measure]["value"] for board in boards]
        if None in values:
            continue
        others = [boards[0]["columns"].get(column, {}).get(measure) for column in COLUMNS[1:]]
        cells = [f"{value:.3f}" for value in values] + [spread(values)]
        cells += [f"{it['value']:.3f}" if it and it["value"] is not None else "–" for it in others]
        rows.append(f"| {measure.replace('_', ' ')} | {' | '.join(cells)} |")
    return rows


def spread(values: list[float]) -> str:
    """Mean and half the width of its t-interval."""
    return f"{fmean(values):.3f} ± {T_95 * stdev(values) / len(values) ** 0.5:.3f}"


if __name__ == "__main__":
    main()
