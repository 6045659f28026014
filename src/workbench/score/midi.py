"""A `Score` from a Standard MIDI File and back; bytes and messages are mido's and `midi_file`'s.

Knows how the two models of music differ; knows no bytes, no tokens and no sound.
"""

from __future__ import annotations

import io
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import TYPE_CHECKING, TypeVar

from workbench.errors import MidiError, RequestError
from workbench.score.midi_file import MAX_TRACKS, parse_midi
from workbench.score.model import (
    MAX_TICKS,
    TICKS_PER_QUARTER,
    Aftertouch,
    ControlChange,
    KeySignature,
    Note,
    PitchBend,
    ProgramChange,
    Score,
    Tempo,
    TimeSignature,
    Track,
)

if TYPE_CHECKING:
    from pathlib import Path

    import mido

_Timed = TypeVar("_Timed", Tempo, TimeSignature, KeySignature)


# Reading


def read_midi(source: bytes | str | Path) -> Score:
    """The score in a Standard MIDI File, given as bytes or path, at 480 ticks to the quarter.

    Note-offs end the oldest note of their channel and pitch; notes never ended last to the end of
    their track. A first track without channel messages is the conductor: its name is the score's.
    A format 0 file becomes one track a channel. System exclusive messages, text, lyrics and
    markers are not kept. Raises `MidiError`.
    """
    file = parse_midi(source)
    readings = [_read_track(track, file.ticks_per_beat, i) for i, track in enumerate(file.tracks)]
    name = ""
    if readings and (file.type == 0 or not readings[0].has_channel_messages):
        name = readings[0].name
    if file.type == 0:
        tracks = [track for reading in readings for track in reading.by_channel()]
    else:
        conductor = 1 if readings and not readings[0].has_channel_messages else 0
        tracks = [reading.track() for reading in readings[conductor:]]
    return Score(
        tracks=tuple(tracks),
        tempos=_one_a_tick(event for reading in readings for event in reading.tempos),
        time_signatures=_one_a_tick(event for reading in readings for event in reading.meters),
        key_signatures=_one_a_tick(event for reading in readings for event in reading.keys),
        name=name,
        length_ticks=max((reading.end_ticks for reading in readings), default=0),
    )


@dataclass
class _TrackReading:
    """What one track of a file holds, while it is read. Ticks at 480 to the quarter."""

    name: str = ""
    end_ticks: int = 0
    notes: list[Note] = field(default_factory=list)
    programs: list[ProgramChange] = field(default_factory=list)
    controls: list[ControlChange] = field(default_factory=list)
    bends: list[PitchBend] = field(default_factory=list)
    aftertouch: list[Aftertouch] = field(default_factory=list)
    tempos: list[Tempo] = field(default_factory=list)
    meters: list[TimeSignature] = field(default_factory=list)
    keys: list[KeySignature] = field(default_factory=list)

    @property
    def has_channel_messages(self) -> bool:
        return any((self.notes, self.programs, self.controls, self.bends, self.aftertouch))

    def track(self) -> Track:
        return Track(
            name=self.name,
            notes=tuple(sorted(self.notes)),
            programs=tuple(self.programs),
            controls=tuple(self.controls),
            bends=tuple(self.bends),
            aftertouch=tuple(self.aftertouch),
        )

    def by_channel(self) -> Iterator[Track]:
        """One track a channel, in the order of channels; the file's one name is the score's."""
        whole = self.track()
        for channel in range(16):
            part = Track(
                notes=tuple(event for event in whole.notes if event.channel == channel),
                programs=tuple(event for event in whole.programs if event.channel == channel),
                controls=tuple(event for event in whole.controls if event.channel == channel),
                bends=tuple(event for event in whole.bends if event.channel == channel),
                aftertouch=tuple(event for event in whole.aftertouch if event.channel == channel),
            )
            if part != Track():
                yield part


