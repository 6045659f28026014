"""Scores made from scores: moved in pitch, cut, joined.

Pure functions. Knows no styles and decides nothing musical.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import replace
from operator import attrgetter
from typing import Any, TypeVar

from workbench.errors import RequestError
from workbench.score.keys import Key, parse_key
from workbench.score.model import (
    DEFAULT_US_PER_QUARTER,
    DRUM_CHANNEL,
    KeySignature,
    Note,
    Score,
    Tempo,
    TimeSignature,
    Track,
)

_Event = TypeVar("_Event", bound=Any)  # any of the model's events: it has `ticks`
_EVENT_FIELDS = ("programs", "controls", "bends", "aftertouch")


def transpose(score: Score, semitones: int) -> Score:
    """The score, its key signatures too, moved by `semitones`; drums stay.

    A note that would leave 0–127 is put back by octaves.
    """
    if semitones == 0:
        return score
    return replace(
        score,
        tracks=tuple(_transposed(track, semitones) for track in score.tracks),
        key_signatures=tuple(
            KeySignature(signature.ticks, _moved_key(parse_key(signature.key), semitones))
            for signature in score.key_signatures
        ),
    )


def _transposed(track: Track, semitones: int) -> Track:
    notes = (
        note if note.channel == DRUM_CHANNEL else replace(note, pitch=_moved(note.pitch, semitones))
        for note in track.notes
    )
    aftertouch = (
        touch
        if touch.pitch is None or touch.channel == DRUM_CHANNEL
        else replace(touch, pitch=_moved(touch.pitch, semitones))
        for touch in track.aftertouch
    )
    return replace(track, notes=tuple(sorted(notes)), aftertouch=tuple(aftertouch))


def _moved(pitch: int, semitones: int) -> int:
    target = pitch + semitones
    if target < 0:
        return target % 12
    return target if target <= 127 else 116 + (target - 116) % 12  # 116 to 127: the top octave


def _moved_key(key: Key, semitones: int) -> str:
    return Key((key.tonic + semitones) % 12, key.mode).signature_name


def slice_bars(score: Score, first: int, stop: int) -> Score:
    """Bars `first` to `stop` − 1, counted from 0, as a score of their own.

    Holds the notes that start there, cut where the slice ends, and starts with the programs,
    controllers, bends, pressures, tempo, meter and key in force there. Raises `RequestError`.
    """
    starts = (*score.bar_starts_ticks, score.length_ticks)
    bars = len(starts) - 1
    if not 0 <= first < stop <= bars:
        raise RequestError(f"bars {first} to {stop} were asked for, the score has bars 0 to {bars}")
    start, end = starts[first], starts[stop]
    stop_ticks = end + (stop == bars)  # what happens at the very end belongs to the last bar

    def events(given: Iterable[_Event], what: Callable[[_Event], Hashable]) -> tuple[_Event, ...]:
        return _in_force(given, start, stop_ticks, what)

    def sliced(track: Track) -> Track:
        notes = (note for note in track.notes if start <= note.start_ticks < stop_ticks)
        return Track(
            name=track.name,
            notes=tuple(_cut(note, start, end) for note in notes),
            programs=events(track.programs, attrgetter("channel")),
            controls=events(track.controls, attrgetter("channel", "control")),
            bends=events(track.bends, attrgetter("channel")),
            aftertouch=events(track.aftertouch, attrgetter("channel", "pitch")),
        )

    return Score(
        tracks=tuple(map(sliced, score.tracks)),
        tempos=events(score.tempos, type),
        time_signatures=events(score.time_signatures, type),
        key_signatures=events(score.key_signatures, type),
        name=score.name,
        length_ticks=end - start,
    )


def ending_at(score: Score, length_ticks: int) -> Score:
    """The score with every note over by its end, and nothing beginning at or after it."""

    def cut(track: Track) -> Track:
        notes = tuple(
            replace(note, duration_ticks=min(note.duration_ticks, length_ticks - note.start_ticks))
            for note in track.notes
            if note.start_ticks < length_ticks
        )
        return replace(track, notes=notes)

    return replace(score, tracks=tuple(map(cut, score.tracks)), length_ticks=length_ticks)


def joined(*scores: Score) -> Score:
    """Scores one after the other, each at its own tempo and meter; tracks of one name and channel are one.

    Controllers and bends hold on until the next score sets them.
    """
    tracks: dict[Hashable, Track] = {}
    tempos: list[Tempo] = []
    meters: list[TimeSignature] = []
    keys: list[KeySignature] = []
    at = 0
    for score in scores:
        for track in score.tracks:
            there = tracks.get(key := _whose(track), Track(name=track.name))
            tracks[key] = Track(
                name=track.name,
                notes=(*there.notes, *_later(track.notes, at, "start_ticks")),
                programs=(*there.programs, *_later(track.programs, at)),
                controls=(*there.controls, *_later(track.controls, at)),
                bends=(*there.bends, *_later(track.bends, at)),
                aftertouch=(*there.aftertouch, *_later(track.aftertouch, at)),
            )
        tempos += _later(_from_start(score.tempos, Tempo(0, DEFAULT_US_PER_QUARTER)), at)
        meters += _later(_from_start(score.time_signatures, TimeSignature(0, 4, 4)), at)
        keys += _later(score.key_signatures, at)
        at += score.length_ticks
    return Score(
        tracks=tuple(tracks.values()),
        tempos=tuple(tempos),
        time_signatures=tuple(meters),
        key_signatures=tuple(keys),
        length_ticks=at,
    )


def _whose(track: Track) -> Hashable:
    """What makes tracks of several scores one part: name and channel."""
    return track.name, track.notes[0].channel if track.notes else -1


def _later(events: Iterable[_Event], by: int, field: str = "ticks") -> list[_Event]:
    return [replace(event, **{field: getattr(event, field) + by}) for event in events]


def _from_start(events: tuple[_Event, ...], default: _Event) -> tuple[_Event, ...]:
    return events if events and events[0].ticks == 0 else (default, *events)


def _cut(note: Note, start: int, end: int) -> Note:
    return replace(
        note,
        start_ticks=note.start_ticks - start,
        duration_ticks=min(note.end_ticks, end) - note.start_ticks,
    )


def _in_force(
    events: Iterable[_Event], start: int, end: int, what: Callable[[_Event], Hashable]
) -> tuple[_Event, ...]:
    """Events from `start` to before `end`, after the last of each kind from before `start`."""
    before: dict[Hashable, _Event] = {}
    inside = []
    for event in events:
        if event.ticks < start:
            before[what(event)] = event
        elif event.ticks < end:
            inside.append(replace(event, ticks=event.ticks - start))
    set_at_start = {what(event) for event in inside if event.ticks == 0}
    held = [replace(event, ticks=0) for kind, event in before.items() if kind not in set_at_start]
    return (*held, *inside)
