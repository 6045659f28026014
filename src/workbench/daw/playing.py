"""Songs as scores and back: what sounds, on which channel, with the mix as controllers."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from workbench import score as midi
from workbench.daw.facts import (
    BEND_WHEEL,
    COLORS,
    DEFAULT_KIT,
    KIT_PROGRAMS,
    LANES,
    color_of,
    icon_of,
)
from workbench.daw.project import (
    CENTER,
    DEFAULT_VOLUME,
    Aftertouch,
    Automation,
    AutomationPoint,
    ControlChange,
    Note,
    PitchBend,
    Project,
    Region,
    Track,
    in_order,
)
from workbench.errors import RequestError
from workbench.score import DRUM_CHANNEL, TICKS_PER_QUARTER, Score

VOLUME, PAN = 7, 10  # controllers
UNITY = 100  # controller 7 at a volume of 1: what a synth starts with (General MIDI)
STEPS_PER_BEAT = (
    16  # of automation between points; 33 ms at 120 BPM, finer than ears hear faders move
)
PITCHED_CHANNELS = tuple(channel for channel in range(16) if channel != DRUM_CHANNEL)


def to_score(project: Project) -> Score:
    """What sounds: muted tracks left out, and all but the soloed ones where there are any.

    Notes end with their regions. Drum tracks share channel 10, kit and faders included; a sixteenth
    pitched track shares the channel of an earlier one of its program. Raises `RequestError` when that
    is not enough.
    """
    solo = any(track.soloed for track in project.tracks)
    heard = [t for t in project.tracks if not t.muted and (t.soloed or not solo)]
    channels = _channels(heard)
    key = project.key and midi.parse_key(project.key).signature_name
    ends = [_ticks(region.end_beats) for track in heard for region in track.regions]
    tracks = tuple(
        _sounding(track, channel) for track, channel in zip(heard, channels, strict=True)
    )
    length_ticks = max([0, *ends, *(track.end_ticks for track in tracks)])
    return Score(
        tracks=tracks,
        tempos=(midi.Tempo.of_bpm(project.tempo_bpm),),
        time_signatures=(midi.TimeSignature(0, *project.time_signature),),
        key_signatures=(midi.KeySignature(0, key),) if key else (),
        name=project.name,
        length_ticks=length_ticks,
    )


def _channels(tracks: list[Track]) -> list[int]:
    """A channel for each track."""
    groups = [[i] for i, track in enumerate(tracks) if not track.is_drums]
    while len(groups) > len(PITCHED_CHANNELS):
        first, later = _alike(tracks, groups)
        groups[first] += groups.pop(later)
    channels = [DRUM_CHANNEL] * len(tracks)
    for channel, group in zip(PITCHED_CHANNELS, groups, strict=False):
        for i in group:
            channels[i] = channel
    return channels


def _alike(tracks: list[Track], groups: list[list[int]]) -> tuple[int, int]:
    """Two groups of one program, the second as late as can be."""
    programs = [tracks[group[0]].program or 0 for group in groups]
    for later in range(len(groups) - 1, 0, -1):
        first = programs.index(programs[later])
        if first < later:
            return first, later
    raise RequestError(
        f"MIDI has {len(PITCHED_CHANNELS)} channels for pitched instruments, and {len(groups)} "
        "different ones sound here; mute some tracks, or give several the same program"
    )


def _sounding(track: Track, channel: int) -> midi.Track:
    lanes = {lane.parameter: lane for lane in track.automation}
    automated = {LANES[name].control for name in lanes if _starts_at_zero(lanes[name])}
    controls = [
        midi.ControlChange(0, control, value, channel)
        for control, value, default in (
            (VOLUME, volume_control(track.volume), volume_control(DEFAULT_VOLUME)),
            (PAN, pan_control(track.pan), pan_control(CENTER)),
        )
        if value != default and control not in automated
    ]
    bends: list[midi.PitchBend] = []
    for name, lane in lanes.items():
        control = LANES[name].control
        for ticks, value in _values(lane):
            if control == BEND_WHEEL:
                bends.append(midi.PitchBend(ticks, value, channel))
            elif control is not None:
                controls.append(midi.ControlChange(ticks, control, value, channel))
    notes: list[midi.Note] = []
    aftertouch: list[midi.Aftertouch] = []
    for region in track.regions:
        start, end = _ticks(region.start_beats), _ticks(region.end_beats)
        notes.extend(_cut(note, start, end, channel) for note in region.notes if _in(note, region))
        controls.extend(
            midi.ControlChange(start + _ticks(event.beats), event.control, event.value, channel)
            for event in region.controls
            if event.beats <= region.duration_beats
        )
        bends.extend(
            midi.PitchBend(start + _ticks(event.beats), event.value, channel)
            for event in region.bends
            if event.beats <= region.duration_beats
        )
        aftertouch.extend(
            midi.Aftertouch(start + _ticks(event.beats), event.value, channel, event.pitch)
            for event in region.aftertouch
            if event.beats <= region.duration_beats
        )
    program = KIT_PROGRAMS.get(track.drum_kit, 0) if track.drum_kit else track.program or 0
    return midi.Track(
        name=track.name,
        notes=tuple(sorted(notes)),
        programs=(midi.ProgramChange(0, program, channel),),
        controls=tuple(sorted(controls, key=lambda event: event.ticks)),
        bends=tuple(sorted(bends, key=lambda event: event.ticks)),
        aftertouch=tuple(sorted(aftertouch, key=lambda event: event.ticks)),
    )


def _in(note: Note, region: Region) -> bool:
    return note.start_beats < region.duration_beats


def _cut(note: Note, start: int, end: int, channel: int) -> midi.Note:
    begins = min(start + _ticks(note.start_beats), end)
    duration = min(_ticks(note.duration_beats), end - begins)
    return midi.Note(begins, note.pitch, duration, note.velocity, channel)


def _ticks(beats: float) -> int:
    return round(beats * TICKS_PER_QUARTER)


def volume_control(volume: float) -> int:
    """Controller 7 of a linear volume: its gain goes with the square (General MIDI level curve)."""
    return min(round(UNITY * math.sqrt(volume)), 127)


def pan_control(pan: float) -> int:
    """Controller 10 of a pan 0 to 1: 0, 64 in the centre, 127."""
    return round(128 * pan) if pan < CENTER else 64 + round(126 * (pan - CENTER))


def _starts_at_zero(lane: Automation) -> bool:
    return bool(lane.points) and lane.points[0].beats == 0


def _values(lane: Automation) -> Iterator[tuple[int, int]]:
    """The ticks at which a lane's value changes, and what to."""
    last = None
    for beats, value in _samples(lane.points):
        event = _ticks(beats), _in_midi(lane.parameter, value)
        if event[1] != last:
            yield event
        last = event[1]


