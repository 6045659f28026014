"""What music is here: a score of tracks on one clock of integer ticks, 480 to the quarter note.

Frozen values, checked once when made. Knows no files (see `midi`), no tokens and no browsers.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING

from workbench.errors import RequestError

if TYPE_CHECKING:
    from pathlib import Path

    from music21 import stream

TICKS_PER_QUARTER = 480
DRUM_CHANNEL = 9  # General MIDI channel 10, counted from 0
DEFAULT_US_PER_QUARTER = (
    500_000  # Standard MIDI Files 1.0: 120 BPM until a tempo event says otherwise
)
MAX_TICKS = 0x0FFF_FFFF  # longest time a MIDI file can state in one delta: 77 hours at 120 BPM
KEY_NAMES = (  # the thirty keys a MIDI file can state, 7 flats to 7 sharps, major and minor
    *("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#"),
    *(
        "Abm",
        "Ebm",
        "Bbm",
        "Fm",
        "Cm",
        "Gm",
        "Dm",
        "Am",
        "Em",
        "Bm",
        "F#m",
        "C#m",
        "G#m",
        "D#m",
        "A#m",
    ),
)


def _check(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise RequestError(f"{name} must be {low} to {high}, got {value}")


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """One sounding note: `duration_ticks` ≥ 0, `pitch` 0–127, `velocity` 1–127, `channel` 0–15."""

    start_ticks: int
    pitch: int
    duration_ticks: int
    velocity: int = 64
    channel: int = 0

    def __post_init__(self) -> None:
        _check("start_ticks", self.start_ticks, 0, MAX_TICKS)
        _check("duration_ticks", self.duration_ticks, 0, MAX_TICKS)
        _check("pitch", self.pitch, 0, 127)
        _check("velocity", self.velocity, 1, 127)
        _check("channel", self.channel, 0, 15)

    @property
    def end_ticks(self) -> int:
        return self.start_ticks + self.duration_ticks


@dataclass(frozen=True, slots=True, order=True)
class ControlChange:
    """A controller 0–127 set to 0–127."""

    ticks: int
    control: int
    value: int
    channel: int = 0

    def __post_init__(self) -> None:
        _check("ticks", self.ticks, 0, MAX_TICKS)
        _check("control", self.control, 0, 127)
        _check("control value", self.value, 0, 127)
        _check("channel", self.channel, 0, 15)


@dataclass(frozen=True, slots=True, order=True)
class PitchBend:
    """The bend wheel, 14 bits, −8192 to 8191, 0 at rest."""

    ticks: int
    value: int
    channel: int = 0

    def __post_init__(self) -> None:
        _check("ticks", self.ticks, 0, MAX_TICKS)
        _check("pitch bend", self.value, -8192, 8191)
        _check("channel", self.channel, 0, 15)


@dataclass(frozen=True, slots=True)
class Aftertouch:
    """Pressure 0–127 on the whole channel (`pitch` None) or on one key (polyphonic)."""

    ticks: int
    value: int
    channel: int = 0
    pitch: int | None = None

    def __post_init__(self) -> None:
        _check("ticks", self.ticks, 0, MAX_TICKS)
        _check("aftertouch", self.value, 0, 127)
        _check("channel", self.channel, 0, 15)
        if self.pitch is not None:
            _check("aftertouch pitch", self.pitch, 0, 127)


@dataclass(frozen=True, slots=True, order=True)
class ProgramChange:
    """The channel plays General MIDI program 0–127 from here on."""

    ticks: int
    program: int
    channel: int = 0

    def __post_init__(self) -> None:
        _check("ticks", self.ticks, 0, MAX_TICKS)
        _check("program", self.program, 0, 127)
        _check("channel", self.channel, 0, 15)


@dataclass(frozen=True, slots=True, order=True)
class Tempo:
    """Microseconds per quarter note from `ticks` on (1 to 16,777,215, as MIDI stores it)."""

    ticks: int
    us_per_quarter: int

    def __post_init__(self) -> None:
        _check("ticks", self.ticks, 0, MAX_TICKS)
        _check("us_per_quarter", self.us_per_quarter, 1, 0xFFFFFF)

    @classmethod
    def of_bpm(cls, bpm: float, ticks: int = 0) -> Tempo:
        """The tempo of `bpm` (3.6 to 60,000,000) quarters a minute, to the nearest microsecond."""
        if not 3.6 <= bpm <= 60_000_000:  # also refuses NaN; the range of the 24 bits
            raise RequestError(f"a tempo must be 3.6 to 60,000,000 BPM, got {bpm}")
        return cls(ticks, round(60_000_000 / bpm))

    @property
    def bpm(self) -> float:
        return 60_000_000 / self.us_per_quarter


@dataclass(frozen=True, slots=True, order=True)
class TimeSignature:
    """`numerator` (1–255) over `denominator` (a power of two up to 128) from `ticks` on."""

    ticks: int
    numerator: int
    denominator: int

    def __post_init__(self) -> None:
        _check("ticks", self.ticks, 0, MAX_TICKS)
        _check("numerator", self.numerator, 1, 255)
        if self.denominator not in (1, 2, 4, 8, 16, 32, 64, 128):  # finer ones have no whole ticks
            raise RequestError(
                f"denominator must be a power of two from 1 to 128, got {self.denominator}"
            )

    @property
    def bar_ticks(self) -> int:
        return self.numerator * 4 * TICKS_PER_QUARTER // self.denominator


@dataclass(frozen=True, slots=True, order=True)
class KeySignature:
    """One of `KEY_NAMES`, such as "C", "F#", "Bb", "Am", "C#m", from `ticks` on."""

    ticks: int
    key: str

    def __post_init__(self) -> None:
        _check("ticks", self.ticks, 0, MAX_TICKS)
        if self.key not in KEY_NAMES:
            raise RequestError(
                f"a key signature is one of {', '.join(KEY_NAMES)}, got {self.key!r}"
            )


@dataclass(frozen=True, slots=True)
class Track:
    """One part: its notes and every controller message that shapes them, each sorted by time."""

    name: str = ""
    notes: tuple[Note, ...] = ()
    programs: tuple[ProgramChange, ...] = ()
    controls: tuple[ControlChange, ...] = ()
    bends: tuple[PitchBend, ...] = ()
    aftertouch: tuple[Aftertouch, ...] = ()

    @property
    def end_ticks(self) -> int:
        """Where the last note or message ends; 0 when there is none."""
        ends = [note.end_ticks for note in self.notes]
        for events in (self.programs, self.controls, self.bends, self.aftertouch):
            ends.extend(event.ticks for event in events)
        return max(ends, default=0)

    @property
    def program(self) -> int:
        """The program the part starts with; 0 (piano) when none is given, as synths assume."""
        return self.programs[0].program if self.programs else 0

    @property
    def is_drums(self) -> bool:
        """Whether every note is on the General MIDI drum channel."""
        return bool(self.notes) and all(note.channel == DRUM_CHANNEL for note in self.notes)


@dataclass(frozen=True)
class Score:
    """A piece: tracks, tempo map, meters, keys, these three kept in order of time.

    `length_ticks` may exceed the last event (a rest at the end), never fall short of it.
    """

    tracks: tuple[Track, ...] = ()
    tempos: tuple[Tempo, ...] = ()
    time_signatures: tuple[TimeSignature, ...] = ()
    key_signatures: tuple[KeySignature, ...] = ()
    name: str = ""
    length_ticks: int = field(default=-1)  # −1: up to the last event

    def __post_init__(self) -> None:
        ends = [track.end_ticks for track in self.tracks]
        for name in ("tempos", "time_signatures", "key_signatures"):
            timeline = tuple(sorted(getattr(self, name), key=attrgetter("ticks")))
            object.__setattr__(self, name, timeline)
            ends.extend(event.ticks for event in timeline)
        end_ticks = max(ends, default=0)
        if self.length_ticks < 0:
            object.__setattr__(self, "length_ticks", end_ticks)
        _check("length_ticks", self.length_ticks, end_ticks, MAX_TICKS)

    @classmethod
    def from_midi(cls, source: bytes | str | Path) -> Score:
        """Read a Standard MIDI File from its bytes or path. Raises `MidiError` with the place."""
        from workbench.score.midi import read_midi  # here: midi needs this module first

        return read_midi(source)

    def to_midi(self) -> bytes:
        """The score as the bytes of a Standard MIDI File, format 1, 480 ticks to the quarter."""
        from workbench.score.midi import write_midi

        return write_midi(self)

    @classmethod
    def from_music21(cls, source: stream.Stream | str | Path) -> Score:
        """Read a music21 stream, or a MusicXML, ABC or kern file. Raises `RequestError`."""
        from workbench.score.notation import read_music21

        return read_music21(source)

    def to_music21(self) -> stream.Score:
        """The notes, tempos, meters, keys, names and programs as a music21 score."""
        from workbench.score.notation import write_music21

        return write_music21(self)

    @property
    def notes(self) -> Iterator[Note]:
        """Every note, track by track."""
        return (note for track in self.tracks for note in track.notes)

    @property
    def tempo_bpm(self) -> float:
        """The tempo at the start (120 when the score names none, as MIDI says)."""
        return 60_000_000 / self._tempo_map[0].us_per_quarter

    @cached_property
    def _tempo_map(self) -> tuple[Tempo, ...]:
        if self.tempos and self.tempos[0].ticks == 0:
            return self.tempos
        return (Tempo(0, DEFAULT_US_PER_QUARTER), *self.tempos)

    @cached_property
    def _tempo_starts_us(self) -> tuple[int, ...]:
        starts, previous = [0], self._tempo_map[0]
        for tempo in self._tempo_map[1:]:
            starts.append(starts[-1] + (tempo.ticks - previous.ticks) * previous.us_per_quarter)
            previous = tempo
        return tuple(starts)  # in µs · 480, exact

    def seconds_at(self, ticks: float) -> float:
        """The time in seconds of a position in ticks."""
        i = max(bisect_right(self._tempo_map, ticks, key=attrgetter("ticks")) - 1, 0)
        tempo = self._tempo_map[i]
        us480 = self._tempo_starts_us[i] + (ticks - tempo.ticks) * tempo.us_per_quarter
        return us480 / (TICKS_PER_QUARTER * 1e6)

    @property
    def duration_s(self) -> float:
        """Length in seconds, rest at the end included."""
        return self.seconds_at(self.length_ticks)

    @property
    def bar_starts_ticks(self) -> tuple[int, ...]:
        """Where each bar begins, by the meters (4/4 when none is given), up to the end."""
        meters = self.time_signatures or (TimeSignature(0, 4, 4),)
        if meters[0].ticks:
            meters = (TimeSignature(0, 4, 4), *meters)
        starts: list[int] = []
        for meter, following in zip(meters, (*meters[1:], None), strict=True):
            end = following.ticks if following else max(self.length_ticks, 1)
            starts.extend(range(meter.ticks, end, max(meter.bar_ticks, 1)))
        return tuple(starts)
