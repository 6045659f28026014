"""A song as a DAW holds it: tracks, regions, notes, controllers, mix. Frozen values in beats.

Beats are quarter notes and floats, as they travel, so that what was sent comes back exactly. Events are
relative to their region, automation to the song. Knows no tools and no MIDI (see `playing`).
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from operator import attrgetter
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from workbench.errors import RequestError
from workbench.score import Score, TimeSignature

LAST_BEAT = 100_000.0  # 14 hours at 120 BPM; ticks and floats hold it exactly enough
DEFAULT_VOLUME, CENTER = 1.0, 0.5

Pitch = Annotated[int, Field(ge=0, le=127)]
Velocity = Annotated[int, Field(ge=1, le=127)]
Seven = Annotated[int, Field(ge=0, le=127)]
BendValue = Annotated[int, Field(ge=-8192, le=8191)]
Channel = Annotated[int, Field(ge=0, le=15)]
Beat = Annotated[float, Field(ge=0, le=LAST_BEAT)]
Curve = Literal["linear", "smooth", "step", "exp", "log"]
CURVES: tuple[str, ...] = get_args(Curve)
Unit = Annotated[float, Field(ge=0, le=1)]
Volume = Annotated[float, Field(ge=0, le=1.5)]

_WIRE_NAMES = {
    "start_beats": "startBeat",
    "duration_beats": "durationBeats",
    "beats": "beat",
    "control": "cc",
    "program": "gmProgram",
    "drum_kit": "drumKitId",
    "kind": "type",
    "tempo_bpm": "tempo",
    "bends": "pitchBends",
    "controls": "ccEvents",
}


def wire_name(name: str) -> str:
    """What a field is called where it travels: camel case, Maestro's words."""
    return _WIRE_NAMES.get(name) or to_camel(name)


_WIRE = ConfigDict(alias_generator=wire_name, extra="forbid", strict=True, allow_inf_nan=False)


@dataclass(frozen=True, slots=True)
class Note:
    """One note, `start_beats` from its region's start. `channel` 0–15 travels; a track has one sound."""

    start_beats: Beat
    pitch: Pitch = 60
    duration_beats: Annotated[float, Field(ge=0, le=LAST_BEAT)] = 1.0
    velocity: Velocity = 100
    channel: Channel = 0

    __pydantic_config__ = _WIRE


@dataclass(frozen=True, slots=True)
class ControlChange:
    """Controller 0–127 set to 0–127."""

    beats: Beat
    control: Seven
    value: Seven
    channel: Channel = 0

    __pydantic_config__ = _WIRE


@dataclass(frozen=True, slots=True)
class PitchBend:
    """The bend wheel, −8192 to 8191."""

    beats: Beat
    value: BendValue
    channel: Channel = 0

    __pydantic_config__ = _WIRE


@dataclass(frozen=True, slots=True)
class Aftertouch:
    """Pressure 0–127 on the whole part, or on one key."""

    beats: Beat
    value: Seven
    pitch: Pitch | None = None
    channel: Channel = 0

    __pydantic_config__ = _WIRE


def _a_meter(meter: tuple[int, int]) -> tuple[int, int]:
    TimeSignature(0, *meter)
    return meter


Event = Note | ControlChange | PitchBend | Aftertouch
_E = TypeVar("_E", bound=Event)
by_time = attrgetter("start_beats", "pitch", "duration_beats", "velocity", "channel")


def _order(event: Event) -> tuple[float, ...]:
    if isinstance(event, Note):
        return by_time(event)
    if isinstance(event, ControlChange):
        return (event.beats, event.control, event.value, event.channel)
    if isinstance(event, PitchBend):
        return (event.beats, event.value, event.channel)
    return (event.beats, event.value, -1 if event.pitch is None else event.pitch, event.channel)


def in_order(events: Iterable[_E]) -> tuple[_E, ...]:
    """Events by time, then by everything else about them: the one order regions keep them in."""
    return tuple(sorted(events, key=_order))


