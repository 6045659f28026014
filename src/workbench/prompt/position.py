"""Positions: `bar 9`, `after intro + 2 bars`, `between verse and chorus`; and where that is in a project."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from workbench.prompt.model import BEATS_PER_BAR, Offset, Position, PositionKind

_NUMBER = r"[0-9]{1,6}(?:\.[0-9]{1,6})?"
_TRAILING = re.compile(rf"\s+([-+−–])\s*({_NUMBER})\s*(beat|bar)?s?$", re.IGNORECASE)
_ABSOLUTE = re.compile(rf"(?:at\s+)?(?:beat\s+)?({_NUMBER})", re.IGNORECASE)
_BAR = re.compile(rf"(?:at\s+)?bar\s+({_NUMBER})", re.IGNORECASE)
_BESIDE = re.compile(r"(after|before|alongside|within)\s+(\S.*)", re.IGNORECASE | re.DOTALL)
_BETWEEN = re.compile(r"between\s+(\S.*?)(?:\s+and\s+(\S.*))?", re.IGNORECASE | re.DOTALL)
_WITHIN_BAR = re.compile(rf"(\S.*?)\s+bar\s+({_NUMBER})", re.IGNORECASE | re.DOTALL)
_KINDS: dict[str, PositionKind] = {
    "after": "after", "before": "before", "alongside": "alongside", "within": "within"
}  # fmt: skip
LONGEST, LONGEST_REF = 500, 200  # characters
FARTHEST = 999_999  # bars or beats: six digits are read


def parse_position(text: str) -> Position | None:
    """The position a text describes; None where it describes none."""
    text = " ".join(text.split())
    if not text or len(text) > LONGEST:
        return None
    amounts = dict[str, float]()  # by unit, at most one of each: "+ 2 bars - 1 beat"
    while trailing := _TRAILING.search(text):
        unit = (trailing[3] or "beat").lower()
        if unit in amounts:
            return None
        amounts[unit] = float(trailing[2]) * (1 if trailing[1] == "+" else -1)
        text = text[: trailing.start()]
    offset = Offset(amounts.get("bar", 0.0), amounts.get("beat", 0.0))
    if text.lower() == "last":
        return Position(kind="last", offset=offset)
    if bar := _BAR.fullmatch(text):
        return Position(kind="absolute", at=Offset(bars=_from_bar(bar[1])), offset=offset)
    if beat := _ABSOLUTE.fullmatch(text):
        return Position(kind="absolute", at=Offset(beats=float(beat[1])), offset=offset)
    position = None
    if between := _BETWEEN.fullmatch(text):
        position = _between(between, offset)
    elif beside := _BESIDE.fullmatch(text):
        position = _beside(_KINDS[beside[1].lower()], beside[2].lower(), offset)
    names = (position.ref or "", position.ref2 or "") if position else ()
    if any(len(name) > LONGEST_REF or _TRAILING.search(f" {name}") for name in names):
        return None  # "within x - 1 bar 2": one offset too many
    return position


def after(text: str) -> Position | None:
    """The position of an `After` field: a position as such, else `after` that text."""
    return parse_position(text) or parse_position(f"after {text}")


def _between(match: re.Match[str], offset: Offset) -> Position:
    """`between A and B` with names of any length, `between A B` with names of one word."""
    first, second = match[1].lower(), match[2]
    if second is None:
        first, _, rest = first.partition(" ")
        second = rest or None
    return Position(
        kind="between", ref=first, ref2=second.lower() if second else None, offset=offset
    )


def _from_bar(number: str) -> float:
    """Bars from the beginning to that of a bar, counted from 1; in millionths, as written."""
    return round(float(number) - 1, 6)


def _beside(kind: PositionKind, ref: str, offset: Offset) -> Position | None:
    if kind == "within" and (bar := _WITHIN_BAR.fullmatch(ref)):
        bars = round(offset.bars + _from_bar(bar[2]), 6)
        if abs(bars) > FARTHEST:
            return None
        return Position(kind=kind, ref=bar[1], offset=Offset(bars, offset.beats))
    return Position(kind=kind, ref=ref, offset=offset)


def position_text(position: Position) -> str:
    """The position as it is written, which parses to the same one."""
    if position.kind == "absolute":
        assert position.at is not None
        at = position.at
        place = f"bar {_written(at.bars + 1)}" if at.bars else f"beat {_written(at.beats)}"
    elif position.kind == "between":
        place = f"between {position.ref}" + (f" and {position.ref2}" if position.ref2 else "")
    else:
        place = position.kind if position.ref is None else f"{position.kind} {position.ref}"
        if position.kind == "within" and _WITHIN_BAR.fullmatch(position.ref or ""):
            place += " bar 1"  # or the ref's own ending would be taken for the bar
    for amount, unit in ((position.offset.bars, "bars"), (position.offset.beats, "beats")):
        if amount:
            place += f" {'+' if amount > 0 else '-'} {_written(abs(amount))} {unit}"
    return place


def _written(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")


# ---------------------------------------------------------------------- in a project


class Span(Protocol):
    """A region: its name and where it lies."""

    @property
    def name(self) -> str: ...

    @property
    def start_beats(self) -> float: ...

    @property
    def end_beats(self) -> float: ...


class Lane(Protocol):
    """A track: its name and its regions."""

    @property
    def name(self) -> str: ...

    @property
    def regions(self) -> Sequence[Span]: ...


def start_beats(
    position: Position, tracks: Sequence[Lane], beats_per_bar: float = BEATS_PER_BAR
) -> float:
    """Where a position is in a project, in quarter notes from its beginning; never before that."""
    offset = position.offset.in_beats(beats_per_bar)
    if position.kind == "absolute":
        assert position.at is not None
        return max(position.at.in_beats(beats_per_bar) + offset, 0.0)
    spans = _named(position.ref, tracks)
    if not spans:
        return max(offset, 0.0)
    if position.kind in ("last", "after"):
        return max(_end(spans) + offset, 0.0)
    if position.kind == "between":
        end = _end(spans)
        others = _named(position.ref2, tracks) if position.ref2 else ()
        start = min((span.start_beats for span in others), default=end)
        return max((end + start) / 2 + offset, 0.0)
    return max(min(span.start_beats for span in spans) + offset, 0.0)


def _end(spans: Sequence[Span]) -> float:
    return max(span.end_beats for span in spans)


def _named(ref: str | None, tracks: Sequence[Lane]) -> Sequence[Span]:
    """The regions whose names hold the reference, else those of such tracks, else all."""
    every = [span for track in tracks for span in track.regions]
    if ref is None:
        return every
    regions = [span for span in every if ref in span.name.lower()]
    if regions:
        return regions
    lanes = [span for track in tracks if ref in track.name.lower() for span in track.regions]
    return lanes or every
