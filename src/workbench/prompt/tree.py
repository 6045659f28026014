"""YAML as a tree that remembers where each value stands, with work bounded by the text's length.

Reads libyaml's events, so that a deep or self-repeating document is refused before it is built.
Plain scalars mean what PyYAML's dumper believes they mean, but for dates, base 60, other bases and what
64 bits cannot hold, which stay text: a prompt's "1:30" is no number.
"""

from __future__ import annotations

import math
import re
from typing import Any, NamedTuple

import yaml

# Each with aliases written out.
DEEPEST = 16
MOST_NODES = 10_000
MOST_CHARACTERS = 100_000

_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_TRUTHS = {
    said: truth
    for truth, words in ((True, "yes true on"), (False, "no false off"))
    for word in words.split()
    for said in (word, word.title(), word.upper())
}
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?(?:[0-9]{1,30}\.[0-9]{0,30}|\.[0-9]{1,30})(?:[eE][-+][0-9]{1,3})?")


class Place(NamedTuple):
    """A line and a column of the text, from 1."""

    line: int
    column: int


class TreeError(Exception):
    """What is wrong, where, and in which field, "" where only the text around can tell."""

    def __init__(self, reason: str, suggestion: str, place: Place, field: str = "") -> None:
        super().__init__(reason)
        self.reason, self.suggestion, self.place, self.field = reason, suggestion, place, field


# Named tuples: half a frozen dataclass's time to build, thousands of times a prompt.
class Scalar(NamedTuple):
    """A word, a number, a block of text."""

    text: str
    plain: bool
    place: Place

    @property
    def value(self) -> str | int | float | bool | None:
        """What the text means: quoted it is text, plain it may be a number, a truth or nothing."""
        if not self.plain:
            return self.text
        if self.text in _NULL:
            return None
        truth = _TRUTHS.get(self.text)
        return number_of(self.text) if truth is None else truth


class Sequence(NamedTuple):
    """A list."""

    items: tuple[Node, ...]
    place: Place

    @property
    def value(self) -> list[Any]:
        """Its values."""
        return [item.value for item in self.items]


class Mapping(NamedTuple):
    """Keys, which are scalars, and values, in their order."""

    pairs: tuple[tuple[Scalar, Node], ...]
    place: Place

    @property
    def value(self) -> dict[str, Any]:
        """Its values by the text of their keys."""
        return {key.text: node.value for key, node in self.pairs}


Node = Scalar | Sequence | Mapping


def folded(key: Scalar) -> str:
    """The name that a field's label stands for, however it is written."""
    return key.text.strip().lower()


def number_of(text: str) -> int | float | str:
    """The number that a text is, else the text."""
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text) and math.isfinite(number := float(text)):
        return number
    return text


def tree_of(text: str, first_line: int) -> Node | None:
    """The one document in a text, None where it is empty; its first line has this number.

    Raises `TreeError`.
    """
    loader = None
    try:
        loader = yaml.CSafeLoader(text)
        return _Builder(loader, first_line).document()
    except yaml.MarkedYAMLError as error:
        raise _complaint(error, text, first_line) from error
    except yaml.YAMLError as error:  # of the reader: a character outside YAML's set
        raise _odd_character(text, first_line) from error
    finally:
        if loader is not None:
            loader.dispose()


class _Anchored(NamedTuple):
    """A node that can be repeated, and what a repetition adds."""

    node: Node
    nodes: int
    characters: int
    height: int


