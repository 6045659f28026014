"""Songs as scores and back."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench import score as midi
from workbench.daw import Project
from workbench.daw.facts import KIT_PROGRAMS
from workbench.daw.playing import pan_control, volume_control
from workbench.daw.project import (
    Automation,
    AutomationPoint,
    ControlChange,
    Note,
    Region,
    Track,
)
from workbench.errors import RequestError
from workbench.score import DRUM_CHANNEL, Score

sevens = st.integers(0, 127)
ticks = st.integers(0, 12).map(lambda step: step * 240) | st.integers(0, 1 << 20)


def _events(build, *values):
    return st.lists(st.builds(build, ticks, *values), max_size=5)


@st.composite
def scores(draw: st.DrawFn) -> Score:
    """Scores of up to 15 pitched tracks and a few of drums, each of one channel and program."""
    made = []
    for number in range(draw(st.integers(0, 5))):
        drums = draw(st.booleans())
        channel = DRUM_CHANNEL if drums else number
        program = draw(st.sampled_from(tuple(KIT_PROGRAMS.values())) if drums else sevens)
        on = st.just(channel)
        made.append(
            midi.Track(
                name=f"part {number}",
                notes=tuple(
                    draw(_events(midi.Note, sevens, st.integers(1, 2000), st.integers(1, 127), on))
                ),
                programs=(midi.ProgramChange(0, program, channel),),
                controls=tuple(
                    draw(_events(midi.ControlChange, st.sampled_from((7, 10, 64)), sevens, on))
                ),
                bends=tuple(draw(_events(midi.PitchBend, st.integers(-8192, 8191), on))),
                aftertouch=tuple(draw(_events(midi.Aftertouch, sevens, on, st.none() | sevens))),
            )
        )
    tempo = midi.Tempo(0, draw(st.integers(200_000, 3_000_000)))
    return Score(tracks=tuple(made), tempos=(tempo,))


def heard(score: Score) -> list:
    """What tells scores apart, whatever channels the parts are on."""
    return [
        (
            track.name,
            track.program,
            track.programs[0].channel == DRUM_CHANNEL,
            sorted((n.start_ticks, n.pitch, n.duration_ticks, n.velocity) for n in track.notes),
            sorted((e.ticks, e.control, e.value) for e in track.controls),
            sorted((e.ticks, e.value) for e in track.bends),
            sorted(
                (e.ticks, e.value, -1 if e.pitch is None else e.pitch) for e in track.aftertouch
            ),
        )
        for track in score.tracks
    ]


@settings(max_examples=80)
@given(scores())
def test_a_score_comes_back(score: Score) -> None:
    again = Project.from_score(score).to_score()
    assert heard(again) == heard(score)
    assert again.tempos == score.tempos
    if score.tracks:
        assert again.length_ticks == max(score.length_ticks, 1)
    assert Score.from_midi(again.to_midi()).tempo_bpm == pytest.approx(score.tempo_bpm)


def song(*tracks: Track, **values) -> Project:
    return Project(id="p", tracks=tracks, **values)


def part(number: int, *regions: Region, **values) -> Track:
    return Track(id=f"t{number}", name=f"Part {number}", regions=regions, **values)


def region(
    number: int, *notes: Note, start: float = 0.0, duration: float = 4.0, **events
) -> Region:
    return Region(
        id=f"r{number}",
        name="r",
        start_beats=start,
        duration_beats=duration,
        notes=notes,
        **events,
    )


def test_what_is_said_of_the_song_and_its_tracks() -> None:
    score = song(
        part(1, region(1, Note(0.0), start=4.0), program=33, volume=0.5, pan=0.25),
        part(2, region(2, Note(0.0, 36)), drum_kit="TR-808"),
        tempo_bpm=92.5,
        key="D dorian",
        time_signature=(7, 8),
    ).to_score()
    assert score.tempo_bpm == pytest.approx(92.5)
    assert score.key_signatures[0].key == "C"  # the white keys
    assert score.time_signatures[0].bar_ticks == 7 * 240
    bass, drums = score.tracks
    assert (bass.program, bass.notes[0].start_ticks) == (33, 4 * 480)
    assert [(e.ticks, e.control, e.value) for e in bass.controls] == [(0, 7, 71), (0, 10, 32)]
    assert (drums.program, drums.notes[0].channel, drums.controls) == (25, 9, ())
    assert score.length_ticks == 8 * 480


def test_notes_end_with_their_region() -> None:
    inside, over, beyond = Note(1.0), Note(3.5, 62, 2.0), Note(4.0, 64)
    late = ControlChange(4.5, 64, 127)
    (track,) = song(part(1, region(1, inside, over, beyond, controls=(late,)))).to_score().tracks
    assert [(n.pitch, n.start_ticks, n.end_ticks) for n in track.notes] == [
        (60, 480, 960),
        (62, 1680, 1920),
    ]
    assert track.controls == ()


@pytest.mark.parametrize(
    ("states", "names"),
    [
        ([{}, {"muted": True}, {}], ["Part 0", "Part 2"]),
        ([{}, {"soloed": True}, {}], ["Part 1"]),
        ([{"soloed": True, "muted": True}, {"soloed": True}, {}], ["Part 1"]),
    ],
)
def test_mute_and_solo(states, names) -> None:
    project = song(*(part(i, region(i, Note(0.0)), **state) for i, state in enumerate(states)))
    assert [track.name for track in project.to_score().tracks] == names


def test_channels_are_one_each_and_shared_by_a_program_when_they_run_out() -> None:
    def channels(programs) -> list[int]:
        tracks = [part(i, region(i, Note(0.0)), program=p) for i, p in enumerate(programs)]
        return [track.notes[0].channel for track in song(*tracks).to_score().tracks]

    fifteen = [c for c in range(16) if c != DRUM_CHANNEL]
    assert channels([5] * 15) == fifteen
    assert channels([*range(15), 3]) == [*fifteen, fifteen[3]]
    with pytest.raises(RequestError, match=r"15 channels.*16 different ones"):
        channels(range(16))


def test_automation_is_sampled_between_its_points() -> None:
    def lane(parameter: str, *points, curve="linear") -> Automation:
        made = (AutomationPoint(beats=b, value=v, curve=curve) for b, v in points)
        return Automation(parameter=parameter, points=tuple(made))

    track = part(
        1,
        region(1, Note(0.0)),
        volume=0.2,
        automation=(
            lane("Volume", (0.0, 0.0), (2.0, 1.0)),
            lane("Mod Wheel (CC1)", (1.0, 20), (3.0, 90), curve="step"),
            lane("Pitch Bend", (0.0, -8192), (1.0, 8191)),
            lane("Expression (CC11)", (0.0, 20), (2.0, 22)),
            lane("EQ Low", (0.0, 0.5)),
        ),
    )
    (track,) = song(track).to_score().tracks
    faders = [(e.ticks, e.value) for e in track.controls if e.control == 7]
    assert faders[0] == (0, 0)  # instead of the fader's 0.2
    assert faders[-1] == (960, 100)
    values = [value for _, value in faders]
    assert values == sorted(values)
    assert len(faders) == len(set(values)) > 20
    assert max(b - a for (a, _), (b, _) in pairwise(faders)) <= 60
    assert [(e.ticks, e.value) for e in track.controls if e.control == 1] == [(480, 20), (1440, 90)]
    # Nothing is said twice.
    assert [e.value for e in track.controls if e.control == 11] == [20, 21, 22]
    assert {e.control for e in track.controls} == {7, 1, 11}
    assert (track.bends[0].value, track.bends[-1].value) == (-8192, 8191)
    assert len(track.bends) == 17


@given(st.floats(0, 1.5), st.floats(0, 1))
def test_faders_stay_in_range_and_rise(volume: float, pan: float) -> None:
    assert 0 <= volume_control(volume) <= volume_control(1.5) == 122
    assert 0 <= pan_control(pan) <= 127
    assert (pan_control(0.0), pan_control(0.5), pan_control(1.0)) == (0, 64, 127)


def test_a_track_of_two_sounds_becomes_two() -> None:
    track = midi.Track(
        "keys",
        (midi.Note(0, 60, 100), midi.Note(960, 62, 100), midi.Note(960, 40, 100, channel=2)),
        (midi.ProgramChange(0, 4), midi.ProgramChange(480, 18)),
        (midi.ControlChange(0, 64, 127),),
    )
    project = Project.from_score(Score(tracks=(track,)))
    assert [(t.program, len(t.regions[0].notes)) for t in project.tracks] == [
        (4, 1),
        (18, 1),
        (0, 1),
    ]
    assert [len(t.regions[0].controls) for t in project.tracks] == [1, 1, 0]


def test_a_song_of_a_song_is_itself() -> None:
    project = song(part(1, region(1, Note(0.0), duration=8.0), program=3, volume=0.25))
    again = Project.from_score(project.to_score())
    assert again.tracks[0].volume == pytest.approx(0.25)
    assert again.to_score() == replace(project, name=again.name).to_score()


def test_a_fader_that_is_set_twice_at_the_start_stays_two_controllers() -> None:
    values = (40, 90)
    track = midi.Track("x", controls=tuple(midi.ControlChange(0, 7, v) for v in values))
    project = Project.from_score(Score(tracks=(track,)))
    assert project.tracks[0].volume == 1.0
    (again,) = project.to_score().tracks
    assert tuple(event.value for event in again.controls) == values
    alone = midi.Track("x", controls=(midi.ControlChange(0, 7, 50),))
    assert Project.from_score(Score(tracks=(alone,))).tracks[0].volume == 0.25
