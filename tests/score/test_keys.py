import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from music21 import corpus, key, scale

from workbench.errors import RequestError
from workbench.score import KeySignature, Note, Score, Track
from workbench.score.keys import Key, find_key, parse_key

MODES = ("major", "minor", "dorian", "phrygian", "lydian", "mixolydian", "locrian")
keys = st.builds(Key, st.integers(0, 11), st.sampled_from(MODES))


@pytest.mark.parametrize(
    ("name", "tonic", "mode"),
    [
        ("C", 0, "major"),
        ("Am", 9, "minor"),
        ("F#m", 6, "minor"),
        ("Bb", 10, "major"),
        ("bb", 10, "major"),
        ("B", 11, "major"),
        ("Bbm", 10, "minor"),
        ("C#m", 1, "minor"),
        ("F# minor", 6, "minor"),
        (" f♯ MINOR ", 6, "minor"),
        ("CM", 0, "major"),
        ("cm", 0, "minor"),
        ("Cmaj", 0, "major"),
        ("E-flat major", 3, "major"),
        ("F sharp min", 6, "minor"),
        ("Cb", 11, "major"),
        ("F##", 7, "major"),
        ("g dorian", 7, "dorian"),
        ("D Phrygian", 2, "phrygian"),
    ],
)
def test_names(name: str, tonic: int, mode: str) -> None:
    assert parse_key(name) == Key(tonic, mode)


@pytest.mark.parametrize("name", ["", "H", "C major 7", "sharp", "Cmn", "C###", "minor", "🎵"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(RequestError, match="expected a key such as"):
        parse_key(name)


@given(st.text(max_size=12))
def test_any_text_is_a_key_or_refused(name: str) -> None:
    with contextlib.suppress(RequestError):
        assert isinstance(parse_key(name), Key)


@given(keys)
def test_a_key_reads_its_own_name(a_key: Key) -> None:
    assert parse_key(str(a_key)) == a_key


@given(keys)
def test_signatures_are_midi_ones_and_hold_the_scale(a_key: Key) -> None:
    signature = KeySignature(0, a_key.signature_name).key
    assert set(parse_key(signature).pitch_classes) == set(a_key.pitch_classes)


@given(keys)
def test_white_keys_moved_home_are_the_scale(a_key: Key) -> None:
    assert -5 <= a_key.semitones_from_home <= 6
    moved = {(step + a_key.semitones_from_home) % 12 for step in (0, 2, 4, 5, 7, 9, 11)}
    assert moved == set(a_key.pitch_classes)


def test_distances_from_home() -> None:
    names = ("C", "Am", "G", "F", "F#", "F#m", "Bbm", "D dorian")
    assert [parse_key(name).semitones_from_home for name in names] == [0, 0, -5, 5, 6, -3, 1, 0]


@pytest.mark.parametrize("mode", MODES)
def test_scales_agree_with_music21(mode: str) -> None:
    theirs = getattr(scale, f"{mode.capitalize()}Scale")("D").getPitches("D4", "D5")
    assert parse_key(f"D {mode}").pitch_classes == tuple(pitch.pitchClass for pitch in theirs[:7])


def of_pitches(pitches: list[int], channel: int = 0) -> Score:
    notes = tuple(Note(480 * i, pitch, 480, 64, channel) for i, pitch in enumerate(pitches))
    return Score(tracks=(Track(notes=notes),))


def test_finds_the_key_that_music21_finds_in_the_whole_piece() -> None:
    for name in ("bach/bwv66.6", "bach/bwv1.6", "bach/bwv10.7"):
        piece = corpus.parse(name)
        theirs = piece.analyze("key")
        assert isinstance(theirs, key.Key)
        notes = tuple(
            Note(round(n.offset * 480), pitch.midi, round(n.quarterLength * 480))
            for n in piece.flatten().notes
            for pitch in n.pitches
        )
        found = find_key(Score(tracks=(Track(notes=notes),)))
        assert found == Key(theirs.tonic.pitchClass, theirs.mode)


def test_drums_have_no_key() -> None:
    with pytest.raises(RequestError, match="without pitched notes"):
        find_key(of_pitches([36, 38, 42], channel=9))
    mixed = Score(tracks=(*of_pitches([36] * 40, 9).tracks, *of_pitches([67, 71, 74, 67]).tracks))
    assert find_key(mixed) == parse_key("G")
