"""Measures of a four-part band, one case at a time: harmony, and how the parts hold together.

Everything is heard in C major or A minor. Chords are read from the chord part alone, bar by bar;
the bass only decides between readings. NaN where a measure does not apply.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from statistics import fmean
from types import MappingProxyType

from workbench.evals.cases import Case, in_bar
from workbench.evals.compare import slot_f1
from workbench.evals.drumming import KICK, anchor_hit, exact_bars, on_grid
from workbench.models.grammar import ROLES, Chord, Event, all_progressions, chord_named
from workbench.models.vocabulary import UNITS_PER_BAR

NAN = math.nan
DRUMS, BASS, CHORDS, MELODY = range(4)
WHITE = frozenset((0, 2, 4, 5, 7, 9, 11))
CONSONANT = frozenset((0, 3, 4, 5, 7, 8, 9))  # intervals in semitones, octaves folded
SHAPES = ((0, 4, 7), (0, 3, 7), (0, 4, 7, 11), (0, 4, 7, 10), (0, 3, 7, 10), (0, 3, 6, 10))
HALF_BAR, BEAT = 64, 32
SIXTEENTH_AND_A_BIT = 8.5
MODES = (1, 2)


@cache
def _stacks() -> tuple[frozenset[int], ...]:
    """Triads and seventh chords on every root, as pitch classes."""
    return tuple(
        frozenset((root + step) % 12 for step in shape) for shape in SHAPES for root in range(12)
    )


@cache
def _known_chords(mode: int) -> tuple[tuple[Chord, frozenset[int]], ...]:
    """Each chord of the mode's progressions, with its seventh."""
    names = sorted({name for row in all_progressions(mode) for name in row})
    return tuple(
        (chord_named(name), frozenset(chord_named(name, seventh=True).pitch_classes))
        for name in names
    )


@cache
def _root_rows(mode: int) -> frozenset[tuple[int, ...]]:
    return frozenset(tuple(chord_named(n).root for n in row) for row in all_progressions(mode))


@cache
def _root_moves(mode: int) -> frozenset[tuple[int, int]]:
    return frozenset(
        move for row in _root_rows(mode) for move in itertools.pairwise((*row, row[0]))
    )


def chord_of(case: Case, bar: int) -> Chord | None:
    """The chord of the mode that the chord part plays in a bar; None when it is none of them."""
    heard = {event.pitch % 12 for event in case.in_bar(bar, CHORDS)}
    if len(heard) < 3:
        return None
    bass = [event.pitch % 12 for event in case.in_bar(bar, BASS)][:1]
    readings = [
        ((chord.root in bass, len(heard.intersection(chord.pitch_classes))), index, chord)
        for mode in _modes(case)
        for index, (chord, full) in enumerate(_known_chords(mode))
        if heard <= full
    ]
    return max(readings, key=lambda reading: reading[0])[2] if readings else None


def _modes(case: Case) -> tuple[int, ...]:
    return (case.truth.mode,) if case.truth.mode else MODES


def in_key(case: Case) -> float:
    """Share of pitched notes on the white keys, the mean of the parts."""
    shares = []
    for role in (BASS, CHORDS, MELODY):
        notes = [event.pitch % 12 in WHITE for event in case.new_events if event.role == role]
        if notes:
            shares.append(fmean(notes))
    return fmean(shares) if shares else NAN


def consonance(case: Case) -> float:
    """Share of pairs of pitches struck together a third, fourth, fifth, sixth or octave apart."""
    together = defaultdict(list)
    for event in case.new_events:
        if event.role != DRUMS:
            together[event.onset].append(event.pitch)
    pairs = [
        (one - other) % 12 in CONSONANT
        for pitches in together.values()
        for one, other in itertools.combinations(sorted(pitches, reverse=True), 2)
    ]
    return fmean(pairs) if pairs else NAN


def chord_purity(case: Case) -> float:
    """Share of bars with chords whose pitch classes make (part of) one triad or seventh chord."""
    pure = []
    for bar in case.new_bars:
        heard = {event.pitch % 12 for event in case.in_bar(bar, CHORDS)}
        if heard:
            pure.append(len(heard) >= 3 and any(heard <= stack for stack in _stacks()))
    return fmean(pure) if pure else NAN


def bass_in_chord(case: Case) -> float:
    """Share of bass notes on one and three that belong to the bar's chord."""
    return _strong_in_chord(case, BASS, HALF_BAR)


