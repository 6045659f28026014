"""Measures of pitch and of sounding together. Drums have no pitch and are left out."""

from __future__ import annotations

import math
from collections import Counter

from workbench.evals.metrics.registry import metric
from workbench.evals.metrics.steps import STEP_TICKS, drum_notes, pitched_notes
from workbench.score import Score

NAN = math.nan
MAJOR_SCALE = frozenset((0, 2, 4, 5, 7, 9, 11))


@metric(unit="pitches", high=128.0, source="n_pitches_used, MusPy 0.5")
def distinct_pitches(score: Score) -> float:
    """Different pitches of the pitched parts."""
    pitches = {note.pitch for note in pitched_notes(score)}
    return float(len(pitches)) if pitches else NAN


@metric(unit="sounds", high=128.0, source="count")
def distinct_drums(score: Score) -> float:
    """Different drum sounds."""
    sounds = {note.pitch for note in drum_notes(score)}
    return float(len(sounds)) if sounds else NAN


@metric(
    unit="bits",
    high=math.log2(12),
    source="Wu & Yang 2020 (arXiv 2008.01307), over the whole piece",
)
def pitch_class_entropy(score: Score) -> float:
    """Shannon entropy of the twelve pitch classes, by note counts."""
    counts = Counter(note.pitch % 12 for note in pitched_notes(score))
    if not counts:
        return NAN
    shares = [count / counts.total() for count in counts.values()]
    return abs(-sum(share * math.log2(share) for share in shares))


@metric(unit="share", high=1.0, better="more", source="scale consistency, Mogren 2016")
def in_scale_share(score: Score) -> float:
    """Share of notes inside the major or natural minor scale that holds the most of them."""
    counts = Counter(note.pitch % 12 for note in pitched_notes(score))
    if not counts:
        return NAN
    best = max(
        sum(n for pitch_class, n in counts.items() if (pitch_class - tonic) % 12 in MAJOR_SCALE)
        for tonic in range(12)  # a natural minor scale has the notes of its relative major
    )
    return best / counts.total()


@metric(unit="notes", high=128.0, source="polyphony, MusPy 0.5, on a grid of sixteenths")
def polyphony(score: Score) -> float:
    """Different pitches sounding at once, averaged over the sixteenths on which any sounds."""
    sounding: Counter[int] = Counter()
    for _pitch, step in {
        (note.pitch, step)
        for note in pitched_notes(score)
        for step in range(
            round(note.start_ticks / STEP_TICKS),
            max(round(note.end_ticks / STEP_TICKS), round(note.start_ticks / STEP_TICKS) + 1),
        )
    }:
        sounding[step] += 1
    return sounding.total() / len(sounding) if sounding else NAN


@metric(unit="velocity", high=126.0, source="count")
def velocity_range(score: Score) -> float:
    """Loudest less softest velocity, drums included."""
    velocities = [note.velocity for note in score.notes]
    return float(max(velocities) - min(velocities)) if velocities else NAN
