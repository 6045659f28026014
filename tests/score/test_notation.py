import warnings
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
import symusic
from hypothesis import given, settings
from music21 import converter, corpus, instrument, midi, stream
from music21 import note as m21_note
from tests.score.strategies import scores

from workbench.errors import RequestError
from workbench.score import KeySignature, Note, ProgramChange, Score, Tempo, TimeSignature, Track
from workbench.score.midi import normal_form

# Files of music21's corpus, nobody here wrote: MusicXML, kern and ABC; chords, ties, grace notes,
# tuplets.
PIECES = (
    "bach/bwv66.6",
    "bach/bwv1.6",
    "joplin/maple_leaf_rag",
    "chopin/mazurka06-2",
    "haydn/opus74no1/movement3",
    "mozart/k155/movement2",
    "schoenberg/opus19/movement2",
    "ryansMammoth/7thRegimentReel",
)


@pytest.fixture(scope="module", params=PIECES)
def piece(request: pytest.FixtureRequest) -> stream.Score:
    with warnings.catch_warnings(action="ignore"):  # music21's remarks on its own files
        return corpus.parse(request.param)


Sounds = Counter[tuple[Fraction, int, Fraction]]


def flattened(piece: stream.Stream) -> Sounds:
    """(start, pitch, duration) in quarters, as music21 flattens, to the nearest tick."""

    def tick(quarters: Fraction | float) -> Fraction:
        return Fraction(round(quarters * 480), 480)

    return Counter(
        (tick(n.offset), pitch.midi, tick(n.offset + n.quarterLength) - tick(n.offset))
        for n in piece.toSoundingPitch().stripTies().flatten().notes
        if "ChordSymbol" not in n.classes
        for pitch in n.pitches
    )


def of_score(score: Score) -> Sounds:
    return Counter(
        (Fraction(n.start_ticks, 480), n.pitch, Fraction(n.duration_ticks, 480))
        for n in score.notes
    )


def test_corpus_notes_are_music21s_own(piece: stream.Score) -> None:
    score = Score.from_music21(piece)
    assert of_score(score) == flattened(piece)
    assert len(score.tracks) == len(piece.parts)
    assert [track.name for track in score.tracks] == [part.partName or "" for part in piece.parts]
    first_meter = piece.flatten().getElementsByClass("TimeSignature")[0]
    assert score.time_signatures[0].numerator == first_meter.numerator
    assert score.time_signatures[0].denominator == first_meter.denominator
    if written_tempos := list(piece.flatten().getElementsByClass("MetronomeMark")):
        assert score.tempos[0].bpm == pytest.approx(written_tempos[0].getQuarterBPM(), rel=1e-5)
    assert score.length_ticks == round(piece.highestTime * 480)


def test_corpus_scores_round_trip_through_midi(piece: stream.Score) -> None:
    score = Score.from_music21(piece)
    assert Score.from_midi(score.to_midi()) == score


# music21 10.5 cannot export the mazurka and the minuet ("badly formed repeats"), and writes the end of a
# grace note before its start (the Mozart), which leaves a note that never ends.
MIDI_PIECES = [name for name in PIECES if not name.startswith(("chopin", "haydn", "mozart"))]


@pytest.mark.parametrize("piece", MIDI_PIECES, indirect=True)
def test_music21s_own_midi_reads_and_round_trips(piece: stream.Score) -> None:
    """Written by music21, read by us and by symusic, written and read again."""
    with warnings.catch_warnings(action="ignore"):
        content = midi.translate.streamToMidiFile(piece).writestr()
    score = Score.from_midi(content)
    assert Score.from_midi(score.to_midi()) == normal_form(score)
    theirs = symusic.Score.from_midi(content).resample(480, min_dur=0)
    others = {(note.time, note.pitch) for track in theirs.tracks for note in track.notes}
    ours = {(note.start_ticks, note.pitch) for note in score.notes}
    assert ours == others


