"""The bytes of Standard MIDI Files as mido's messages, with nothing passed over in silence.

Frames every chunk and every event, so that a damaged file is refused with its byte offset instead
of being read in part; what a message means is mido's to say. Knows no scores.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import MidiError

if TYPE_CHECKING:
    import mido

# mido itself is imported in the functions that need it: it costs 40 ms, and most users of this
# package only handle scores.

MAX_FILE_BYTES = 8 << 20  # a message costs mido some 100 times its bytes: at most about 1.5 GB
MAX_TRACKS = 0x7FFF  # mido writes the count as a signed 16-bit number

_TRACK_NAME, _END_OF_TRACK = 0x03, 0x2F
_SET_TEMPO, _TIME_SIGNATURE, _KEY_SIGNATURE = 0x51, 0x58, 0x59
_META_LENGTHS = {_END_OF_TRACK: 0, _SET_TEMPO: 3, _TIME_SIGNATURE: 4, _KEY_SIGNATURE: 2}
_META_STATUS = 0xFF
_SYSEX_STATUSES = (0xF0, 0xF7)
_DATA_BYTES = {0x8: 2, 0x9: 2, 0xA: 2, 0xB: 2, 0xC: 1, 0xD: 1, 0xE: 2}  # by status nibble


def parse_midi(source: bytes | str | Path) -> mido.MidiFile:
    """The messages of a format 0 or 1 file at its own resolution, every byte of it accounted for.

    Stricter than `mido.MidiFile(file)`, which reads past the end of chunks, accepts tracks without
    an end, and loses the time before meta messages that it does not know. Raises `MidiError`.
    """
    content = _content(source)
    try:
        return _parsed(content)
    except MidiError as error:
        if isinstance(source, bytes):
            raise
        raise MidiError(f"{Path(source).name}: {error}") from error


def _parsed(content: bytes) -> mido.MidiFile:
    import mido

    file_format, num_tracks, ticks_per_quarter, position = _header(content)
    chunks = _frame_tracks(content, position)
    tracks = [
        mido.MidiTrack(_frame_events(memoryview(content)[:end], start, i))
        for i, (start, end) in enumerate(chunks)
    ]
    if file_format == 0 and len(tracks) > 1:
        raise MidiError(f"format 0 has exactly 1 track, the file holds {len(tracks)}")
    if len(tracks) < num_tracks:
        raise MidiError(
            f"the header promises {num_tracks} tracks and the file ends after {len(tracks)}, "
            f"at byte {len(content)}; it is cut short"
        )
    return mido.MidiFile(type=file_format, ticks_per_beat=ticks_per_quarter, tracks=tracks)


def _content(source: bytes | str | Path) -> bytes:
    if isinstance(source, bytes):
        content = source
    else:
        path = Path(source)
        try:
            with path.open("rb") as file:
                content = file.read(MAX_FILE_BYTES + 1)
        except (OSError, ValueError) as error:  # ValueError: a zero byte in the path
            reason = getattr(error, "strerror", None) or error
            raise MidiError(f"cannot read the MIDI file {str(path)!r}: {reason}") from error
    if len(content) > MAX_FILE_BYTES:
        raise MidiError(
            f"a MIDI file of at most {MAX_FILE_BYTES >> 20} MiB is expected; this is longer"
        )
    return content


def _header(content: bytes) -> tuple[int, int, int, int]:
    """Format, number of tracks, ticks per quarter note, and where the header ends."""
    if content[:4] != b"MThd":
        raise MidiError(f"not a MIDI file: expected 'MThd' at byte 0, got {content[:4]!r}")
    if len(content) < 14 or (size := int.from_bytes(content[4:8])) < 6:
        raise MidiError("the MIDI header at byte 0 is cut short; expected at least 14 bytes")
    file_format, num_tracks, division = (int.from_bytes(content[i : i + 2]) for i in (8, 10, 12))
    if file_format not in (0, 1):
        raise MidiError(
            f"a MIDI file of format 0 or 1 is expected, got format {file_format} at byte 8; "
            "save the pieces it holds one by one"
        )
    if division & 0x8000 or division == 0:
        raise MidiError(
            f"expected a number of ticks per quarter note at byte 12, got {division:#06x} "
            "(0 is meaningless; values from 0x8000 count film frames); export it with musical time"
        )
    return file_format, num_tracks, division, 8 + size


def _frame_tracks(content: bytes, position: int) -> list[tuple[int, int]]:
    """(start, end) of each track's events; other chunks are passed over, as the standard says."""
    tracks: list[tuple[int, int]] = []
    while position < len(content):
        kind, length = content[position : position + 4], content[position + 4 : position + 8]
        start = position + 8
        end = start + int.from_bytes(length)
        if kind == b"MTrk":
            if len(length) < 4 or end > len(content):
                raise MidiError(
                    f"track {len(tracks)} at byte {position} is cut short: its header promises "
                    f"bytes up to {end}, the file ends at {len(content)}"
                )
            tracks.append((start, end))
        position = end
    if len(tracks) > MAX_TRACKS:
        raise MidiError(f"at most {MAX_TRACKS} tracks are expected, the file holds {len(tracks)}")
    return tracks


