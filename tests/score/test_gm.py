import json
from pathlib import Path

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
    Instrument,
    family_of,
    instrument_of,
    nearest_role,
    program_named,
)

VECTORS = json.loads(
    (Path(__file__).parents[1] / "daw" / "vectors" / "maestro.json").read_text(encoding="utf-8")
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


# Where a better reading overrules Maestro's: an 808 bass is a synth bass.
BETTER = {"808 Bass": 38}


@pytest.mark.parametrize("case", VECTORS["gm_infer"], ids=lambda case: case["text"])
def test_programs_as_in_the_reference(case) -> None:
    text, meant = case["text"], instrument_of(case["text"])
    if case["program"] is None:  # drums, or nothing that is known
        assert meant.is_drums == (text == "Drums")
        assert meant.confidence == ("high" if meant.is_drums else "none")
    else:
        assert meant.program == BETTER.get(text, case["program"])


@pytest.mark.parametrize("case", VECTORS["gm_context"], ids=lambda case: case["track_name"])
def test_instruments_by_context_as_in_the_reference(case) -> None:
    meant = instrument_of(case["track_name"], instrument=case["instrument"], role=case["role"])
    if case["track_name"] == "Upbeat Keys":  # no drums: "beat" is no word of it
        assert meant == Instrument(0, "medium")
        return
    assert (meant.program, meant.name, meant.confidence, meant.is_drums) == (
        case["program"],
        case["instrument_name"],
        case["confidence"],
        case["is_drums"],
    )


def test_roles_have_the_programs_of_the_reference() -> None:
    for role, program in VECTORS["gm_role_defaults"].items():
        assert instrument_of(None, role=role).program == program


@pytest.mark.parametrize(
    ("name", "instrument", "role", "program", "confidence"),
    [
        ("Drums", "tenor sax", None, 66, "high"),
        ("Lead", None, "bass", 80, "medium"),
        ("Zorp", None, "zorp", 0, "none"),
        ("Zorp", "kit", None, None, "high"),
        ("", None, "chords", 4, "low"),
        ("Bass", None, None, 33, "medium"),
        ("Steel Drums", None, None, 114, "medium"),
        ("Taiko", None, None, 116, "medium"),
        ("Space Choir Pad", None, None, 91, "medium"),
        ("Thumb Piano", None, None, 108, "medium"),
        ("Muted Electric Guitar", None, None, 28, "medium"),
        ("Harmonium", None, None, 20, "medium"),
    ],
)
def test_the_first_that_says_anything_decides(
    name: str, instrument: str | None, role: str | None, program: int | None, confidence: str
) -> None:
    assert instrument_of(name, instrument=instrument, role=role) == Instrument(program, confidence)