def _samples(points: tuple[AutomationPoint, ...]) -> Iterator[tuple[float, float]]:
    for point, following in pairwise(points):
        yield point.beats, point.value
        length = following.beats - point.beats
        if point.curve == "step" or following.value == point.value:
            continue
        first = math.floor(point.beats * STEPS_PER_BEAT) + 1
        for step in range(first, math.ceil(following.beats * STEPS_PER_BEAT)):
            beats = step / STEPS_PER_BEAT
            share = _SHAPES[point.curve]((beats - point.beats) / length)
            yield beats, point.value + share * (following.value - point.value)
    if points:
        yield points[-1].beats, points[-1].value


# The share of the way that is gone at a share of the time.
_SHAPES = {
    "linear": lambda x: x,
    "smooth": lambda x: x * x * (3 - 2 * x),
    "exp": lambda x: x * x,
    "log": lambda x: 1 - (1 - x) * (1 - x),
}


def _in_midi(parameter: str, value: float) -> int:
    lane = LANES[parameter]
    value = min(max(value, lane.low), lane.high)
    if parameter == "Volume":
        return volume_control(value)
    if parameter == "Pan":
        return pan_control(value)
    return round(value * 127) if lane.high == 1 else round(value)


# ---------------------------------------------------------------------- scores as songs


def from_score(score: Score) -> Project:
    """A song whose `to_score` has the same notes, controllers, programs and first tempo.

    A track of several channels, or whose program changes, becomes a track for each sound; a channel's
    controllers go with every one of its sounds. Ids are numbers, so that equal scores give equal songs.
    """
    parts = [part for track in score.tracks for part in _by_sound(track)]
    tracks = tuple(_written(part, number, score) for number, part in enumerate(parts, start=1))
    meter = score.time_signatures[0] if score.time_signatures else midi.TimeSignature(0, 4, 4)
    key = score.key_signatures[0].key if score.key_signatures else None
    return Project(
        id="project",
        name=score.name or "Untitled",
        tempo_bpm=score.tempo_bpm,
        key=key,
        time_signature=(meter.numerator, meter.denominator),
        tracks=tracks,
    )


