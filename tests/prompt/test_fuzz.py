"""Whatever the text: a prompt, None, or a `PromptError` that points into it; work bounded."""

import contextlib
import json
import pickle
from itertools import product

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from tests.prompt.strategies import GOOD, HEADER, NASTY, nasty_text, nested, words

from workbench.prompt import (
    Offset,
    Position,
    Prompt,
    PromptError,
    Target,
    Vibe,
    clean_text,
    emotion_vector,
    parse_prompt,
    sections_of,
)
from workbench.prompt.cleaning import seen
from workbench.prompt.grammar import FIELDS
from workbench.prompt.parsing import LONGEST
from workbench.prompt.tree import (
    DEEPEST,
    MOST_CHARACTERS,
    MOST_NODES,
    Node,
    Scalar,
    Sequence,
    TreeError,
    tree_of,
)


def read(text: str) -> Prompt | None:
    """What the text gives, checked as far as any prompt or complaint can be."""
    prompt = complaint = None
    try:
        prompt = parse_prompt(text)
    except PromptError as error:
        complaint = error
    if complaint is not None:
        lines = seen(text).split("\n")
        assert 1 <= complaint.line <= len(lines) + 1
        assert 1 <= complaint.column <= max(map(len, lines)) + 2
        assert complaint.reason
        assert str(complaint).endswith("\n" + " " * (complaint.column - 1) + "^")
    if prompt is not None:
        assert prompt.mode in ("compose", "edit", "ask")
        assert prompt.request.strip() == prompt.request != ""
        assert all(1 <= vibe.weight <= 1000 for vibe in prompt.vibes)
        json.dumps(prompt.as_dict(), allow_nan=False)
        assert pickle.loads(pickle.dumps(prompt)) == prompt
        emotion_vector(prompt)
        assert sum(one.length_beats for one in sections_of(prompt, 16)) == 64
        written = prompt.to_text()
        if len(written) <= LONGEST:
            assert parse_prompt(written) == prompt
    return prompt


# ---------------------------------------------------------------------- round trips

stripped = words.map(str.strip).filter(bool)
lowered = stripped.map(str.lower).map(str.strip).filter(bool)
amounts = st.integers(-999_999_000_000, 999_999_000_000).map(lambda n: n / 1_000_000)
roles = stripped.filter(lambda name: not name.startswith("-"))
labels = lowered.filter(lambda name: name not in FIELDS)
vibes = st.builds(Vibe, lowered, st.integers(1, 1000))
targets = st.sampled_from([Target("project"), Target("selection")]) | st.builds(
    Target, st.sampled_from(["track", "region"]), st.none() | stripped
)
positions = st.builds(
    Position, kind=st.just("last"), offset=st.builds(Offset, amounts, amounts)
) | st.builds(
    Position, kind=st.sampled_from(["after", "before", "alongside"]), ref=st.just("big chorus"),
    offset=st.builds(Offset, amounts, amounts),
)  # fmt: skip
prompts = st.builds(
    Prompt,
    mode=st.sampled_from(["compose", "edit", "ask"]),
    request=stripped,
    section=st.none() | lowered,
    position=st.none() | positions,
    target=st.none() | targets,
    style=st.none() | stripped,
    key=st.none() | stripped,
    tempo=st.none() | st.integers(-999_999, 999_999),
    energy=st.none() | lowered,
    roles=st.lists(roles, max_size=4).map(tuple),
    constraints=st.dictionaries(lowered, nested, max_size=4),
    vibes=st.lists(vibes, max_size=4).map(tuple),
    extensions=st.dictionaries(labels, nested, max_size=4),
)


@given(prompts)
def test_a_prompt_reads_its_own_text(prompt: Prompt) -> None:
    """Whatever its values are: colons, quotes, marks that cannot be seen, words YAML has for truth."""
    back = parse_prompt(prompt.to_text())
    assert back is not None
    assert back == prompt
    assert list(back.extensions) == list(prompt.extensions)
    assert list(back.constraints) == list(prompt.constraints)


@given(st.dictionaries(labels, nested, min_size=1, max_size=4))
def test_extensions_mean_what_yaml_says(extensions: dict[str, object]) -> None:
    """An independent reader of our text, pure PyYAML, finds the same values."""
    text = Prompt(mode="ask", request="x", extensions=extensions).to_text()
    theirs = yaml.safe_load(text.split("\n", 1)[1])
    assert {key: theirs[key] for key in extensions} == extensions


# ---------------------------------------------------------------------- anything at all


@given(st.text(max_size=200) | nasty_text)
@example("Mode: compose\nRequest: x")
@example("a" * 70_000)
def test_without_a_header_there_is_no_prompt(text: str) -> None:
    if "prompt" not in seen(text).lower():
        assert parse_prompt(text) is None


@given(st.text(max_size=200) | nasty_text)
def test_any_text_after_a_header(text: str) -> None:
    read(HEADER + text)


