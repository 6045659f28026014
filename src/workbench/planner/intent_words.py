"""Words and phrases of one clause, each with all it may stand for. Knows no intents."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from workbench.planner.intent_idioms import ARTICLES, listed
from workbench.planner.intent_lexicon import DEFINITE, INDEFINITE, MODES, PREPOSITIONS, phrases

GOVERNING = listed("to on onto into in from at under over through inside within")
"""Prepositions of place: what they govern is there already."""
_PITCH = re.compile(r"[a-g](?:#|♯|b|♭)?-?\d")
_NUMBER = re.compile(r"[-+−]?\d+(?:[.,/:]\d+)*")
_TONIC = re.compile(r"[a-g](?:#|♯|b|♭)?")
_SHORT_KEY = re.compile(r"[a-g](?:#|♯|b|♭)?(?:m|min|maj)")
_NOT_KEYS = listed("chord chords key keys third sixth seventh tweak change issue problem scale")


@dataclass(frozen=True, slots=True)
class Word:
    """A word or a phrase of the lexicon as it stands in a clause, and all it may stand for."""

    text: str
    kinds: frozenset[str]
    article: str = ""
    """"definite", "indefinite" or "": what the words before it in its noun phrase say."""


_LONGEST = 5
_TOPICS = frozenset({"PRODUCT", "OPERATION"})


def read(words: Sequence[str]) -> list[Word]:
    """The words of one clause, longest phrases first, with articles noted on what follows and left out."""
    found: list[Word] = []
    article, at = "", 0
    while at < len(words):
        length, kinds = _kinds_at(words, at)
        text = " ".join(words[at : at + length])
        if text in PREPOSITIONS:
            article = "governed" if text in GOVERNING else ""
        elif text in DEFINITE:
            article = "definite"
        elif text in INDEFINITE:
            article = "indefinite"
        elif "NEW" in kinds:
            article = article if article == "definite" else "indefinite"
        elif kinds and kinds <= _ACTIONS:
            article = ""
        if text not in ARTICLES:
            found.append(Word(text, kinds, article))
        at += length
    return found


_ACTIONS = listed(
    "ADD MAKE WRITE GO_ON SET REMOVE CLEAR SHOW HIDE PLAY STOP SEEK RENAME NAME TURN MUTE"
)


def _kinds_at(words: Sequence[str], at: int) -> tuple[int, frozenset[str]]:
    known = phrases()
    for length in range(min(_LONGEST, len(words) - at), 0, -1):
        phrase = tuple(words[at : at + length])
        kinds = known.get(phrase, frozenset())
        if kinds <= _TOPICS:
            kinds |= known.get(_singular(phrase), frozenset())
        if kinds:
            return length, kinds
    return _key_at(words, at)


def _singular(phrase: tuple[str, ...]) -> tuple[str, ...]:
    last = phrase[-1]
    return (*phrase[:-1], last[:-1]) if len(last) > 3 and last.endswith("s") else phrase


def _key_at(words: Sequence[str], at: int) -> tuple[int, frozenset[str]]:
    """Numbers, pitches and keys such as "f sharp minor", "bbm"."""
    word, rest = words[at], words[at + 1 :]
    if _PITCH.fullmatch(word):
        return 1, frozenset({"PITCH", "NOTE"})
    if _NUMBER.fullmatch(word):
        return 1, frozenset({"NUMBER"})
    if _SHORT_KEY.fullmatch(word):
        return 1, frozenset({"KEY_NAME"})
    if _TONIC.fullmatch(word):
        length = 2 if rest and rest[0] in ("sharp", "flat") else 1
        following = words[at + length : at + length + 2]
        if following[:1] and following[0] in MODES:
            if following[1:] and following[1] in _NOT_KEYS:
                return 1, frozenset()
            return length + 1, frozenset({"KEY_NAME"})
        if word != "a" or not following or length == 2:
            return length, frozenset({"TONIC"})
    return 1, frozenset()


def joined(words: Iterable[str]) -> str:
    """Words as one line, articles left out: what idioms are looked up in."""
    return " ".join(word for word in words if word not in ARTICLES)