def _frame_events(content: memoryview, position: int, track: int) -> Iterator[mido.Message]:
    """The messages of one track: `content` up to the track's end, `position` where it starts."""
    import mido

    running_status = 0
    while True:
        start = position
        delta_ticks, position = _variable_length(content, position, track)
        status = _byte(content, position, track)
        if status >= 0x80:
            position += 1
        elif running_status:
            status = running_status
        else:
            raise MidiError(
                f"track {track}: data byte {status:#04x} without a status at byte {position}"
            )
        if status == _META_STATUS:
            kind = _byte(content, position, track)
            payload, position = _payload(content, position + 1, track)
            yield _meta_message(kind, payload, delta_ticks, f"track {track} at byte {start}")
            if kind == _END_OF_TRACK:
                break
        elif status in _SYSEX_STATUSES:
            payload, position = _payload(content, position, track)
            # As an unknown meta message: mido refuses the 8-bit bytes that escapes (0xF7) may hold.
            yield mido.UnknownMetaMessage(status, payload, time=delta_ticks)
        elif status < 0xF0:
            running_status = status
            end = position + _DATA_BYTES[status >> 4]
            values = content[position:end]
            if end > len(content) or max(values) > 0x7F:
                raise MidiError(
                    f"track {track}: message {status:#04x} at byte {start} lacks data bytes"
                )
            yield mido.Message.from_bytes((status, *values), time=delta_ticks)
            position = end
        else:
            raise MidiError(
                f"track {track}: status {status:#04x} at byte {start} has no place in a file"
            )
    if position != len(content):
        raise MidiError(f"track {track} goes on after its end of track, at byte {position}")


def _byte(content: memoryview, position: int, track: int) -> int:
    if position >= len(content):
        raise MidiError(
            f"track {track} stops at byte {position} in the middle of a message or without an end "
            "of track; the file is cut short"
        )
    return content[position]


def _variable_length(content: memoryview, position: int, track: int) -> tuple[int, int]:
    """The number at `position`, seven bits a byte and four bytes at most, and where it ends."""
    value = 0
    for offset in range(4):
        byte = _byte(content, position + offset, track)
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, position + offset + 1
    raise MidiError(f"track {track}: a number at byte {position} is longer than four bytes")


def _payload(content: memoryview, position: int, track: int) -> tuple[bytes, int]:
    length, start = _variable_length(content, position, track)
    end = start + length
    if end > len(content):
        raise MidiError(
            f"track {track}: a message at byte {position} promises {length} bytes, "
            f"{len(content) - start} are left in its track"
        )
    return bytes(content[start:end]), end


def _meta_message(kind: int, payload: bytes, delta_ticks: int, place: str) -> mido.MetaMessage:
    import mido
    from mido.midifiles.meta import KeySignatureError, build_meta_message

    if kind == _TRACK_NAME:
        return mido.MetaMessage("track_name", name=_text(payload), time=delta_ticks)
    if kind not in _META_LENGTHS:  # nothing that a score keeps
        return mido.UnknownMetaMessage(kind, payload, time=delta_ticks)
    if len(payload) != _META_LENGTHS[kind]:
        raise MidiError(
            f"{place}: meta message {kind:#04x} has {_META_LENGTHS[kind]} bytes, not {len(payload)}"
        )
    try:
        return build_meta_message(kind, payload, delta_ticks)
    except (KeySignatureError, ValueError) as error:  # ValueError: a meter over 2 to the 58
        raise MidiError(
            f"{place}: meta message {kind:#04x} says nothing with the bytes {payload.hex(' ')}"
        ) from error


def _text(payload: bytes) -> str:
    """UTF-8 where it is that, else Latin-1, which reads anything; the standard names no charset."""
    try:
        return payload.decode()
    except UnicodeDecodeError:
        return payload.decode("latin-1")
