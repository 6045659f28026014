"""A composed loop, its tokens and its score. Knows nothing of styles or how music is made.

Grid time: a quarter note is 32 units, a 4/4 bar 128; one unit is 15 ticks. Everything is in C major
or A minor. Tokens are the Orpheus ids (one Δt an onset, then pitch and duration-velocity pairs).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from workbench.models.grammar.patterns import BAR_UNITS
from workbench.models.vocabulary import (
    BUCKETS,
    DELTAS,
    EOS,
    LENGTH,
    NOTE,
    PITCHES,
    SOS,
    TICKS_PER_UNIT,
)
from workbench.score import (
    DRUM_CHANNEL,
    KeySignature,
    Note,
    ProgramChange,
    Score,
    Tempo,
    TimeSignature,
    Track,
)

ROLES = ("drums", "bass", "chords", "melody")
DRUMS, BASS, CHORDS, MELODY = range(4)
DRUM_UNITS = 8  # how long a drum note is written; a hit has no length of its own

KEYS: Mapping[int, str] = MappingProxyType({1: "C", 2: "Am"})


class Event(NamedTuple):
    """A note in grid units; `role` indexes ROLES, `patch` is a GM program or 128, `bucket` 0–7."""

    onset: int
    role: int
    patch: int
    pitch: int
    duration: int
    bucket: int


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop of `bars` 4/4 bars and how it was made."""

    style: str
    groove: str
    bars: int
    mode: int
    """1 C major, 2 A minor, 0 drums only."""
    programs: tuple[int | None, int | None, int | None, int | None]
    """Patch of each role, drums 128; None when the role is absent."""
    roots: tuple[int, ...]
    """Pitch class of the chord root in each bar; () for drums only."""
    tempo_bpm: float
    events: tuple[Event, ...]
    """Sorted by onset, role, pitch; no (onset, patch, pitch) twice; none at or after the end."""


def loop_tokens(loop: Loop) -> list[int]:
    """The loop as SOS (Δt (note length)+)* EOS in grid time; a rest at the end is not told."""
    return [*event_tokens(loop.events), EOS]


def event_tokens(events: Iterable[Event]) -> list[int]:
    """Events in order as SOS (Δt (note length)+)*; an open beginning of a loop."""
    tokens = [SOS]
    now, previous = -1, 0
    for onset, _role, patch, pitch, duration, bucket in events:
        if onset != now:
            assert onset - previous < DELTAS, "every bar has an onset"
            tokens.append(onset - previous)
            now = previous = onset
        tokens.append(NOTE + PITCHES * patch + pitch)
        tokens.append(LENGTH + BUCKETS * duration + bucket)
    return tokens


def loop_score(loop: Loop) -> Score:
    """The loop as a score at its tempo, a named track a role, exactly `bars` bars long."""
    tracks = []
    for role, program in enumerate(loop.programs):
        if program is None:
            continue
        channel = DRUM_CHANNEL if role == DRUMS else role - 1
        notes = tuple(sorted(_note(e, loop.bars, channel) for e in loop.events if e.role == role))
        change = () if role == DRUMS else (ProgramChange(0, program, channel),)
        tracks.append(Track(name=ROLES[role], notes=notes, programs=change))
    return Score(
        tracks=tuple(tracks),
        tempos=(Tempo.of_bpm(loop.tempo_bpm),),
        time_signatures=(TimeSignature(0, 4, 4),),
        key_signatures=(KeySignature(0, KEYS[loop.mode]),) if loop.mode else (),
        name=f"{loop.style}: {loop.groove}",
        length_ticks=loop.bars * BAR_UNITS * TICKS_PER_UNIT,
    )


def _note(event: Event, bars: int, channel: int) -> Note:
    units = min(event.duration, bars * BAR_UNITS - event.onset)
    return Note(
        start_ticks=event.onset * TICKS_PER_UNIT,
        pitch=event.pitch,
        duration_ticks=units * TICKS_PER_UNIT,
        velocity=(event.bucket + 1) * 15,  # the middle of a bucket, as Orpheus decodes it
        channel=channel,
    )
