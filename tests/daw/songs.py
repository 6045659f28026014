"""Hypothesis strategies for songs, and the song of the examples."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

from hypothesis import strategies as st

from workbench.daw.facts import COLORS, EFFECTS, ICONS, KIT_PROGRAMS, LANES
from workbench.daw.project import (
    Aftertouch,
    Automation,
    AutomationPoint,
    Bus,
    ControlChange,
    Effect,
    Note,
    PitchBend,
    Project,
    Region,
    Send,
    Track,
    in_order,
)

sevens = st.integers(0, 127)
channels = st.sampled_from((0, 0, 0, 3))
names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
# Few distinct beats, so that events often meet; now and then any float.
beats = st.integers(0, 100).map(lambda step: step * 0.25) | st.floats(0, 40)
notes = st.builds(
    Note,
    beats,
    st.sampled_from((36, 60, 61)) | sevens,
    st.sampled_from((0.25, 1.0)) | st.floats(0.01, 20),
    st.integers(1, 127),
    channels,
)
controls = st.builds(ControlChange, beats, st.sampled_from((1, 7, 64)), sevens, channels)
bends = st.builds(PitchBend, beats, st.integers(-8192, 8191), channels)
touches = st.builds(Aftertouch, beats, sevens, st.none() | sevens, channels)


def ids() -> Callable[[], str]:
    """A source of ids: n1, n2, …"""
    numbers = itertools.count(1)
    return lambda: f"n{next(numbers)}"


def _ordered(events):
    return st.lists(events, max_size=6).map(in_order)


def regions(region_id: str) -> st.SearchStrategy[Region]:
    return st.builds(
        Region,
        id=st.just(region_id),
        name=names,
        start_beats=beats,
        duration_beats=st.floats(0.5, 60),
        notes=_ordered(notes),
        controls=_ordered(controls),
        bends=_ordered(bends),
        aftertouch=_ordered(touches),
    )


@st.composite
def lanes(draw: st.DrawFn) -> Automation:
    parameter = draw(st.sampled_from(tuple(LANES)))
    lane = LANES[parameter]
    points = st.builds(
        AutomationPoint,
        beats=beats,
        value=st.floats(lane.low, lane.high),
        curve=st.sampled_from(("linear", "smooth", "step", "exp", "log")),
    )
    some = draw(st.lists(points, min_size=1, max_size=3, unique_by=lambda point: point.beats))
    return Automation(
        parameter=parameter, points=tuple(sorted(some, key=lambda point: point.beats))
    )


@st.composite
def tracks(draw: st.DrawFn, number: int) -> Track:
    drums = draw(st.booleans())
    own = draw(st.sets(st.sampled_from("abc")))
    return Track(
        id=f"t{number}",
        name=draw(names),
        program=None if drums else draw(st.none() | sevens),
        drum_kit=draw(st.sampled_from(tuple(KIT_PROGRAMS))) if drums else None,
        color=draw(st.sampled_from(COLORS)),
        icon=draw(st.sampled_from(ICONS)),
        volume=draw(st.floats(0, 1.5)),
        pan=draw(st.floats(0, 1)),
        muted=draw(st.booleans()),
        soloed=draw(st.booleans()),
        regions=tuple(draw(regions(f"r{number}{letter}")) for letter in sorted(own)),
        effects=tuple(
            Effect(id=f"e{number}{i}", kind=kind)
            for i, kind in enumerate(draw(st.lists(st.sampled_from(EFFECTS), max_size=2)))
        ),
        sends=draw(st.sampled_from(((), (Send(bus_id="b1", level=0.5),)))),
        automation=tuple(draw(st.lists(lanes(), max_size=2, unique_by=lambda a: a.parameter))),
    )


@st.composite
def projects(draw: st.DrawFn) -> Project:
    """Any song of up to four tracks; two of them often share tracks and regions."""
    numbers = sorted(draw(st.sets(st.integers(1, 4), max_size=3)))
    return Project(
        id="p",
        name=draw(names),
        tempo_bpm=draw(st.floats(20, 300)),
        key=draw(st.sampled_from((None, "Am", "F# minor", "D dorian"))),
        time_signature=draw(st.sampled_from(((4, 4), (3, 4), (6, 8), (7, 8)))),
        tracks=tuple(draw(tracks(number)) for number in numbers),
        buses=(Bus(id="b1", name="Reverb"),),
    )


@st.composite
def edited(draw: st.DrawFn, project: Project) -> Project:
    """A song with other notes and controllers here and there, as somebody would change it."""
    for track in project.tracks:
        for region in track.regions:
            kept = tuple(note for note in region.notes if draw(st.integers(0, 3)))
            moved = tuple(
                replace(note, start_beats=note.start_beats + draw(st.sampled_from((0, 0.03, 1))))
                for note in kept
            )
            region = replace(
                region,
                notes=in_order((*moved, *draw(st.lists(notes, max_size=3)))),
                controls=in_order(draw(st.lists(controls, max_size=3)) + list(region.controls[1:])),
                aftertouch=in_order(draw(st.lists(touches, max_size=2))),
            )
            project = project.with_region(region, track.id)
    return project


def large(count: int = 10_000) -> Project:
    """A song of ten tracks with `count` notes."""
    made = []
    for number in range(10):
        own = (
            Note(i * 0.25, 36 + (7 * i + number) % 60, 0.25, 1 + i % 127)
            for i in range(count // 10)
        )
        region = Region(
            id=f"r{number}",
            name=f"Region {number}",
            start_beats=0.0,
            duration_beats=1000.0,
            notes=in_order(own),
        )
        made.append(
            Track(id=f"t{number}", name=f"Part {number}", program=number, regions=(region,))
        )
    return Project(id="p", tracks=tuple(made))
