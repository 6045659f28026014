"""The fields of a STORI PROMPT: one row each says what it is called, and how it is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from workbench.prompt.model import MODES, Position, Remark, Target, Vibe
from workbench.prompt.position import after, parse_position
from workbench.prompt.tree import Mapping as Pairs
from workbench.prompt.tree import Node, Place, Scalar, Sequence, TreeError, number_of, twice

MOST_WEIGHT = 1000
FASTEST = 999_999
"""The highest number that is read as a tempo; what music can have is for the planner to say."""
_DIGITS = re.compile(r"[0-9]+")
_DASHES = re.compile(r"^(?:-(?:\s+|$))+")
_WEIGHT = r"([0-9]+(?:\.[0-9]+)?)"
_WEIGHED = re.compile(rf"(.*\S)(?:\s+[x×]\s*|:){_WEIGHT}", re.IGNORECASE | re.DOTALL)
_TARGET = re.compile(r"(track|region)\s*:\s*(.*)", re.IGNORECASE | re.DOTALL)


class Reading:
    """The remarks of one reading."""

    def __init__(self) -> None:
        self.remarks: list[Remark] = []

    def remark(self, field: str, reason: str, place: Place, suggestion: str = "") -> None:
        """Note that something has no effect."""
        self.remarks.append(Remark(field, reason, place.line, place.column, suggestion))


Reader = Callable[[str, Node, Reading], Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the grammar: its label, the value of a `Prompt` it becomes, and how it is read."""

    label: str
    name: str
    read: Reader


def read_mode(label: str, node: Node, _: Reading) -> str:
    """`compose`, `edit` or `ask`."""
    said = _text(label, node)
    if said is None or said.lower() not in MODES:
        got = "nothing" if said is None else repr(said[:40])
        close = meant(said or "", MODES)
        raise TreeError(
            f"{label} must be {', '.join(MODES[:-1])} or {MODES[-1]}, got {got}",
            f"did you mean {close}?" if close else "", node.place, label,
        )  # fmt: skip
    return said.lower()


def read_request(label: str, node: Node, _: Reading) -> str:
    """Any text but none."""
    said = _text(label, node)
    if said is None:
        raise TreeError(f"{label} is empty", "say in a sentence what you want", node.place, label)
    return said


def read_text(label: str, node: Node, _: Reading) -> str | None:
    """A line of text as it stands."""
    return _text(label, node)


def read_word(label: str, node: Node, _: Reading) -> str | None:
    """A line of text in lower case."""
    said = _text(label, node)
    return said.lower() if said else None


def read_tempo(label: str, node: Node, reading: Reading) -> int | None:
    """A number's whole part, or the first number in a text."""
    said = _text(label, node)
    if said is None:
        return None
    value = node.value
    if isinstance(value, str) and (found := _DIGITS.search(value)):
        value = number_of(found[0].lstrip("0") or "0")
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > FASTEST:
        reading.remark(label, f"no tempo in {said[:40]!r}", node.place, "write a number, as in 120")
        return None
    return int(value)


def read_position(label: str, node: Node, reading: Reading) -> Position | None:
    """A position in any of its forms."""
    return _position(label, node, reading, parse_position)


def read_after(label: str, node: Node, reading: Reading) -> Position | None:
    """A position, or the name of what it comes after."""
    return _position(label, node, reading, after)


def _position(
    label: str, node: Node, reading: Reading, parse: Callable[[str], Position | None]
) -> Position | None:
    said = _text(label, node)
    position = parse(said) if said else None
    if said and position is None:
        reading.remark(
            label, f"no position in {said[:40]!r}", node.place,
            "write bar 9, beat 32, last, after NAME + 2 bars, before, alongside, within NAME bar 2, "
            "or between NAME and NAME",
        )  # fmt: skip
    return position


def read_target(label: str, node: Node, reading: Reading) -> Target | None:
    """`project`, `selection`, `track:NAME` or `region:NAME`."""
    said = _text(label, node)
    if said is None:
        return None
    if said.lower() == "project":
        return Target("project")
    if said.lower() == "selection":
        return Target("selection")
    if named := _TARGET.fullmatch(said):
        kind = named[1].lower()
        return Target("track" if kind == "track" else "region", named[2].strip() or None)
    reading.remark(
        label, f"no target in {said[:40]!r}", node.place,
        "write project, selection, track:NAME or region:NAME",
    )  # fmt: skip
    return None


def read_roles(label: str, node: Node, _: Reading) -> tuple[str, ...]:
    """A list, or names between commas."""
    items: list[str] = []
    if isinstance(node, Scalar):
        items = (_text(label, node) or "").split(",")
    elif isinstance(node, Sequence):
        items = [_text(label, item) or "" for item in node.items]
    else:
        raise _not(node, label, "names, as in [drums, bass]", label)
    names = (_DASHES.sub("", item.strip()).strip() for item in items)
    return tuple(name for name in names if name)


