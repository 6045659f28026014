"""Tools of the song as a whole, of the transport and of what the DAW shows."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from workbench.daw.project import Project
from workbench.daw.tools.base import (
    LONGEST_PROJECT_NAME,
    Arguments,
    Context,
    Outcome,
    Start,
    Tool,
    entities,
    refuse,
)
from workbench.score import parse_key

DENOMINATORS = (1, 2, 4, 8, 16, 32)


def _a_key(name: str) -> str:
    parse_key(name)
    return name


def _a_meter(name: str) -> str:
    over, _, under = name.partition("/")
    whole = over.isascii() and over.isdigit() and under.isascii() and under.isdigit()
    if not (whole and len(name) < 8 and 1 <= int(over) <= 255 and int(under) in DENOMINATORS):
        raise ValueError("expected a meter such as 4/4, 3/4, 6/8")
    return name


def not_blank(name: str) -> str:
    """The name without space around it. Raises `ValueError` when nothing is left."""
    if not name.strip():
        raise ValueError("a name must have at least one character that shows")
    return name.strip()


KeyName = Annotated[
    str,
    Field(max_length=40, description="Such as Am, F#, Bb minor, D dorian."),
    AfterValidator(_a_key),
]
Bpm = Annotated[int, Field(ge=20, le=300, description="Quarter notes a minute.")]


class CreateProjectArguments(Arguments):
    """An empty song in place of this one."""

    name: Annotated[str, Field(max_length=LONGEST_PROJECT_NAME), AfterValidator(not_blank)]
    tempo: Bpm = 120
    key_signature: KeyName | None = None
    time_signature: Annotated[
        str, Field(max_length=10, description="Such as 4/4."), AfterValidator(_a_meter)
    ] = "4/4"


class TempoArguments(Arguments):
    """How fast."""

    tempo: Bpm


class KeyArguments(Arguments):
    """Which key."""

    key: KeyName


class NoArguments(Arguments):
    """Nothing."""


class PlayArguments(Arguments):
    """From where."""

    from_beats: Annotated[Start | None, Field(alias="fromBeat")] = None


class PlayheadArguments(Arguments):
    """Where to; one of the three."""

    bar: Annotated[int | None, Field(ge=1, le=100_000, description="Counted from 1.")] = None
    beats: Start | None = None
    seconds: Annotated[float | None, Field(ge=0, le=1_000_000)] = None


class PanelArguments(Arguments):
    """Which panel, and whether it shows."""

    panel: Literal["mixer", "inspector", "pianoRoll", "stepSequencer"]
    visible: bool


class ZoomArguments(Arguments):
    """How near."""

    zoom_percent: Annotated[int, Field(ge=10, le=500)]


class ReadArguments(Arguments):
    """How much of it."""

    include_notes: Annotated[bool, Field(alias="include_notes")] = False
    include_automation: Annotated[bool, Field(alias="include_automation")] = False


def create_project(_project: Project, given: CreateProjectArguments, how: Context) -> Outcome:
    """An empty song."""
    over, under = map(int, given.time_signature.split("/"))
    made = Project(
        id=how.new_id(),
        name=given.name,
        tempo_bpm=float(given.tempo),
        key=given.key_signature,
        time_signature=(over, under),
    )
    told = {"projectId": made.id}
    return Outcome(made, told | {"entities": entities(made)}, told)


def set_tempo(project: Project, given: TempoArguments, _how: Context) -> Outcome:
    """Another tempo; beats stay."""
    return Outcome(replace(project, tempo_bpm=float(given.tempo)), {"tempo": given.tempo})


def set_key(project: Project, given: KeyArguments, _how: Context) -> Outcome:
    """Another key; notes stay."""
    if given.key != project.key:  # the chords so far are not those of another key
        project = replace(project, key=given.key, harmony=())
    return Outcome(project, {"key": given.key})


def play(project: Project, given: PlayArguments, _how: Context) -> Outcome:
    """Nothing of the song changes."""
    return Outcome(project, {"playing": True, "fromBeat": given.from_beats})


def stop(project: Project, _given: NoArguments, _how: Context) -> Outcome:
    """Nothing of the song changes."""
    return Outcome(project, {"playing": False})


def set_playhead(project: Project, given: PlayheadArguments, _how: Context) -> Outcome:
    """The place in beats, whichever way it was said."""
    ways = [given.bar, given.beats, given.seconds]
    if sum(way is not None for way in ways) != 1:
        refuse("INVALID_VALUE", "beat", "give one of bar, beat and seconds", "such as beat: 16")
    if given.bar is not None:
        beats = (given.bar - 1) * project.bar_beats
    elif given.seconds is not None:
        beats = given.seconds * project.tempo_bpm / 60
    else:
        assert given.beats is not None
        beats = given.beats
    return Outcome(project, {"beat": beats})


def show_panel(project: Project, given: PanelArguments, _how: Context) -> Outcome:
    """Nothing of the song changes."""
    return Outcome(project, {"panel": given.panel, "visible": given.visible})


def set_zoom(project: Project, given: ZoomArguments, _how: Context) -> Outcome:
    """Nothing of the song changes."""
    return Outcome(project, {"zoomPercent": given.zoom_percent})


def read_project(project: Project, given: ReadArguments, _how: Context) -> Outcome:
    """The whole song; notes, controllers and automation where they are asked for."""
    told = project.as_dict()
    for track in told["tracks"]:
        if not given.include_automation:
            track["automation"] = [lane["parameter"] for lane in track["automation"]]
        if not given.include_notes:
            track["regions"] = [_counted(region) for region in track["regions"]]
    return Outcome(project, {"project": told})


def _counted(region: dict[str, Any]) -> dict[str, Any]:
    events = ("notes", "ccEvents", "pitchBends", "aftertouch")
    rest = {name: value for name, value in region.items() if name not in events}
    return rest | {"noteCount": len(region["notes"])}


SONG_TOOLS = (
    Tool(
        name="stori_create_project",
        says="Begin an empty project in place of the present one",
        arguments=CreateProjectArguments,
        apply=create_project,
        creates="projectId",
    ),
    Tool(
        name="stori_read_project",
        says="Everything that is in the project",
        arguments=ReadArguments,
        apply=read_project,
    ),
    Tool(name="stori_set_tempo", says="Set the tempo", arguments=TempoArguments, apply=set_tempo),
    Tool(name="stori_set_key", says="Set the key", arguments=KeyArguments, apply=set_key),
    Tool(name="stori_play", says="Start playing", arguments=PlayArguments, apply=play),
    Tool(name="stori_stop", says="Stop playing", arguments=NoArguments, apply=stop),
    Tool(
        name="stori_set_playhead",
        says="Move the playhead to a bar, a beat or a second",
        arguments=PlayheadArguments,
        apply=set_playhead,
    ),
    Tool(
        name="stori_show_panel",
        says="Show or hide a panel",
        arguments=PanelArguments,
        apply=show_panel,
    ),
    Tool(name="stori_set_zoom", says="Set the zoom", arguments=ZoomArguments, apply=set_zoom),
)
