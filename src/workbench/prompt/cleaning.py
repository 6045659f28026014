"""A user's text without what cannot be seen."""

from __future__ import annotations

import re
import unicodedata

MOST_MARKS = 30
"""Combining marks in a row, as in Unicode's stream-safe text (UAX 15): normalising more is quadratic."""

# C0 and C1 but for NUL, tab and line feed; soft hyphen, zero-width, bidirectional, byte order mark;
# lone surrogates.
_UNSEEN = re.compile(
    "[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u202a-\u202e"
    "\u2060-\u2064\u2066-\u2069\ufeff\ud800-\udfff]"
)
_LINE_ENDS = re.compile("\r\n?|\u2028|\u2029")


def clean_text(text: str) -> str:
    """A user's text without what cannot be seen: NFC, one kind of line end, no trailing space.

    Three line ends and more become two; NUL stays, for the door to refuse.
    """
    return re.sub(r"\n{3,}", "\n\n", seen(text).strip())


def seen(text: str) -> str:
    """The text line for line, without invisible characters and trailing space."""
    text = _UNSEEN.sub("", _LINE_ENDS.sub("\n", text))
    if not text.isascii():
        text = _stream_safe(unicodedata.normalize("NFC", _stream_safe(text)))
    return "\n".join(line.rstrip(" \t") for line in text.split("\n"))


def _stream_safe(text: str) -> str:
    """The text with no more than `MOST_MARKS` marks on one letter."""
    if max(text) < "\u0300":  # the first mark
        return text
    kept, marks = [], 0
    for char in text:
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks <= MOST_MARKS:
            kept.append(char)
    return "".join(kept)
