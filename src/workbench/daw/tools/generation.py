"""Tools that compose: a part by the runner, into a region that ends exactly with it.

Composing (`prepare`) takes long and changes nothing; putting the part into the song is quick.
"""

from __future__ import annotations

import re
import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import Field

from workbench.daw.performing import CANDIDATES, Candidates, Quality, controls_for, performed
from workbench.daw.project import (
    EVENT_FIELDS,
    Aftertouch,
    ControlChange,
    Note,
    PitchBend,
    Project,
    Region,
    Track,
    in_order,
)
from workbench.daw.tools.base import (
    LONGEST_NAME,
    Arguments,
    Context,
    Outcome,
    RegionId,
    Start,
    Tool,
    TrackId,
    entities,
    of_track,
    refuse,
    the_region,
    the_track,
)
from workbench.daw.tools.song import KeyName
from workbench.daw.tools.tracks import enrichment, made_track, sound_of
from workbench.errors import RequestError, WorkbenchError
from workbench.models.controls import GOALS, Commission, Controls
from workbench.models.requests import CancelToken, GenerationRequest, Runner
from workbench.score import PROGRAM_NAMES, TICKS_PER_QUARTER, EmotionVector, Score, nearest_role

UNKNOWN_ROLE = "melody"  # what composes a part whose name says nothing (Maestro's choice)
# Constraints that a request takes as they are; lists as tuples.
_BOUNDS = ("pitch_range", "scale", "max_polyphony", "grid", "instruments", "temperature", "top_p")
# What people say of a part, and the goal it is.
_GOAL_WORDS: Mapping[str, str] = {
    **{goal: goal for goal in GOALS},
    "dense": "driving",
    "busy": "driving",
    "thin": "sparse",
    "minimal": "sparse",
    "legato": "sustained",
    "monophony": "monophonic",
    "syncopation": "syncopated",
}
_DENIALS = ("not", "no", "less", "never", "without", "isn't")

Role = Annotated[
    str,
    Field(
        min_length=1,
        max_length=LONGEST_NAME,
        pattern=r"\S",
        description="drums, bass, chords, melody, arp, pads, fx, lead, or an instrument such as tenor sax.",
    ),
]
Style = Annotated[str, Field(min_length=1, max_length=100, pattern=r"\S")]
Tempo = Annotated[int, Field(ge=20, le=300, description="Quarter notes a minute.")]
StartBeat = Annotated[
    Start | None,
    Field(alias="start_beat", description="Of the song; the region's start, or the track's end."),
]


class GenerateArguments(Arguments):
    """A part to compose. Without ids it gets a track and a region of its own."""

    track_id: TrackId | None = None
    region_id: RegionId | None = None
    start_beats: StartBeat = None
    role: Role
    style: Style
    tempo: Tempo
    bars: Annotated[int, Field(ge=1, le=64)]
    key: KeyName | None = None
    prompt: Annotated[
        str | None,
        Field(max_length=2000, description=f"Two or three sentences; heard: {', '.join(GOALS)}."),
    ] = None
    constraints: Annotated[
        dict[str, Any] | None,
        Field(description=f"Any of density, {', '.join(_BOUNDS)}; the answer names the others."),
    ] = None


class PartArguments(Arguments):
    """A part to compose whose role is the tool's."""

    track_id: TrackId | None = None
    region_id: RegionId | None = None
    style: Style
    tempo: Tempo
    bars: Annotated[int, Field(ge=1, le=16)]
    key: KeyName | None = None