@given(st.text(max_size=60) | nasty_text, st.sampled_from(sorted(FIELDS)))
def test_any_text_as_a_value(text: str, field: str) -> None:
    others = {"mode": "ask", "request": "y"}
    others.pop(field, None)
    read(
        HEADER
        + "".join(f"{name}: {value}\n" for name, value in others.items())
        + f"{field}: {text}\n"
    )


pieces = st.sampled_from(NASTY) | st.text(max_size=3)
mutations = st.lists(
    st.tuples(
        st.sampled_from(["delete", "double", "swap", "insert"]),
        st.integers(0, 10_000), st.integers(1, 12), pieces,
    ),
    min_size=1, max_size=4,
)  # fmt: skip


def mutated(text: str, changes: list[tuple[str, int, int, str]]) -> str:
    for how, where, length, piece in changes:
        at = where % (len(text) + 1)
        cut, rest = text[at : at + length], text[at + length :]
        if how == "delete":
            text = text[:at] + rest
        elif how == "double":
            text = text[:at] + cut + cut + rest
        elif how == "swap":
            text = text[:at] + rest[:length] + cut + rest[length:]
        else:
            text = text[:at] + piece + text[at:]
    return text


@given(st.sampled_from(GOOD), mutations)
def test_good_prompts_damaged(text: str, changes: list[tuple[str, int, int, str]]) -> None:
    read(mutated(text, changes))


@given(st.sampled_from(GOOD), st.data())
def test_good_prompts_with_lines_missing_doubled_or_swapped(text: str, data: st.DataObject) -> None:
    lines = text.split("\n")
    order = data.draw(st.lists(st.integers(0, len(lines) - 1), max_size=2 * len(lines)))
    read("\n".join([lines[0], *(lines[at] for at in order)]))


@pytest.mark.parametrize("text", GOOD)
def test_the_good_ones_are_good(text: str) -> None:
    assert read(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "{}Mode: ask\nRequest: x",
        "Mode: ask\nRequest: x{}y",
        "Mode: ask\nRequest: x\n{}",
        "Mode: ask\nRole: [a, {}]\nRequest: x",
        "Mode: ask\n{}: x\nRequest: x",
    ],
)
def test_nasty_pieces_where_they_hurt(text: str) -> None:
    for piece in NASTY:
        read(HEADER + text.replace("{}", piece))


# ---------------------------------------------------------------------- bombs


BOTH = HEADER + "Mode: ask\nRequest: x\n"


def filled(piece: str, before: str = "X: ", after: str = "") -> str:
    """A prompt of the greatest length, made of one piece."""
    start = BOTH + before
    return start + piece * ((LONGEST - len(start) - len(after)) // len(piece)) + after


BOMBS = {
    "laughs": HEADER
    + "Mode: ask\nRequest: x\na0: &a0 [lol, lol]\n"
    + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30)),
    "a ladder": HEADER
    + "Mode: ask\nRequest: x\na0: &a0 [x]\n"
    + "".join(f"a{n}: &a{n} {'[' * 10}*a{n - 1}{']' * 10}\n" for n in range(1, 300)),
    "one long text repeated": filled("*a,", f"X: &a {'x' * 9000}\nY: [", "]"),
    "a mapping of itself": BOTH + "X: &a {y: *a}\n",
    "brackets": filled("["),
    "braces": filled("{"),
    "keys of keys": filled("{a: "),
    "brackets at the edge": filled("[", ""),
    "dashes": filled("- ", "X:\n"),
    "questions": filled("? ", "X:\n"),
    "colons": filled(": ", "X:\n"),
    "anchors": filled("&a *a "),
    "anchored": filled("- &a *a\n", "X:\n"),
    "new anchors": filled("- &a x\n", "X:\n"),
    "small lists": filled("[],", "X: [", "]"),
    "small mappings": filled("{a: b},", "X: [", "]"),
    "numbers": filled("1,", "X: [", "]"),
    "entries": filled("- a\n", "X:\n"),
    "one text": filled("word "),
    "one word": filled("x"),
    "spaces": filled(" ", "X: 'a", "b'"),
    "tabs": filled("\t"),
    "lines": filled("\n"),
    "carriage returns": filled("\r"),
    "mixed ends": filled("\r\n\n\r", ""),
    "comments": filled("#\n", ""),
    "a block": filled("a\n  ", "X: |\n  "),
    "breaks": filled("\\n", 'X: "', '"'),
    "NULs": filled("\x00"),
    "next lines": filled("\x85a"),
    "line separators": filled("\u2028", "X: a"),
    "marks": filled("\u0301\u0316", "X: a"),
    "unseen": filled("\u200b"),
    "right to left": filled("\u202ea"),
    "families": filled("\U0001f468\u200d\U0001f469"),
    "halves": filled("\ud83d"),
    "fields": filled("a: 1\n", ""),
    "tags": filled("!a "),
    "documents": filled("---\n", ""),
    "roles": filled(",a", "Role: a"),
    "vibes": filled("a x2,", "Vibe: '", "'"),
    "weights": filled("{a: 2},", "Vibe: [", "]"),
    "flags": filled("a,", "Constraints: [", "]"),
    "digits": filled("9", "Tempo: "),
    "offsets": filled(" + 1", "Position: after a"),
    "near misses": HEADER
    + "Mode: ask\nRequest: x\n"
    + "".join(
        f"{''.join(four)}e: 1\n" for four in product("kotrv", "eioy", "abcdefgh", "aeiouklm")
    ),
    "sections": filled("verse, ", "Form: "),
    "words of sections": filled("solo, ", "Section: "),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs(name: str) -> None:
    read(BOMBS[name])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (BOMBS["laughs"], f"more than {MOST_NODES} values, aliases written out"),
        (
            BOMBS["one long text repeated"],
            f"more than {MOST_CHARACTERS} characters, aliases written out",
        ),
        # Nine deep and nine deep: each stands, one within the other does not, nor at one remove.
        (
            f"{BOTH}X: &a {'[' * 9}{']' * 9}\nY: {'[' * 9}*a{']' * 9}",
            f"nested more than {DEEPEST} deep",
        ),
        (
            f"{BOTH}X: &a {'[' * 6}{']' * 6}\nY: &b {'[' * 6}*a{']' * 6}\nZ: {'[' * 6}*b{']' * 6}",
            f"nested more than {DEEPEST} deep",
        ),
        (
            f"{BOTH}X: &a [{'[' * 8}{']' * 8}, &c x]\nY: {'[' * 9}*a{']' * 9}",
            f"nested more than {DEEPEST} deep",
        ),
    ],
    ids=["laughs", "long text", "deep", "deep at one remove", "deep beside shallow"],
)
def test_bombs_are_refused_for_what_they_are(text: str, reason: str) -> None:
    with pytest.raises(PromptError) as refused:
        parse_prompt(text)
    assert refused.value.reason == reason


