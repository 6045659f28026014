"""Expression against values worked by hand from the table, and what holds for any score."""

from __future__ import annotations

import random
from statistics import fmean, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import RequestError
from workbench.models.expression import (
    EXPRESSIONS,
    MODULATION,
    PEDAL,
    SWELL,
    UNKNOWN_STYLE,
    expressed,
    expression_of,
    part_named,
    role_of,
    without_overlaps,
)
from workbench.score import ControlChange, Note, PitchBend, ProgramChange, Score, Track

BEAT, BAR = 480, 1920


def one_note(start: int, *, bars: int = 4, velocity: int = 80) -> Score:
    return Score(tracks=(Track("", (Note(start, 60, 240, velocity),)),), length_ticks=bars * BAR)


def every_beat(beats: int, velocity: int = 80) -> Score:
    notes = tuple(Note(BEAT * beat, 60, 120, velocity) for beat in range(beats))
    return Score(tracks=(Track("", notes),), length_ticks=BEAT * beats)


def played(score: Score, style: str, part: str = "", seed: int = 0) -> Track:
    return expressed(score, style, [part] * len(score.tracks), random.Random(seed)).tracks[0]


def values(track: Track, control: int) -> list[tuple[int, int]]:
    return [(event.ticks, event.value) for event in track.controls if event.control == control]


@pytest.mark.parametrize(
    ("style", "start", "velocity"),
    [
        ("polka", 480, 80 * (0.85 + 0.30 * (1 - abs(3 * 480 / 7680 - 2) / 2))),  # off the accents
        ("polka", 0, 80 * 0.85 + 12),
        ("polka", 5 * BEAT + 160, 80 * (0.85 + 0.30 * (1 - abs(3 * 2560 / 7680 - 2) / 2))),  # = 1.0
        ("ambient", 0, 80 * 0.80),
        ("ambient", 2 * BAR, 80 * 1.0),
        ("ambient", 3 * BAR, 80 * 1.1),
        ("cinematic", 2 * BAR, 80 * 1.0 + 18),
        ("reggae", BAR + BEAT, 80 * (0.90 + 0.20 * 0.5) + 10),  # a quarter into the bar, beat two
        ("reggae", BAR, 80 * 0.90),
        ("reggae", BAR + 2 * BEAT, 80 * 1.10),
        ("house", 3 * BEAT + 240, 80 * (0.90 + 0.20 * 0.25)),  # off the beat: no accent
        ("techno", BAR - 20, 80 * (0.90 + 0.20 * 40 / 1920) + 6),  # played early, meant on the one
    ],
)
def test_velocity_is_arc_and_accent_within_three(style: str, start: int, velocity: float) -> None:
    came = [played(one_note(start), style, seed=seed).notes[-1].velocity for seed in range(200)]
    assert max(abs(value - velocity) for value in came) <= 3.5
    assert fmean(came) == pytest.approx(velocity, abs=0.6)  # 1.73 / √200 · 4 + rounding
    assert max(came) - min(came) >= 4


def test_velocities_stay_in_midi() -> None:
    assert played(one_note(0, velocity=127), "funk").notes[0].velocity <= 127
    assert played(every_beat(64, velocity=127), "funk").notes
    assert min(note.velocity for note in played(every_beat(64, velocity=1), "ambient").notes) >= 1


@pytest.mark.parametrize(
    ("style", "part", "late", "jitter"),
    [
        ("house", "", 0.005, 0.01),
        ("house", "bass", 0.015, 0.02),
        ("house", "lead", 0.005, 0.06),
        ("classical", "pads", 0.0, 0.04),
        ("reggae", "chords", 0.02, 0.03),
    ],
)
def test_starts_are_late_and_jitter_as_the_table_says(
    style: str, part: str, late: float, jitter: float
) -> None:
    beats = 4000
    notes = played(every_beat(beats), style, part).notes[1:]  # the first cannot come early
    off = [note.start_ticks - BEAT * round(note.start_ticks / BEAT) for note in notes]
    assert fmean(off) == pytest.approx(BEAT * late, abs=4 * BEAT * jitter / beats**0.5)
    assert pstdev(off) == pytest.approx(BEAT * jitter, rel=0.06)


def test_ghosts_come_a_sixteenth_before_soft_and_short() -> None:
    beats = 3000
    notes = played(every_beat(beats), "funk").notes
    ghosts = [note for note in notes if note.duration_ticks == 48]
    rate = len(ghosts) / beats
    assert rate == pytest.approx(0.2, abs=4 * (0.2 * 0.8 / beats) ** 0.5)
    assert {note.velocity for note in ghosts} == set(range(25, 46))
    leads = [-note.start_ticks % BEAT for note in ghosts]
    assert fmean(leads) == pytest.approx(120 - 2.4, abs=2)


