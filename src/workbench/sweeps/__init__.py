"""Sweeps: every setting tried with every seed, kept as it finishes, shown as tables that play."""

from workbench.sweeps.experiment import Experiment, run_experiment
from workbench.sweeps.panels import SweepPanel, explore
from workbench.sweeps.result import SweepResult
from workbench.sweeps.run import SweepProgress, sweep
from workbench.sweeps.verdict import Verdict, weigh

__all__ = [
    "Experiment",
    "SweepPanel",
    "SweepProgress",
    "SweepResult",
    "Verdict",
    "explore",
    "run_experiment",
    "sweep",
    "weigh",
]
