"""The grammar by value: every field in every form, and every complaint with its place and its advice."""

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import pytest

import workbench.prompt
from workbench.errors import WorkbenchError
from workbench.prompt import (
    Offset,
    Position,
    Prompt,
    PromptError,
    Target,
    Vibe,
    clean_text,
    parse_prompt,
)
from workbench.prompt.grammar import DIMENSIONS, FIELDS
from workbench.prompt.tree import _BY_LINE, _COMPLAINTS

VECTORS = json.loads((Path(__file__).parent / "vectors" / "maestro.json").read_text())


def prompt_of(body: str) -> Prompt:
    """Of these lines, with a mode and a request where they have none."""
    for needed in ("Mode: compose", "Request: x"):
        if needed.split(":")[0].lower() + ":" not in body.lower():
            body = f"{needed}\n{body}"
    prompt = parse_prompt(f"STORI PROMPT\n{body}\n")
    assert prompt is not None
    assert parse_prompt(prompt.to_text()) == prompt
    return prompt


def complaint_of(text: str) -> PromptError:
    with pytest.raises(PromptError) as raised:
        parse_prompt(text)
    return raised.value


@pytest.mark.parametrize("case", VECTORS["prompts"], ids=lambda case: case["id"])
def test_vectors(case: dict[str, Any]) -> None:
    """But for the two that are decided otherwise: a colon is fine, and no request is an error."""
    if case["id"] == "no_request":
        assert complaint_of(case["prompt"]).field == "Request"
        return
    prompt = parse_prompt(case["prompt"])
    assert prompt is not None
    if case["id"] == "header_with_colon":
        assert (prompt.mode, prompt.request) == ("compose", "x")
        return
    expected = {
        name: value for name, value in case["parsed"].items() if name != "has_maestro_fields"
    }
    assert prompt.as_dict() == expected
    assert parse_prompt(prompt.to_text()) == prompt


# ---------------------------------------------------------------------- the header


@pytest.mark.parametrize(
    "header",
    ["STORI PROMPT", "stori prompt", "Stori \t Prompt", "  STORI PROMPT  ", "STORI PROMPT:", "STORI PROMPT :",
     "MAESTRO PROMPT", "maestro prompt:", "\ufeffSTORI PROMPT", "\n\n \nSTORI PROMPT", "STORI\u200b PROMPT"],
)  # fmt: skip
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_headers(header: str, end: str) -> None:
    prompt = parse_prompt(f"{header}\nMode: ask\nRequest: x\n".replace("\n", end))
    assert prompt == Prompt(mode="ask", request="x")


@pytest.mark.parametrize(
    "text",
    ["", " \n ", "Make a beat", "STORIPROMPT", "STORI PROMPT please", "STORI PROMPT::", "# STORI PROMPT",
     "Hello\nSTORI PROMPT\nMode: ask\nRequest: x", "STORI PROMPT Mode: ask", "STORI\nPROMPT\nMode: ask"],
)  # fmt: skip
def test_no_header_is_no_prompt(text: str) -> None:
    assert parse_prompt(text) is None
    assert parse_prompt(text + "\nMode: compose\n\tRequest: [") is None


# ---------------------------------------------------------------------- fields

