"""The notation of grooves and fills: text in, hits in grid units out. No style, no randomness.

A groove is a header `= name [held] [triplet]` and one line a voice; `|` parts its bars. A bar may
be cut into any number of equal steps: 16 sixteenths, 12 eighth triplets, 32 thirty-seconds, 24
sixteenth triplets.
`held` keeps the groove out of training; `triplet` makes the other parts swing with it.

A fill is a header `= name beats` and lines that cover its beats only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from workbench.models.vocabulary import UNITS_PER_BAR, UNITS_PER_QUARTER

BAR_UNITS = UNITS_PER_BAR
BEAT_UNITS = UNITS_PER_QUARTER

VOICES = {  # General MIDI percussion key map; the shaker is GM 2's
    "kick": 36, "rim": 37, "snare": 38, "clap": 39, "esnare": 40, "floor": 41, "hat": 42,
    "lowtom": 45, "pedal": 44, "open": 46, "midtom": 47, "hightom": 50, "crash": 49, "ride": 51,
    "bell": 53, "tamb": 54, "splash": 55, "cowbell": 56, "bongo": 60, "lowbongo": 61,
    "slap": 62, "conga": 63, "lowconga": 64, "timbale": 65, "lowtimbale": 66, "agogo": 67,
    "lowagogo": 68, "cabasa": 69, "maracas": 70, "guiro": 73, "claves": 75, "block": 76,
    "lowblock": 77, "cuica": 78, "triangle": 81, "shaker": 82,
}  # fmt: skip

# How a hit is written: velocity bucket 0–7 and the chance that it sounds in a loop.
MARKS = {"X": (6, 1.0), "x": (5, 1.0), "o": (4, 1.0), "s": (3, 1.0), "g": (1, 0.7), "?": (4, 0.35)}

STRAIGHT, SIXTEENTH, TRIPLET = range(3)
"""What swing does to a hit: nothing; delays an odd sixteenth; moves the last third of a beat."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A hit of a pattern, `unit` 0–127 within its bar."""

    unit: int
    swing: int
    pitch: int
    bucket: int
    chance: float


@dataclass(frozen=True, slots=True)
class Groove:
    """A named pattern of one or two bars."""

    name: str
    bars: tuple[tuple[Hit, ...], ...]
    held_out: bool
    triplet: bool

    @property
    def slots(self) -> frozenset[tuple[int, int]]:
        """The likely hits over two bars as (sixteenth 0–31, pitch), to compare grooves by."""
        return frozenset(
            (16 * bar + round(hit.unit / 8), hit.pitch)
            for bar in range(2)
            for hit in self.bars[bar % len(self.bars)]
            if hit.chance >= 0.5
        )


@dataclass(frozen=True, slots=True)
class Fill:
    """Hits that replace the last `beats` beats of a phrase; units from the start of the fill."""

    name: str
    beats: int
    hits: tuple[Hit, ...]


def parse_grooves(text: str) -> tuple[Groove, ...]:
    """Read a style's grooves."""
    grooves = []
    for header, lines in _blocks(text):
        name, *flags = header.split()
        voices = [line.split() for line in lines]
        num_bars = max(len(steps.split("|")) for _, steps in voices)
        bars: list[list[Hit]] = [[] for _ in range(num_bars)]
        for voice, steps in voices:
            cells = steps.split("|")
            for bar, hits in enumerate(bars):
                hits.extend(_hits(voice, cells[bar % len(cells)], BAR_UNITS))
        grooves.append(
            Groove(
                name=name,
                bars=tuple(tuple(sorted(bar, key=lambda h: (h.unit, h.pitch))) for bar in bars),
                held_out="held" in flags,
                triplet="triplet" in flags,
            )
        )
    return tuple(grooves)


def parse_fills(text: str) -> dict[str, Fill]:
    """Read a table of fills."""
    fills = {}
    for header, lines in _blocks(text):
        name, beats = header.split()
        units = int(beats) * BEAT_UNITS
        voices = [line.split() for line in lines]
        hits = [hit for voice, steps in voices for hit in _hits(voice, steps, units)]
        fills[name] = Fill(name, int(beats), tuple(sorted(hits, key=lambda h: (h.unit, h.pitch))))
    return fills


def _blocks(text: str) -> Iterator[tuple[str, list[str]]]:
    for block in text.split("=")[1:]:
        header, *lines = (line.strip() for line in block.strip().splitlines())
        yield header, [line for line in lines if line]


def _hits(voice: str, steps: str, units: int) -> Iterator[Hit]:
    size = units / len(steps)
    for i, mark in enumerate(steps):
        if mark != ".":
            yield Hit(round(i * size), _swing(i, size), VOICES[voice], *MARKS[mark])


def _swing(i: int, step_units: float) -> int:
    if step_units == 8:
        return SIXTEENTH if i % 2 else STRAIGHT
    if 10 < step_units < 11:
        return TRIPLET if i % 3 == 2 else STRAIGHT
    return STRAIGHT