class PitchedPartArguments(PartArguments):
    """A part to compose in a key."""

    key: KeyName


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Who composes, how it should feel, how many loops to choose among, and the luck of this call."""

    runner: Runner | None
    emotion: EmotionVector | None = None
    quality: Quality = "balanced"
    seed: int = 0
    cancel: CancelToken | None = None


@dataclass(frozen=True, slots=True)
class Take:
    """What was composed, and how it came about."""

    score: Score
    length_beats: float
    chord_roots: tuple[int, ...]
    """Of each bar; () where the runner tells none."""
    told: Mapping[str, Any]


def compose(project: Project, given: GenerateArguments, band: Band) -> Take:
    """The part that is asked for. Raises `ToolError` when there is none; nothing stands in for it."""
    if band.runner is None:
        refuse(
            "GENERATION_FAILED",
            "tool_name",
            "this studio has no runner to compose with",
            'open it with one: Studio(runner=load_runner("pocket"))',
        )
    *_, start_beats = _placed(project, given)  # what does not fit is said before anybody composes
    instrument = _composable(given.role, project, given.track_id)
    controls, bounds, unused = _wishes(given, controls_for(instrument, band.emotion))
    known = project.chord_roots(start_beats, given.bars)
    unmet = band.runner.info.details.get("unmet", ())
    assert isinstance(unmet, Sequence)
    if known is not None and "chord_roots" not in unmet:
        bounds["chord_roots"] = known
    commission = Commission(
        genre=given.style,
        tempo_bpm=float(given.tempo),
        bars=given.bars,
        instruments=(instrument,),
        key=given.key or project.key,
        seed=band.seed,
        candidates=CANDIDATES[band.quality],
    )

    def bounded(request: GenerationRequest) -> GenerationRequest:
        return replace(request, time_signature=project.time_signature, **bounds)

    try:
        made = performed(band.runner, commission, controls, cancel=band.cancel, bounds=bounded)
    except RequestError as error:
        refuse("INVALID_VALUE", "arguments", str(error))
    except WorkbenchError as error:
        refuse("GENERATION_FAILED", "tool_name", str(error))
    if band.cancel is not None and band.cancel.cancelled:
        refuse("GENERATION_FAILED", "tool_name", "composing was cancelled before it was done")
    score = _part(made, instrument, given.role)
    told: dict[str, Any] = {
        "role": given.role,
        "style": made.result.request.style,
        "seed": band.seed,
        "runner": band.runner.info.name,
        "quality": [candidate.value for candidate in made.loops],
        "goals": list(controls.understood),
    }
    if unused:
        told["constraintsNotUsed"] = unused
    roots = _chord_roots(made)
    if roots:
        told["chordRoots"] = list(roots)
    return Take(score, given.bars * project.bar_beats, roots, told)


def _chord_roots(made: Candidates) -> tuple[int, ...]:
    """The chords that the chosen loop was composed on, where the runner tells them."""
    told = made.result.record.get("variations", ())
    assert isinstance(told, Sequence)
    return tuple(told[made.choice].get("chord_roots", ())) if told else ()


def _composable(role: str, project: Project, track_id: str | None) -> str:
    """A name for the part that runners know: the role's, else of its track's instrument."""
    track = project.track(track_id) if track_id is not None else None
    names = [role]
    if track is not None:
        names.append("drums" if track.is_drums else PROGRAM_NAMES[track.program or 0])
    for name in names:
        try:
            nearest_role(name)
        except RequestError:
            continue
        return name
    return UNKNOWN_ROLE


def _wishes(
    given: GenerateArguments, controls: Controls
) -> tuple[Controls, dict[str, Any], list[str]]:
    """Controls with the goals of prompt and constraints, bounds for the request, what is neither."""
    goals, unused = list(controls.goals), []
    bounds: dict[str, Any] = {}
    words = re.findall(r"[a-z']+", (given.prompt or "").lower())
    for before, word in zip(["", *words], words, strict=False):
        if word in _GOAL_WORDS and before not in _DENIALS:
            goals.append(_GOAL_WORDS[word])
    for name, value in (given.constraints or {}).items():
        word = name if value is True else value
        key = name.lower()
        if key in _BOUNDS and value is not None:
            bounds[key] = tuple(value) if isinstance(value, list) else value
        elif isinstance(word, str) and word.lower() in _GOAL_WORDS:
            goals.append(_GOAL_WORDS[word.lower()])
        elif not (key == "bars" and value == given.bars):
            unused.append(name)
    lowest_and_highest = bounds.get("pitch_range", (0, 127))
    if not isinstance(lowest_and_highest, tuple) or len(lowest_and_highest) != 2:
        refuse(
            "INVALID_VALUE",
            "constraints.pitch_range",
            f"pitch_range must be [lowest, highest], got {reprlib.repr(lowest_and_highest)}",
        )
    return replace(controls, goals=tuple(dict.fromkeys(goals))), bounds, unused


def _part(made: Candidates, instrument: str, role: str) -> Score:
    """The tracks of the chosen loop that play the part."""
    chosen = made.chosen
    tracks = tuple(
        track
        for track, whose in zip(chosen.score.tracks, chosen.instruments, strict=True)
        if whose == instrument
    )
    if not any(track.notes for track in tracks):
        refuse(
            "GENERATION_FAILED", "role", f"no notes came for {role}", "try another style or seed"
        )
    return replace(chosen.score, tracks=tracks)


def put(project: Project, given: GenerateArguments, how: Context) -> Outcome:
    """The part in its region, which ends with it; what the region had from there on is gone."""
    take: Take = how.take
    track, region, start_beats = _placed(project, given)
    if track is None:
        kit, program = sound_of(given.role.strip(), None, None, None, given.role)
        track = made_track(project, how.new_id(), _titled(given.role), kit, program)
        project = project.with_track(track)
    if region is None:
        region = Region(
            id=how.new_id(),
            name=track.name[:LONGEST_NAME],
            start_beats=start_beats,
            duration_beats=take.length_beats,
        )
    offset = start_beats - region.start_beats
    kept = {name: _before(getattr(region, name), offset) for name in EVENT_FIELDS}
    new = _events(take.score, offset)
    events: dict[str, Any] = {name: in_order((*kept[name], *new[name])) for name in EVENT_FIELDS}
    region = replace(region, duration_beats=offset + take.length_beats, **events)
    project = project.with_region(region, track.id).with_chords(start_beats, take.chord_roots)
    told = {**of_track(track), "regionId": region.id}
    counts = {
        "notesAdded": len(new["notes"]),
        "totalNotes": len(region.notes),
        "startBeat": start_beats,
        "durationBeats": take.length_beats,
    }
    answer = {**told, **counts, **take.told, "entities": entities(project)}
    return Outcome(project, answer, {**told, **enrichment(track), "start_beat": start_beats})


def _placed(
    project: Project, given: GenerateArguments
) -> tuple[Track | None, Region | None, float]:
    """Track and region where there are such, and the beat of the song where the part begins."""
    track = None if given.track_id is None else the_track(project, given.track_id)
    if given.region_id is None:
        if track is not None:
            _same_kind(given, track)
        end = 0.0 if track is None else track.end_beats
        return track, None, end if given.start_beats is None else given.start_beats
    owner, region = the_region(project, given.region_id)
    if track is not None and track.id != owner.id:
        refuse(
            "INVALID_VALUE",
            "regionId",
            f"the region {region.name!r} lies on {owner.name}, not on {track.name}",
            f"use trackId {owner.id}, or a region of {track.name}",
        )
    _same_kind(given, owner)
    start = region.start_beats if given.start_beats is None else given.start_beats
    if start < region.start_beats:
        refuse(
            "VALUE_OUT_OF_RANGE",
            "start_beat",
            f"start_beat must be at or after the region's start, {region.start_beats:g}, got {start:g}",
            "leave it out to begin with the region",
        )
    return owner, region, start


def _same_kind(given: GenerateArguments, track: Track) -> None:
    """Drums go on drum tracks, pitched parts on others. Raises `ToolError`."""
    try:
        drums = nearest_role(given.role) == ("drums", None)
    except RequestError:
        return
    if drums != track.is_drums:
        kind = "a drum track" if track.is_drums else "a pitched track"
        refuse(
            "INVALID_VALUE",
            "role",
            f"{track.name} is {kind}, so it cannot play {given.role}",
            "add a track for it, or change this one's sound: stori_set_midi_program, channel 10 for "
            "drums",
        )


def _before(events: tuple[Any, ...], offset: float) -> tuple[Any, ...]:
    """What begins before the offset; notes end there."""
    kept = []
    for event in events:
        if isinstance(event, Note):
            if event.start_beats < offset:
                length = min(event.duration_beats, offset - event.start_beats)
                kept.append(replace(event, duration_beats=length))
        elif event.beats < offset:
            kept.append(event)
    return tuple(kept)


def _events(score: Score, offset: float) -> dict[str, list[Any]]:
    """What a score plays, in beats from a region's start."""

    def beats(ticks: int) -> float:
        return ticks / TICKS_PER_QUARTER

    tracks = score.tracks
    return {
        "notes": [
            Note(offset + beats(n.start_ticks), n.pitch, beats(n.duration_ticks), n.velocity)
            for track in tracks
            for n in track.notes
        ],
        "controls": [
            ControlChange(offset + beats(e.ticks), e.control, e.value)
            for track in tracks
            for e in track.controls
        ],
        "bends": [
            PitchBend(offset + beats(e.ticks), e.value) for track in tracks for e in track.bends
        ],
        "aftertouch": [
            Aftertouch(offset + beats(e.ticks), e.value, e.pitch)
            for track in tracks
            for e in track.aftertouch
        ],
    }