FULL = Score(
    tracks=(
        Track(
            name="Sax",
            notes=(Note(0, 60, 480, 90), Note(480, 64, 160, 70), Note(640, 67, 0, 70)),
            programs=(ProgramChange(0, 66), ProgramChange(480, 115)),
        ),
        Track(name="Drums", notes=(Note(0, 36, 120, 100, 9), Note(240, 42, 120, 50, 9))),
    ),
    tempos=(Tempo.of_bpm(97), Tempo.of_bpm(60, 480)),
    time_signatures=(TimeSignature(0, 7, 8), TimeSignature(1680, 4, 4)),
    key_signatures=(KeySignature(0, "Bbm"), KeySignature(1680, "F#")),
    name="Everything written",
    length_ticks=1680,
)


def test_what_is_written_comes_back() -> None:
    assert Score.from_music21(FULL.to_music21()) == FULL


@settings(max_examples=10)
@given(scores(far_ticks=1 << 14))
def test_notes_of_any_score_come_back(score: Score) -> None:
    plain = replace(score, tempos=(), time_signatures=(), key_signatures=())
    # A part has one channel, so notes of one pitch on several may swap their ends.
    found = Score.from_music21(plain.to_music21())
    for at in ("start_ticks", "end_ticks", "velocity"):
        assert Counter((n.pitch, getattr(n, at)) for n in found.notes) == Counter(
            (n.pitch, getattr(n, at)) for n in plain.notes
        )


def test_transposing_instruments_sound_at_concert_pitch() -> None:
    part = stream.Part([instrument.Clarinet(), m21_note.Note("C4")])  # in B flat: sounds B flat 3
    part.atSoundingPitch = False
    assert [note.pitch for note in Score.from_music21(part).notes] == [58]


@pytest.mark.parametrize("suffix", [".musicxml", ".mid"])
def test_files(tmp_path: Path, suffix: str) -> None:
    piece = corpus.parse("bach/bwv66.6")
    path = Path(piece.write(suffix[1:], tmp_path / f"chorale{suffix}"))
    assert of_score(Score.from_music21(path)) == flattened(piece)


ABC = """X:1
T:Scale
M:3/4
L:1/4
Q:1/4=90
K:Dm
D E F | G A B | c2 z |
"""

KERN = """**kern
*M4/4
*k[b-]
*F:
4f
4a
2cc
*-
"""


def test_abc_and_kern(tmp_path: Path) -> None:
    tune = tmp_path / "scale.abc"
    tune.write_text(ABC)
    score = Score.from_music21(str(tune))
    assert [n.pitch for n in score.notes] == [62, 64, 65, 67, 69, 70, 72]
    assert [n.start_ticks for n in score.notes] == [480 * i for i in range(7)]
    assert score.name == "Scale"
    assert score.time_signatures == (TimeSignature(0, 3, 4),)
    assert score.key_signatures == (KeySignature(0, "Dm"),)
    assert score.tempo_bpm == pytest.approx(90, abs=1e-3)
    assert score.length_ticks == 9 * 480
    phrase = tmp_path / "phrase.krn"
    phrase.write_text(KERN)
    assert [(n.pitch, n.duration_ticks) for n in Score.from_music21(phrase).notes] == [
        (65, 480),
        (69, 480),
        (72, 960),
    ]


def test_books_and_files_that_are_no_music_are_refused(tmp_path: Path) -> None:
    book = converter.parse(ABC + "\n" + ABC.replace("X:1", "X:2"), format="abc")
    with pytest.raises(RequestError, match="a book of 2"):
        Score.from_music21(book)
    with pytest.raises(RequestError, match="there is no file"):
        Score.from_music21(tmp_path / "none.xml")
    path = tmp_path / "broken.musicxml"
    path.write_text("<score-partwise><part>")
    with pytest.raises(RequestError, match="music21 cannot read"):
        Score.from_music21(path)
