from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.score.strategies import scores

from workbench.errors import RequestError
from workbench.score import (
    ControlChange,
    KeySignature,
    Note,
    ProgramChange,
    Score,
    Tempo,
    TimeSignature,
    Track,
    slice_bars,
    transpose,
)

TUNE = Score(
    tracks=(
        Track(
            name="Bass",
            notes=tuple(Note(480 * i, 36 + i, 480) for i in range(12)),
            programs=(ProgramChange(0, 33), ProgramChange(3840, 38)),
            controls=(ControlChange(0, 7, 90), ControlChange(960, 7, 100), ControlChange(0, 10, 5)),
        ),
        Track(name="Drums", notes=tuple(Note(960 * i, 36, 240, 90, 9) for i in range(6))),
    ),
    tempos=(Tempo.of_bpm(100), Tempo.of_bpm(80, 1920)),
    time_signatures=(TimeSignature(0, 4, 4),),
    key_signatures=(KeySignature(0, "Am"),),
    length_ticks=3 * 1920,
)


def test_transpose_moves_all_but_drums() -> None:
    moved = transpose(TUNE, 3)
    assert [note.pitch for note in moved.tracks[0].notes] == [39 + i for i in range(12)]
    assert moved.tracks[1] == TUNE.tracks[1]
    assert moved.key_signatures == (KeySignature(0, "Cm"),)


@given(scores(), st.integers(-140, 140))
def test_transposed_pitches_differ_by_the_interval_or_octaves(score: Score, semitones: int) -> None:
    moved = transpose(score, semitones)
    before = Counter((n.pitch + semitones) % 12 for n in score.notes if n.channel != 9)
    assert Counter(note.pitch % 12 for note in moved.notes if note.channel != 9) == before
    if all(0 <= note.pitch + semitones <= 127 for note in score.notes):
        there_and_back = transpose(moved, -semitones)
        assert sorted(there_and_back.notes) == sorted(score.notes)


def test_slices_start_with_what_is_in_force() -> None:
    middle = slice_bars(TUNE, 1, 2)
    assert [(n.start_ticks, n.pitch) for n in middle.tracks[0].notes] == [
        (480 * i, 40 + i) for i in range(4)
    ]
    assert middle.tracks[0].programs == (ProgramChange(0, 33),)
    assert set(middle.tracks[0].controls) == {ControlChange(0, 7, 100), ControlChange(0, 10, 5)}
    assert middle.tempos == (Tempo.of_bpm(80),)
    assert middle.key_signatures == (KeySignature(0, "Am"),)
    assert middle.length_ticks == 1920


def test_notes_over_the_end_of_a_slice_are_cut() -> None:
    score = Score(tracks=(Track(notes=(Note(1800, 60, 480),)),), length_ticks=3840)
    assert slice_bars(score, 0, 1).tracks[0].notes == (Note(1800, 60, 120),)
    assert slice_bars(score, 1, 2).tracks[0].notes == ()


@pytest.mark.parametrize(("first", "stop"), [(0, 4), (2, 2), (-1, 2), (2, 1)])
def test_slices_outside_are_refused(first: int, stop: int) -> None:
    with pytest.raises(RequestError, match="the score has bars 0 to 3"):
        slice_bars(TUNE, first, stop)


@pytest.mark.parametrize("cut", [1, 2])
def test_slices_one_after_the_other_are_the_whole(cut: int) -> None:
    before, after = slice_bars(TUNE, 0, cut), slice_bars(TUNE, cut, 3)
    offset = before.length_ticks
    assert offset + after.length_ticks == TUNE.length_ticks
    for first, second, whole in zip(before.tracks, after.tracks, TUNE.tracks, strict=True):
        later = (replace(note, start_ticks=note.start_ticks + offset) for note in second.notes)
        assert (*first.notes, *later) == whole.notes
    for ticks in range(0, 5760, 120):
        seconds = (
            before.seconds_at(ticks)
            if ticks < offset
            else before.duration_s + after.seconds_at(ticks - offset)
        )
        assert seconds == pytest.approx(TUNE.seconds_at(ticks))
