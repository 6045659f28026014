"""What a roll shows: notes, bars and beats where the tempo map and the meters put them."""

from __future__ import annotations

import json

from tests.widgets.pieces import band

from workbench.score import Note, ProgramChange, Score, Tempo, TimeSignature, Track
from workbench.widgets.view import piece_view, shared_parts


def test_seconds_follow_the_tempo_map() -> None:
    score = Score(
        tracks=(Track(notes=(Note(480, 60, 480), Note(960, 62, 480))),),
        tempos=(Tempo.of_bpm(60), Tempo.of_bpm(120, 960)),
        length_ticks=1920,
    )
    view = piece_view(score)
    assert [note[:2] for note in view["tracks"][0]["notes"]] == [[1.0, 1.0], [2.0, 0.5]]
    assert view["duration"] == 3.0
    assert view["beats"] == [0.0, 1.0, 2.0, 2.5]


def test_bars_and_beats_follow_the_meters() -> None:
    score = Score(
        time_signatures=(TimeSignature(0, 3, 4), TimeSignature(1440, 6, 8)), length_ticks=2880
    )
    view = piece_view(score)
    assert view["bars"] == [0.0, 1.5]
    assert view["beats"] == [0.0, 0.5, 1.0, *(1.5 + i * 0.25 for i in range(6))]


def test_names() -> None:
    view = piece_view(band())
    assert [t["instrument"] for t in view["tracks"]][1:3] == [
        "Electric Bass (finger)",
        "Electric Piano 1",
    ]
    assert view["tracks"][0]["instrument"] == "Standard kit"
    assert view["drumNames"][38] == "Acoustic Snare"
    assert json.loads(json.dumps(view))["duration"] == 8.0


def test_an_empty_score_has_one_bar_and_no_notes() -> None:
    view = piece_view(Score())
    assert view["duration"] == 0.0
    assert view["tracks"] == []


def test_parts_are_shared_by_what_plays_them() -> None:
    piano, sax = ProgramChange(0, 0), ProgramChange(0, 65)
    note = (Note(0, 60, 10),)
    first = Score(tracks=(Track("a", note, (piano,)), Track("b", note, (sax,))))
    second = Score(tracks=(Track("c", note, (sax,)), Track("d", note, (piano,)), Track("e", note)))
    assert shared_parts(first) == ["program 0 #0", "program 65 #0"]
    assert shared_parts(second) == ["program 65 #0", "program 0 #0", "program 0 #1"]