def _read_track(messages: mido.MidiTrack, ticks_per_quarter: int, number: int) -> _TrackReading:
    reading = _TrackReading()
    sounding: dict[tuple[int, int], deque[tuple[int, int]]] = defaultdict(deque)
    file_ticks = ticks = 0
    for i, message in enumerate(messages):
        file_ticks += message.time
        ticks = _at_480(file_ticks, ticks_per_quarter)
        if ticks > MAX_TICKS:
            raise MidiError(
                f"track {number}, message {i}: {ticks // TICKS_PER_QUARTER} quarter notes from the "
                f"start; at most {MAX_TICKS // TICKS_PER_QUARTER} are expected"
            )
        if message.type in ("note_on", "note_off"):
            _read_note(message, ticks, sounding, reading)
        else:
            try:
                _read_message(message, ticks, reading)
            except RequestError as error:  # a meter of 0 beats, a tempo of 0 µs
                raise MidiError(
                    f"track {number}, message {i} at tick {file_ticks}: {error}"
                ) from error
    reading.end_ticks = ticks
    for (channel, pitch), starts in sounding.items():
        for start, velocity in starts:
            reading.notes.append(Note(start, pitch, ticks - start, velocity, channel))
    return reading


def _at_480(ticks: int, ticks_per_quarter: int) -> int:
    """A position at 480 ticks to the quarter, exactly rounded, halves up."""
    return (2 * ticks * TICKS_PER_QUARTER + ticks_per_quarter) // (2 * ticks_per_quarter)


def _read_note(
    message: mido.Message,
    ticks: int,
    sounding: dict[tuple[int, int], deque[tuple[int, int]]],
    reading: _TrackReading,
) -> None:
    starts = sounding[message.channel, message.note]
    if message.type == "note_on" and message.velocity:
        starts.append((ticks, message.velocity))
    elif starts:
        start, velocity = starts.popleft()
        reading.notes.append(Note(start, message.note, ticks - start, velocity, message.channel))


def _read_message(message: mido.Message, ticks: int, reading: _TrackReading) -> None:
    """Note one message that is not a note; those a score does not keep fall through."""
    match message.type:
        case "control_change":
            event = ControlChange(ticks, message.control, message.value, message.channel)
            reading.controls.append(event)
        case "program_change":
            reading.programs.append(ProgramChange(ticks, message.program, message.channel))
        case "pitchwheel":
            reading.bends.append(PitchBend(ticks, message.pitch, message.channel))
        case "aftertouch":
            reading.aftertouch.append(Aftertouch(ticks, message.value, message.channel))
        case "polytouch":
            key_pressure = Aftertouch(ticks, message.value, message.channel, message.note)
            reading.aftertouch.append(key_pressure)
        case "set_tempo":
            reading.tempos.append(Tempo(ticks, message.tempo))
        case "time_signature":
            reading.meters.append(TimeSignature(ticks, message.numerator, message.denominator))
        case "key_signature":
            reading.keys.append(KeySignature(ticks, message.key))
        case "track_name":
            reading.name = reading.name or message.name


def _one_a_tick(events: Iterable[_Timed]) -> tuple[_Timed, ...]:
    """In order of time; of several at one tick the last, as it is what holds from there."""
    latest = {event.ticks: event for event in sorted(events, key=attrgetter("ticks"))}
    return tuple(latest.values())


# Writing


def write_midi(score: Score) -> bytes:
    """The normal form of `score` as a format 1 file at 480 ticks to the quarter.

    The first track is the conductor: tempos, meters, keys and the score's name. Every track ends
    where the score ends. Names are UTF-8. Raises `RequestError` above 32,766 tracks.
    """
    import mido

    score = normal_form(score)
    if len(score.tracks) >= MAX_TRACKS:
        raise RequestError(
            f"a MIDI file holds at most {MAX_TRACKS - 1} parts, got {len(score.tracks)}"
        )
    parts = [(score.name, _conductor_messages(score))]
    parts.extend((track.name, _channel_messages(track)) for track in score.tracks)
    tracks = [_written_track(name, messages, score.length_ticks) for name, messages in parts]
    file = io.BytesIO()
    mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_QUARTER, tracks=tracks).save(file=file)
    return file.getvalue()


