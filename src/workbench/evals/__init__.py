"""Evaluation: metrics of a score, comparison of sets of loops, the gates of the pocket model.

Torch-free: models come in as runners.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from workbench.evals.compare import (
    Interval,
    bootstrap_interval,
    distinct_loops,
    mean_pairwise_distance,
    slot_f1,
)
from workbench.evals.metrics import METRICS, Metric, measure, metric
from workbench.evals.pocket import PocketPlan, evaluate_pocket
from workbench.evals.report import Gate, PocketReport
from workbench.evals.surprise import SurpriseNote, surprise_notes

if TYPE_CHECKING:
    from workbench.evals.tables import constraint_costs, measure_table, surprise_table

# Resolved when first used: pandas takes half a second, and who only measures needs none.
_TABLES = ("constraint_costs", "measure_table", "surprise_table")

__all__ = [
    "METRICS",
    "Gate",
    "Interval",
    "Metric",
    "PocketPlan",
    "PocketReport",
    "SurpriseNote",
    "bootstrap_interval",
    "constraint_costs",
    "distinct_loops",
    "evaluate_pocket",
    "mean_pairwise_distance",
    "measure",
    "measure_table",
    "metric",
    "slot_f1",
    "surprise_notes",
    "surprise_table",
]

if not TYPE_CHECKING:

    def __getattr__(name):
        if name in _TABLES:
            return getattr(import_module("workbench.evals.tables"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__():
        return sorted(__all__)