def test_no_ghost_of_a_key_that_is_down_or_before_the_beginning() -> None:
    held = tuple(Note(BEAT * beat, 60, BEAT, 80) for beat in range(400))
    score = Score(tracks=(Track("", held),), length_ticks=400 * BEAT)
    assert len(played(score, "funk").notes) == 400
    for seed in range(50):
        assert len(played(one_note(0), "funk", seed=seed).notes) == 1


def test_swells_rise_and_fall_or_only_rise() -> None:
    score = every_beat(16)
    up_and_down = values(played(score, "classical", "strings"), SWELL)
    assert len(up_and_down) == 4 * 10
    assert up_and_down[0] == (0, 60)
    assert up_and_down[20] == (2 * BAR, 115)
    assert up_and_down[10] == (BAR, 88)  # half way: 87.5
    up = [value for _, value in values(played(score, "cinematic", "lead"), SWELL)]
    assert len(up) == 4 * 12
    assert up == sorted(up)
    assert (up[0], up[24]) == (50, 88)  # 50 + 77 / 2


@pytest.mark.parametrize(
    ("style", "part", "swells", "pedals", "modulation"),
    [
        ("classical", "piano", 0, 2, None),
        ("classical", "pads", 10, 2, None),
        ("classical", "strings", 10, 0, None),
        ("classical", "bass", 0, 0, None),
        ("classical", "lead", 10, 0, 40),
        ("jazz", "chords", 0, 3, 25),
        ("jazz", "melody", 0, 0, 25),
        ("house", "chords", 0, 0, None),
        ("house", "lead", 0, 0, 40),
        ("cinematic", "bass", 0, 0, 60),
        ("trap", "pads", 4, 0, None),
    ],
)
def test_what_a_part_does_of_its_style(
    style: str, part: str, swells: int, pedals: int, modulation: int | None
) -> None:
    track = played(every_beat(16), style, part)
    assert len(values(track, SWELL)) == 4 * swells
    down_up = [value for _, value in values(track, PEDAL)]
    assert down_up == [127, 0] * 4 * pedals
    if modulation is None:
        assert not values(track, MODULATION)
    else:
        beats = [0, round(modulation / 3), modulation, round(modulation / 2)]
        expected = [(BEAT * beat, beats[beat % 4]) for beat in range(16)]
        assert values(track, MODULATION) == expected


def test_the_pedal_of_half_a_change_a_bar_is_held_for_two() -> None:
    track = played(every_beat(16), "ambient", "pads")
    assert values(track, PEDAL) == [(0, 127), (3720, 0), (3840, 127), (7560, 0)]


@pytest.mark.parametrize(
    ("style", "part", "depth", "chance"),
    [
        ("trap", "bass", 8192, 0.12),
        ("cinematic", "lead", 2048, 0.10),
        ("polka", "melody", 4096, 0.1),
    ],
)
def test_slides_come_from_below_and_end_on_the_note(
    style: str, part: str, depth: int, chance: float
) -> None:
    beats = 3000
    track = played(every_beat(beats), style, part)
    starts = {note.start_ticks for note in track.notes}
    below, rest = track.bends[::2], track.bends[1::2]
    assert len(below) == len(rest)
    assert {bend.value for bend in below} == {-depth}
    assert all(bend.value == 0 and bend.ticks in starts for bend in rest)
    assert all(end.ticks - start.ticks == 72 for start, end in zip(below, rest, strict=True))
    assert len(below) / beats == pytest.approx(chance, abs=4 * (chance / beats) ** 0.5)


@pytest.mark.parametrize("part", ["chords", "pads", "strings", "", "kazoo"])
def test_other_parts_do_not_slide(part: str) -> None:
    assert not played(every_beat(400), "trap", part).bends


@pytest.mark.parametrize(
    ("style", "row"),
    [
        ("jazz", "jazz"),
        ("Hip-Hop", "hip_hop"),
        ("boom bap", "boom_bap"),
        ("R&B", "r_and_b"),
        ("deep house", "house"),
        ("lo-fi hip hop", "hip_hop"),
        ("drum", "drum_and_bass"),
    ],
)
def test_styles_are_found_by_name_then_by_part_of_a_name(style: str, row: str) -> None:
    assert expression_of(style) is EXPRESSIONS[row]


@pytest.mark.parametrize("style", [None, "", "polka", "?"])
def test_other_styles_are_unknown(style: str | None) -> None:
    assert expression_of(style) is UNKNOWN_STYLE


def test_parts_by_musicians_words() -> None:
    assert part_named("Warm Pad") == part_named("pads")
    assert part_named("violin") == part_named("strings")
    assert part_named("tenor sax") == part_named("lead")
    assert part_named("rhodes") == part_named("keys") == part_named("Chords")
    assert part_named("upright bass") == part_named("bass")
    assert part_named("kazoo") != part_named("lead")


