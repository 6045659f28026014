"""STORI PROMPT text → `Prompt`: a header line, then YAML; every complaint says where."""

from __future__ import annotations

import re
from typing import Any

from workbench.errors import PromptError
from workbench.prompt.cleaning import seen
from workbench.prompt.grammar import DIMENSIONS, FIELDS, Reading, meant
from workbench.prompt.prompt import Prompt
from workbench.prompt.tree import Mapping, Node, Place, Scalar, TreeError, folded, tree_of

LONGEST = 32_768
SHOWN = 80  # characters of a line after the one that is wrong
_HEADER = re.compile(r"\s*(?:stori|maestro)\s+prompt\s*:?\s*", re.IGNORECASE)


def parse_prompt(text: str) -> Prompt | None:
    """The prompt a text holds; None where it does not begin with the header `STORI PROMPT`.

    Raises `PromptError`, which names the field, the line and the column (of the text without
    invisible characters), and shows the place. A text has at most 32,768 characters.
    """
    lines = seen(text[: 2 * LONGEST]).split("\n")
    header = next((at for at, line in enumerate(lines) if line.strip()), 0)
    if not _HEADER.fullmatch(lines[header]):
        return None
    try:
        return _read(lines, header, len(text))
    except TreeError as error:
        line, column = error.place
        source = lines[line - 1] if line <= len(lines) else ""
        raise PromptError(
            error.reason, field=error.field or _field_at(lines, header, line), line=line,
            column=column, source=source[: column + SHOWN].replace("\t", " "),
            suggestion=error.suggestion,
        ) from error  # fmt: skip


def _read(lines: list[str], header: int, length: int) -> Prompt:
    top = Place(header + 1, 1)
    if length > LONGEST:
        raise TreeError(f"at most {LONGEST} characters, got {length}", "", top)
    tree = tree_of("\n".join(lines[header + 1 :]), header + 2)
    if tree is None or (isinstance(tree, Scalar) and not tree.text):
        tree = Mapping((), top)
    if not isinstance(tree, Mapping):
        raise TreeError("expected fields, one a line", _LIKE_THIS, tree.place)
    reading, values, extensions = Reading(), dict[str, Any](), dict[str, Any]()
    there = {folded(key): key for key, _ in tree.pairs}
    absent = [field.label for name, field in FIELDS.items() if name not in there]
    for key, node in tree.pairs:
        if field := FIELDS.get(folded(key)):
            values[field.name] = field.read(field.label, node, reading)
            _remark_comment(field.label, node, lines, reading)
        else:
            extensions[folded(key)] = node.value
            _remark_slip(key, absent, reading)
    for label, example in _EXAMPLES.items():
        if label in absent:
            raise TreeError(f"{label} is missing", example, top, label)
    follows = values.pop("after", None)
    if follows and values.get("position"):
        reading.remark("After", "has no effect beside Position", there["after"].place)
    values["position"] = values.get("position") or follows
    return Prompt(**values, extensions=extensions, remarks=tuple(reading.remarks))


_LIKE_THIS = "write Mode: compose, with a space behind the colon"
# The fields that must be there.
_EXAMPLES = {"Mode": "write Mode: compose", "Request": "write Request: and what you want"}
_OPEN = frozenset(dimension.lower() for dimension in DIMENSIONS)


_COMMENT = re.compile(r"(?<!\S)#\S")  # "take #2"; "# a note" is meant as one


def _remark_slip(key: Scalar, absent: list[str], reading: Reading) -> None:
    """Note a label that was probably meant for a field that is not there; refuse it for a needed one."""
    close = None if folded(key) in _OPEN else meant(key.text, absent)
    if close is None:
        return
    said = key.text.strip()
    if close in _EXAMPLES:
        hint = f"{said}: did you mean {close}?"
        raise TreeError(f"{close} is missing", hint, key.place, close)
    reading.remark(said, f"no field is called {said}", key.place, f"did you mean {close}?")


def _remark_comment(label: str, node: Node, lines: list[str], reading: Reading) -> None:
    """Note where YAML takes the end of a value for a comment that was probably none."""
    if isinstance(node, Scalar) and node.plain:
        line, column = node.place
        if cut := _COMMENT.search(lines[line - 1], column - 1):
            place = Place(line, cut.start() + 1)
            reading.remark(label, "what follows # is a comment", place, "put the value in quotes")


def _field_at(lines: list[str], header: int, line: int) -> str:
    """The field that a line belongs to: the last label at the left edge at or above it."""
    for at in range(min(line, len(lines)) - 1, header, -1):
        label, colon, _ = lines[at].partition(":")
        if colon and label and not label[0].isspace() and label[0] not in "-#[{\"'":
            return label.strip()[:80]
    return ""
