"""Tools of the mix and of expression: effects, sends, buses, automation, controllers."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from workbench.daw.facts import LANES, Effects, Parameter
from workbench.daw.issues import Issue, ToolError
from workbench.daw.project import (
    Aftertouch,
    Automation,
    AutomationPoint,
    BendValue,
    Bus,
    Channel,
    ControlChange,
    Curve,
    Effect,
    Pitch,
    PitchBend,
    Project,
    Send,
    Seven,
    in_order,
)
from workbench.daw.tools.base import (
    LONGEST_LIST,
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
from workbench.daw.tools.song import not_blank

BusName = Annotated[str, Field(max_length=LONGEST_NAME), AfterValidator(not_blank)]


class EffectArguments(Arguments):
    """An insert."""

    track_id: TrackId
    kind: Effects


class SendArguments(Arguments):
    """How much of a track goes to a bus."""

    track_id: TrackId
    bus_name: Annotated[str, Field(max_length=200, description="stori_ensure_bus creates it.")]
    send_level: Annotated[float, Field(ge=0, le=1)] = 0.3


class BusArguments(Arguments):
    """A bus."""

    name: BusName


class PointArguments(Arguments):
    """A value at a beat of the song."""

    beats: Start
    value: float
    curve: Curve = "linear"


class AutomationArguments(Arguments):
    """All points of one parameter of a track; they replace what it had."""

    track_id: TrackId
    parameter: Parameter
    points: Annotated[
        list[PointArguments],
        Field(
            max_length=LONGEST_LIST,
            description="[{beat, value, curve}, …], beats of the song. Volume 0–1.5; Pan and Synth 0–1; "
            "EQ −1–1; parameters with a CC 0–127; Pitch Bend −8192–8191. None at all ends it.",
        ),
    ]


class ControlEvent(Arguments):
    """A controller's value at a beat of the region."""

    beats: Start = 0.0
    value: Seven = 0
    channel: Channel = 0


class ControlArguments(Arguments):
    """More values of one controller."""

    region_id: RegionId
    control: Seven
    events: Annotated[list[ControlEvent], Field(min_length=1, max_length=LONGEST_LIST)]


class BendEvent(Arguments):
    """The wheel at a beat of the region; ±8192 are two semitones."""

    beats: Start = 0.0
    value: BendValue = 0
    channel: Channel = 0


class BendArguments(Arguments):
    """More places of the bend wheel."""

    region_id: RegionId
    events: Annotated[list[BendEvent], Field(min_length=1, max_length=LONGEST_LIST)]


class TouchEvent(Arguments):
    """Pressure at a beat of the region; with a pitch on that key, else on all."""

    beats: Start = 0.0
    value: Seven = 0
    pitch: Pitch | None = None
    channel: Channel = 0


class TouchArguments(Arguments):
    """More pressures."""

    region_id: RegionId
    events: Annotated[list[TouchEvent], Field(min_length=1, max_length=LONGEST_LIST)]


def add_insert_effect(project: Project, given: EffectArguments, how: Context) -> Outcome:
    """One more insert on a track."""
    track = the_track(project, given.track_id)
    effect = Effect(id=how.new_id(), kind=given.kind)
    project = project.with_track(replace(track, effects=(*track.effects, effect)))
    told = {**of_track(track), "effectId": effect.id}
    return Outcome(project, {**told, "type": effect.kind}, told)


def ensure_bus(project: Project, given: BusArguments, how: Context) -> Outcome:
    """A bus of this name, a new one where there is none."""
    same = (bus for bus in project.buses if bus.name.lower() == given.name.lower())
    bus = next(same, None)
    created = bus is None
    if bus is None:
        bus = Bus(id=how.new_id(), name=given.name)
        project = replace(project, buses=(*project.buses, bus))
    told = {"busId": bus.id, "name": bus.name}
    answer = told | {"created": created, "entities": entities(project)}
    return Outcome(project, answer, told)


def add_send(project: Project, given: SendArguments, _how: Context) -> Outcome:
    """A track's send; one that it has already gets the new level."""
    track = the_track(project, given.track_id)
    bus = next((bus for bus in project.buses if bus.name == given.bus_name), None)
    if bus is None:
        refuse("ENTITY_NOT_FOUND", "busName", f"no bus {given.bus_name!r}", "stori_ensure_bus")
    send = Send(bus_id=bus.id, level=given.send_level)
    others = tuple(other for other in track.sends if other.bus_id != bus.id)
    project = project.with_track(replace(track, sends=(*others, send)))
    told = {**of_track(track), "busId": bus.id, "busName": bus.name}
    return Outcome(project, {**told, "sendLevel": send.level}, told)


