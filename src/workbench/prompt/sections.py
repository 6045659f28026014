"""The sections of a piece: from `Form`, from `Section`, or from explicit words in `Request`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from workbench.errors import RequestError
from workbench.prompt.model import BEATS_PER_BAR
from workbench.prompt.prompt import Prompt

FULL = "full"
USUAL_BARS = 8  # of a section beside others whose bars are given
MOST_REPEATS = 16

# Words and what they name. Strong ones are said of music's form only.
_STRONG: Mapping[str, str] = MappingProxyType(
    {
        "intro": "intro", "introduction": "intro",
        "verse": "verse", "a-section": "verse", "exposition": "verse", "recap": "verse",
        "reprise": "verse",
        "pre chorus": "pre-chorus", "prechorus": "pre-chorus",
        "chorus": "chorus", "drop": "chorus", "hook": "chorus", "refrain": "chorus",
        "climax": "chorus",
        "bridge": "bridge", "middle eight": "bridge", "middle 8": "bridge", "b section": "bridge",
        "breakdown": "breakdown",
        "outro": "outro", "coda": "outro", "fade out": "outro",
        "build up": "build", "buildup": "build",
        "interlude": "interlude", "cadenza": "solo",
    }
)  # fmt: skip
# Ordinary words too ("a fill in bar four", "a deep groove"): they count in `Form` and `Section`, before
# "section" or "part", and as an item of a list that names sections.
_WEAK: Mapping[str, str] = MappingProxyType(
    {
        "a section": "verse", "head": "verse", "theme": "verse", "motif": "verse", "riff": "verse",
        "lift": "pre-chorus", "peak": "chorus", "development": "bridge",
        "tag": "outro", "ending": "outro",
        "build": "build", "riser": "build", "ascent": "build", "fill": "build",
        "solo": "solo", "improv": "solo", "improvisation": "solo", "variation": "solo",
        "transition": "interlude", "turnaround": "interlude",
        "groove": "groove", "vamp": "groove", "break": "breakdown",
    }
)  # fmt: skip
# What is told of a piece's course; in `Request` only, beside a section or where something follows.
_ENDS = r"(?=\s*(?:[,.;:!?]|$|(?:then|and|into|before|with|to)\b))"  # no adjective: "minimal drums"
_TOLD: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(rf"\b(?:{words})"), name)
    for words, name in (
        (r"(?:builds? up|swells?|crescendo)\b", "build"),
        (rf"(?:stripped (?:back|down)|quiet part)\b|(?:bare|minimal)\b{_ENDS}", "breakdown"),
        (r"(?:big drop|explodes?|big impact)\b", "chorus"),
        (rf"(?:establish(?:es)?|opens with)\b|opening\b{_ENDS}", "intro"),
        (rf"(?:ends with|winding down|winds down|fades(?: out)?)\b|closing\b{_ENDS}", "outro"),
        (r"takes a solo\b", "solo"),
        (r"transitions? to\b", "interlude"),
    )
)
_FOLLOWS = re.compile(r"\b(?:then|after that|afterwards|finally|followed by)\b|→|->")

# How much of a piece each takes, as a share before it is made to add up.
WEIGHTS: Mapping[str, float] = MappingProxyType(
    {
        "intro": 0.15, "verse": 0.35, "pre-chorus": 0.1, "chorus": 0.3, "bridge": 0.1,
        "outro": 0.1, "build": 0.15, "solo": 0.25, "interlude": 0.1, "groove": 0.25,
        "breakdown": 0.1,
    }
)  # fmt: skip


# Words that are verbs as well ("drop the hats", "bridges the gap"), and drop D.
_VERBS = frozenset(("drop", "hook", "bridge", "climax"))
_NO_NOUN = r"(?! (?:the|out|off|c|d)\b)"


def _any_of(words: Mapping[str, str]) -> str:
    """Any of the words, plurals too; the longest first, so that none is taken for a part of it."""
    ends = {word: rf"\b{_NO_NOUN}" if word in _VERBS else r"(?=e?s?\b)" for word in words}
    return "|".join(
        word.replace(" ", "[ -]") + ends[word] for word in sorted(words, key=len, reverse=True)
    )


_NAMES: Mapping[str, str] = MappingProxyType({**_STRONG, **_WEAK})
_BY_WORD = {word.replace(" ", "-"): name for word, name in _NAMES.items()}
_EXPLICIT = re.compile(rf"\b({_any_of(_STRONG)})")
_ANY = re.compile(rf"\b({_any_of(_NAMES)})")
_PART = re.compile(rf"\b({'|'.join(_WEAK)})s?[ -](?:section|part)s?\b")
_ALONE = re.compile(rf"(?:(?:an?|the) )?({'|'.join(_WEAK)})s?")
_BETWEEN_ITEMS = re.compile(r" ?(?:[,;|/→—–]|->|\bthen\b|\band\b|\bto\b|\binto\b) ?")
_LETTERS = re.compile(r"[AB](?:[ -]?[AB]){1,15}")
_BARS = re.compile(r"\b([0-9]{1,3}) ?-? ?bars?\b")
_FROM_TO = re.compile(r"\bbars? ([0-9]{1,3}) ?(?:-|–|to) ?([0-9]{1,3})\b")
_TIMES = re.compile(r"\b[x×] ?([0-9]{1,2})\b|\b([0-9]{1,2}) ?[x×]")
_LENGTH = re.compile(r"(?:[0-9 x×–-]|to|bars?)+")
_NUMBER = re.compile(r"\b[0-9]{1,3}\b")
_ORDERS = ("structure", "sections", "order", "form", "arrangement", "parts")
_CALLED = ("name", "section", "part", "type")


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of a piece: what it is, where it starts and how long it is, in quarter notes."""

    name: str
    start_beats: float
    length_beats: float


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A section as asked for; `number` is its length, or says which of its kind it is."""

    name: str
    bars: int | None = None
    number: int | None = None


def sections_of(
    prompt: Prompt, bars: int, beats_per_bar: float = BEATS_PER_BAR
) -> tuple[Section, ...]:
    """The sections of a piece of that many bars (1 or more), one after another; names occur once.

    `Form` decides where it names any: its order stands, repeats are numbered ("verse 2"), and lengths
    given in bars count in proportion. Else `Section` does, else the words of `Request`, each section
    once. A request that names fewer than two makes one section, "full". Each is a bar or longer; what
    finds no room is left out. Raises `RequestError` for less than a bar.
    """
    if bars < 1:
        raise RequestError(f"bars must be 1 or more, got {bars}")
    wanted = _of_form(prompt.extensions.get("form")) or _of_form(prompt.section)
    if not wanted:
        names = _of_request(prompt.request)
        wanted = [_Wanted(name) for name in (names if len(names) > 1 else [FULL])]
    wanted = wanted[:bars]
    shares = _shares(wanted)
    total, counts = sum(shares), Counter[str]()
    sections, start = list[Section](), 0
    for at, (section, share) in enumerate(zip(wanted, shares, strict=True)):
        left = len(wanted) - at - 1
        length = max(1, round(share / total * bars)) if left else bars - start
        length = min(length, bars - start - left)
        counts[section.name] += 1
        nth = counts[section.name]
        name = section.name if nth == 1 else f"{section.name} {nth}"
        sections.append(Section(name, start * beats_per_bar, length * beats_per_bar))
        start += length
    return tuple(sections)


def _shares(wanted: Sequence[_Wanted]) -> list[float]:
    """How much each takes of the piece: its bars where any are given, else its usual weight."""
    counts = Counter[str]()
    given: list[int | None] = []
    for section in wanted:
        counts[section.name] += 1
        ordinal = section.number == counts[section.name]  # "verse 1", "verse 2"
        given.append(section.bars or (None if ordinal else section.number) or None)
    if any(given):
        return [length or USUAL_BARS for length in given]
    return [WEIGHTS.get(section.name, 1.0) for section in wanted]


# ---------------------------------------------------------------------- of Form and Section


def _of_form(form: Any) -> list[_Wanted]:
    """The sections that text, a list or a mapping names, in its order."""
    if isinstance(form, str):
        if _LETTERS.fullmatch(form.strip()):
            names = {"A": "verse", "B": "bridge"}
            return [_Wanted(names[letter], USUAL_BARS) for letter in form if letter in names]
        return [section for item in _items(form.lower()) for section in _of_item(item)]
    if isinstance(form, Sequence):
        return [section for item in form for section in _of_form(item)]
    if isinstance(form, Mapping):
        return _of_mapping({str(key).strip().lower(): value for key, value in form.items()})
    return []


def _of_mapping(form: Mapping[str, Any]) -> list[_Wanted]:
    """Of `{structure: …}`, of `{name: verse, bars: 8}`, else of `{verse: 8, chorus: {bars: 8}}`."""
    for key in _ORDERS:
        if key in form:
            return _of_form(form[key])
    for key in _CALLED:
        if isinstance(form.get(key), str):
            return _measured(_of_item(" ".join(form[key].lower().split())), form)
    wanted = []
    for key, value in form.items():
        named = _of_item(" ".join(key.split()))
        wanted += _measured(named, value) if named else _of_form(value)
    return wanted


def _measured(wanted: list[_Wanted], length: Any) -> list[_Wanted]:
    """The section with the length that a value beside it says."""
    if isinstance(length, Mapping):
        length = next((length[key] for key in ("bars", "length") if key in length), None)
    if len(wanted) != 1 or isinstance(length, bool) or not isinstance(length, int | str):
        return wanted
    if isinstance(length, int):
        return [_Wanted(wanted[0].name, length if length > 0 else None)]
    said = " ".join(length.lower().split())
    if not _LENGTH.fullmatch(said):
        return wanted
    measured = _of_item(f"{wanted[0].name} {said}")
    return [replace(section, bars=section.bars or section.number) for section in measured]


def _of_item(item: str) -> list[_Wanted]:
    """One entry of a form: "verse", "verse 2", "8 bar intro", "verse x2", "intro-verse-chorus"."""
    names = [name for _, name in _named(_ANY, item)]
    if len(names) != 1:
        return [_Wanted(name) for name in names]
    bars = times = number = None
    if said := _TIMES.search(item):
        times = min(int(said[1] or said[2]), MOST_REPEATS)
        item = _TIMES.sub("", item)
    if said := _FROM_TO.search(item):
        bars = int(said[2]) - int(said[1]) + 1
    elif said := _BARS.search(item):
        bars = int(said[1])
    elif said := _NUMBER.search(item):
        number = int(said[0])
    return [_Wanted(names[0], bars if bars and bars > 0 else None, number)] * (times or 1)


# ---------------------------------------------------------------------- of Request


def _of_request(request: str) -> list[str]:
    """Sections that a sentence names, in the order of their first mention, each once."""
    text = " ".join(request.lower().split())
    found = _named(_EXPLICIT, text) + _named(_PART, text)
    if found:
        at = 0
        for item in _items(text):
            at = text.index(item, at) + len(item)
            if alone := _ALONE.fullmatch(item):
                found.append((at - len(item), _WEAK[alone[1]]))
    if found or _FOLLOWS.search(text):
        named = {name for _, name in found}
        for pattern, name in _TOLD:
            match = pattern.search(text)
            if match and name not in named:
                found.append((match.start(), name))
    return list(dict.fromkeys(name for _, name in sorted(found)))


def _items(text: str) -> list[str]:
    """What stands between commas, arrows, "then" and "and"."""
    return _BETWEEN_ITEMS.split(" ".join(text.split()))


def _named(words: re.Pattern[str], text: str) -> list[tuple[int, str]]:
    """Where a text says which section."""
    return [(match.start(), _BY_WORD[match[1].replace(" ", "-")]) for match in words.finditer(text)]
