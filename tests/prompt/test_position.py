"""Positions: every form by value, their text, and where they are in a project."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.prompt import Offset, Position, parse_prompt, start_beats
from workbench.prompt.position import after, parse_position, position_text

HERE = Offset()
VECTORS = json.loads((Path(__file__).parent / "vectors" / "maestro.json").read_text())


def at(*, bars: float = 0, beats: float = 0, offset: Offset = HERE) -> Position:
    return Position(kind="absolute", at=Offset(bars, beats), offset=offset)


FORMS = [
    ("32", at(beats=32)),
    ("4.5", at(beats=4.5)),
    ("beat 8", at(beats=8)),
    ("at 8", at(beats=8)),
    ("At Beat 8.25", at(beats=8.25)),
    ("bar 1", at()),
    ("bar 9", at(bars=8)),
    ("AT BAR 2.5", at(bars=1.5)),
    ("bar 1.1", at(bars=0.1)),
    ("bar 9 + 2", at(bars=8, offset=Offset(beats=2))),
    ("last", Position(kind="last")),
    ("Last + 1 bar", Position(kind="last", offset=Offset(bars=1))),
    ("after intro", Position(kind="after", ref="intro")),
    ("after Big Intro", Position(kind="after", ref="big intro")),
    ("after intro + 2", Position(kind="after", ref="intro", offset=Offset(beats=2))),
    ("after intro +2 beats", Position(kind="after", ref="intro", offset=Offset(beats=2))),
    ("after intro + 1 beat", Position(kind="after", ref="intro", offset=Offset(beats=1))),
    ("after intro + 2 bars", Position(kind="after", ref="intro", offset=Offset(bars=2))),
    ("after intro - 1 BAR", Position(kind="after", ref="intro", offset=Offset(bars=-1))),
    ("before chorus - 4", Position(kind="before", ref="chorus", offset=Offset(beats=-4))),
    ("before chorus – 4", Position(kind="before", ref="chorus", offset=Offset(beats=-4))),
    ("before chorus −0.5", Position(kind="before", ref="chorus", offset=Offset(beats=-0.5))),
    ("after intro + 2 bars - 1 beat", Position(kind="after", ref="intro", offset=Offset(2, -1))),
    ("alongside Sub Bass", Position(kind="alongside", ref="sub bass")),
    ("after take-2", Position(kind="after", ref="take-2")),
    ("after c+3", Position(kind="after", ref="c+3")),
    ("between intro verse", Position(kind="between", ref="intro", ref2="verse")),
    ("between Intro and Verse", Position(kind="between", ref="intro", ref2="verse")),
    (
        "between old intro and new verse",
        Position(kind="between", ref="old intro", ref2="new verse"),
    ),
    ("between intro", Position(kind="between", ref="intro")),
    ("between a b + 1 bar", Position(kind="between", ref="a", ref2="b", offset=Offset(bars=1))),
    ("within chorus", Position(kind="within", ref="chorus")),
    ("within Chorus bar 3", Position(kind="within", ref="chorus", offset=Offset(bars=2))),
    ("within chorus bar 1.1", Position(kind="within", ref="chorus", offset=Offset(bars=0.1))),
    ("within chorus bar 3 + 2", Position(kind="within", ref="chorus", offset=Offset(2, 2))),
    ("within chorus bar 3 + 2 bars", Position(kind="within", ref="chorus", offset=Offset(bars=4))),
    ("  after \t intro  ", Position(kind="after", ref="intro")),
]


@pytest.mark.parametrize(("text", "position"), FORMS, ids=[text.strip() for text, _ in FORMS])
def test_forms(text: str, position: Position) -> None:
    assert parse_position(text) == position
    assert after(text) == position
    assert parse_position(position_text(position)) == position


@pytest.mark.parametrize(
    "text",
    ["", " ", "somewhere nice", "intro", "after", "before", "between", "within", "bar", "bar nine", "beat",
     "-4", "1e3", "bar 1234567", "9999999", "+ 2", "lastly", "afterwards", "after x + 1 + 2",
     "after " + "x" * 201, "x " * 400, "within x bar 999999 + 999999 bars",
     "within -0 bar 0", "within x - 1 bar 2", "٣"],
)  # fmt: skip
def test_what_is_no_position(text: str) -> None:
    assert parse_position(text) is None


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("intro", Position(kind="after", ref="intro")),
        ("Intro + 2 bars", Position(kind="after", ref="intro", offset=Offset(bars=2))),
        ("before chorus", Position(kind="before", ref="chorus")),
        ("bar 5", at(bars=4)),
        ("x" * 201, None),
    ],
)
def test_the_field_after_takes_a_name(text: str, position: Position | None) -> None:
    assert after(text) == position


amounts = st.integers(0, 999_999_999_999).map(lambda millionths: f"{millionths / 1_000_000:.6f}")
names = st.lists(
    st.sampled_from(["intro", "Verse", "and", "bar", "2", "+", "-", "take-2", "İ", "after", "beats", "3.5"]),
    min_size=1, max_size=4,
).map(" ".join)  # fmt: skip
offsets = st.one_of(
    st.just(""),
    st.builds(
        "{} {} {}".format, st.sampled_from("+-−"), amounts, st.sampled_from(["", "bars", "beats"])
    ),
    st.builds(" + {} bars - {} beats".format, amounts, amounts),
)
texts = st.one_of(
    st.builds("{}{} {}".format, st.sampled_from(["", "at ", "beat ", "bar ", "at bar "]), amounts, offsets),
    st.builds("last {}".format, offsets),
    st.builds("{} {} {}".format, st.sampled_from(["after", "before", "alongside", "within", "between"]),
              names, offsets),
    st.builds("between {} and {} {}".format, names, names, offsets),
    st.builds("within {} bar {} {}".format, names, amounts, offsets),
    st.text(max_size=30),
)  # fmt: skip


@given(texts)
def test_a_position_reads_its_own_text(text: str) -> None:
    position = parse_position(text)
    if position is not None:
        assert parse_position(position_text(position)) == position
        assert position_text(position) == " ".join(position_text(position).split())


# ---------------------------------------------------------------------- in a project


@dataclass(frozen=True)
class Region:
    name: str
    start_beats: float
    end_beats: float


@dataclass(frozen=True)
class Lane:
    name: str
    regions: Sequence[Region]


def where(text: str, tracks: Sequence[Lane], beats_per_bar: float = 4) -> float:
    position = parse_position(text)
    assert position is not None
    return start_beats(position, tracks, beats_per_bar)


def project_of(state: dict) -> list[Lane]:
    return [
        Lane(
            track["name"],
            [
                Region(one["name"], one["startBeat"], one["startBeat"] + one["durationBeats"])
                for one in track["regions"]
            ],
        )
        for track in state["tracks"]
    ]


@pytest.mark.parametrize(
    "case", [c for c in VECTORS["prompts"] if "start_beat" in c], ids=lambda c: c["id"]
)
def test_vectors(case: dict) -> None:
    prompt = parse_prompt(case["prompt"])
    assert prompt is not None
    assert prompt.position is not None
    assert start_beats(prompt.position, project_of(case["project_state"])) == case["start_beat"]


SONG = [
    Lane("Drums", [Region("Intro", 0, 16), Region("Verse", 16, 48), Region("Chorus", 64, 96)]),
    Lane("Chorus Pad", [Region("Long", 8, 80)]),
    Lane("Bass", [Region("Verse low", 20, 44)]),
    Lane("Empty", []),
]


@pytest.mark.parametrize(
    ("text", "beats", "beats_in_three"),
    [
        ("40", 40, 40),
        ("bar 9", 32, 24),
        ("bar 9 + 2", 34, 26),
        ("bar 1 - 8", 0, 0),
        ("last", 96, 96),
        ("last - 1 bar", 92, 93),
        ("after verse", 48, 48),
        ("after verse + 2 bars", 56, 54),
        (
            "before chorus",
            64,
            64,
        ),  # the region of that name, not the track, whose regions start at 8
        (
            "before chorus - 4",
            60,
            60,
        ),  # nor all regions of the track that holds it, where it were -4
        ("before chorus pad", 8, 8),
        ("alongside bass", 20, 20),
        ("before intro - 4", 0, 0),
        ("within chorus bar 3", 72, 70),
        ("between verse and chorus", 56, 56),
        ("between intro verse", 16, 16),
        ("between verse", 48, 48),
        ("between intro verse - 40", 0, 0),
        ("after nothing of the kind", 96, 96),
        ("before nothing of the kind", 0, 0),
        ("before empty + 2", 2, 2),
    ],
)
def test_places(text: str, beats: float, beats_in_three: float) -> None:
    assert where(text, SONG) == beats
    assert where(text, SONG, 3) == beats_in_three


def test_an_empty_project_begins_at_its_offset() -> None:
    assert where("after intro + 2 bars", []) == 8
    assert where("before intro - 2 bars", []) == 0


spans = st.tuples(
    st.sampled_from(["Intro", "Verse", "Chorus", "Solo"]), st.integers(0, 400), st.integers(1, 64)
).map(lambda one: Region(one[0], one[1], one[1] + one[2]))
lanes = st.builds(
    Lane, st.sampled_from(["Drums", "Bass", "Verse Pad"]), st.lists(spans, max_size=4)
)


@given(texts, st.lists(lanes, max_size=4), st.sampled_from([2, 3, 3.5, 4, 6]))
def test_never_before_the_beginning(text: str, tracks: list[Lane], beats_per_bar: float) -> None:
    position = parse_position(text)
    if position is not None:
        assert start_beats(position, tracks, beats_per_bar) >= 0


@given(
    st.sampled_from(["after", "before", "alongside", "within"]),
    st.sampled_from(["intro", "verse", "chorus", "solo"]),
    st.lists(lanes, min_size=1, max_size=4),
)
def test_regions_of_that_name_decide_before_tracks(kind: str, ref: str, tracks: list[Lane]) -> None:
    """Where a region has the name, no other region matters."""
    named = [
        Lane(lane.name, [one for one in lane.regions if ref in one.name.lower()]) for lane in tracks
    ]
    if any(lane.regions for lane in named):
        assert where(f"{kind} {ref}", tracks) == where(f"{kind} {ref}", named)


@given(
    st.sampled_from(["last", "after intro", "bar 7"]), st.integers(0, 50), st.sampled_from([3, 4])
)
def test_a_bar_is_as_long_as_the_meter_says(text: str, bars: int, beats_per_bar: int) -> None:
    here = where(text, SONG, beats_per_bar)
    assert where(f"{text} + {bars} bars", SONG, beats_per_bar) == here + bars * beats_per_bar