class _Builder:
    def __init__(self, loader: yaml.CSafeLoader, first_line: int) -> None:
        self._next, self._first_line = loader.get_event, first_line
        self._anchors: dict[str, _Anchored] = {}
        self._nodes = self._characters = self._reach = 0

    def document(self) -> Node | None:
        root: Node | None = None
        while not isinstance(event := self._next(), yaml.StreamEndEvent):
            if isinstance(event, yaml.NodeEvent):
                root = self._node(event, 1)
            elif isinstance(event, yaml.DocumentStartEvent) and root is not None:
                raise TreeError("a second document begins", "leave out the ---", self._place(event))
        return root

    def _place(self, event: Any) -> Place:
        mark = event.start_mark
        return Place(mark.line + self._first_line, mark.column + 1)

    def _node(self, event: Any, depth: int) -> Node:
        place = self._place(event)
        if isinstance(event, yaml.AliasEvent):
            return self._repeated(str(event.anchor), place, depth)
        if event.tag is not None:
            raise TreeError("a value cannot begin with !", _QUOTE, place)
        if event.anchor is None:
            return self._built(event, place, depth)
        nodes, characters, reach = self._nodes, self._characters, self._reach
        self._reach = depth
        node = self._built(event, place, depth)
        self._anchors[event.anchor] = _Anchored(
            node, self._nodes - nodes, self._characters - characters, self._reach - depth
        )
        self._reach = max(reach, self._reach)
        return node

    def _repeated(self, name: str, place: Place, depth: int) -> Node:
        anchored = self._anchors.get(name)
        if anchored is None:
            raise TreeError(f"*{name[:40]} stands for nothing", _QUOTE, place)
        self._count(anchored.nodes, anchored.characters, depth + anchored.height, place)
        return anchored.node

    def _built(self, event: Any, place: Place, depth: int) -> Node:
        if type(event) is yaml.ScalarEvent:
            self._count(1, len(event.value), depth, place)
            return Scalar(event.value, event.implicit[0], place)
        self._count(1, 0, depth, place)
        if type(event) is yaml.SequenceStartEvent:
            items = []
            while type(item := self._next()) is not yaml.SequenceEndEvent:
                items.append(self._node(item, depth + 1))
            return Sequence(tuple(items), place)
        pairs: dict[str, tuple[Scalar, Node]] = {}
        while type(begin := self._next()) is not yaml.MappingEndEvent:
            key = self._node(begin, depth + 1)
            if not isinstance(key, Scalar):
                raise TreeError("a list or a mapping cannot be a key", _QUOTE, key.place)
            name = folded(key) if depth == 1 else key.text
            if name in pairs:
                raise twice(key, pairs[name][0], key.text.strip()[:40] if depth == 1 else "")
            pairs[name] = key, self._node(self._next(), depth + 1)
        return Mapping(tuple(pairs.values()), place)

    def _count(self, nodes: int, characters: int, depth: int, place: Place) -> None:
        self._nodes += nodes
        self._characters += characters
        self._reach = max(self._reach, depth)
        if depth > DEEPEST:
            raise TreeError(f"nested more than {DEEPEST} deep", "", place)
        if self._nodes > MOST_NODES:
            raise TreeError(f"more than {MOST_NODES} values, aliases written out", "", place)
        if self._characters > MOST_CHARACTERS:
            raise TreeError(
                f"more than {MOST_CHARACTERS} characters, aliases written out", "", place
            )


def twice(again: Scalar, first: Scalar, field: str) -> TreeError:
    """The complaint about a key that is there already."""
    label, line = again.text.strip()[:40], first.place.line
    return TreeError(
        f"{label} is there twice, first on line {line}", "keep one", again.place, field
    )


# ---------------------------------------------------------------------- complaints


def _complaint(error: yaml.MarkedYAMLError, text: str, first_line: int) -> TreeError:
    """What libyaml says, as a musician needs to hear it, where the mistake was made."""
    problem = error.problem or error.context or "this is not YAML"
    reason, suggestion, where = _COMPLAINTS.get(problem, (problem, "", _FOUND))
    mark = error.context_mark if where == _BEGUN else error.problem_mark
    mark = mark or error.problem_mark or error.context_mark
    assert mark is not None  # libyaml always says where
    line = text.split("\n")[mark.line] if mark.line <= text.count("\n") else ""
    before, char = line[: mark.column], line[mark.column : mark.column + 1]
    if problem in _BY_LINE:
        alone, after_text = _BY_LINE[problem]
        reason, suggestion = after_text if _SAID.search(before) else alone
    if problem == _NO_START:
        reason, suggestion = _TAB if char == "\t" else (reason.format(char), suggestion)
    return TreeError(reason, suggestion, Place(mark.line + first_line, mark.column + 1))


