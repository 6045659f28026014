import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import RequestError
from workbench.score.gm import (
    DRUM_KITS,
    DRUM_NAMES,
    FAMILIES,
    PROGRAM_NAMES,
    ROLES,
    family_of,
    nearest_role,
    program_named,
)


def test_tables_are_complete() -> None:
    assert len(PROGRAM_NAMES) == len(set(PROGRAM_NAMES)) == 128
    assert len(FAMILIES) == 16
    assert set(DRUM_NAMES) == set(range(27, 88))
    assert len(set(DRUM_NAMES.values())) == len(DRUM_NAMES)
    assert set(DRUM_KITS) == {0, 8, 16, 24, 25, 32, 40, 48, 56}


@pytest.mark.parametrize(
    ("program", "name", "family"),
    [
        (0, "Acoustic Grand Piano", "Piano"),
        (24, "Acoustic Guitar (nylon)", "Guitar"),
        (47, "Timpani", "Strings"),
        (66, "Tenor Sax", "Reed"),
        (87, "Lead 8 (bass + lead)", "Synth Lead"),
        (104, "Sitar", "Ethnic"),
        (127, "Gunshot", "Sound Effects"),
    ],
)
def test_programs_by_the_standard(program: int, name: str, family: str) -> None:
    assert PROGRAM_NAMES[program] == name
    assert family_of(program) == family


def test_drums_by_the_standard() -> None:
    expected = {36: "Bass Drum 1", 42: "Closed Hi-Hat", 49: "Crash Cymbal 1", 81: "Open Triangle"}
    assert expected.items() <= DRUM_NAMES.items()


@pytest.mark.parametrize("program", range(128))
def test_every_name_finds_its_program(program: int) -> None:
    assert program_named(PROGRAM_NAMES[program]) == program
    assert program_named(PROGRAM_NAMES[program].upper()) == program
    assert nearest_role(PROGRAM_NAMES[program])[0] in ROLES


@pytest.mark.parametrize(
    ("name", "role", "program"),
    [
        ("drums", "drums", None),
        ("Bass", "bass", None),
        ("chords", "chords", None),
        ("melody", "melody", None),
        ("tenor sax", "melody", 66),
        ("rhodes", "chords", 4),
        ("808", "bass", 38),
        ("808s", "bass", 38),
        ("strings", "chords", 48),
        ("Pads", "chords", 89),
        ("lead", "melody", 80),
        ("organ", "chords", 16),
        ("guitar", "chords", 25),
        ("flute", "melody", 73),
        ("upright bass", "bass", 32),
        ("Upbeat Keys", "chords", 0),  # "beat" is no word of it
        ("bass drum", "drums", None),
        ("808 kick", "drums", None),
        ("bass clarinet", "melody", 71),
        ("wailing lead guitar", "melody", 29),
        ("electric guitar (jazz)", "chords", 26),
    ],
)
def test_part_names(name: str, role: str, program: int | None) -> None:
    assert nearest_role(name) == (role, program)


def test_unknown_names_get_a_suggestion() -> None:
    with pytest.raises(RequestError, match="did you mean 'trombone'"):
        nearest_role("trombne")
    with pytest.raises(RequestError, match="no instrument is called 'drums'"):
        program_named("drums")


@given(st.text(max_size=40))
def test_any_text_has_an_answer_or_a_sentence(name: str) -> None:
    try:
        role, program = nearest_role(name)
    except RequestError:
        return
    assert role in ROLES
    assert program is None or 0 <= program < 128