def _by_sound(track: midi.Track) -> Iterator[midi.Track]:
    """A track for each channel and program that it plays; the track itself where it has one."""
    sounds: dict[tuple[int, int], list[midi.Note]] = defaultdict(list)
    changes = sorted(track.programs)
    for note in track.notes:
        sounds[note.channel, _program_at(changes, note)].append(note)
    channels = [
        *(event.channel for event in track.programs),
        *(event.channel for event in track.controls),
        *(event.channel for event in track.bends),
        *(event.channel for event in track.aftertouch),
    ]
    for channel in dict.fromkeys(channels):
        if all(sounding != channel for sounding, _ in sounds):
            programs = [change.program for change in changes if change.channel == channel]
            sounds[channel, programs[0] if programs else 0] = []
    for channel, program in tuple(sounds) or ((0, 0),):
        yield midi.Track(
            track.name,
            tuple(sounds[channel, program]),
            (midi.ProgramChange(0, program, channel),),
            tuple(event for event in track.controls if event.channel == channel),
            tuple(event for event in track.bends if event.channel == channel),
            tuple(event for event in track.aftertouch if event.channel == channel),
        )


def _program_at(changes: list[midi.ProgramChange], note: midi.Note) -> int:
    """The program that a note sounds with: the last change before it, else the first of its channel."""
    own = [change for change in changes if change.channel == note.channel]
    past = [change.program for change in own if change.ticks <= note.start_ticks]
    return past[-1] if past else own[0].program if own else 0


def _written(part: midi.Track, number: int, score: Score) -> Track:
    drums = part.programs[0].channel == DRUM_CHANNEL
    program = part.programs[0].program
    kits = {program: name for name, program in KIT_PROGRAMS.items()}
    name = part.name or ("Drums" if drums else midi.PROGRAM_NAMES[program])
    part, volume, pan = _faders(part)
    region = Region(
        id=f"region-{number}",
        name=name,
        start_beats=0.0,
        duration_beats=max(score.length_ticks, 1) / TICKS_PER_QUARTER,
        notes=in_order(
            Note(_beats(n.start_ticks), n.pitch, _beats(n.duration_ticks), n.velocity, n.channel)
            for n in part.notes
        ),
        controls=in_order(
            ControlChange(_beats(e.ticks), e.control, e.value, e.channel) for e in part.controls
        ),
        bends=in_order(PitchBend(_beats(e.ticks), e.value, e.channel) for e in part.bends),
        aftertouch=in_order(
            Aftertouch(_beats(e.ticks), e.value, e.pitch, e.channel) for e in part.aftertouch
        ),
    )
    return Track(
        id=f"track-{number}",
        name=name,
        program=None if drums else program,
        drum_kit=kits.get(program, DEFAULT_KIT) if drums else None,
        color=color_of(name) or COLORS[(number - 1) % len(COLORS)],
        icon=icon_of(None if drums else program),
        volume=volume,
        pan=pan,
        regions=(region,),
    )


def _faders(part: midi.Track) -> tuple[midi.Track, float, float]:
    """A part's volume and pan, where its controllers set them once at the start, without these."""
    at_start = Counter(event.control for event in part.controls if event.ticks == 0)
    volume, pan, kept = DEFAULT_VOLUME, CENTER, []
    for event in part.controls:
        alone = event.ticks == 0 and at_start[event.control] == 1
        loudness = (event.value / UNITY) ** 2
        if alone and event.control == VOLUME and event.value != UNITY and loudness <= 1.5:
            volume = loudness
        elif alone and event.control == PAN and event.value != pan_control(CENTER):
            right = event.value > 64
            pan = CENTER + (event.value - 64) / 126 if right else event.value / 128
        else:
            kept.append(event)
    return replace(part, controls=tuple(kept)), volume, pan


def _beats(ticks: int) -> float:
    return ticks / TICKS_PER_QUARTER
