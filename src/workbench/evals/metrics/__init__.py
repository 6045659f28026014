"""Metrics: pure functions from a score to a number, found by name.

Each says its unit, range, direction and source, and gives NaN where it does not apply (a drum loop
has no pitch-class entropy; 0 would be a lie). A new metric is one function under `@metric` in a
theme's module here.
"""

from workbench.evals.metrics import pitch, rhythm, structure
from workbench.evals.metrics.registry import METRICS, Metric, measure, metric, metric_named

__all__ = [
    "METRICS",
    "Metric",
    "measure",
    "metric",
    "metric_named",
    "pitch",
    "rhythm",
    "structure",
]