ROWS: list[tuple[str, str, Any]] = [
    # body, value of the prompt, what it is
    ("Mode: compose", "mode", "compose"),
    ("MODE: Edit", "mode", "edit"),
    ("mode: 'ASK'", "mode", "ask"),
    ("Request:   spaced   ", "request", "spaced"),
    ("Request: |\n  One.\n\n  Two.", "request", "One.\n\nTwo."),
    ("Request: >\n  One\n  line.", "request", "One line."),
    ("Request: over\n  two lines", "request", "over two lines"),
    ("Request: yes", "request", "yes"),
    ("Request: 120", "request", "120"),
    ("Request: 1:30 in", "request", "1:30 in"),
    ('Request: "a: b # c"', "request", "a: b # c"),
    ("Section: Verse Two", "section", "verse two"),
    ("Section:", "section", None),
    ("Section: ~", "section", None),
    ("Style: Dub  Techno", "style", "Dub  Techno"),
    ("Style: null", "style", None),
    ("Key: F#m", "key", "F#m"),
    ("Key: no", "key", "no"),
    ("Energy: Very HIGH", "energy", "very high"),
    ("Tempo: 120", "tempo", 120),
    ("Tempo: 92.7", "tempo", 92),
    ("Tempo: 1.2e+2", "tempo", 120),
    ("Tempo: -5", "tempo", -5),
    ("Tempo: '128'", "tempo", 128),
    ("Tempo: around 101 to 110 BPM", "tempo", 101),
    ("Tempo: 085 bpm", "tempo", 85),
    ("Tempo:", "tempo", None),
    ("Role: [drums, Sub Bass, drums]", "roles", ("drums", "Sub Bass", "drums")),
    ("Role: drums, bass,, pads ,", "roles", ("drums", "bass", "pads")),
    ("Role:\n- drums\n- bass", "roles", ("drums", "bass")),
    ("Role: ['- drums', '', '- - bass', '-']", "roles", ("drums", "bass")),
    ("Role: ['drums, and bass', ~, 808]", "roles", ("drums, and bass", "808")),
    ("Role: hi-hat", "roles", ("hi-hat",)),
    ("Role:", "roles", ()),
    ("Constraints: {Bars: 8, density: Sparse}", "constraints", {"bars": 8, "density": "Sparse"}),
    ("Constraints:\n- bars: 8\n- key: x", "constraints", {"bars": 8, "key": "x"}),
    (
        "Constraints: ['bars: 8', mono, 'Swing: 0.3', 'b:x', '-2', 'n: -2']",
        "constraints",
        {"bars": 8, "mono": True, "swing": 0.3, "b": "x", "-2": True, "n": -2},
    ),
    (
        "Constraints: {a: yes, b: off, c: ~, d: .5, e: '8', f: [1, {G: 2}], h: 07, i: 1:30, j: 0x1F}",
        "constraints",
        {"a": True, "b": False, "c": None, "d": 0.5, "e": "8", "f": [1, {"G": 2}], "h": "07", "i": "1:30",
         "j": "0x1F"},
    ),
    ("Constraints: {d: 2026-01-01, n: 1234567890123456789, i: .inf, e: 1.0e+999}", "constraints",
     {"d": "2026-01-01", "n": "1234567890123456789", "i": ".inf", "e": "1.0e+999"}),
    ("Constraints:", "constraints", {}),
    ("Constraints: []", "constraints", {}),
    ("Vibe: Dark, laid-back", "vibes", (Vibe("dark"), Vibe("laid-back"))),
    ("Vibe: [Dark x3, warm X2]", "vibes", (Vibe("dark", 3), Vibe("warm", 2))),
    ("Vibe: 'dark:2, very eerie'", "vibes", (Vibe("dark", 2), Vibe("very eerie"))),
    ("Vibe: dark x 3, warm ×2", "vibes", (Vibe("dark", 3), Vibe("warm", 2))),
    ("Vibe: [dark: 3, {warm: 2, soft: }]", "vibes", (Vibe("dark", 3), Vibe("warm", 2), Vibe("soft"))),
    ("Vibe:\n- tighter: 3\n- less muddy: 1", "vibes", (Vibe("tighter", 3), Vibe("less muddy"))),
    ("Vibe: {Dark: 3, warm: '2'}", "vibes", (Vibe("dark", 3), Vibe("warm", 2))),
    ("Vibe: [dark, dark]", "vibes", (Vibe("dark"), Vibe("dark"))),
    ("Vibe: 'malcolmx3, x3, , '", "vibes", (Vibe("malcolmx3"), Vibe("x3"))),
    ("Vibe:", "vibes", ()),
    ("Target: Project", "target", Target("project")),
    ("Target: selection", "target", Target("selection")),
    ("Target: TRACK:Sub Bass", "target", Target("track", "Sub Bass")),
    ("Target: region:Verse 2", "target", Target("region", "Verse 2")),
    ("Target: 'track: Bass'", "target", Target("track", "Bass")),
    ("Target: 'track:'", "target", Target("track")),
    ("Target: 'region:a: b'", "target", Target("region", "a: b")),
    ("Position: bar 9", "position", Position(kind="absolute", at=Offset(bars=8))),
    ("Position: 32", "position", Position(kind="absolute", at=Offset(beats=32))),
    ("After: Intro", "position", Position(kind="after", ref="intro")),
    ("After: bar 5", "position", Position(kind="absolute", at=Offset(bars=4))),
    ("Position: somewhere\nAfter: intro", "position", Position(kind="after", ref="intro")),
    ("After: intro\nPosition: last", "position", Position(kind="last")),
    ("Position:\nAfter:", "position", None),
    ("Harmony: {Loop: [Am9, Fmaj7]}", "extensions", {"harmony": {"Loop": ["Am9", "Fmaj7"]}}),
    ("Bars: 16", "extensions", {"bars": 16}),
    ("My Own: yes", "extensions", {"my own": True}),
    ("Texture:", "extensions", {"texture": None}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "name", "value"), ROWS, ids=[body.replace("\n", "⏎") for body, _, _ in ROWS]
)
def test_fields(body: str, name: str, value: object) -> None:
    found = getattr(prompt_of(body), name)
    assert found == value
    assert type(found) is type(value)


