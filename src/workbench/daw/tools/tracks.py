"""Tools of tracks: adding them, their sound, name, faders and looks."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from workbench.daw.facts import (
    COLORS,
    DEFAULT_KIT,
    ICONS,
    KIT_PROGRAMS,
    Icon,
    Kit,
    color_of,
    icon_of,
    is_color,
)
from workbench.daw.project import Project, Track
from workbench.daw.tools.base import (
    LONGEST_NAME,
    Arguments,
    Context,
    Outcome,
    Tool,
    TrackId,
    entities,
    of_track,
    refuse,
    the_track,
)
from workbench.daw.tools.song import not_blank
from workbench.score.gm import DRUMS_NAME, PROGRAM_NAMES, instrument_of

DRUM_CHANNEL_FROM_1 = 10
TrackName = Annotated[str, Field(max_length=LONGEST_NAME), AfterValidator(not_blank)]


def _a_color(name: str) -> str:
    if not is_color(name):
        raise ValueError(f"expected #RRGGBB or one of {', '.join(COLORS)}")
    return name


class AddTrackArguments(Arguments):
    """A new track. Its sound is a kit or a program; where neither is given, what its name says."""

    name: TrackName
    drum_kit: Kit | None = None
    program: Annotated[
        int | None, Field(ge=0, le=127, description="General MIDI program, from 0.")
    ] = None
    instrument: Annotated[str | None, Field(max_length=100, description="Such as tenor sax.")] = (
        None
    )
    color: Annotated[
        str | None, Field(max_length=40, description=f"{', '.join(COLORS)} or #RRGGBB.")
    ] = None
    icon: Annotated[str | None, Field(max_length=60, description="An SF Symbol.")] = None


class ProgramArguments(Arguments):
    """A track and its program; on channel 10 that is the program of a drum kit."""

    track_id: TrackId
    program: Annotated[int, Field(alias="program", ge=0, le=127)]
    channel: Annotated[
        int | None, Field(ge=1, le=16, description="10 is drums; as the track is by default.")
    ] = None


class TrackNameArguments(Arguments):
    """A track and its name."""

    track_id: TrackId
    name: TrackName


class MuteArguments(Arguments):
    """A track, and whether it is silent."""

    track_id: TrackId
    muted: bool


class SoloArguments(Arguments):
    """A track, and whether only such are heard."""

    track_id: TrackId
    soloed: bool


class VolumeArguments(Arguments):
    """A track and its volume."""

    track_id: TrackId
    volume: Annotated[float, Field(ge=0, le=1.5, description="Linear; 1 is unity.")]


class PanArguments(Arguments):
    """A track and its place."""

    track_id: TrackId
    pan: Annotated[float, Field(ge=0, le=1, description="0 left, 0.5 centre, 1 right.")]


class ColorArguments(Arguments):
    """A track and its colour."""

    track_id: TrackId
    color: Annotated[
        str,
        Field(max_length=40, description=f"{', '.join(COLORS)} or #RRGGBB."),
        AfterValidator(_a_color),
    ]


class IconArguments(Arguments):
    """A track and its icon."""

    track_id: TrackId
    icon: Icon


def add_midi_track(project: Project, given: AddTrackArguments, how: Context) -> Outcome:
    """A new last track, with a sound, a colour and an icon whatever was left out."""
    if given.drum_kit is not None and given.program is not None:
        refuse(
            "INVALID_VALUE",
            "gmProgram",
            "a track has a drum kit or a program, got both",
            "leave out drumKitId for a pitched instrument, gmProgram for drums",
        )
    kit, program = sound_of(given.name, given.instrument, given.drum_kit, given.program)
    track = replace(
        made_track(project, how.new_id(), given.name, kit, program, given.instrument),
        **_looks(given),
    )
    told = {**of_track(track), **enrichment(track)}
    project = project.with_track(track)
    return Outcome(project, told | {"entities": entities(project)}, enrichment(track))


def sound_of(
    name: str, instrument: str | None, kit: str | None, program: int | None, role: str | None = None
) -> tuple[str | None, int | None]:
    """The kit or the program of a track, the other None: as given, else what names and role say."""
    if kit is not None or program is not None:
        return kit, program
    meant = instrument_of(name, instrument=instrument, role=role)
    return (DEFAULT_KIT, None) if meant.is_drums else (None, meant.program)


def made_track(
    project: Project,
    track_id: str,
    name: str,
    kit: str | None,
    program: int | None,
    instrument: str | None = None,
) -> Track:
    """A track with the colour and the icon of its part."""
    family = "Drums" if kit is not None else PROGRAM_NAMES[program or 0]
    color = color_of(name, instrument, family) or COLORS[len(project.tracks) % len(COLORS)]
    icon = icon_of(None if kit is not None else program or 0)
    return Track(id=track_id, name=name, program=program, drum_kit=kit, color=color, icon=icon)


def enrichment(track: Track) -> dict[str, Any]:
    """What the server says of a new track beside what it was asked for."""
    sound: dict[str, Any] = (
        {"_isDrums": True, "drumKitId": track.drum_kit, "_gmInstrumentName": DRUMS_NAME}
        if track.is_drums
        else {"gmProgram": track.program, "_gmInstrumentName": PROGRAM_NAMES[track.program or 0]}
    )
    return {"trackId": track.id, "color": track.color, "icon": track.icon, **sound}


def _looks(given: AddTrackArguments) -> dict[str, Any]:
    """Colour and icon as given, where there are such; looks alone are no reason to refuse a track."""
    looks = {}
    if is_color(given.color):
        looks["color"] = given.color
    if given.icon in ICONS:
        looks["icon"] = given.icon
    return looks


def set_midi_program(project: Project, given: ProgramArguments, _how: Context) -> Outcome:
    """Another sound."""
    track = the_track(project, given.track_id)
    drums = track.is_drums if given.channel is None else given.channel == DRUM_CHANNEL_FROM_1
    if not drums:
        changed = replace(track, program=given.program, drum_kit=None)
        return Outcome(project.with_track(changed), {**of_track(track), "program": given.program})
    kits = {program: name for name, program in KIT_PROGRAMS.items()}
    if given.program not in kits:
        listed = ", ".join(f"{program} {name}" for program, name in sorted(kits.items()))
        refuse("INVALID_VALUE", "program", f"no drum kit {given.program}", f"kits: {listed}")
    changed = replace(track, program=None, drum_kit=kits[given.program])
    return Outcome(project.with_track(changed), {**of_track(track), "drumKitId": changed.drum_kit})


def _setting(project: Project, track_id: str, **values: Any) -> Outcome:
    track = replace(the_track(project, track_id), **values)
    return Outcome(project.with_track(track), {**of_track(track), **values})


def set_track_name(project: Project, given: TrackNameArguments, _how: Context) -> Outcome:
    """Another name."""
    return _setting(project, given.track_id, name=given.name)


def mute_track(project: Project, given: MuteArguments, _how: Context) -> Outcome:
    """Silent, or not."""
    return _setting(project, given.track_id, muted=given.muted)


def solo_track(project: Project, given: SoloArguments, _how: Context) -> Outcome:
    """Heard alone, or not."""
    return _setting(project, given.track_id, soloed=given.soloed)


def set_track_volume(project: Project, given: VolumeArguments, _how: Context) -> Outcome:
    """Another volume."""
    return _setting(project, given.track_id, volume=given.volume)


def set_track_pan(project: Project, given: PanArguments, _how: Context) -> Outcome:
    """Another place between left and right."""
    return _setting(project, given.track_id, pan=given.pan)


def set_track_color(project: Project, given: ColorArguments, _how: Context) -> Outcome:
    """Another colour."""
    return _setting(project, given.track_id, color=given.color)


def set_track_icon(project: Project, given: IconArguments, _how: Context) -> Outcome:
    """Another icon."""
    return _setting(project, given.track_id, icon=given.icon)


TRACK_TOOLS = (
    Tool(
        name="stori_add_midi_track",
        says="Add a track: one instrument or a drum kit",
        arguments=AddTrackArguments,
        apply=add_midi_track,
        creates="trackId",
    ),
    Tool(
        name="stori_set_midi_program",
        says="Change a track's General MIDI program or drum kit",
        arguments=ProgramArguments,
        apply=set_midi_program,
    ),
    Tool(
        name="stori_set_track_name",
        says="Rename a track",
        arguments=TrackNameArguments,
        apply=set_track_name,
    ),
    Tool(
        name="stori_mute_track",
        says="Mute or unmute a track",
        arguments=MuteArguments,
        apply=mute_track,
    ),
    Tool(
        name="stori_solo_track",
        says="Solo or unsolo a track",
        arguments=SoloArguments,
        apply=solo_track,
    ),
    Tool(
        name="stori_set_track_volume",
        says="Set a track's volume",
        arguments=VolumeArguments,
        apply=set_track_volume,
    ),
    Tool(
        name="stori_set_track_pan",
        says="Place a track between left and right",
        arguments=PanArguments,
        apply=set_track_pan,
    ),
    Tool(
        name="stori_set_track_color",
        says="Set a track's colour",
        arguments=ColorArguments,
        apply=set_track_color,
    ),
    Tool(
        name="stori_set_track_icon",
        says="Set a track's icon",
        arguments=IconArguments,
        apply=set_track_icon,
    ),
)