def test_what_is_just_within_bounds_is_read() -> None:
    deep = f"X: &a {'[' * 8}{']' * 8}\nY: {'[' * 7}*a{']' * 7}"
    wide = f"X: &a [{'1,' * 4900}]\nY: *a"
    for body in (deep, wide):
        assert parse_prompt(BOTH + body) is not None


def size(node: Node) -> tuple[int, int]:
    """Nodes and depth of a tree, with what is there twice counted twice."""
    if isinstance(node, Scalar):
        return 1, 1
    inner = (
        node.items if isinstance(node, Sequence) else [one for pair in node.pairs for one in pair]
    )
    sizes = [size(one) for one in inner]
    return 1 + sum(nodes for nodes, _ in sizes), 1 + max((deep for _, deep in sizes), default=0)


@given(st.sampled_from(sorted(BOMBS)) | nasty_text)
def test_trees_are_no_larger_than_promised(text: str) -> None:
    """However it is aliased: the tree written out, its depth, its text."""
    text = BOMBS.get(text, HEADER + text).split("\n", 1)[1]
    with contextlib.suppress(TreeError):
        tree = tree_of(seen(text), 2)
        if tree is not None:
            nodes, deep = size(tree)
            assert nodes <= MOST_NODES
            assert deep <= DEEPEST


def test_a_refused_text_is_not_read_to_its_end() -> None:
    """Events of the parser until the complaint, which are the work: no more for a longer bomb."""
    for bomb in ("- ", "[", "1,"):
        taken = []
        for times in (11_000, 100_000):
            loader = Counting("X: [" + bomb * times if bomb != "- " else "X:\n" + bomb * times)
            with pytest.raises(TreeError, match=f"more than {MOST_NODES}|more than {DEEPEST}"):
                loader.build()
            taken.append(loader.events)
        assert taken[0] == taken[1] <= 2 * MOST_NODES + 20


class Counting:
    """libyaml's parser that counts what is taken from it."""

    def __init__(self, text: str) -> None:
        self.events, self._parser = 0, yaml.CSafeLoader(text)

    def get_event(self) -> object:
        self.events += 1
        return self._parser.get_event()

    def build(self) -> Node | None:
        from workbench.prompt.tree import _Builder

        return _Builder(self, 1).document()  # type: ignore[arg-type]


# ---------------------------------------------------------------------- cleaning


@given(st.text(max_size=80) | nasty_text)
def test_clean_text_stays_clean(text: str) -> None:
    once = clean_text(text)
    assert clean_text(once) == once
    assert "\r" not in once
    assert "\n\n\n" not in once
    assert not any(line.endswith((" ", "\t")) for line in once.split("\n"))
    assert seen(once) == once


def test_thousands_of_marks_on_one_letter_are_thirty() -> None:
    """Ordering them by rule is quadratic: 32,768 take seconds."""
    for marks in ("\u0301", "\u0316\u0301", "\u0344", "\u0301" * 9000 + "\u0316" * 9000):
        many = clean_text("a" + marks * (20_000 // len(marks)) + "b")
        assert len(many) <= 32
        assert clean_text(many) == many