_FOUND, _BEGUN = "where it was found", "where it began"
_QUOTE = "put the value in quotes"
_SECOND_COLON = "mapping values are not allowed in this context"
_NO_KEY = "did not find expected key"
_NO_START = "found character that cannot start any token"
_TAB = ("a tab cannot indent", "use spaces")
_BANG = ("a value cannot begin with !", _QUOTE, _BEGUN)
_STAR = ("nothing can begin with * or &", "write lists with -, and put a value in quotes", _BEGUN)
_PERCENT = ("a line cannot begin with %", "indent it, or put the value in quotes", _BEGUN)
_BACKSLASH = (
    "a backslash means something else in double quotes", "use single quotes", _FOUND
)  # fmt: skip
_BLOCK = ("text on the line of | or >", "begin it on the next line, indented", _BEGUN)
_OPEN_QUOTE = (
    "quotes that do not end",
    "close them, or put the other kind around the value",
    _BEGUN,
)
_LEFT_EDGE = "begin every field at the left edge"
_NO_FIELD = "a field needs its name, a colon and a space"
_COLON = "write Field: value; indent lines that go on with the value"

# By what libyaml says: the reason, the suggestion, and which of its two marks is the mistake.
_COMPLAINTS: dict[str, tuple[str, str, str]] = {
    _NO_START: ("nothing can begin with {}", _QUOTE, _FOUND),
    "found a tab character that violates indentation": (*_TAB, _FOUND),
    "found a tab character where an indentation space is expected": (*_TAB, _FOUND),
    "could not find expected ':'": (_NO_FIELD, _COLON, _BEGUN),
    "did not find expected '-' indicator": (
        "this line is no entry of the list above", f"begin entries with -; {_LEFT_EDGE}", _FOUND
    ),
    "block sequence entries are not allowed in this context": (
        "a list with - cannot begin behind a colon",
        "begin it on the next line, or write [drums, bass]", _FOUND,
    ),
    "mapping keys are not allowed in this context": (
        "a value cannot begin with ?", _QUOTE, _FOUND
    ),
    "did not find expected ',' or ']'": (
        "a list in [ ] that does not end", "put commas between its entries; close it with ]", _BEGUN
    ),
    "did not find expected ',' or '}'": (
        "a mapping in { } that does not end", "put commas between its entries; close it with }",
        _BEGUN,
    ),
    "did not find expected node content": ("a value cannot begin like this", _QUOTE, _FOUND),
    "did not find expected <document start>": (
        "this is not part of the fields above", f"{_LEFT_EDGE}; leave out lines of dots", _FOUND
    ),
    "found unexpected end of stream": _OPEN_QUOTE,
    "found unexpected document indicator": _OPEN_QUOTE,
    "found unknown escape character": _BACKSLASH,
    "did not find expected hexdecimal number": _BACKSLASH,
    "found invalid Unicode character escape code": _BACKSLASH,
    "did not find expected comment or line break": _BLOCK,
    "found an indentation indicator equal to 0": _BLOCK,
    "did not find expected alphabetic or numeric character": _STAR,
    "found undefined tag handle": _BANG,
    "did not find expected tag URI": _BANG,
    "did not find expected whitespace or line break": _BANG,
    "found unexpected non-alphabetical character": _PERCENT,
    "found unknown directive name": _PERCENT,
    "could not find expected directive name": _PERCENT,
}  # fmt: skip
# Where the place decides: at the beginning of a line or its first field, and behind a value.
_BY_LINE: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    _SECOND_COLON: (
        ("this field runs into the line above",
         f"{_LEFT_EDGE}, with its name, a colon and a space"),
        ("a second colon makes this another field", f"{_QUOTE}; track:NAME has no space"),
    ),
    _NO_KEY: (
        ("this line is neither a field nor part of the value above",
         f"{_LEFT_EDGE}, what belongs to it indented alike"),
        ("the value ends before this", "put the whole value in quotes, or leave them out"),
    ),
}  # fmt: skip
_SAID = re.compile(r":\s|[\"'\]}*&]|^\s*-\s")


def _odd_character(text: str, first_line: int) -> TreeError:
    """Where the first character is that YAML's printable set lacks."""
    index = next((at for at, char in enumerate(text) if not _PRINTABLE.match(char)), 0)
    line_start = text.rfind("\n", 0, index) + 1
    return TreeError(
        f"a character that YAML does not know, U+{ord(text[index]):04X}", "leave it out",
        Place(first_line + text.count("\n", 0, index), index - line_start + 1),
    )  # fmt: skip


_PRINTABLE = re.compile("[\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
