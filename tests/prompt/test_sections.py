"""Sections: Maestro's own sentences, ordinary words that make none, `Form` in every shape."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import RequestError
from workbench.prompt import Prompt, sections_of
from workbench.prompt.sections import WEIGHTS

VECTORS = json.loads((Path(__file__).parent / "vectors" / "maestro.json").read_text())


def asking(request: str = "x", *, form: object = None, section: str | None = None) -> Prompt:
    extensions = {} if form is None else {"form": form}
    return Prompt(mode="compose", request=request, section=section, extensions=extensions)


def names(prompt: Prompt, bars: int = 64) -> list[str]:
    return [section.name for section in sections_of(prompt, bars)]


def lengths(prompt: Prompt, bars: int) -> list[tuple[str, float]]:
    return [(one.name, one.length_beats / 4) for one in sections_of(prompt, bars)]


@pytest.mark.parametrize("case", VECTORS["sections"], ids=lambda case: case["prompt"][:20])
def test_vectors(case: dict) -> None:
    """As sentences of `Request`."""
    assert [
        {"name": one.name, "start_beat": one.start_beats, "length_beats": one.length_beats}
        for one in sections_of(asking(case["prompt"]), case["bars"])
    ] == case["result"]


@pytest.mark.parametrize(
    "request_",
    [
        "Rolling groove with a fill, build tension, a theme that swells",
        "A fill every four bars.",
        "A head-nodding riff, then a fill",
        "Drop the bass in the verse",
        "Guitars in drop D for the verse",
        "Rain drops over a chorus",
        "The strings bridge the gap to the outro",
        "A verse with a minimal kit and impact",
        "A verse with an opening chord that lifts",
        "Headphones, breakfast, tagliatelle",
        "Add a section with strings",
        "Warm, then warmer",
        "It swells and is stripped back",
        "Verses, a verse and the verse again",
        "",
    ],
)
def test_ordinary_words_make_no_sections(request_: str) -> None:
    assert names(asking(request_)) == ["full"]


def test_other_fields_make_no_sections() -> None:
    """Maestro read its keywords anywhere in the text."""
    prompt = Prompt(
        mode="compose", request="Four on the floor.", style="chorus drop", energy="build up then drop",
        roles=("intro pad", "chorus lead"), constraints={"verse": 8, "chorus": 8},
        extensions={"melody": "verse hook, chorus hook", "effects": {"bridge": {"chorus": "slow"}}},
    )  # fmt: skip
    assert names(prompt) == ["full"]


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("Intro, verse, chorus.", ["intro", "verse", "chorus"]),
        ("An intro into two verses and a pre-chorus", ["intro", "verse", "pre-chorus"]),
        ("chorus first, then the verse, then the chorus", ["chorus", "verse"]),
        ("A-section, B-section", ["verse", "bridge"]),
        ("Exposition, development section and recap", ["verse", "bridge"]),
        ("Intro → verse → middle eight → fade-out", ["intro", "verse", "bridge", "outro"]),
        ("Verse, chorus, a solo and an ending", ["verse", "chorus", "solo", "outro"]),
        ("Start on the groove part; the break part follows", ["groove", "breakdown"]),
        ("The verse builds up to the chorus and fades out", ["verse", "build", "chorus", "outro"]),
        ("Stripped back, then a big drop", ["breakdown", "chorus"]),
        ("A breakdown, a build-up and the drop", ["breakdown", "build", "chorus"]),
        ("The sax takes a solo after the interlude", ["solo", "interlude"]),
        ("An opening, then the hook", ["intro", "chorus"]),
        ("A reprise after the cadenza", ["verse", "solo"]),
        ("A verse, a bridge into the last chorus, no drop", ["verse", "bridge", "chorus"]),
    ],
)
def test_words_of_form_in_a_request(request_: str, expected: list[str]) -> None:
    assert names(asking(request_)) == expected


FORMS = [
    ("intro-verse-chorus", ["intro", "verse", "chorus"]),
    ("Intro, Verse, Chorus, Verse", ["intro", "verse", "chorus", "verse 2"]),
    ("intro → groove → breakdown → outro", ["intro", "groove", "breakdown", "outro"]),
    ("head / solo / head", ["verse", "solo", "verse 2"]),
    ("intro then verse and chorus", ["intro", "verse", "chorus"]),
    ("verse x2, chorus", ["verse", "verse 2", "chorus"]),
    ("2x verse, chorus", ["verse", "verse 2", "chorus"]),
    ("AABA", ["verse", "verse 2", "bridge", "verse 3"]),
    ("A B A", ["verse", "bridge", "verse 2"]),
    ("a section, b section", ["verse", "bridge"]),
    (["intro", "verse", "chorus"], ["intro", "verse", "chorus"]),
    (["intro", ["verse", "chorus"], "outro"], ["intro", "verse", "chorus", "outro"]),
    ([{"verse": 8}, {"chorus": 8}], ["verse", "chorus"]),
    ([{"name": "Intro", "bars": 4}, {"section": "Verse", "bars": 8}], ["intro", "verse"]),
    ({"intro": 4, "verse": "8 bars", "chorus": {"bars": 8}}, ["intro", "verse", "chorus"]),
    ({"Verse 1": 8, "Chorus": 8, "Verse 2": 8}, ["verse", "chorus", "verse 2"]),
    ({"structure": "verse-chorus", "development": "slow", "variation": None}, ["verse", "chorus"]),
    ({"Sections": ["build", "drop"]}, ["build", "chorus"]),
    ({"verse": "a theme in A minor", "chorus": None}, ["verse", "chorus"]),
    ({"first": "intro", "second": "verse"}, ["intro", "verse"]),
    ("verse", ["verse"]),
]  # fmt: skip


@pytest.mark.parametrize(("form", "expected"), FORMS, ids=[str(form) for form, _ in FORMS])
def test_forms(form: object, expected: list[str]) -> None:
    assert names(asking("Intro, solo, outro", form=form)) == expected


@pytest.mark.parametrize(
    "form", [None, 12, True, "", "12 bar blues", [], {}, [[]], {"swing": 8}, [None, 3.5]], ids=str
)
def test_a_form_that_names_nothing_leaves_it_to_the_rest(form: object) -> None:
    assert names(asking("Intro, solo, outro", form=form)) == ["intro", "solo", "outro"]
    assert names(asking(form=form, section="bridge")) == ["bridge"]


@pytest.mark.parametrize(
    ("section", "expected"),
    [("verse", ["verse"]), ("drop", ["chorus"]), ("big build", ["build"]),
     ("intro and verse", ["intro", "verse"]), ("sunrise", ["intro", "outro"])],
)  # fmt: skip
def test_the_section_field_decides_before_the_request(section: str, expected: list[str]) -> None:
    assert names(asking("An intro like the outro", section=section)) == expected


@pytest.mark.parametrize(
    ("form", "bars", "expected"),
    [
        ("intro 4, verse 8, chorus 8", 20, [("intro", 4), ("verse", 8), ("chorus", 8)]),
        ("intro (4 bars), verse (16 bars)", 20, [("intro", 4), ("verse", 16)]),
        ("4 bar intro, 16-bar verse", 20, [("intro", 4), ("verse", 16)]),
        ("4 bar intro, 16-bar verse", 10, [("intro", 2), ("verse", 8)]),
        ("verse 1, chorus 1, verse 2", 20, [("verse", 7), ("chorus", 6), ("verse 2", 7)]),
        ({"intro": "bars 1-4", "verse": "bars 5–16"}, 16, [("intro", 4), ("verse", 12)]),
        ({"verse": {"length": 6}, "chorus": None}, 14, [("verse", 6), ("chorus", 8)]),
        ({"verse": 0, "chorus": -3}, 13, [("verse", 7), ("chorus", 6)]),
        ("AABA", 32, [("verse", 8), ("verse 2", 8), ("bridge", 8), ("verse 3", 8)]),
        ("intro, verse, chorus", 2, [("intro", 1), ("verse", 1)]),
        ("intro 1, verse 90", 3, [("intro", 1), ("verse", 2)]),
        ("intro 90, verse 2, chorus 2", 3, [("intro", 1), ("verse", 1), ("chorus", 1)]),
    ],
    ids=str,
)  # fmt: skip
def test_lengths(form: object, bars: int, expected: list[tuple[str, float]]) -> None:
    assert lengths(asking(form=form), bars) == expected


@pytest.mark.parametrize("bars", [0, -4])
def test_less_than_a_bar_is_refused(bars: int) -> None:
    with pytest.raises(RequestError, match="bars must be 1 or more, got"):
        sections_of(asking(), bars)


words = st.sampled_from(
    [*WEIGHTS, "drop", "verse 2", "solo x3", "8 bar intro", "nothing", "AABA", "99 bars"]
)
forms = st.recursive(
    words | st.lists(words).map(", ".join) | st.text(max_size=20)
    | st.none() | st.integers(-3, 200) | st.floats(),
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(words, inner, max_size=6),
    max_leaves=20,
)  # fmt: skip


@given(
    forms, st.none() | words, st.lists(words, max_size=8).map(", then ".join) | st.text(),
    st.integers(1, 200), st.sampled_from([3, 4, 3.5]),
)  # fmt: skip
def test_sections_fill_the_piece(
    form: object, section: str | None, request_: str, bars: int, beats_per_bar: float
) -> None:
    """One after another, to the end exactly, each of whole bars and at least one, no name twice."""
    found = sections_of(asking(request_, form=form, section=section), bars, beats_per_bar)
    at = 0.0
    for one in found:
        assert one.start_beats == at
        assert one.length_beats >= beats_per_bar
        assert one.length_beats % beats_per_bar == 0
        at += one.length_beats
    assert at == bars * beats_per_bar
    assert len({one.name for one in found}) == len(found)