def add_automation(project: Project, given: AutomationArguments, _how: Context) -> Outcome:
    """The points of one parameter, in place of those it had."""
    track = the_track(project, given.track_id)
    lane = LANES[given.parameter]
    wrong = [
        Issue(
            "VALUE_OUT_OF_RANGE",
            f"points[{i}].value",
            f"{given.parameter} must be {lane.low:g} to {lane.high:g}, got {point.value:g}",
        )
        for i, point in enumerate(given.points)
        if not lane.low <= point.value <= lane.high
    ]
    if wrong:
        raise ToolError(*wrong)
    points = sorted(
        (AutomationPoint(beats=p.beats, value=p.value, curve=p.curve) for p in given.points),
        key=lambda point: point.beats,
    )
    others = tuple(other for other in track.automation if other.parameter != given.parameter)
    new = (Automation(parameter=given.parameter, points=tuple(points)),) if points else ()
    told: dict[str, Any] = {**of_track(track), "parameter": given.parameter, "points": len(points)}
    if lane.control is None:
        told["warning"] = f"{given.parameter} is kept; MIDI cannot say it, so it is not heard here"
    project = project.with_track(replace(track, automation=(*others, *new)))
    return Outcome(project, told, of_track(track))


def add_midi_cc(project: Project, given: ControlArguments, _how: Context) -> Outcome:
    """More values of a controller."""
    track, region = the_region(project, given.region_id)
    new = (ControlChange(e.beats, given.control, e.value, e.channel) for e in given.events)
    changed = replace(region, controls=in_order((*region.controls, *new)))
    told = {**of_track(track), "regionId": region.id, "eventsAdded": len(given.events)}
    return Outcome(project.with_region(changed, track.id), told, of_track(track))


def add_pitch_bend(project: Project, given: BendArguments, _how: Context) -> Outcome:
    """More places of the bend wheel."""
    track, region = the_region(project, given.region_id)
    new = (PitchBend(e.beats, e.value, e.channel) for e in given.events)
    changed = replace(region, bends=in_order((*region.bends, *new)))
    told = {**of_track(track), "regionId": region.id, "eventsAdded": len(given.events)}
    return Outcome(project.with_region(changed, track.id), told, of_track(track))


def add_aftertouch(project: Project, given: TouchArguments, _how: Context) -> Outcome:
    """More pressures."""
    track, region = the_region(project, given.region_id)
    new = (Aftertouch(e.beats, e.value, e.pitch, e.channel) for e in given.events)
    changed = replace(region, aftertouch=in_order((*region.aftertouch, *new)))
    told = {**of_track(track), "regionId": region.id, "eventsAdded": len(given.events)}
    return Outcome(project.with_region(changed, track.id), told, of_track(track))


MIXING_TOOLS = (
    Tool(
        name="stori_add_insert_effect",
        says="Put an effect on a track",
        arguments=EffectArguments,
        apply=add_insert_effect,
        creates="effectId",
    ),
    Tool(
        name="stori_ensure_bus",
        says="Have a bus of this name",
        arguments=BusArguments,
        apply=ensure_bus,
        creates="busId",
    ),
    Tool(
        name="stori_add_send",
        says="Send a track to a bus",
        arguments=SendArguments,
        apply=add_send,
    ),
    Tool(
        name="stori_add_automation",
        says="Automate a parameter of a track over the song",
        arguments=AutomationArguments,
        apply=add_automation,
    ),
    Tool(
        name="stori_add_midi_cc",
        says="Add values of a MIDI controller to a region",
        arguments=ControlArguments,
        apply=add_midi_cc,
    ),
    Tool(
        name="stori_add_pitch_bend",
        says="Add pitch bends to a region",
        arguments=BendArguments,
        apply=add_pitch_bend,
    ),
    Tool(
        name="stori_add_aftertouch",
        says="Add aftertouch to a region, of the channel or of keys",
        arguments=TouchArguments,
        apply=add_aftertouch,
    ),
)
