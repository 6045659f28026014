"""What is wrong with a tool call: codes, fields, sentences, suggestions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from workbench.errors import WorkbenchError

Code = Literal[
    "TOOL_NOT_ALLOWED",
    "CIRCUIT_OPEN",
    "MISSING_REQUIRED",
    "WRONG_PARAM_NAME",
    "TYPE_MISMATCH",
    "VALUE_OUT_OF_RANGE",
    "INVALID_VALUE",
    "INVALID_NAME",
    "NAME_TOO_LONG",
    "INVALID_EFFECT_TYPE",
    "INVALID_ICON",
    "INVALID_PITCH",
    "INVALID_VELOCITY",
    "INVALID_START",
    "INVALID_DURATION",
    "ENTITY_NOT_FOUND",
    "GENERATION_FAILED",
]


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that is wrong, and what to do instead."""

    code: Code
    field: str
    message: str
    suggestion: str | None = None

    def as_dict(self) -> dict[str, str | None]:
        return {
            "code": self.code,
            "field": self.field,
            "message": self.message,
            "suggestion": self.suggestion,
        }


class ToolError(WorkbenchError):
    """A tool call that cannot be done; its text may be shown to whoever called."""

    def __init__(self, *issues: Issue) -> None:
        self.issues = issues
        super().__init__("; ".join(issue.message for issue in issues))


def nearest(name: str, known: Iterable[str]) -> str | None:
    """What was probably meant: by beginning, then as a part, then by the letters it has."""
    names = list(known)
    wanted = name.lower()
    if not wanted:
        return None
    for close in (_begins_alike, _contains, _same_letters):
        for other in names:
            if other and close(wanted, other.lower()):
                return other
    return None


def _begins_alike(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _contains(one: str, other: str) -> bool:
    return one in other or other in one


def _same_letters(one: str, other: str) -> bool:
    """Whether the sets of their letters share 0.6 of all letters (Jaccard)."""
    return len(set(one) & set(other)) / len(set(one) | set(other)) >= 0.6


def nearest_word(word: str, known: Iterable[str]) -> str | None:
    """The closest spelling among words of a fixed list."""
    by_lower = {other.lower(): other for other in known}
    close = get_close_matches(word.lower(), by_lower, n=1)
    return by_lower[close[0]] if close else None
