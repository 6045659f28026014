"""What may come next: the constraints of a request as masks over the Orpheus vocabulary.

A small state machine reads the tokens so far (SOS → Δt → note → length → note | Δt | end) and each
constraint takes away what it forbids, in the order of `CONSTRAINTS`, so that the probability each one
removed can be told apart. Knows no network; numpy only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from workbench.errors import RequestError
from workbench.models.vocabulary import (
    BUCKETS,
    DELTAS,
    DRUM_PATCH,
    EOS,
    LENGTH,
    NOTE,
    OUTRO,
    PATCHES,
    PITCHES,
    SOS,
    UNITS_PER_BAR,
    UNITS_PER_QUARTER,
    VOCABULARY_SIZE,
)

Mask = npt.NDArray[np.bool_]

CONSTRAINTS = (
    "grammar",
    "roles",
    "instruments",
    "pitch_range",
    "scale",
    "max_polyphony",
    "grid",
    "bars",
)

_LAYER = {name: layer for layer, name in enumerate(CONSTRAINTS)}

# Onset places within a bar for each note value, in units. Triplet places are rounded (10.67 → 11, 21.33 → 21).
GRID_PLACES = {
    value: frozenset(round(UNITS_PER_BAR * step / value) for step in range(value))
    for value in (4, 8, 12, 16, 24, 32)
}

# Where voices are counted a note lasts less than this, so that a Δt (≤ 255) can always wait for a voice
# to fall silent and still reach the next quarter.
LONGEST_UNITS = DELTAS - 2 * UNITS_PER_QUARTER

AFTER_SOS, AFTER_DELTA, AFTER_NOTE, AFTER_LENGTH = range(4)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The constraints of one request, None where free.

    `patches` are those the roles may use, `instruments` those the request allows (128 is the drum kit);
    `pitches` and `scale` bind pitched parts only.
    """

    patches: frozenset[int] | None = None
    instruments: frozenset[int] | None = None
    pitch_range: tuple[int, int] | None = None
    scale: frozenset[int] | None = None
    max_polyphony: int | None = None
    grid: int | None = None
    bars: int | None = None
    exact_bars: bool = True
    """Whether `bars` is enforced; without, the network is only told."""
    from_units: int = 0
    """Where the prime ends: nothing new sounds before."""
    outro: bool = False
    """Whether the OUTRO marker may be written (Orpheus checkpoints know it)."""

    def __post_init__(self) -> None:
        allowed = np.ones(0, bool)
        for name, mask in zip(CONSTRAINTS, self.static[AFTER_DELTA], strict=True):
            if not mask.any():
                asked = {"roles": self.patches}.get(name, getattr(self, name, None))
                raise RequestError(
                    f"{name} {_shown(asked)} leaves no note to play; widen it or leave it out"
                )
            allowed = mask
        assert allowed.size

    @property
    def active(self) -> tuple[str, ...]:
        """The constraints that can remove anything, in order."""
        given = {
            "grammar": True,
            "roles": self.patches is not None,
            "instruments": self.instruments is not None,
            "pitch_range": self.pitch_range is not None,
            "scale": self.scale is not None,
            "max_polyphony": self.max_polyphony is not None,
            "grid": self.grid is not None,
            "bars": self.bars is not None and self.exact_bars,
        }
        return tuple(name for name in CONSTRAINTS if given[name])

    @property
    def end_units(self) -> int | None:
        """Where the last bar ends, or None when the length is free."""
        return self.bars * UNITS_PER_BAR if self.bars and self.exact_bars else None

    @cached_property
    def static(self) -> npt.NDArray[np.bool_]:
        """Masks that hold whatever came before, cumulative: (state, constraint, V)."""
        masks = np.zeros((4, len(CONSTRAINTS), VOCABULARY_SIZE), bool)
        masks[AFTER_SOS, :, :DELTAS] = True
        masks[AFTER_NOTE, :, LENGTH + BUCKETS : SOS] = True  # no note lasts 0 units
        masks[AFTER_LENGTH, :, 1:DELTAS] = True  # notes of one onset stand together
        masks[AFTER_LENGTH, :, EOS] = True
        masks[AFTER_LENGTH, :, OUTRO] = self.outro
        notes = np.ones((PATCHES, PITCHES), bool)
        for layer, name in enumerate(CONSTRAINTS):
            notes &= self._notes_allowed(name)
            masks[AFTER_DELTA, layer, NOTE:LENGTH] = notes.ravel()
            masks[AFTER_LENGTH, layer, NOTE:LENGTH] = notes.ravel()
        if self.max_polyphony is not None:
            too_long = LENGTH + BUCKETS * LONGEST_UNITS
            masks[AFTER_NOTE, _LAYER["max_polyphony"] :, too_long:SOS] = False
        return masks

    def _notes_allowed(self, name: str) -> Mask:
        """(129, 128): what one constraint alone lets sound, whenever."""
        notes = np.ones((PATCHES, PITCHES), bool)
        patches = {"roles": self.patches, "instruments": self.instruments}.get(name)
        if patches is not None:
            notes[[patch for patch in range(PATCHES) if patch not in patches]] = False
        if name == "pitch_range" and self.pitch_range is not None:
            low, high = self.pitch_range
            notes[:DRUM_PATCH, :low] = False
            notes[:DRUM_PATCH, high + 1 :] = False
        if name == "scale" and self.scale is not None:
            outside = [pitch for pitch in range(PITCHES) if pitch % 12 not in self.scale]
            notes[:DRUM_PATCH, outside] = False
        return notes

    @cached_property
    def drums_allowed(self) -> bool:
        return bool(
            self.static[AFTER_DELTA, -1, NOTE:LENGTH].reshape(PATCHES, PITCHES)[DRUM_PATCH].any()
        )

    @cached_property
    def grid_deltas(self) -> Mask:
        """(128, 256): from each place in the bar, the Δt that lead to a place on the grid."""
        assert self.grid is not None
        on_grid = np.array([place in GRID_PLACES[self.grid] for place in range(UNITS_PER_BAR)])
        led_to = (np.arange(UNITS_PER_BAR)[:, None] + np.arange(DELTAS)) % UNITS_PER_BAR
        return np.asarray(on_grid[led_to])