def test_what_is_not_said() -> None:
    assert prompt_of("") == Prompt(
        mode="compose", request="x", section=None, position=None, target=None, style=None, key=None,
        tempo=None, energy=None, roles=(), constraints={}, vibes=(), extensions={},
    )  # fmt: skip


def test_every_field_has_rows_here() -> None:
    said = {line.split(":")[0].lower() for body, _, _ in ROWS for line in body.split("\n")}
    assert set(FIELDS) <= said


def test_order_of_fields_is_nothing_and_that_of_dimensions_is_kept() -> None:
    body = "".join(f"{name}: {{b: 1, a: [2, {{D: 3, C: 4}}]}}\n" for name in reversed(DIMENSIONS))
    prompt = prompt_of(f"Request: y\n{body}Mode: ask")
    assert (prompt.mode, prompt.request) == ("ask", "y")
    assert list(prompt.extensions) == [name.lower() for name in reversed(DIMENSIONS)]
    for value in prompt.extensions.values():
        assert json.dumps(value) == '{"b": 1, "a": [2, {"D": 3, "C": 4}]}'
    assert prompt.remarks == ()
    back = parse_prompt(prompt.to_text())
    assert back is not None
    assert json.dumps(back.as_dict()) == json.dumps(prompt.as_dict())


def test_aliases_repeat_what_they_stand_for() -> None:
    prompt = prompt_of("Effects:\n  pads: &plate {reverb: plate}\n  lead: *plate")
    assert prompt.extensions == {
        "effects": {"pads": {"reverb": "plate"}, "lead": {"reverb": "plate"}}
    }
    assert "*" not in prompt.to_text()


def test_text_of_a_prompt() -> None:
    """As a musician would write it, field by field; what would be read as something else is in quotes."""
    prompt = Prompt(
        mode="compose", request="Like this: warm",
        position=Position(kind="within", ref="verse", offset=Offset(2, -1)),
        target=Target("track", "Bass"), style="no", tempo=120,
        roles=("drums", "bass"), vibes=(Vibe("dark", 2),),
        constraints={"bars": 8}, extensions={"effects": {"pads": {"reverb": "plate"}}},
    )  # fmt: skip
    assert prompt.to_text() == (
        "STORI PROMPT\nMode: compose\nRequest: 'Like this: warm'\n"
        "Position: within verse + 2 bars - 1 beats\nTarget: track:Bass\nStyle: 'no'\nTempo: 120\n"
        "Role:\n- drums\n- bass\nConstraints:\n  bars: 8\nVibe:\n- dark: 2\n"
        "effects:\n  pads:\n    reverb: plate\n"
    )


def test_a_prompt_can_be_copied_kept_and_sent() -> None:
    prompt = prompt_of("Constraints: {bars: 8}\nHarmony: {loop: [Am]}\nVibe: dark\nPosition: bar 2")
    assert copy.deepcopy(prompt) == pickle.loads(pickle.dumps(prompt)) == prompt
    said = prompt.as_dict()
    said["extensions"]["harmony"]["loop"].append("F")
    assert prompt.extensions == {"harmony": {"loop": ["Am"]}}


