"""What bass, chords and melody play in a style, as tables. Knows no pitches and no randomness.

One character a sixteenth, `|` between bars, `-` holds what went before (over the bar line too), `.`
rests. Bass: R root, 3 third, 5 fifth, 7 seventh, 8 octave, a step into the next root, n that root
itself. Chords: x the whole chord, X accented, a digit one tone of it counted from the lowest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

LOCK, LOCK_OCTAVE, WALK = "lock", "lock-octave", "walk"
"""Basslines that follow the drums or the chords instead of a row."""

BASSLINES: Mapping[str, str] = MappingProxyType(
    {
        "eighths": "R-R-R-R-R-R-R-R-",
        "root-fifth": "R---R-R-5---5-R-",
        "gallop": "R-RRR-RRR-RRR-RR",
        "pulse": "R---R---R---R---",
        "push": "R--R--R-..R-R---",
        "slap": "R-.8..R.5..7R-..",
        "funk-sixteenths": "R.RR..8.R..5.7.8",
        "funk-answer": "R-..R.8.......5.|R-..R.8...7.5.a.",
        "one": "R---..8.....5.7.",
        "offbeat": "..R-..R-..R-..R-",
        "octaves": "R-8-R-8-R-8-R-8-",
        "octave-sixteenths": "R.8RR.8RR.8RR.8R",
        "octave-climb": "R-8-R-8-3-8-5-a-",
        "house-riff": "R--R--8-..R-7-5-",
        "syncopated": "R-..R-..R-R-..5-",
        "rolling": ".RRR.RRR.RRR.RRR",
        "acid": "R.R8.R.RR.3.R8.7",
        "sixteenth-drone": "RRRRRRRRRRRRRRRR",
        "sub-long": "R---------------",
        "sub-two": "R---------R-----",
        "reese": "R-----------5---|R-------R-----a-",
        "808": "R-----.R..R-----|R-----.R..5---a-",
        "boom": "R--R....R.5-....",
        "two-feel": "R------.5------.",
        "bossa": "R-----5-5-----R-",
        "bossa-octave": "R-----5-8-----5-",
        "samba": "R--R5--5R--R5--5",
        "samba-surdo": "R...5---R...5--R",
        "reggae-drop": "....R-3-5---R-..",
        "reggae-riff": "R--R..3-5---....|..R-3-..5-R-....",
        "reggae-step": "R-R-....5-R-3-..",
        "reggae-triad": "R---3-5-........|R---3-5-..5-3-R-",
        "tumbao": "---5--R----5--n-",
        "tumbao-fifth": "---R--5----R--n-",
        "songo": "R--5--R---5-R-n-",
        "dembow": "R--R--R-R--R--R-",
        "dembow-sub": "R-----5-R-----5-",
    }
)

COMPS: Mapping[str, str] = MappingProxyType(
    {
        "pad": "x---------------",
        "half-pad": "x-------x-------",
        "quarters-short": "x-..x-..x-..x-..",
        "strum": "X---..x-..x-x-x-",
        "eighths": "X-x-x-x-X-x-x-x-",
        "push": "x-----x-------x-",
        "stabs": "..x..x....x..x..",
        "scratch": "x.xx..x.x.xx..x.",
        "funk-answer": "....x.x.......x.|..x...x..x......",
        "charleston": "x-....x-........",
        "reverse-charleston": "..x-....x---....",
        "red": "......x-......x-",
        "offbeat": "..x-..x-..x-..x-",
        "house-stab": "x--x--x---..x--.",
        "gate": "x.xx.xx.x.xx.xx.",
        "skank": "....x.......x...",
        "double-skank": "....x.x.....x.x.",
        "bubble": "..x.x-x...x.x-x.",
        "bossa": "x---..x---..x-..|....x---..x---..",
        "bossa-two": "x-x-..x-x-..x---",
        "samba": "x.xx.x.x.xx.x.x.",
        "clave": "x--x--x---x-x---",
        "montuno": "0.2.12.20.2.12.2",
        "montuno-two": "x.20.2x..20.2x.2",
        "dembow": "x--x--x-x--x--x-",
        "arpeggio": "0.1.2.1.0.1.2.1.",
        "bells": "0---2-..1---2---",
    }
)


@dataclass(frozen=True, slots=True)
class MelodyIdiom:
    """How a melody moves: notes in a one-bar motif, weights of its sixteenths, its scale."""

    notes: tuple[int, int]
    weights: tuple[int, ...]
    pentatonic: bool = False
    rest_chance: float = 0.1
    """Chance that a phrase leaves its last bar (almost) empty for an answer."""


MELODIES: Mapping[str, MelodyIdiom] = MappingProxyType(
    {
        "eighths": MelodyIdiom((4, 7), (6, 0, 3, 0, 4, 0, 3, 0, 5, 0, 3, 0, 4, 0, 3, 0)),
        "sixteenths": MelodyIdiom((5, 9), (6, 1, 3, 3, 3, 1, 4, 2, 4, 1, 4, 2, 3, 1, 4, 1)),
        "sparse": MelodyIdiom(
            (2, 4), (6, 0, 1, 1, 4, 0, 3, 0, 5, 0, 2, 1, 3, 0, 2, 0), False, 0.25
        ),
        "pentatonic": MelodyIdiom(
            (3, 6), (6, 0, 3, 2, 3, 0, 4, 1, 3, 0, 4, 1, 3, 0, 2, 1), True, 0.2
        ),
        "blues": MelodyIdiom((4, 7), (3, 0, 4, 2, 3, 0, 4, 1, 4, 0, 4, 2, 2, 0, 3, 1), True, 0.2),
        "clave": MelodyIdiom((4, 7), (6, 0, 1, 6, 1, 0, 6, 1, 1, 1, 6, 0, 5, 0, 2, 1)),
        "swing": MelodyIdiom((5, 8), (5, 0, 5, 0, 4, 0, 5, 0, 4, 0, 5, 0, 4, 0, 5, 0), False, 0.2),
    }
)

MELODY_FORMS = ("AAAB", "AABA", "ABAB", "AAAA", "ABAC")