def read_constraints(label: str, node: Node, reading: Reading) -> dict[str, Any]:
    """A mapping, or a list of mappings, `name: value` texts and bare flags."""
    found: list[tuple[Scalar, str, Any]] = []
    if isinstance(node, Scalar):
        if said := _text(label, node):
            reading.remark(label, f"no constraints in {said[:40]!r}", node.place, "write {bars: 8}")
        return {}
    for item in node.items if isinstance(node, Sequence) else (node,):
        if isinstance(item, Pairs):
            found += [(key, key.text, value.value) for key, value in item.pairs]
        elif said := _text(label, item):
            assert isinstance(item, Scalar)
            name, colon, value = said.partition(":")
            found.append((item, name, number_of(value.strip()) if colon else True))
    constraints: dict[str, Any] = {}
    keys: dict[str, Scalar] = {}
    for key, name, value in found:
        name = name.strip().lower()
        if name in constraints:
            raise twice(key, keys[name], label)
        keys[name], constraints[name] = key, value
        if value is None and ":" in name:
            reading.remark(label, f"{name[:40]} has no value", key.place, "write a space after :")
    return constraints


def read_vibes(label: str, node: Node, _: Reading) -> tuple[Vibe, ...]:
    """Names between commas, a list or a mapping; `dark x3`, `dark:3` and `{dark: 3}` weigh them."""
    found: list[Vibe | None] = []
    if isinstance(node, Scalar):
        said = _text(label, node) or ""
        return _vibes(_vibe(label, part, node) for part in said.split(","))
    for item in node.items if isinstance(node, Sequence) else (node,):
        if isinstance(item, Pairs):
            found += [_weighed(label, name, weight) for name, weight in item.pairs]
        else:
            found.append(_vibe(label, _text(label, item) or "", item))
    return _vibes(found)


def _vibes(found: Iterable[Vibe | None]) -> tuple[Vibe, ...]:
    return tuple(vibe for vibe in found if vibe is not None)


def _weighed(label: str, name: Scalar, weight: Node) -> Vibe | None:
    """One entry of a mapping."""
    if not isinstance(weight, Scalar):
        raise _not(weight, f"the weight of {name.text[:40]!r}", "a whole number", label)
    value = weight.value
    return _weighing(label, name.text, 1 if value is None else value, weight.place)


def _vibe(label: str, said: str, node: Node) -> Vibe | None:
    """One entry of a list."""
    if weighed := _WEIGHED.fullmatch(said.strip()):
        return _weighing(label, weighed[1], weighed[2], node.place)
    return _weighing(label, said, 1, node.place)


def _weighing(label: str, name: str, weight: str | float, place: Place) -> Vibe | None:
    name = name.strip().lower()
    if isinstance(weight, str):
        weight = number_of(weight.strip())
    if not isinstance(weight, int) or isinstance(weight, bool) or not 1 <= weight <= MOST_WEIGHT:
        raise TreeError(
            f"the weight of {name[:40]!r} must be a whole number, 1 to {MOST_WEIGHT}, "
            f"got {weight!r:.40}", f"write {name[:40]}: 2", place, label,
        )  # fmt: skip
    return Vibe(name, weight) if name else None


def _text(label: str, node: Node) -> str | None:
    """A scalar as it was written, None for an empty one and for null."""
    if not isinstance(node, Scalar):
        raise _not(node, label, "text", label)
    return (node.text.strip() or None) if node.value is not None else None


def _not(node: Node, what: str, expected: str, label: str) -> TreeError:
    got = "a list" if isinstance(node, Sequence) else "a mapping"
    return TreeError(f"{what} must be {expected}, got {got}", "", node.place, label)


def meant(said: str, known: Iterable[str]) -> str | None:
    """The first known word that another is but for a letter, two swapped, a plural, marks around it."""
    said = said.lower().strip(_MARKS)
    return next((word for word in known if len(said) > 1 and _is_slip(said, word.lower())), None)


def _is_slip(said: str, known: str) -> bool:
    if not -2 < len(said) - len(known) < 3 or (said[0] != known[0] and said[-1] != known[-1]):
        return False  # one slip leaves the first letter or the last
    if said in (known, known + "s", known + "es"):
        return True
    start = next((at for at, (a, b) in enumerate(zip(said, known, strict=False)) if a != b), None)
    if start is None:
        return abs(len(said) - len(known)) == 1
    ours, theirs = said[start:], known[start:]
    swapped = ours[:2] == theirs[1::-1] and ours[2:] == theirs[2:]
    return swapped or ours[1:] == theirs[1:] or ours[1:] == theirs or ours == theirs[1:]


_MARKS = " \t*_#•·–—-0123456789.):"  # of lists, headings, bold text

_FIELDS = (
    Field("Mode", "mode", read_mode),
    Field("Request", "request", read_request),
    Field("Section", "section", read_word),
    Field("Position", "position", read_position),
    Field("After", "after", read_after),
    Field("Target", "target", read_target),
    Field("Style", "style", read_text),
    Field("Key", "key", read_text),
    Field("Tempo", "tempo", read_tempo),
    Field("Energy", "energy", read_word),
    Field("Role", "roles", read_roles),
    Field("Constraints", "constraints", read_constraints),
    Field("Vibe", "vibes", read_vibes),
)
FIELDS: Mapping[str, Field] = MappingProxyType({field.label.lower(): field for field in _FIELDS})
"""By lower-case label; whatever else stands in a prompt is an extension."""

DIMENSIONS = (
    "Harmony", "Melody", "Rhythm", "Dynamics", "Humanization", "Orchestration", "Effects",
    "Expression", "Texture", "Form", "Automation", "MidiExpressiveness",
)  # fmt: skip
"""Extensions that are known by name, though anything goes."""