def normal_form(score: Score) -> Score:
    """The score as MIDI can say it: what `read_midi(write_midi(score))` gives back.

    Events in order of time, notes sorted whole; one tempo, meter and key a tick (the last given);
    and where notes of one track, channel and pitch overlap, the first to start is the first to
    end, because a note-off does not say which note it ends. The same keys sound at all times.
    """
    by_ticks = attrgetter("ticks")
    tracks = tuple(
        Track(
            name=track.name.encode("utf-8", "replace").decode(),
            notes=_first_in_first_out(track.notes),
            programs=tuple(sorted(track.programs, key=by_ticks)),
            controls=tuple(sorted(track.controls, key=by_ticks)),
            bends=tuple(sorted(track.bends, key=by_ticks)),
            aftertouch=tuple(sorted(track.aftertouch, key=by_ticks)),
        )
        for track in score.tracks
    )
    return replace(
        score,
        tracks=tracks,
        tempos=_one_a_tick(score.tempos),
        time_signatures=_one_a_tick(score.time_signatures),
        key_signatures=_one_a_tick(score.key_signatures),
        name=score.name.encode("utf-8", "replace").decode(),
    )


def _first_in_first_out(notes: Iterable[Note]) -> tuple[Note, ...]:
    by_key: dict[tuple[int, int], list[Note]] = defaultdict(list)
    for note in sorted(notes):
        by_key[note.channel, note.pitch].append(note)
    paired = [
        replace(note, duration_ticks=end - note.start_ticks)
        for same_key in by_key.values()
        for note, end in zip(same_key, sorted(note.end_ticks for note in same_key), strict=True)
    ]
    return tuple(sorted(paired))


_Placed = tuple[int, int, "mido.Message"]  # tick, rank among equals, message


def _written_track(name: str, placed: Iterable[_Placed], length_ticks: int) -> mido.MidiTrack:
    import mido

    messages = mido.MidiTrack()
    if name:  # mido writes Latin-1, byte for byte what UTF-8 asks for here
        messages.append(mido.MetaMessage("track_name", name=name.encode().decode("latin-1")))
    previous = 0
    for ticks, _, message in sorted(placed, key=lambda event: event[:2]):
        messages.append(message.copy(time=ticks - previous))
        previous = ticks
    messages.append(mido.MetaMessage("end_of_track", time=length_ticks - previous))
    return messages


def _conductor_messages(score: Score) -> Iterator[_Placed]:
    import mido

    for tempo in score.tempos:
        yield tempo.ticks, 0, mido.MetaMessage("set_tempo", tempo=tempo.us_per_quarter)
    for meter in score.time_signatures:
        message = mido.MetaMessage(
            "time_signature", numerator=meter.numerator, denominator=meter.denominator
        )
        yield meter.ticks, 1, message
    for key in score.key_signatures:
        yield key.ticks, 2, mido.MetaMessage("key_signature", key=key.key)


def _channel_messages(track: Track) -> Iterator[_Placed]:
    """At one tick first what ends, then what sets the channel up, then what starts.

    Bank selects come before programs; pressure comes last because it acts on a key that is down.
    """
    import mido

    for control in track.controls:
        yield (
            control.ticks,
            1,
            mido.Message(
                "control_change",
                channel=control.channel,
                control=control.control,
                value=control.value,
            ),
        )
    for program in track.programs:
        message = mido.Message("program_change", channel=program.channel, program=program.program)
        yield program.ticks, 2, message
    for bend in track.bends:
        yield bend.ticks, 3, mido.Message("pitchwheel", channel=bend.channel, pitch=bend.value)
    for note in track.notes:
        key = {"channel": note.channel, "note": note.pitch}
        yield note.start_ticks, 4, mido.Message("note_on", velocity=note.velocity, **key)
        # A note of no length ends right after it starts; the sort keeps this order.
        rank = 0 if note.duration_ticks else 4
        yield note.end_ticks, rank, mido.Message("note_off", velocity=64, **key)
    for touch in track.aftertouch:
        if touch.pitch is None:
            message = mido.Message("aftertouch", channel=touch.channel, value=touch.value)
        else:
            message = mido.Message(
                "polytouch", channel=touch.channel, note=touch.pitch, value=touch.value
            )
        yield touch.ticks, 5, message