def melody_in_chord(case: Case) -> float:
    """Share of melody notes on a beat that belong to the bar's chord, its seventh included."""
    return _strong_in_chord(case, MELODY, BEAT)


def _strong_in_chord(case: Case, role: int, every: int) -> float:
    met = []
    for bar in case.new_bars:
        heard = frozenset(event.pitch % 12 for event in case.in_bar(bar, CHORDS))
        if heard:
            classes = _classes(chord_of(case, bar), heard)
            notes = [event for event in case.in_bar(bar, role) if event.onset % every == 0]
            met += [event.pitch % 12 in classes for event in notes]
    return fmean(met) if met else NAN


def _classes(chord: Chord | None, heard: frozenset[int]) -> frozenset[int]:
    """What belongs to a bar's chord: the one read, else what is heard if it is any chord."""
    if chord is not None:
        return heard | set(chord.pitch_classes)
    return heard if any(heard <= stack for stack in _stacks()) else frozenset()


def bass_near_kick(case: Case) -> float:
    """Share of bass onsets at most a sixteenth from a kick; NaN without a bass or a kick."""
    kicks = [e.onset for e in case.new_events if e.role == DRUMS and e.pitch == KICK]
    basses = [event.onset for event in case.new_events if event.role == BASS]
    if not kicks or not basses:
        return NAN
    return fmean(min(abs(b - k) for k in kicks) <= SIXTEENTH_AND_A_BIT for b in basses)


def root_moves(case: Case) -> float:
    """Share of steps from bar to bar whose two roots follow each other in some progression."""
    roots = _roots(case)
    moves = [roots[bar - 1 : bar + 1] for bar in case.new_bars if bar > 0]
    known = [any(tuple(move) in _root_moves(mode) for mode in _modes(case)) for move in moves]
    return fmean(known) if known else NAN


def progression(case: Case) -> float:
    """1 where the roots of every four bars are one of the grammar's progressions; else 0."""
    roots = _roots(case)
    fours = [tuple(roots[bar : bar + 4]) for bar in range(0, case.truth.bars - 3, 4)]
    known = [any(four in _root_rows(mode) for mode in _modes(case)) for four in fours]
    return float(all(known)) if known else NAN


def _roots(case: Case) -> list[int | None]:
    chords = [chord_of(case, bar) for bar in range(case.truth.bars)]
    return [chord.root if chord else None for chord in chords]


def parts_alive(case: Case) -> float:
    """Share of bars in which each part of the truth has a note."""
    roles = [role for role, patch in enumerate(case.truth.programs) if patch is not None]
    return fmean(all(case.in_bar(bar, role) for role in roles) for bar in case.new_bars)


def programs_kept(case: Case) -> float:
    """Share of new notes on instruments of the truth."""
    new = case.new_events
    return fmean(event.patch in case.truth.programs for event in new) if new else NAN


def _rhythm_likeness(role: int) -> Callable[[Case], float]:
    def measure(case: Case) -> float:
        given = _rhythm(in_bar(case.truth.events, 0, role))
        values = [slot_f1(_rhythm(case.in_bar(bar, role)), given) for bar in case.new_bars]
        return fmean(values) if given and values and case.given_bars else NAN

    measure.__doc__ = f"Mean F1 of the {ROLES[role]}'s rhythm in each new bar with the prime's."
    return measure


def _rhythm(events: Sequence[Event]) -> frozenset[int]:
    return frozenset(round(event.onset % UNITS_PER_BAR / 8) % 16 for event in events)


BAND_MEASURES: Mapping[str, Callable[[Case], float]] = MappingProxyType(
    {
        "in_key": in_key,
        "consonance": consonance,
        "chord_purity": chord_purity,
        "bass_in_chord": bass_in_chord,
        "melody_in_chord": melody_in_chord,
        "bass_near_kick": bass_near_kick,
        "root_moves": root_moves,
        "progression": progression,
        "parts_alive": parts_alive,
        "programs_kept": programs_kept,
        "bass_rhythm": _rhythm_likeness(BASS),
        "chord_rhythm": _rhythm_likeness(CHORDS),
        "melody_rhythm": _rhythm_likeness(MELODY),
        "anchor_hit": anchor_hit,
        "on_grid": on_grid,
        "exact_bars": exact_bars,
    }
)
