"""Proposed changes to a song: what differs between two of them, in phrases to accept one by one.

Notes are paired where pitch and start are near; any difference within a pair is a change, so that
accepting every phrase gives the proposed song exactly.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Literal

from workbench.daw.project import (
    Aftertouch,
    ControlChange,
    Note,
    PitchBend,
    Project,
    Region,
    by_time,
    in_order,
)
from workbench.errors import ConflictError, RequestError

NEAR_BEATS = 0.05  # two notes of one pitch that begin this near are one note, changed
_NEAR = NEAR_BEATS + 1e-9  # .05 is .05 anywhere in a song
PHRASE_BARS = 4
SETTINGS_LABEL = "Settings"

_Row = tuple[float, int, float, int, int]  # a note, its fields in their order
_START, _PITCH = 0, 1
Controller = ControlChange | PitchBend | Aftertouch
Kind = Literal["cc", "pitch_bend", "aftertouch"]
_KINDS: dict[type, Kind] = {
    ControlChange: "cc", PitchBend: "pitch_bend", Aftertouch: "aftertouch"
}  # fmt: skip
_CONTROLLERS = ("controls", "bends", "aftertouch")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteChange:
    """A note that goes (`after` None), comes (`before` None) or becomes another."""

    id: str
    before: Note | None
    after: Note | None

    @property
    def kind(self) -> Literal["added", "removed", "modified"]:
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "modified"

    def as_dict(self) -> dict[str, Any]:
        return {
            "noteId": self.id,
            "changeType": self.kind,
            "before": _snapshot(self.before),
            "after": _snapshot(self.after),
        }


@dataclass(frozen=True, slots=True)
class ControllerChange:
    """A controller, bend or aftertouch that comes, or goes."""

    event: Controller
    removed: bool = False

    def as_dict(self) -> dict[str, Any]:
        """As it travels; "changeType" is said of what goes, a channel where it is not the first."""
        event = self.event
        told: dict[str, Any] = {"kind": _KINDS[type(event)]}
        if isinstance(event, ControlChange):
            told["cc"] = event.control
        told |= {"beat": event.beats, "value": event.value}
        if isinstance(event, Aftertouch) and event.pitch is not None:
            told["pitch"] = event.pitch
        if event.channel:
            told["channel"] = event.channel
        if self.removed:
            told["changeType"] = "removed"
        return told


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """Four bars of changes to one region, `start_beats` to `end_beats` of the song.

    The phrase of settings has no region: it is what differs beside notes and controllers.
    """

    id: str
    track_id: str
    region_id: str
    start_beats: float
    end_beats: float
    label: str
    note_changes: tuple[NoteChange, ...] = ()
    controller_changes: tuple[ControllerChange, ...] = ()
    tags: tuple[str, ...] = ()
    explanation: str | None = None

    def as_dict(self) -> dict[str, Any]:
        return {
            "phraseId": self.id,
            "trackId": self.track_id,
            "regionId": self.region_id,
            "startBeat": self.start_beats,
            "endBeat": self.end_beats,
            "label": self.label,
            "noteChanges": [change.as_dict() for change in self.note_changes],
            "controllerChanges": [change.as_dict() for change in self.controller_changes],
            "explanation": self.explanation,
            "tags": list(self.tags),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """What a proposal would change. `frame` is the proposed song without notes and controllers."""

    id: str
    intent: str
    phrases: tuple[Phrase, ...]
    frame: Project
    explanation: str | None = None

    @property
    def note_counts(self) -> dict[str, int]:
        kinds = Counter(change.kind for phrase in self.phrases for change in phrase.note_changes)
        return {kind: kinds[kind] for kind in ("added", "removed", "modified")}

    @property
    def total_changes(self) -> int:
        """Of notes."""
        return sum(self.note_counts.values())

    @property
    def beat_range(self) -> tuple[float, float]:
        """Beats of the song from the first changed note to the end of the last; (0, 0) without any."""
        spans = [
            (phrase_start + note.start_beats, phrase_start + note.start_beats + note.duration_beats)
            for phrase in self.phrases
            for phrase_start in (self._region_start(phrase),)
            for change in phrase.note_changes
            for note in (change.before, change.after)
            if note is not None
        ]
        if not spans:
            return 0.0, 0.0
        return min(start for start, _ in spans), max(end for _, end in spans)

    def _region_start(self, phrase: Phrase) -> float:
        region = self.frame.region(phrase.region_id)
        return 0.0 if region is None else region.start_beats

    def as_dict(self) -> dict[str, Any]:
        """As it travels."""
        regional = [phrase for phrase in self.phrases if phrase.region_id]
        return {
            "variationId": self.id,
            "intent": self.intent,
            "aiExplanation": self.explanation,
            "affectedTracks": list(dict.fromkeys(phrase.track_id for phrase in regional)),
            "affectedRegions": list(dict.fromkeys(phrase.region_id for phrase in regional)),
            "beatRange": list(self.beat_range),
            "phrases": [phrase.as_dict() for phrase in self.phrases],
        }


# ---------------------------------------------------------------------- what differs


def diff(
    base: Project,
    proposed: Project,
    *,
    variation_id: str,
    intent: str = "",
    explanation: str | None = None,
) -> Variation:
    """What makes the proposed song of the base.

    A phrase is four bars of one region. What is no note and no controller (tempo, mix, tracks and
    regions that come, move or go) is one more phrase, the first. Ids of phrases and notes are counted
    within the variation.
    """
    numbers = count(1)
    frame = _frame(proposed)
    phrases = []
    if frame != _frame(base):
        phrases.append(_settings())
    earlier = {region.id: region for region in base.regions}
    for track in proposed.tracks:
        for region in track.regions:
            before = earlier.get(region.id)
            if before is not region:
                phrases += _phrases(before, region, track.id, proposed.bar_beats, numbers)
    phrases = [
        replace(phrase, id=f"{variation_id}-{number}")
        for number, phrase in enumerate(phrases, start=1)
    ]
    return Variation(
        id=variation_id,
        intent=intent,
        phrases=tuple(phrases),
        frame=frame,
        explanation=explanation,
    )


def _settings() -> Phrase:
    return Phrase(
        id="",
        track_id="",
        region_id="",
        start_beats=0.0,
        end_beats=0.0,
        label=SETTINGS_LABEL,
        tags=("settingsChange",),
    )


def _frame(project: Project) -> Project:
    tracks = tuple(
        replace(track, regions=tuple(_emptied(region) for region in track.regions))
        for track in project.tracks
    )
    return replace(project, tracks=tracks)


def _emptied(region: Region) -> Region:
    return replace(region, notes=(), controls=(), bends=(), aftertouch=())


def _phrases(
    before: Region | None, after: Region, track_id: str, bar_beats: float, numbers: Iterator[int]
) -> list[Phrase]:
    """The changes of one region by four bars."""
    phrase_beats = PHRASE_BARS * bar_beats
    buckets: dict[int, tuple[list[NoteChange], list[ControllerChange]]] = defaultdict(
        lambda: ([], [])
    )
    for old, new in _note_pairs(before.notes if before else (), after.notes):
        placed = old or new
        assert placed is not None
        change = NoteChange(id=f"note-{next(numbers)}", before=old, after=new)
        buckets[math.floor(placed.start_beats / phrase_beats)][0].append(change)
    for name in _CONTROLLERS:
        had, has = Counter(getattr(before, name, ())), Counter(getattr(after, name))
        for events, removed in ((had - has, True), (has - had, False)):
            for event in events.elements():
                bucket = buckets[math.floor(event.beats / phrase_beats)]
                bucket[1].append(ControllerChange(event, removed))
    return [
        _phrase(bucket, after, track_id, bar_beats, *buckets[bucket]) for bucket in sorted(buckets)
    ]


def _phrase(
    bucket: int,
    region: Region,
    track_id: str,
    bar_beats: float,
    notes: list[NoteChange],
    controllers: list[ControllerChange],
) -> Phrase:
    start = region.start_beats + bucket * PHRASE_BARS * bar_beats
    first = math.floor(start / bar_beats) + 1
    return Phrase(
        id="",
        track_id=track_id,
        region_id=region.id,
        start_beats=start,
        end_beats=start + PHRASE_BARS * bar_beats,
        label=f"Bars {first}-{first + PHRASE_BARS - 1}",
        note_changes=tuple(notes),
        controller_changes=tuple(controllers),
        tags=_tags(notes),
    )


def _tags(changes: Iterable[NoteChange]) -> tuple[str, ...]:
    """What kinds of change there are, in order of the alphabet."""
    tags = set()
    for change in changes:
        if change.before is None or change.after is None:
            tags.add("densityChange")
            continue
        if change.before.start_beats != change.after.start_beats:
            tags.add("rhythmChange")
        if change.before.duration_beats != change.after.duration_beats:
            tags.add("articulationChange")
        if change.before.velocity != change.after.velocity:
            tags.add("velocityChange")
    return tuple(sorted(tags))


def _note_pairs(
    before: tuple[Note, ...], after: tuple[Note, ...]
) -> list[tuple[Note | None, Note | None]]:
    """Notes that are not the same in both: those near each other in pairs, the others alone."""
    # As tuples, whose comparing and hashing is Python's own: ten thousand in a hundredth of a second.
    notes = {by_time(note): note for note in (*before, *after)}
    had, has = Counter(map(by_time, before)), Counter(map(by_time, after))
    candidates: dict[int, list[_Row]] = defaultdict(list)
    for row in sorted((has - had).elements()):
        candidates[row[_PITCH]].append(row)
    places: Counter[int] = Counter()
    pairs: list[tuple[_Row | None, _Row | None]] = []
    for row in sorted((had - has).elements()):
        same_pitch, place = candidates[row[_PITCH]], places[row[_PITCH]]
        # Both are in order of time, so what is too early for this note is so for all later ones.
        while place < len(same_pitch) and row[_START] - same_pitch[place][_START] > _NEAR:
            pairs.append((None, same_pitch[place]))
            place += 1
        if place < len(same_pitch) and same_pitch[place][_START] - row[_START] <= _NEAR:
            pairs.append((row, same_pitch[place]))
            place += 1
        else:
            pairs.append((row, None))
        places[row[_PITCH]] = place
    for pitch, rows in candidates.items():
        pairs.extend((None, row) for row in rows[places[pitch] :])
    pairs.sort(key=lambda pair: pair[0] or pair[1] or ())
    return [(old and notes[old], new and notes[new]) for old, new in pairs]


def _snapshot(note: Note | None) -> dict[str, Any] | None:
    if note is None:
        return None
    return {
        "pitch": note.pitch,
        "startBeat": note.start_beats,
        "durationBeats": note.duration_beats,
        "velocity": note.velocity,
        "channel": note.channel,
    }


# ---------------------------------------------------------------------- accepting


def commit(
    project: Project, variation: Variation, accepted: Collection[str] | None = None
) -> Project:
    """The song with the accepted phrases (their ids; None is all) in it, the others left out.

    A region or track that the song lacks comes with its first accepted phrase. Raises `RequestError`
    for phrases that are not the variation's, `ConflictError` when the song is not what they change.
    """
    phrases = _accepted(variation, accepted)
    own = {(region.id): region for region in project.regions}
    if any(not phrase.region_id for phrase in phrases):
        project = _framed(variation.frame, own)
    by_region: dict[str, list[Phrase]] = defaultdict(list)
    for phrase in phrases:
        if phrase.region_id:
            by_region[phrase.region_id].append(phrase)
    for region_id, changes in by_region.items():
        project = _changed(project, variation, region_id, changes)
    return project


def _accepted(variation: Variation, accepted: Collection[str] | None) -> list[Phrase]:
    ids = {phrase.id for phrase in variation.phrases}
    unknown = sorted(set(accepted or ()) - ids)
    if unknown:
        raise RequestError(
            f"no phrase {', '.join(map(repr, unknown))} in variation {variation.id}; it has "
            f"{', '.join(sorted(ids)) or 'none'}"
        )
    return [phrase for phrase in variation.phrases if accepted is None or phrase.id in accepted]


def _framed(frame: Project, own: dict[str, Region]) -> Project:
    """The frame with the notes and controllers that its regions have in the song."""

    def filled(region: Region) -> Region:
        had = own.get(region.id)
        if had is None:
            return region
        return replace(
            region,
            notes=had.notes,
            controls=had.controls,
            bends=had.bends,
            aftertouch=had.aftertouch,
        )

    tracks = tuple(
        replace(track, regions=tuple(map(filled, track.regions))) for track in frame.tracks
    )
    return replace(frame, tracks=tracks)


def _changed(
    project: Project, variation: Variation, region_id: str, phrases: list[Phrase]
) -> Project:
    region = project.region(region_id)
    owner = project.track_of(region_id) or variation.frame.track_of(region_id)
    assert owner is not None
    if region is None:
        project, region = _with_place_for(project, variation.frame, region_id)
        owner = variation.frame.track_of(region_id)
        assert owner is not None
    changes = [change for phrase in phrases for change in phrase.note_changes]
    gone: Counter[Any] = Counter(change.before for change in changes if change.before)
    come: Counter[Any] = Counter(change.after for change in changes if change.after)
    values: dict[str, Any] = {"notes": _exchanged(region.notes, gone, come, region)}
    events = [change for phrase in phrases for change in phrase.controller_changes]
    for name, kind in zip(_CONTROLLERS, _KINDS, strict=True):
        gone = Counter(e.event for e in events if e.removed and isinstance(e.event, kind))
        come = Counter(e.event for e in events if not e.removed and isinstance(e.event, kind))
        values[name] = _exchanged(getattr(region, name), gone, come, region)
    return project.with_region(replace(region, **values), owner.id)


def _with_place_for(project: Project, frame: Project, region_id: str) -> tuple[Project, Region]:
    """The song with a new region, empty, and its track and buses where they are new too."""
    region, track = frame.region(region_id), frame.track_of(region_id)
    assert region is not None
    assert track is not None
    if project.track(track.id) is None:
        wanted = {send.bus_id for send in track.sends} - {bus.id for bus in project.buses}
        buses = tuple(bus for bus in frame.buses if bus.id in wanted)
        project = replace(project, buses=(*project.buses, *buses))
        project = project.with_track(replace(track, regions=()))
    return project.with_region(region, track.id), region


def _exchanged(
    events: tuple[Any, ...], gone: Counter[Any], come: Counter[Any], region: Region
) -> tuple[Any, ...]:
    if not gone and not come:
        return events
    kept = Counter(events)
    kept.subtract(gone)
    if any(number < 0 for number in kept.values()):
        lacking = next(event for event, number in kept.items() if number < 0)
        raise ConflictError(
            f"region {region.name!r} has changed since the variation was made: {lacking} is not in it; "
            "propose anew"
        )
    return in_order((kept + come).elements())