def test_remarks_do_not_make_prompts_differ() -> None:
    assert prompt_of("Position: nowhere") == prompt_of("Tempo: fast") == prompt_of("")


# ---------------------------------------------------------------------- remarks


@pytest.mark.parametrize(
    ("body", "field", "reason", "place", "suggestion"),
    [
        ("Tempo: fast", "Tempo", "no tempo in 'fast'", (4, 8), "write a number, as in 120"),
        ("Tempo: 99999999", "Tempo", "no tempo in '99999999'", (4, 8), "write a number, as in 120"),
        ("Tempo: yes", "Tempo", "no tempo in 'yes'", (4, 8), "write a number, as in 120"),
        ("Position: somewhere nice", "Position", "no position in 'somewhere nice'", (4, 11), "write bar 9, "),
        ("After: x + 1 + 2", "After", "no position in 'x + 1 + 2'", (4, 8), "write bar 9, "),
        ("Position: last\nAfter: intro", "After", "has no effect beside Position", (5, 1), ""),
        ("Target: the bass", "Target", "no target in 'the bass'", (4, 9), "write project, selection, "),
        ("Constraints: sparse", "Constraints", "no constraints in 'sparse'", (4, 14), "write {bars: 8}"),
        ("Constraints: {bars:8}", "Constraints", "bars:8 has no value", (4, 15), "write a space after :"),
        ("Tempoo: 120", "Tempoo", "no field is called Tempoo", (4, 1), "did you mean Tempo?"),
        ("Vibes: dark", "Vibes", "no field is called Vibes", (4, 1), "did you mean Vibe?"),
        ("roles: [drums]", "roles", "no field is called roles", (4, 1), "did you mean Role?"),
        ("Enrgy: low", "Enrgy", "no field is called Enrgy", (4, 1), "did you mean Energy?"),
        ("Satyle: dub", "Satyle", "no field is called Satyle", (4, 1), "did you mean Style?"),
        ("Stlye: dub", "Stlye", "no field is called Stlye", (4, 1), "did you mean Style?"),
        ("1. Key: Am", "1. Key", "no field is called 1. Key", (4, 1), "did you mean Key?"),
        ("Key: C #minor", "Key", "what follows # is a comment", (4, 8), "put the value in quotes"),
    ],
)  # fmt: skip
def test_remarks(
    body: str, field: str, reason: str, place: tuple[int, int], suggestion: str
) -> None:
    [remark] = prompt_of(body).remarks
    assert (remark.field, remark.reason, (remark.line, remark.column)) == (field, reason, place)
    assert remark.suggestion.startswith(suggestion)
    assert bool(remark.suggestion) == bool(suggestion)


@pytest.mark.parametrize(
    "body",
    ["Style: dub\nStlye: x", "Mood: dark", "Form: intro", "Melody: x", "Bars: 8", "Key: C#m", "Key: C # minor",
     "Tempo: 120 # a comment", "Request: 'take #2'", "Constraints: {'bars:8': 1}", "Target:", "After: intro"],
)  # fmt: skip
def test_what_is_no_slip_has_no_remark(body: str) -> None:
    assert prompt_of(body).remarks == ()


# ---------------------------------------------------------------------- complaints

