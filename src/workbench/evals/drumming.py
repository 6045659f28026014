"""Measures of drums against the truth, one case at a time: NaN where one does not apply."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from types import MappingProxyType

from workbench.evals.cases import Case, in_bar
from workbench.evals.compare import slot_f1
from workbench.models.grammar import Event, style_named
from workbench.models.vocabulary import UNITS_PER_BAR

NAN = math.nan
KICK = 36
SLACK_UNITS = 3  # swing and hands move a hit by at most this much
GRID_SLACK_UNITS = 1
BEAT_UNITS = 32


def anchor_hit(case: Case) -> float:
    """Share of the style's anchor slots that are struck within 3 units by one of its voices."""
    anchor = style_named(case.truth.style).anchor
    struck = {event.onset for event in case.events if event.pitch in anchor.pitches}
    wanted = [bar * UNITS_PER_BAR + 8 * slot for bar in case.new_bars for slot in anchor.slots]
    return fmean(_near(struck, unit, SLACK_UNITS) for unit in wanted)


def likeness(case: Case) -> float:
    """Mean slot F1 of bars two and three with the prime's bar; NaN without a prime."""
    if not case.given_bars:
        return NAN
    given = slots(in_bar(case.truth.events, 0, role=0))
    bars = [bar for bar in case.new_bars if bar < 3]
    values = [slot_f1(slots(case.in_bar(bar, role=0)), given) for bar in bars]
    return fmean(values) if values else NAN


def slots(events: Sequence[Event]) -> frozenset[tuple[int, int]]:
    """Sixteenth in the bar and pitch of each event (an early hit is the next bar's first)."""
    return frozenset((round(e.onset % UNITS_PER_BAR / 8) % 16, e.pitch) for e in events)


def on_grid(case: Case) -> float:
    """Share of onsets within one unit of a sixteenth or of a place in the beat the truth uses."""
    allowed = {0, 8, 16, 24} | {
        event.onset % BEAT_UNITS for event in _main_places(case.truth.events)
    }
    wide = {(place + slack) % BEAT_UNITS for place in allowed for slack in (-1, 0, 1)}
    new = case.new_events
    return fmean(event.onset % BEAT_UNITS in wide for event in new) if new else NAN


def _main_places(events: Sequence[Event]) -> list[Event]:
    """Events at places in the beat that more than a jittered few of them share."""
    counts: dict[int, int] = {}
    for event in events:
        counts[event.onset % BEAT_UNITS] = counts.get(event.onset % BEAT_UNITS, 0) + 1
    return [event for event in events if counts[event.onset % BEAT_UNITS] > 0.03 * len(events)]


def kick_on_one(case: Case) -> float:
    """Share of bars with a kick on one; NaN unless every bar of the truth has it."""
    if not all(_has_kick(case.truth.events, bar) for bar in range(case.truth.bars)):
        return NAN
    return fmean(_has_kick(case.events, bar) for bar in case.new_bars)


def _has_kick(events: Sequence[Event], bar: int) -> bool:
    kicks = {event.onset for event in events if event.pitch == KICK and event.role == 0}
    return _near(kicks, bar * UNITS_PER_BAR, SLACK_UNITS)


def in_kit(case: Case) -> float:
    """Share of new drum notes whose sound the prime used; NaN without a prime."""
    new = [event.pitch for event in case.new_events if event.role == 0]
    if not case.given_bars or not new:
        return NAN
    kit = {event.pitch for event in in_bar(case.truth.events, 0, role=0)}
    return fmean(pitch in kit for pitch in new)


def density(case: Case) -> float:
    """New notes over the truth's in the same bars."""
    start = case.given_bars * UNITS_PER_BAR - 2
    true = sum(event.onset >= start for event in case.truth.events)
    return len(case.new_events) / true


def exact_bars(case: Case) -> float:
    """1 where the loop ends exactly on its bar line, with music in its last bar; else 0."""
    return float(case.exact)


def _near(units: set[int], unit: int, slack: int) -> bool:
    return any(unit + shift in units for shift in range(-slack, slack + 1))


DRUM_MEASURES: Mapping[str, Callable[[Case], float]] = MappingProxyType(
    {
        "anchor_hit": anchor_hit,
        "likeness": likeness,
        "on_grid": on_grid,
        "kick_on_one": kick_on_one,
        "in_kit": in_kit,
        "density": density,
        "exact_bars": exact_bars,
    }
)
