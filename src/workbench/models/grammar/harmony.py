"""Progressions and chords in C major and A minor: which chord a bar has, and its notes.

Progressions are common property of the trade, written as chord names. Knows no rhythm.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from workbench.errors import RequestError

MAJOR, MINOR = 1, 2

_TRIADS: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {"C": (0, 4, 7), "Dm": (2, 5, 9), "Em": (4, 7, 11), "E": (4, 8, 11), "F": (5, 9, 0),
     "G": (7, 11, 2), "Am": (9, 0, 4), "Bb": (10, 2, 5), "Bm-5": (11, 2, 5)}
)  # fmt: skip
_SEVENTHS: Mapping[str, int] = MappingProxyType(
    {"C": 11, "Dm": 0, "Em": 2, "E": 2, "F": 4, "G": 5, "Am": 7, "Bb": 9, "Bm-5": 9}
)

_MAJOR_TEXT = {
    "pop": ("C G Am F", "C Am F G", "F G Am C", "C F Am G", "Am F C G", "F C G Am", "C Em F G"),
    "rock": ("C Bb F C", "C F G F", "C F C G", "G F C C", "C C F G"),
    "jazz": ("Dm G C C", "C Am Dm G", "Em Am Dm G", "F Em Dm C", "Dm G C Am", "C Dm Em F"),
    "latin": ("C F G F", "C F G C", "C G G C", "C Am Dm G", "F G C C"),
    "vamp": ("C C F F", "C F C F", "C Bb C Bb", "F C F C", "Dm G Dm G"),
    "dance": ("F G Am Em", "F C Am G", "C G Dm F", "F Am G C"),
}
_MINOR_TEXT = {
    "pop": ("Am F C G", "Am G F G", "Am C G F", "Am Dm F G", "F G Am Am", "Am F Dm E"),
    "rock": ("Am G F G", "Am C Dm F", "Am F G Am", "Am G Dm F", "Am Am F G"),
    "jazz": ("Bm-5 E Am Am", "Am Dm G C", "Am F Bm-5 E", "Dm G C F", "Am Dm Bm-5 E"),
    "latin": ("Am Dm E Am", "Am G F E", "Am Dm E E", "Dm Am E Am", "Am E E Am"),
    "vamp": ("Am Am Am Am", "Am Am F F", "Am Dm Am Dm", "Am G Am G", "Am F Am E"),
    "dance": ("Am F C G", "F G Am C", "Am Am F G", "Dm F Am G", "Am G Dm F", "Am C F E"),
}
# A root must tell its chord within a mode, so minor has E and never Em.


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord: its pitch classes from the root up."""

    name: str
    pitch_classes: tuple[int, ...]

    @property
    def root(self) -> int:
        return self.pitch_classes[0]

    @property
    def third(self) -> int:
        """Semitones from the root to the third."""
        return (self.pitch_classes[1] - self.root) % 12

    @property
    def fifth(self) -> int:
        """Semitones from the root to the fifth."""
        return (self.pitch_classes[2] - self.root) % 12

    @property
    def seventh(self) -> int:
        """Semitones from the root to the seventh, sounded or not."""
        return (_SEVENTHS[self.name] - self.root) % 12


@cache
def chord_named(name: str, seventh: bool = False) -> Chord:
    """The chord of a name, with its diatonic seventh when asked for."""
    return Chord(name, _TRIADS[name] + ((_SEVENTHS[name],) if seventh else ()))


@cache
def progressions(mode: int, families: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """The four-bar progressions of some families, each once."""
    table = _MAJOR_TEXT if mode == MAJOR else _MINOR_TEXT
    rows = dict.fromkeys(text for family in families for text in table[family])
    return tuple(tuple(row.split()) for row in rows)


def all_progressions(mode: int) -> tuple[tuple[str, ...], ...]:
    """Every four-bar progression of a mode, each once."""
    return progressions(mode, tuple(_MAJOR_TEXT))


def draw_chords(
    rng: random.Random, mode: int, families: tuple[str, ...], bars: int, *, sevenths: bool
) -> list[Chord]:
    """A chord a bar: one progression over and over, or now and then two in turn."""
    rows = progressions(mode, families)
    first = rng.choice(rows)
    second = rng.choice(rows) if rng.random() < 0.25 else first
    return [
        chord_named((first if bar // 4 % 2 == 0 else second)[bar % 4], sevenths)
        for bar in range(bars)
    ]


def chords_on(roots: Sequence[int], mode: int, *, sevenths: bool) -> list[Chord]:
    """The mode's chord on each root, in C major or A minor. Raises `RequestError` for one it lacks."""
    known = {chord_named(name).root: name for row in all_progressions(mode) for name in row}
    strange = [root for root in roots if root not in known]
    if strange:
        raise RequestError(
            f"chord_roots must be roots of the key's chords, {sorted(known)} semitones above "
            f"{'C' if mode == MAJOR else 'A minor’s C'}; got {strange[0]}"
        )
    return [chord_named(known[root], sevenths) for root in roots]


LOWEST_VOICE, HIGHEST_VOICE = 52, 77


@cache
def _voicings(pitch_classes: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    found = []
    for turn in range(len(pitch_classes)):
        order = pitch_classes[turn:] + pitch_classes[:turn]
        for low in range(LOWEST_VOICE, HIGHEST_VOICE):
            if low % 12 != order[0]:
                continue
            notes = [low]
            for pitch_class in order[1:]:
                notes.append(notes[-1] + ((pitch_class - notes[-1]) % 12 or 12))
            if notes[-1] <= HIGHEST_VOICE:
                found.append(tuple(notes))
    return tuple(found)


@cache
def voiced(pitch_classes: tuple[int, ...], near: int) -> tuple[int, ...]:
    """The close position whose middle lies nearest to the pitch `near`."""
    return min(_voicings(pitch_classes), key=lambda notes: abs(sum(notes) / len(notes) - near))


@cache
def nearest(pitch_classes: tuple[int, ...], pitch: int) -> int:
    """The pitch of one of the classes nearest to `pitch`; the lower of two."""
    return min(
        (p for p in range(pitch - 11, pitch + 12) if p % 12 in pitch_classes),
        key=lambda p: (abs(p - pitch), p),
    )


@cache
def scale_for(chord_name: str, pentatonic: bool) -> tuple[int, ...]:
    """Pitches a melody may walk on over a chord: the white keys, bent where the chord says so."""
    classes: tuple[int, ...] = (0, 2, 4, 7, 9) if pentatonic else (0, 2, 4, 5, 7, 9, 11)
    bent = {"E": (7, 8), "Bb": (11, 10)}.get(chord_name)
    if bent:
        classes = tuple(bent[1] if pc == bent[0] else pc for pc in classes)
    return tuple(p for p in range(48, 97) if p % 12 in classes)