TWO = "STORI PROMPT\nMode: compose\n"
# The lines after the first two, the field, the place, the reason, the advice; last: libyaml's own words.
COMPLAINTS: list[tuple[str, str, tuple[int, int], str, str, str]] = [
    ("Target: region: X\nRequest: x", "Target", (3, 15), "a second colon makes this another field",
     "put the value in quotes; track:NAME has no space", "mapping values are not allowed in this context"),
    ("Request: like this: warm", "Request", (3, 19), "a second colon makes this another field",
     "put the value in quotes", "mapping values are not allowed in this context"),
    ("  Style: dub\nRequest: x", "Mode", (3, 8), "this field runs into the line above",
     "begin every field at the left edge", "mapping values are not allowed in this context"),
    ("Constraints:\n\tbars: 8\nRequest: x", "Constraints", (4, 1), "a tab cannot indent", "use spaces",
     "found character that cannot start any token"),
    ("Request: @home feeling", "Request", (3, 10), "nothing can begin with @", "put the value in quotes",
     "found character that cannot start any token"),
    ("Request: x\n\tand y", "Request", (4, 1), "a tab cannot indent", "use spaces",
     "found a tab character that violates indentation"),
    ("Request: |\n\tx", "Request", (4, 1), "a tab cannot indent", "use spaces",
     "found a tab character where an indentation space is expected"),
    ("Tempo 120\nRequest: x", "Mode", (3, 1), "a field needs its name, a colon and a space",
     "write Field: value; indent lines that go on with the value", "could not find expected ':'"),
    ("Request:x", "Request", (3, 1), "a field needs its name, a colon and a space", "write Field: value",
     "could not find expected ':'"),
    ("Request: |\nNot indented", "Request", (4, 1), "a field needs its name, a colon and a space",
     "write Field: value; indent lines that go on with the value", "could not find expected ':'"),
    ("Role:\n  - drums\n  bass\nRequest: x", "Role", (5, 3), "a field needs its name, a colon and a space",
     "", "could not find expected ':'"),
    ("Role:\n  - drums\n  bass: slow\nRequest: x", "Role", (5, 3),
     "this line is no entry of the list above", "begin entries with -",
     "did not find expected '-' indicator"),
    ("Role: - drums\n  - bass\nRequest: x", "Role", (3, 7), "a list with - cannot begin behind a colon",
     "begin it on the next line, or write [drums, bass]",
     "block sequence entries are not allowed in this context"),
    ("Request: ? why so dark", "Request", (3, 10), "a value cannot begin with ?", "put the value in quotes",
     "mapping keys are not allowed in this context"),
    ("Role: [drums, bass\nRequest: x", "Role", (3, 7), "a list in [ ] that does not end",
     "put commas between its entries; close it with ]", "did not find expected ',' or ']'"),
    ("Constraints: {bars: 8\nRequest: x", "Constraints", (3, 14), "a mapping in { } that does not end",
     "put commas between its entries; close it with }", "did not find expected ',' or '}'"),
    ("Request: ] x", "Request", (3, 10), "a value cannot begin like this", "put the value in quotes",
     "did not find expected node content"),
    ("Request: x\n... and more", "Request", (4, 5), "this is not part of the fields above",
     "begin every field at the left edge; leave out lines of dots",
     "did not find expected <document start>"),
    ("Request: 'bout time", "Request", (3, 10), "quotes that do not end",
     "close them, or put the other kind around the value", "found unexpected end of stream"),
    ('Request: "first\n---\nsecond"', "Request", (3, 10), "quotes that do not end", "close them",
     "found unexpected document indicator"),
    ('Request: "C:\\music"', "Request", (3, 13), "a backslash means something else in double quotes",
     "use single quotes", "found unknown escape character"),
    ('Request: "D:\\xylophone"', "Request", (3, 15), "a backslash means something else in double quotes",
     "use single quotes", "did not find expected hexdecimal number"),
    ('Request: "\\ud83d\\ude00"', "Request", (3, 13), "a backslash means something else in double quotes",
     "", "found invalid Unicode character escape code"),
    ("Request: > then louder", "Request", (3, 10), "text on the line of | or >",
     "begin it on the next line, indented", "did not find expected comment or line break"),
    ("Request: |0\n  x", "Request", (3, 10), "text on the line of | or >", "begin it on the next line",
     "found an indentation indicator equal to 0"),
    ("Request: *really* dark", "Request", (3, 10), "nothing can begin with * or &",
     "write lists with -, and put a value in quotes",
     "did not find expected alphabetic or numeric character"),
    ("Role:\n* drums\n* bass\nRequest: x", "Role", (4, 1), "nothing can begin with * or &",
     "write lists with -", "did not find expected alphabetic or numeric character"),
    ("Request: !a!b louder", "Request", (3, 10), "a value cannot begin with !", "put the value in quotes",
     "found undefined tag handle"),
    ("Request: !<> louder", "Request", (3, 10), "a value cannot begin with !", "",
     "did not find expected tag URI"),
    ("Request: !loud,er", "Request", (3, 10), "a value cannot begin with !", "",
     "did not find expected whitespace or line break"),
    ("Request: x\n%50-wet", "Request", (4, 1), "a line cannot begin with %", "",
     "found unknown directive name"),
    ("Request: x\n% wet", "Request", (4, 1), "a line cannot begin with %",
     "indent it, or put the value in quotes", "could not find expected directive name"),
    ("Request: x\n%50, wet", "Request", (4, 1), "a line cannot begin with %", "",
     "found unexpected non-alphabetical character"),
    ('Style: "dub" techno\nRequest: x', "Style", (3, 14), "the value ends before this",
     "put the whole value in quotes, or leave them out", "did not find expected key"),
    ("Request: 'round midnight, don't rush", "Request", (3, 31), "the value ends before this",
     "put the whole value in quotes", "did not find expected key"),
    ("Role: [drums] and pads\nRequest: x", "Role", (3, 15), "the value ends before this", "",
     "did not find expected key"),
    ("Constraints:\n    bars: 8\n  density: sparse\nRequest: x", "Constraints", (5, 3),
     "this line is neither a field nor part of the value above",
     "begin every field at the left edge, what belongs to it indented alike", "did not find expected key"),
    ("Role: drums\n- bass\nRequest: x", "Role", (4, 1),
     "this line is neither a field nor part of the value above", "", "did not find expected key"),
]  # fmt: skip


