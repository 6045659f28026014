"""Where a piece of music stands in feeling: five axes, and moves between such places."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from workbench.errors import RequestError


@dataclass(frozen=True, slots=True, kw_only=True)
class EmotionVector:
    """Five axes, neutral by default. Raises `RequestError` for a value out of range."""

    energy: float = 0.5
    """0 stillness to 1 explosive."""
    valence: float = 0.0
    """−1 dark to 1 joyful."""
    tension: float = 0.3
    """0 resolved to 1 anxious."""
    intimacy: float = 0.5
    """0 epic and distant to 1 close."""
    motion: float = 0.5
    """0 static to 1 driving."""

    def __post_init__(self) -> None:
        for axis, value in asdict(self).items():
            low = _LOWEST.get(axis, 0.0)
            if not low <= value <= 1:  # also refuses NaN
                raise RequestError(f"{axis} must be {low:g} to 1, got {value}")

    def moved(self, deltas: Mapping[str, float]) -> EmotionVector:
        """The vector with these amounts added by axis, kept within range."""
        unknown = set(deltas) - set(AXES)
        if unknown:
            raise RequestError(f"no axis {', '.join(sorted(unknown))}; they are {', '.join(AXES)}")
        return EmotionVector(
            **{
                axis: min(max(value + deltas.get(axis, 0.0), _LOWEST.get(axis, 0.0)), 1.0)
                for axis, value in asdict(self).items()
            }
        )

    def distance(self, other: EmotionVector) -> float:
        """Euclidean, 0 to √8."""
        return math.dist(list(asdict(self).values()), list(asdict(other).values()))


_LOWEST = {"valence": -1.0}
AXES = tuple(axis.name for axis in fields(EmotionVector))
