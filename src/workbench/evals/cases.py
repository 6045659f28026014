"""A loop that was asked for, what came back, and the truth: what the pocket gates measure.

Times are grid units (32 to the quarter note). Knows scores and the grammar's loops; no runner.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from workbench.models.grammar import ROLES, Event, Loop, loop_score
from workbench.models.vocabulary import DRUM_PATCH, LENGTH, NOTE, TICKS_PER_UNIT, UNITS_PER_BAR
from workbench.score import DRUM_CHANNEL, Score

OTHER = len(ROLES)  # the role of a part that the truth does not have
EARLY_UNITS = 2  # a hit this close before a bar line belongs to the bar after it


@dataclass(frozen=True, slots=True)
class Case:
    """What was heard after (or without) a prime, next to what the grammar played."""

    truth: Loop
    events: tuple[Event, ...]
    given_bars: int
    """Bars that were the prime's; measures look at the bars after them."""
    exact: bool
    """Whether it ends exactly on the bar line asked for, with music in its last bar."""

    @property
    def new_events(self) -> tuple[Event, ...]:
        """What came after the prime."""
        start = self.given_bars * UNITS_PER_BAR - EARLY_UNITS
        return tuple(event for event in self.events if event.onset >= start)

    @property
    def new_bars(self) -> range:
        return range(self.given_bars, self.truth.bars)

    def in_bar(self, bar: int, role: int | None = None) -> list[Event]:
        """Events that belong to a bar, early hits included."""
        return in_bar(self.events, bar, role)


def in_bar(events: Sequence[Event], bar: int, role: int | None = None) -> list[Event]:
    """The events of a bar (of one role), those a little before its line included."""
    start = bar * UNITS_PER_BAR - EARLY_UNITS
    return [
        event
        for event in events
        if start <= event.onset < start + UNITS_PER_BAR and (role is None or event.role == role)
    ]


def true_case(case: Case) -> Case:
    """The case in which the grammar's own bars came back."""
    return replace(case, events=case.truth.events, exact=True)


def spoiled(case: Case, rng: random.Random) -> Case:
    """The case with drums up to 8 units and pitches up to 3 semitones away from where they were.

    What a measure says of it is what it says of something wrong.
    """
    end = case.truth.bars * UNITS_PER_BAR - 1
    events = [
        event._replace(onset=min(max(event.onset + rng.randint(-8, 8), 0), end))
        if event.role == 0
        else event._replace(pitch=event.pitch + rng.randint(-3, 3))
        for event in case.events
    ]
    return replace(case, events=tuple(sorted(events)))


def first_bars(loop: Loop, bars: int = 1) -> Loop:
    """The beginning of a loop, without early hits of the bar after."""
    end = bars * UNITS_PER_BAR - EARLY_UNITS
    events = tuple(event for event in loop.events if event.onset < end)
    return replace(loop, bars=bars, roots=loop.roots[:bars], events=events)


def prime_score(loop: Loop, bars: int = 1) -> Score:
    """The beginning of a loop as a score to go on from."""
    return loop_score(first_bars(loop, bars))


def case_of_score(truth: Loop, score: Score, given_bars: int) -> Case:
    """The case of a runner's score at 480 ticks, in C major or A minor."""
    events = tuple(sorted(_events(score, truth)))
    length = truth.bars * UNITS_PER_BAR
    exact = score.length_ticks == length * TICKS_PER_UNIT and ends_in_last_bar(events, truth.bars)
    return Case(truth, events, given_bars, exact)


def case_of_tokens(truth: Loop, tokens: Sequence[int], given_bars: int, *, ended: bool) -> Case:
    """The case of a bare token stream in grid time."""
    role_of = _role_of(truth)
    events, now, note = [], 0, 0
    for token in tokens:
        if token < NOTE:
            now += token
        elif token < LENGTH:
            note = token - NOTE
        elif token < LENGTH + 2048:
            patch, pitch = divmod(note, 128)
            length, bucket = divmod(token - LENGTH, 8)
            events.append(Event(now, role_of.get(patch, OTHER), patch, pitch, length, bucket))
    events.sort()
    return Case(truth, tuple(events), given_bars, ended and ends_in_last_bar(events, truth.bars))


def ends_in_last_bar(events: Sequence[Event], bars: int) -> bool:
    """Whether the last onset lies in the last bar: neither short of it nor past it."""
    return bool(events) and (bars - 1) <= events[-1].onset / UNITS_PER_BAR < bars


def _role_of(loop: Loop) -> dict[int, int]:
    return {patch: role for role, patch in enumerate(loop.programs) if patch is not None}


def _events(score: Score, truth: Loop) -> list[Event]:
    role_of = _role_of(truth)
    events = []
    for track in score.tracks:
        name = track.name.lower()
        named = ROLES.index(name) if name in ROLES else None
        for note in track.notes:
            patch = DRUM_PATCH if note.channel == DRUM_CHANNEL else track.program
            role = named if named is not None else role_of.get(patch, OTHER)
            onset = round(note.start_ticks / TICKS_PER_UNIT)
            length = round(note.duration_ticks / TICKS_PER_UNIT)
            bucket = min(max(round(note.velocity / 15) - 1, 0), 7)
            events.append(Event(onset, role, patch, note.pitch, length, bucket))
    return events