@pytest.mark.parametrize("row", COMPLAINTS, ids=[row[0].replace("\n", "⏎") for row in COMPLAINTS])
def test_what_is_not_yaml(row: tuple[str, str, tuple[int, int], str, str, str]) -> None:
    body, field, place, reason, suggestion, problem = row
    error = complaint_of(TWO + body + "\n")
    assert (error.field, (error.line, error.column), error.reason) == (field, place, reason)
    assert error.suggestion.startswith(suggestion)
    assert error.__cause__ is not None
    assert getattr(error.__cause__.__cause__, "problem", None) == problem


def test_every_known_problem_is_reached() -> None:
    assert {row[5] for row in COMPLAINTS} == {*_COMPLAINTS, *_BY_LINE}


FIELD_COMPLAINTS: list[tuple[str, str, tuple[int, int], str, str]] = [
    # the whole text after the header, the field, the place, the reason, the advice
    ("Mdoe: compose\nRequest: x", "Mode", (2, 1), "Mode is missing", "Mdoe: did you mean Mode?"),
    ("Mode: ask\nReqest: x", "Request", (3, 1), "Request is missing", "Reqest: did you mean Request?"),
    ("• Mode: ask\nRequest: x", "Mode", (2, 1), "Mode is missing", "• Mode: did you mean Mode?"),
    ("", "Mode", (1, 1), "Mode is missing", "write Mode: compose"),
    ("# nothing", "Mode", (1, 1), "Mode is missing", "write Mode: compose"),
    ("Request: x", "Mode", (1, 1), "Mode is missing", "write Mode: compose"),
    ("Style: funk\nMode: compose", "Request", (1, 1), "Request is missing",
     "write Request: and what you want"),
    ("Mode: compose\nRequest:", "Request", (3, 9), "Request is empty", "say in a sentence what you want"),
    ("Mode: compose\nRequest: '  '", "Request", (3, 10), "Request is empty",
     "say in a sentence what you want"),
    ("Mode: compose\nRequest: null", "Request", (3, 10), "Request is empty",
     "say in a sentence what you want"),
    ("Mode: compose\nRequest: [x]", "Request", (3, 10), "Request must be text, got a list", ""),
    ("Mode: compos\nRequest: x", "Mode", (2, 7), "Mode must be compose, edit or ask, got 'compos'",
     "did you mean compose?"),
    ("Mode: remix\nRequest: x", "Mode", (2, 7), "Mode must be compose, edit or ask, got 'remix'", ""),
    ("Mode:\nRequest: x", "Mode", (2, 6), "Mode must be compose, edit or ask, got nothing", ""),
    ("Mode: {a: b}\nRequest: x", "Mode", (2, 7), "Mode must be text, got a mapping", ""),
    ("Mode: ask\nRequest: x\nStyle: [dub, techno]", "Style", (4, 8), "Style must be text, got a list", ""),
    ("Mode: ask\nRequest: x\nPosition:\n  after: intro", "Position", (5, 3),
     "Position must be text, got a mapping", ""),
    ("Mode: ask\nRequest: x\nTempo: [120]", "Tempo", (4, 8), "Tempo must be text, got a list", ""),
    ("Mode: ask\nRequest: x\nRole: {drums: 808}", "Role", (4, 7),
     "Role must be names, as in [drums, bass], got a mapping", ""),
    ("Mode: ask\nRequest: x\nRole:\n- drums: 808", "Role", (5, 3), "Role must be text, got a mapping", ""),
    ("Mode: ask\nRequest: x\nVibe: {dark: heavy}", "Vibe", (4, 14),
     "the weight of 'dark' must be a whole number, 1 to 1000, got 'heavy'", "write dark: 2"),
    ("Mode: ask\nRequest: x\nVibe: [soft, dark x2.5]", "Vibe", (4, 14),
     "the weight of 'dark' must be a whole number, 1 to 1000, got 2.5", "write dark: 2"),
    ("Mode: ask\nRequest: x\nVibe: dark x0", "Vibe", (4, 7),
     "the weight of 'dark' must be a whole number, 1 to 1000, got 0", "write dark: 2"),
    ("Mode: ask\nRequest: x\nVibe: {dark: 1001}", "Vibe", (4, 14),
     "the weight of 'dark' must be a whole number, 1 to 1000, got 1001", "write dark: 2"),
    ("Mode: ask\nRequest: x\nVibe: {dark: yes}", "Vibe", (4, 14),
     "the weight of 'dark' must be a whole number, 1 to 1000, got True", "write dark: 2"),
    ("Mode: ask\nRequest: x\nVibe: {dark: [1]}", "Vibe", (4, 14),
     "the weight of 'dark' must be a whole number, got a list", ""),
    ("Mode: ask\nMODE: edit\nRequest: x", "MODE", (3, 1), "MODE is there twice, first on line 2",
     "keep one"),
    ("Mode: ask\n'mode ': edit\nRequest: x", "mode", (3, 1), "mode is there twice, first on line 2",
     "keep one"),
    ("Mode: ask\nRequest: x\nForm: a\nform: b", "form", (5, 1), "form is there twice, first on line 4",
     "keep one"),
    ("Mode: ask\nRequest: x\nEffects:\n  drums: a\n  drums: b", "Effects", (6, 3),
     "drums is there twice, first on line 5", "keep one"),
    ("Mode: ask\nRequest: x\nConstraints: {Bars: 8, bars: 4}", "Constraints", (4, 24),
     "bars is there twice, first on line 4", "keep one"),
    ("Mode: ask\nRequest: x\nConstraints:\n- bars: 8\n- 'BARS: 4'", "Constraints", (6, 3),
     "BARS: 4 is there twice, first on line 5", "keep one"),
    ("Mode: ask\nRequest: x\n---\nMode: ask", "Request", (4, 1), "a second document begins",
     "leave out the ---"),
    ("- Mode: ask\n- Request: x", "", (2, 1), "expected fields, one a line",
     "write Mode: compose, with a space behind the colon"),
    ("Mode:ask", "Mode", (2, 1), "expected fields, one a line",
     "write Mode: compose, with a space behind the colon"),
    ("Make me a beat", "", (2, 1), "expected fields, one a line",
     "write Mode: compose, with a space behind the colon"),
    ("Mode: ask\nRequest: *dark", "Request", (3, 10), "*dark stands for nothing",
     "put the value in quotes"),
    ("Mode: ask\nRequest: !loud x", "Request", (3, 10), "a value cannot begin with !",
     "put the value in quotes"),
    ("Mode: ask\nRequest: ! x", "Request", (3, 10), "a value cannot begin with !",
     "put the value in quotes"),
    ("Mode: ask\n? [a, b]\n: x\nRequest: x", "Mode", (3, 3), "a list or a mapping cannot be a key",
     "put the value in quotes"),
    ("Mode: ask\nRequest: x\nX: [[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]", "X", (4, 19), "nested more than 16 deep",
     ""),
    ("Mode: ask\nRequest: a\x00b", "Request", (3, 11), "a character that YAML does not know, U+0000",
     "leave it out"),
    ("Mode: ask\nRequest: 🎵\ufffe", "Request", (3, 11), "a character that YAML does not know, U+FFFE",
     "leave it out"),
]  # fmt: skip