def merged(notes: tuple[Note, ...], added: Iterable[Note]) -> tuple[Note, ...]:
    """Two sets of notes as one, in order; what is there already is not looked at one by one."""
    new = in_order(added)
    parts: list[Note] = []
    place = 0
    for note in new:
        following = bisect_left(notes, _order(note), place, key=_order)
        parts += notes[place:following]
        parts.append(note)
        place = following
    return (*parts, *notes[place:])


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A stretch of a track, `start_beats` from the song's start; its events are in order (`in_order`)."""

    id: str
    name: str
    start_beats: Beat
    duration_beats: Annotated[float, Field(gt=0, le=LAST_BEAT)]
    notes: Annotated[tuple[Note, ...], AfterValidator(in_order)] = ()
    controls: Annotated[tuple[ControlChange, ...], AfterValidator(in_order)] = ()
    bends: Annotated[tuple[PitchBend, ...], AfterValidator(in_order)] = ()
    aftertouch: Annotated[tuple[Aftertouch, ...], AfterValidator(in_order)] = ()

    __pydantic_config__ = _WIRE

    @property
    def end_beats(self) -> float:
        return self.start_beats + self.duration_beats

    def as_dict(self) -> dict[str, Any]:
        """The complete region as it travels."""
        return _REGION.dump_python(self, mode="json", by_alias=True)  # type: ignore[no-any-return]


EVENT_FIELDS = ("notes", "controls", "bends", "aftertouch")


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """An insert on a track, such as "reverb" (see `facts.EFFECTS`)."""

    id: str
    kind: str

    __pydantic_config__ = _WIRE


@dataclass(frozen=True, slots=True, kw_only=True)
class Bus:
    """Where tracks send to."""

    id: str
    name: str

    __pydantic_config__ = _WIRE


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """How much of a track goes to a bus, 0 to 1."""

    bus_id: str
    level: Unit = 0.3

    __pydantic_config__ = _WIRE


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomationPoint:
    """A value at a beat of the song; `curve` is the way to the next point."""

    beats: Beat
    value: float
    curve: Curve = "linear"

    __pydantic_config__ = _WIRE