def _titled(role: str) -> str:
    """A role as a track's name: "tenor sax" is Tenor Sax, "fx" FX."""
    name = role.strip()
    return name.upper() if name.lower() == "fx" else name.title() if name.islower() else name


def _deprecated(role: str, arguments: type[PartArguments], name: str) -> Tool:
    """A tool that composes one role, by `compose` and `put`."""

    def whole(given: PartArguments) -> GenerateArguments:
        values = {field: getattr(given, field) for field in PartArguments.model_fields}
        return GenerateArguments.model_construct(role=role, **values)

    def prepare(project: Project, given: PartArguments, band: Band) -> Take:
        return compose(project, whole(given), band)

    def apply(project: Project, given: PartArguments, how: Context) -> Outcome:
        return put(project, whole(given), how)

    return Tool(
        name=name,
        says=f"Deprecated, use stori_generate_midi: compose {role}",
        arguments=arguments,
        apply=apply,
        prepare=prepare,
    )


GENERATION_TOOLS = (
    Tool(
        name="stori_generate_midi",
        says="Compose a part",
        arguments=GenerateArguments,
        apply=put,
        prepare=compose,
    ),
    _deprecated("drums", PartArguments, "stori_generate_drums"),
    _deprecated("bass", PartArguments, "stori_generate_bass"),
    _deprecated("chords", PitchedPartArguments, "stori_generate_chords"),
    _deprecated("melody", PitchedPartArguments, "stori_generate_melody"),
)