@pytest.mark.parametrize(
    ("track", "role"),
    [
        (Track("anything", (Note(0, 36, 10, 90, 9),)), "drums"),
        (Track("Bass", (Note(0, 36, 10),)), "bass"),
        (Track("", (Note(0, 36, 10),), (ProgramChange(0, 33),)), "bass"),
        (Track("", (Note(0, 60, 10),)), "chords"),
        (Track("Sing along", (Note(0, 60, 10),), (ProgramChange(0, 80),)), "melody"),
        (Track("Taiko Drum", (Note(0, 60, 10),), (ProgramChange(0, 116),)), "melody"),
    ],
)
def test_what_a_track_plays(track: Track, role: str) -> None:
    assert role_of(track) == role


def test_a_controller_that_is_there_stays() -> None:
    own = (ControlChange(0, SWELL, 99), ControlChange(700, PEDAL, 0))
    notes = every_beat(16).tracks[0].notes
    bends = (PitchBend(0, 5),)
    score = Score(tracks=(Track("", notes, controls=own, bends=bends),), length_ticks=4 * BAR)
    track = played(score, "classical", "pads")
    assert track.controls == own
    assert played(score, "trap", "bass").bends == bends


def test_every_track_wants_a_part() -> None:
    with pytest.raises(RequestError, match="each of the 1 tracks, got 2 names"):
        expressed(one_note(0), "jazz", ["lead", "bass"], random.Random(0))


# ---------------------------------------------------------------------- what holds for any score

notes = st.builds(
    Note,
    st.integers(0, 2 * BAR - 1),
    st.integers(0, 127),
    st.integers(1, BAR),
    st.integers(1, 127),
)
scores = st.builds(
    lambda drums, tracks: Score(
        tracks=(
            Track("kit", tuple(sorted(Note(n.start_ticks, n.pitch, 1, 90, 9) for n in drums))),
            *(Track("", without_overlaps(part, 2 * BAR)) for part in tracks),
        ),
        length_ticks=2 * BAR,
    ),
    st.lists(notes, max_size=8),
    st.lists(st.lists(notes, max_size=12), min_size=1, max_size=3),
)
styles = st.sampled_from([*EXPRESSIONS, "polka"])
names = st.sampled_from(["lead", "bass", "chords", "pads", "strings", "fx"])


@given(scores, styles, names, st.integers(0, 2**32))
def test_a_piece_stays_a_piece(score: Score, style: str, part: str, seed: int) -> None:
    parts = ["drums", *[part] * (len(score.tracks) - 1)]
    out = expressed(score, style, parts, random.Random(seed))
    assert out == expressed(score, style, parts, random.Random(seed))
    assert out.length_ticks == score.length_ticks
    assert out.tracks[0] == score.tracks[0]
    for before, track in zip(score.tracks[1:], out.tracks[1:], strict=True):
        assert bool(track.notes) == bool(before.notes)
        assert {note.pitch for note in track.notes} == {note.pitch for note in before.notes}
        assert list(track.notes) == sorted(track.notes)
        assert list(track.controls) == sorted(track.controls)
        assert [bend.ticks for bend in track.bends] == sorted(bend.ticks for bend in track.bends)
        assert track.notes == without_overlaps(track.notes, score.length_ticks)
        assert track.end_ticks <= score.length_ticks


def test_seeds_differ_and_a_part_plays_the_same_beside_others() -> None:
    lead = every_beat(16).tracks[0]
    beside_few, beside_many = (
        Score(tracks=(every_beat(beats).tracks[0], lead), length_ticks=4 * BAR) for beats in (3, 8)
    )
    first = expressed(beside_few, "jazz", ["bass", "lead"], random.Random(1))
    assert (
        first.tracks[1]
        == expressed(beside_many, "jazz", ["bass", "lead"], random.Random(1)).tracks[1]
    )
    assert first != expressed(beside_few, "jazz", ["bass", "lead"], random.Random(2))


@given(st.lists(notes, max_size=20))
def test_a_key_sounds_once_at_a_time(given_notes: list[Note]) -> None:
    kept = without_overlaps(given_notes, 2 * BAR)
    assert {(n.start_ticks, n.pitch) for n in kept} == {
        (n.start_ticks, n.pitch) for n in given_notes
    }
    for note in kept:
        twins = [
            n for n in given_notes if (n.start_ticks, n.pitch) == (note.start_ticks, note.pitch)
        ]
        assert note.velocity == max(twin.velocity for twin in twins)
        later = [n.start_ticks for n in kept if n.pitch == note.pitch and n > note]
        assert note.end_ticks <= min([*later, 2 * BAR])