def _shown(value: object) -> str:
    return str(sorted(value) if isinstance(value, frozenset) else value)


@dataclass
class Place:
    """Where one row stands in its music; reads a token at a time."""

    limits: Limits
    state: int = AFTER_SOS
    time_units: int = 0
    onset_notes: list[int] = field(default_factory=list)
    """Note ids already in this onset."""
    sounding: list[int] = field(default_factory=list)
    """End times, in units, of pitched notes."""
    note: int = -1

    def read(self, tokens: Iterable[int]) -> Place:
        """Go on by tokens of the strict grammar (SOS is skipped)."""
        for token in tokens:
            self._read_one(token)
        return self

    def _read_one(self, token: int) -> None:
        if token < DELTAS:
            self.time_units += token
            self.onset_notes.clear()
            self.state = AFTER_DELTA
        elif token < LENGTH:
            self.note = token
            self.onset_notes.append(token)
            self.state = AFTER_NOTE
        elif token < SOS:
            if (self.note - NOTE) // PITCHES != DRUM_PATCH:
                self.sounding.append(self.time_units + (token - LENGTH) // BUCKETS)
            self.state = AFTER_LENGTH

    def ends_with(self, token: int) -> bool:
        """Whether a Δt leads past the last bar: the loop is complete and the Δt is not part of it.

        Two units short of the bar line counts as past it: an onset there is the next loop's downbeat,
        played early (measured: reference recipe, stop rule).
        """
        end = self.limits.end_units
        return token < DELTAS and end is not None and self.time_units + token >= end - 2

    def allowed(self, out: Mask) -> None:
        """Write the cumulative masks into out (constraint, V)."""
        limits = self.limits
        out[:] = limits.static[self.state]
        if self.state in (AFTER_DELTA, AFTER_LENGTH) and self.onset_notes:
            out[:, self.onset_notes] = False
        if self.state == AFTER_NOTE:
            return
        if self.state == AFTER_LENGTH and self.time_units < limits.from_units:
            wait = min(DELTAS - 1, limits.from_units - self.time_units)
            out[:, :wait] = False
            out[:, DELTAS:] = False
        if limits.max_polyphony is not None:
            self._limit_polyphony(out[_LAYER["max_polyphony"] :], limits.max_polyphony)
        if self.state == AFTER_DELTA:
            return
        if limits.grid is not None:
            out[_LAYER["grid"] :, :DELTAS] &= limits.grid_deltas[self.time_units % UNITS_PER_BAR]
        self._limit_bars(out)

    def _limit_polyphony(self, out: Mask, most: int) -> None:
        ends = np.array([end for end in self.sounding if end > self.time_units])
        self.sounding = ends.tolist()
        if len(ends) >= most:
            out[:, NOTE : NOTE + DRUM_PATCH * PITCHES] = False
        if not self.limits.drums_allowed and self.state != AFTER_DELTA:
            free = np.sort(ends)[len(ends) - most] if len(ends) >= most else 0
            out[:, : max(0, min(DELTAS - 1, int(free) - self.time_units))] = False

    def _limit_bars(self, out: Mask) -> None:
        end = self.limits.end_units
        if end is None:
            return
        crossing = max(0, end - 2 - self.time_units)
        if self.state == AFTER_SOS:  # a loop has at least one onset
            out[_LAYER["bars"] :, crossing:DELTAS] = False
            return
        out[:, crossing:DELTAS] = True
        if self.time_units < end - UNITS_PER_BAR:
            out[_LAYER["bars"] :, EOS] = False
