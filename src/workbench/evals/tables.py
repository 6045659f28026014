"""Tables of what came of a request: measures, surprise, what constraints cost. Knows pandas.

A constraint's cost is the probability mass it removed before a token was drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from workbench.evals.metrics import measure
from workbench.evals.surprise import surprise_notes
from workbench.models.requests import Variation
from workbench.score import Score

OFTEN_REMOVED = 0.1  # of the mass: what counts as a constraint being felt


def measure_table(scores: Sequence[Score], names: Iterable[str] | None = None) -> pd.DataFrame:
    """A row for each score, numbered from 1; a column for each measure that applies to any of them."""
    wanted = None if names is None else tuple(names)
    index = pd.Index(range(1, len(scores) + 1), name="variation")
    table = pd.DataFrame([measure(score, wanted) for score in scores], index=index)
    return table.dropna(axis="columns", how="all")


def surprise_table(variations: Sequence[Variation]) -> pd.DataFrame:
    """Mean surprise of each variation's choices in nats: when, what, how, and a whole note."""
    rows = []
    for variation in variations:
        notes = surprise_notes(variation)
        onsets = [note.when for note in notes if note.when]
        rows.append(
            {
                "notes": len(notes),
                "when (Δt)": _mean(onsets),
                "what (sound)": _mean([note.what for note in notes]),
                "how (length, velocity)": _mean([note.how for note in notes]),
                "a note": _mean([note.surprise for note in notes]),
            }
        )
    index = pd.Index([variation.index + 1 for variation in variations], name="variation")
    return pd.DataFrame(rows, index=index)


def constraint_costs(variations: Sequence[Variation]) -> pd.DataFrame:
    """What each constraint took, over all tokens: mean and largest mass, share of tokens it hit.

    Constraints stand in the order in which they act; each is charged only for what those before it
    had left.
    """
    names = list(variations[0].removed) if variations else []
    rows = {}
    for name in names:
        taken = np.concatenate([variation.removed[name] for variation in variations])
        rows[name] = {
            "mean mass removed": _mean(taken),
            "largest": float(taken.max()) if len(taken) else np.nan,
            f"tokens losing over {OFTEN_REMOVED:.0%}": _mean(taken > OFTEN_REMOVED),
        }
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.index.name = "constraint"
    return table


def _mean(values: Sequence[float] | np.ndarray) -> float:
    return float(np.mean(values)) if len(values) else float("nan")
