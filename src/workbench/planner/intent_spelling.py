"""Text to words that are spelt right, numbers in words as digits. Knows words, not what they mean."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import pairwise
from types import MappingProxyType

from workbench.planner.intent_idioms import idiom_words, listed
from workbench.planner.intent_lexicon import FILLERS, MODES, PLAIN, phrases

# English words one slip away from a word above (found by comparing word lists): left as they are.
ENGLISH = listed("""
    affect afresh aint alice ample anger apple arch arranger arrow baking bank bard beard bears began
    begun being beta bitter blend blind blink boos boot boxes bra brace breadth butter case cell chair
    check chunk clarify cleaned cleared clock closed cloud compares composer cord core crap crate crick
    curry derive dimple disc ditto doable doubled drag dream drift driver dumper ease eats energies
    enter entered eras expert father fees fifth fight fighter filler finnish fired fitter flatten
    flatter flower focal folder fort forte forth foster found france frank fuzzy garbage getter glass
    grade grass grave greet ground grown halter hanger hare harmonic hash heel height hill hoard hole
    host hyper ideals inert instance judge lack land late later laying lean lease lesser licensed live
    lives loader lock lone looser lose loser luck lunch mail maker map market match measured mental meta
    mini mood noisy nose noted notion older pain parent patch paying peer pending phased phrase plan
    planned planning player point praise preference preset presume producer race range rank relay
    renamer resemble resent ring rise rouge rounded rounding router sale sampler scare scrape seed seep
    sell sending sequence setter seventh shaded shape shard shared shirt side sift sight sign simpler
    sixth slice slider slowed snack spaced spanned stable stack staff star stat steal steep sticky stock
    store stored storing story strange stranger strong stuck stuff style sue tang temp thrown tick tied
    titled toggled tonne trace treat tree tricky tried triple updated varies vice waking weigh wished
    won wood wound wright writer wrote
    """)

MISSPELT: Mapping[str, str] = MappingProxyType(
    {
        "ad": "add", "cuz": "because", "gonna": "will", "hte": "the", "mut": "mute", "nd": "and",
        "pls": "please", "ply": "play", "plz": "please", "r": "are", "stp": "stop", "teh": "the", "tha": "the",
        "tho": "though", "thx": "thanks", "u": "you", "ur": "your", "wanna": "want", "wat": "what",
        "wut": "what", "zom": "zoom",
    }
)  # fmt: skip
"""Words too short to be repaired by likeness."""

_TOKENS = re.compile(
    r"->|→|[-+−]?\d+(?:[.,/:]\d+)*|[^\W\d_]+[#♯]?-?\d*(?:['’`][^\W\d_]+)*|[%?!.,;:()]", re.UNICODE
)
_ORDINAL = re.compile(r"(?<=\d)(st|nd|rd|th|ths)\b")
_UNITS = re.compile(r"(?<=\d)(?=(?:db|bpm|ms|hz|khz|bars?|beats?|s)\b)")
_GLUED = re.compile(r"(?<=\bcc)(?=\d)|(?<=\bbar)(?=\d)|(?<=\bbeat)(?=\d)|(?<=\btrack)(?=\d)")

_ONES = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15,
    "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90,
}  # fmt: skip


def tokens_of(text: str) -> list[str]:
    """Lower-case words, numbers and marks; apostrophes and hyphens gone, units and ordinals apart."""
    text = unicodedata.normalize("NFC", text).lower()
    text = re.sub(r"(?<=[^\W_])[-‐–—](?=[^\W\d_])|[-‐–—](?=\s)", " ", text)
    text = _GLUED.sub(" ", _UNITS.sub(" ", _ORDINAL.sub("", text)))
    return [re.sub("['’`]", "", token) for token in _TOKENS.findall(text)]


def spelt(words: Sequence[str]) -> list[str]:
    """The words with what is misspelt put right and numbers in words as digits."""
    return list(_numbers([repaired(word) for word in words]))


@lru_cache(maxsize=4096)
def repaired(word: str) -> str:
    """The word, or the one of ours it is a slip away from; a word that is English stays."""
    if word in MISSPELT:
        return MISSPELT[word]
    known, near = _spelling()
    if len(word) < 3 or not word.isalpha() or word in ENGLISH or not known.isdisjoint(_stems(word)):
        return word
    candidates = {candidate for shape in _shapes(word) for candidate in near.get(shape, ())}
    slips = sorted(
        (distance, candidate[0] != word[0], -len(candidate), candidate)
        for candidate in candidates
        if (distance := _slips(word, candidate)) <= (2 if len(candidate) >= 8 else 1)
    )
    return slips[0][-1] if slips else word


def _stems(word: str) -> Iterator[str]:
    """The word, and what it may be a form of: "routed" is of "route", "planned" of "plan"."""
    yield word
    for ending in ("s", "es", "d", "ed", "r", "er", "ing", "ly", "ion"):
        stem = word.removesuffix(ending)
        if stem != word and len(stem) > 2 and (ending not in ("d", "r") or stem.endswith("e")):
            yield from (stem, f"{stem}e", stem[:-1] if stem[-1] == stem[-2] else stem)


@cache
def _spelling() -> tuple[frozenset[str], Mapping[str, frozenset[str]]]:
    """Every word of the tables, and those worth repairing to by what is left without any one letter."""
    terms = {part for phrase in phrases() for part in phrase if part.isalpha()}
    terms |= {word for word in idiom_words() if len(word) > 4} | _REPAIRED_TO
    chatter = {word for phrase in FILLERS.split(", ") for word in phrase.split()}
    near: defaultdict[str, set[str]] = defaultdict(set)
    for term in terms:
        if len(term) >= 3:
            for shape in _shapes(term):
                near[shape].add(term)
    known = terms | chatter | idiom_words() | {*PLAIN, *_ONES, *_TENS, *MODES, "hundred"}
    return frozenset(known), {shape: frozenset(found) for shape, found in near.items()}


_REPAIRED_TO = listed(
    "you and how for the are what where which could would should please explain difference twenty thirty "
    "forty fifty sixty seventy eighty "
    "ninety hundred minor major dorian tell more with less without there better different wrong sounds thanks"
)
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEIGHBOURS = frozenset(frozenset(pair) for row in _ROWS for pair in pairwise(row)) | frozenset(
    frozenset(pair)
    for upper, lower in pairwise(_ROWS)
    for pair in (*zip(upper, lower, strict=False), *zip(upper[1:], lower, strict=False))
)
_VOWELS = frozenset("aeiouy")
_FAR = 9


def _shapes(word: str) -> Iterator[str]:
    yield word
    for i in range(len(word)):
        yield word[:i] + word[i + 1 :]


def _slips(word: str, meant: str) -> int:
    """How many slips make `word` of `meant`.

    Letters swapped with a neighbour, doubled, left out, put in, or taken for a vowel or a key beside;
    of words up to four letters only the first two.
    """
    if len(meant) <= 4:
        swapped = (
            len(word) == len(meant) and sorted(word) == sorted(meant) and _edits(word, meant) == 1
        )
        doubled = len(word) == len(meant) + 1 and _undoubled(word) == _undoubled(meant)
        return 1 if swapped or doubled else _FAR
    return _edits(word, meant)


def _undoubled(word: str) -> str:
    return re.sub(r"(.)\1+", r"\1", word)


def _edits(a: str, b: str) -> int:
    """Letters to add, drop, mistake or swap with a neighbour (optimal string alignment)."""
    before: list[int] = []
    above = list(range(len(b) + 1))
    for i, left in enumerate(a, start=1):
        row = [i]
        for j, right in enumerate(b, start=1):
            mistaken = 0 if left == right else 1 if _alike(left, right) else 2
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + mistaken)
            if i > 1 and j > 1 and left == b[j - 2] and a[i - 2] == right:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, above = above, row
    return above[-1]


def _alike(a: str, b: str) -> bool:
    return {a, b} <= _VOWELS or frozenset((a, b)) in _NEIGHBOURS


def _numbers(words: Sequence[str]) -> Iterator[str]:
    """Numbers in words as digits: "one twenty eight" is 128; a lone "one" stays a word."""
    at = 0
    while at < len(words):
        end = at
        while end < len(words) and (
            words[end] in _ONES or words[end] in _TENS or words[end] == "hundred"
        ):
            end += 1
        if end == at or words[at:end] == ["one"]:
            yield words[at]
            at += 1
        else:
            yield str(_value(words[at:end]))
            at = end


def _value(words: Sequence[str]) -> int:
    value = 0
    for i, word in enumerate(words):
        if word == "hundred":
            value = 100 * (value or 1)
        elif i and value < 10 and (word in _TENS or _ONES.get(word, 0) >= 10):
            value = 100 * value + _TENS.get(word, _ONES.get(word, 0))  # "one twenty"
        else:
            value += _TENS.get(word, _ONES.get(word, 0))
    return value