@pytest.mark.parametrize(
    "row", FIELD_COMPLAINTS, ids=[repr(row[0])[:60] for row in FIELD_COMPLAINTS]
)
def test_what_is_missing_twice_or_of_the_wrong_kind(
    row: tuple[str, str, tuple[int, int], str, str],
) -> None:
    body, field, place, reason, suggestion = row
    error = complaint_of("STORI PROMPT\n" + body)
    assert (error.field, (error.line, error.column)) == (field, place)
    assert (error.reason, error.suggestion) == (reason, suggestion)


def test_a_complaint_shows_the_place() -> None:
    error = complaint_of("STORI PROMPT\nMode: edit\nTarget: region: X\nRequest: x\n")
    assert str(error) == (
        "line 3, column 15: a second colon makes this another field "
        "(put the value in quotes; track:NAME has no space)\nTarget: region: X\n              ^"
    )
    assert isinstance(error, WorkbenchError)
    assert isinstance(error, ValueError)


def test_a_caret_stands_under_its_letter_behind_tabs_and_what_cannot_be_seen() -> None:
    error = complaint_of("STORI PROMPT\r\nMode:\task\r\n\u200b\u202eStyle:\t@x\r\nRequest: x\r\n")
    assert (error.line, error.column) == (3, 8)
    assert str(error).endswith("\nStyle: @x\n       ^")