@dataclass(frozen=True, slots=True, kw_only=True)
class Automation:
    """One parameter of a track over time (see `facts.LANES`); points in order."""

    parameter: str
    points: tuple[AutomationPoint, ...]

    __pydantic_config__ = _WIRE


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One instrument: a General MIDI program 0–127 (none is piano, as synths assume) or a drum kit."""

    id: str
    name: str
    program: Seven | None = None
    drum_kit: str | None = None
    color: str = "blue"
    icon: str = "pianokeys"
    volume: Volume = DEFAULT_VOLUME
    """Linear, 1 is unity."""
    pan: Unit = CENTER
    """0 left, 1 right."""
    muted: bool = False
    soloed: bool = False
    regions: tuple[Region, ...] = ()
    effects: tuple[Effect, ...] = ()
    sends: tuple[Send, ...] = ()
    automation: tuple[Automation, ...] = ()

    __pydantic_config__ = _WIRE

    def __post_init__(self) -> None:
        if self.program is not None and self.drum_kit is not None:
            raise RequestError(
                f"track {self.name!r} must have a program or a drum kit, got both: "
                f"{self.program} and {self.drum_kit!r}"
            )

    @property
    def is_drums(self) -> bool:
        return self.drum_kit is not None

    @property
    def end_beats(self) -> float:
        """Where its last region ends; 0 without any."""
        return max((region.end_beats for region in self.regions), default=0.0)


@dataclass(frozen=True, slots=True)
class ChordRoot:
    """The pitch class 0–11 of the chord that begins at a bar of the song."""

    beats: Beat
    root: Annotated[int, Field(ge=0, le=11)]

    __pydantic_config__ = _WIRE


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A song. Raises `RequestError` for JSON that is none."""

    id: str
    name: str = "Untitled"
    tempo_bpm: Annotated[float, Field(ge=3.6, le=60_000_000)] = 120.0
    key: str | None = None
    """Such as "Am", "F# minor", "D dorian"; None where nobody has said."""
    time_signature: Annotated[tuple[int, int], AfterValidator(_a_meter)] = (4, 4)
    tracks: tuple[Track, ...] = ()
    buses: tuple[Bus, ...] = ()
    harmony: tuple[ChordRoot, ...] = ()
    """Chords that parts composed later follow, bar by bar in order; the first part's own."""

    __pydantic_config__ = _WIRE

    @property
    def bar_beats(self) -> float:
        """Beats (quarter notes) in a bar."""
        numerator, denominator = self.time_signature
        return numerator * 4 / denominator

    @property
    def regions(self) -> Iterator[Region]:
        """Every region, track by track."""
        return (region for track in self.tracks for region in track.regions)

    def chord_roots(self, start_beats: float, bars: int) -> tuple[int, ...] | None:
        """The roots of so many bars from a beat on; None unless all are known."""
        known = {chord.beats: chord.root for chord in self.harmony}
        beats = [start_beats + bar * self.bar_beats for bar in range(bars)]
        return tuple(known[beat] for beat in beats) if known.keys() >= set(beats) else None

    def with_chords(self, start_beats: float, roots: Iterable[int]) -> Project:
        """The song with these roots for the bars from a beat on, where none are known yet."""
        known = {chord.beats: chord for chord in self.harmony}
        for bar, root in enumerate(roots):
            beats = start_beats + bar * self.bar_beats
            known.setdefault(beats, ChordRoot(beats, root))
        return replace(self, harmony=tuple(known[beats] for beats in sorted(known)))

    def track(self, track_id: str) -> Track | None:
        return next((track for track in self.tracks if track.id == track_id), None)

    def region(self, region_id: str) -> Region | None:
        return next((region for region in self.regions if region.id == region_id), None)

    def track_of(self, region_id: str) -> Track | None:
        """The track that a region lies on."""
        return next(
            (track for track in self.tracks if any(r.id == region_id for r in track.regions)), None
        )

    def bus(self, bus_id: str) -> Bus | None:
        return next((bus for bus in self.buses if bus.id == bus_id), None)

    def with_track(self, track: Track) -> Project:
        """The song with this track in place of the one of its id, or as the last."""
        if self.track(track.id) is None:
            return replace(self, tracks=(*self.tracks, track))
        tracks = tuple(track if other.id == track.id else other for other in self.tracks)
        return replace(self, tracks=tracks)

    def with_region(self, region: Region, track_id: str) -> Project:
        """The song with this region on a track, in place of the one of its id, or as the last."""
        track = self.track(track_id)
        assert track is not None
        if all(other.id != region.id for other in track.regions):
            return self.with_track(replace(track, regions=(*track.regions, region)))
        regions = tuple(region if other.id == region.id else other for other in track.regions)
        return self.with_track(replace(track, regions=regions))

    def to_score(self) -> Score:
        """What sounds of the song. Raises `RequestError` when it needs more than 16 channels."""
        from workbench.daw.playing import to_score  # here: playing needs this module first

        return to_score(self)

    @classmethod
    def from_score(cls, score: Score) -> Project:
        """A song of a score, a track a part, one region each, at its first tempo, meter and key."""
        from workbench.daw.playing import from_score

        return from_score(score)

    def as_dict(self) -> dict[str, Any]:
        """The song as plain JSON values."""
        return _PROJECT.dump_python(self, mode="json", by_alias=True)  # type: ignore[no-any-return]

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Project:
        """A song from what `as_dict` gives. Raises `RequestError` naming the field."""
        try:
            return cls._read(json.dumps(values))
        except (TypeError, ValueError) as error:
            if isinstance(error, RequestError):
                raise
            raise RequestError(f"a project must be plain JSON values: {error}") from error

    def save(self, path: str | Path) -> None:
        """Write the song as a JSON file."""
        Path(path).write_bytes(_PROJECT.dump_json(self, by_alias=True, indent=1))

    @classmethod
    def load(cls, path: str | Path) -> Project:
        """Read a song that `save` wrote. Raises `RequestError` naming the field."""
        return cls._read(Path(path).read_bytes())

    @classmethod
    def _read(cls, text: str | bytes) -> Project:
        try:
            project = _PROJECT.validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"])) or "the file"
            raise RequestError(f"no project: {place}: {first['msg']}") from error
        ids = [
            *(track.id for track in project.tracks),
            *(region.id for region in project.regions),
            *(bus.id for bus in project.buses),
        ]
        if len(set(ids)) < len(ids):
            twice = next(entity_id for entity_id in ids if ids.count(entity_id) > 1)
            raise RequestError(f"no project: two entities have the id {twice!r}")
        known = {bus.id for bus in project.buses}
        for track in project.tracks:
            for send in track.sends:
                if send.bus_id not in known:
                    raise RequestError(f"no project: {track.name} sends to no bus {send.bus_id!r}")
        return project


_REGION: TypeAdapter[Region] = TypeAdapter(Region)
_PROJECT: TypeAdapter[Project] = TypeAdapter(Project)
