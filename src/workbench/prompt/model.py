"""What the fields of a STORI PROMPT say, once read: frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Mode = Literal["compose", "edit", "ask"]
MODES: tuple[Mode, ...] = ("compose", "edit", "ask")
BEATS_PER_BAR = 4  # where no time signature is known


@dataclass(frozen=True, slots=True)
class Offset:
    """A distance in time as written: bars and beats, either sign."""

    bars: float = 0.0
    beats: float = 0.0

    def in_beats(self, beats_per_bar: float = BEATS_PER_BAR) -> float:
        """The whole of it in quarter notes."""
        return self.bars * beats_per_bar + self.beats


PositionKind = Literal["absolute", "last", "after", "before", "alongside", "between", "within"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where music is wanted: at a place, or beside something that is there."""

    kind: PositionKind
    ref: str | None = None
    """Part of the name of a region or track, lower-case."""
    ref2: str | None = None
    at: Offset | None = None
    """Of an absolute position, from the beginning."""
    offset: Offset = Offset()


@dataclass(frozen=True, slots=True)
class Target:
    """What an edit is about; `name` of a track or region."""

    kind: Literal["project", "selection", "track", "region"]
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Vibe:
    """A word for the feeling, lower-case, and how much it counts (1 or more)."""

    vibe: str
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Remark:
    """Something in a prompt that has no effect, where, and what was probably meant."""

    field: str
    reason: str
    line: int
    column: int
    suggestion: str = ""