def test_a_long_line_is_not_shown_whole() -> None:
    error = complaint_of("STORI PROMPT\nMode: ask\nRequest: @" + "x" * 20_000)
    assert len(str(error)) < 300


def test_lines_are_those_of_the_text_as_given() -> None:
    """Empty lines before the header count, and every kind of line end ends one."""
    error = complaint_of("\n\r\n\rSTORI PROMPT\u2028Mode: ask\r\rRequest: @x")
    assert (error.line, error.column, error.field) == (7, 10, "Request")


def test_a_text_may_be_long_but_not_longer() -> None:
    start = "STORI PROMPT\nMode: ask\nRequest: "
    longest = start + "x" * (32_768 - len(start))
    assert parse_prompt(longest) is not None
    error = complaint_of(longest + "x")
    assert (error.reason, error.line) == ("at most 32768 characters, got 32769", 1)
    assert parse_prompt("x" * 40_000) is None


# ---------------------------------------------------------------------- the door


def test_exported_names() -> None:
    assert workbench.prompt.PromptError is PromptError
    assert {"Prompt", "parse_prompt", "emotion_vector", "refine", "sections_of", "clean_text"} <= {
        name for name in workbench.prompt.__all__ if hasattr(workbench.prompt, name)
    }
    assert all(hasattr(workbench.prompt, name) for name in workbench.prompt.__all__)


@pytest.mark.parametrize("case", VECTORS["normalise_user_input"])
def test_vectors_of_cleaning(case: dict[str, str]) -> None:
    assert clean_text(case["in"]) == case["out"]


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("a\r\nb\rc\n", "a\nb\nc"), ("a \t\nb", "a\nb"), ("\n\n a", "a"), ("a\n\n\n\nb", "a\n\nb"),
        ("a\n \n \nb", "a\n\nb"), ("e\u0301", "é"), ("e\u200b\u0301", "é"),
        ("\ufeffa\u202eb\u2066c\u00add", "abcd"),
        ("a\x07\x85b\x7f", "ab"),
        ("a\x00b", "a\x00b"), ("a\ud800b", "ab"), ("a\u2028b", "a\nb"), ("👩\u200d🎤", "👩🎤"),
        ("a\tb", "a\tb"), ("", ""),
    ],
    ids=ascii,
)  # fmt: skip
def test_cleaning(text: str, clean: str) -> None:
    assert clean_text(text) == clean
