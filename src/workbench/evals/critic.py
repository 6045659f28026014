"""The critic that chooses among candidates: each part of a score by the rubric of its role.

Weights, windows and counts are Maestro's; where it names a quality and gives no formula, the formula
here is ours and says so. Higher is better; knows no models.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median, pstdev
from types import MappingProxyType

from workbench.evals.metrics.rhythm import groove_consistency, syncopation
from workbench.evals.metrics.steps import BAR_TICKS, STEP_TICKS, num_bars, step_of
from workbench.models.expression import role_of
from workbench.score import TICKS_PER_QUARTER, Note, Score, Track
from workbench.score.gm import KICKS, SNARES

TOMS = frozenset({41, 43, 45, 47, 48, 50})
HATS = frozenset({42, 44, 46, 51, 53, 54, 59, 69, 70, 82})  # what keeps time: hats, rides, shakers
POCKET_TICKS = TICKS_PER_QUARTER // 16  # a hit this far from its habit is out of the pocket
GHOST_VELOCITY = 60  # a snare softer than this is a ghost note
GHOSTS_PER_BAR = 2
VELOCITY_SPREAD = 20.0
HAT_SPREAD = 12.0
SYNCOPATION_PER_BAR = 20.0
PHRASE_BARS = 4
KICK_WINDOW_TICKS = TICKS_PER_QUARTER // 4
BASS_NOTES_PER_BAR = (2, 8)
MELODY_NOTES, FEW_MELODY_NOTES = 32, 0.4
CHORD_NOTES, FEW_CHORD_NOTES = 24, 0.5


@dataclass(frozen=True, slots=True)
class Critique:
    """What the critic thinks of a score: `value` 0 to 1, NaN where it has no part with notes."""

    value: float
    parts: Mapping[str, Mapping[str, float]]
    """By role, each quality of its rubric, 0 to 1."""


def critique(score: Score) -> Critique:
    """The mean over the score's parts of what the rubric of each one's role says. 4/4 is assumed."""
    kicks = sorted(
        note.start_ticks
        for track in score.tracks
        for note in track.notes
        if track.is_drums and note.pitch in KICKS
    )
    parts: dict[str, dict[str, float]] = {}
    values = []
    for track in score.tracks:
        if not track.notes:
            continue
        role = role_of(track)
        qualities = _RUBRICS[role](track, score, kicks)
        weights = DRUM_WEIGHTS if role == "drums" else dict.fromkeys(qualities, 1 / len(qualities))
        values.append(sum(weights[name] * value for name, value in qualities.items()))
        parts[role if role not in parts else track.name] = qualities
    return Critique(fmean(values) if values else math.nan, parts)


# ---------------------------------------------------------------------- drums


def _pocket(track: Track, _score: Score, bars: int) -> float:
    """Share of hits in time with their voice's habit there, times that of bars with kick and snare.

    A voice's habit is its median distance from the sixteenth, on even and on odd ones apart: swing
    and playing behind the beat are habits, straying is not.
    """
    distances: dict[tuple[int, int], list[int]] = defaultdict(list)
    for note in track.notes:
        step = step_of(note)
        distances[note.pitch, step % 2].append(note.start_ticks - step * STEP_TICKS)
    steady = [
        abs(distance - median(habit)) <= POCKET_TICKS
        for habit in distances.values()
        for distance in habit
    ]
    framed = _bars_with(track, KICKS, bars) & _bars_with(track, SNARES, bars)
    return fmean(steady) * len(framed) / bars


def _hats(track: Track, _score: Score, _bars: int) -> float:
    """Half for a second way to strike what keeps time, half for velocities that differ; 0 without any."""
    hats = [note for note in track.notes if note.pitch in HATS]
    if not hats:
        return 0.0
    ways = min(len({note.pitch for note in hats}), 2) - 1
    return 0.5 * ways + 0.5 * min(pstdev(note.velocity for note in hats) / HAT_SPREAD, 1.0)


def _fills(track: Track, _score: Score, bars: int) -> float:
    """Share of tom hits that fall in the last bar of four or of the piece; ½ without toms."""
    toms = [_bar(note, bars) for note in track.notes if note.pitch in TOMS]
    if not toms:
        return 0.5
    return fmean(bar % PHRASE_BARS == PHRASE_BARS - 1 or bar == bars - 1 for bar in toms)


def _ghosts(track: Track, _score: Score, bars: int) -> float:
    """Soft snares a bar, up to two."""
    soft = sum(n.pitch in SNARES and n.velocity < GHOST_VELOCITY for n in track.notes)
    return min(soft / bars / GHOSTS_PER_BAR, 1.0)


def _balance(track: Track, _score: Score, _bars: int) -> float:
    """How evenly hits are shared by low drums, backbeat and timekeeping: entropy over its most."""
    counts = Counter(
        "low" if note.pitch in KICKS | TOMS else "back" if note.pitch in SNARES else "time"
        for note in track.notes
    )
    shares = [count / counts.total() for count in counts.values()]
    return abs(-sum(share * math.log(share, 3) for share in shares))


def _repetition(track: Track, score: Score, _bars: int) -> float:
    """Groove consistency of the bars; 1 for a single one."""
    consistency = groove_consistency(_alone(track, score))
    return 1.0 if math.isnan(consistency) else consistency


def _velocities(track: Track, _score: Score, _bars: int) -> float:
    """Standard deviation of velocities, up to 20."""
    return min(pstdev(note.velocity for note in track.notes) / VELOCITY_SPREAD, 1.0)


def _off_beats(track: Track, score: Score, _bars: int) -> float:
    """Syncopation a bar (Longuet-Higgins & Lee), up to 20."""
    return min(syncopation(_alone(track, score)) / SYNCOPATION_PER_BAR, 1.0)


_DRUM_RUBRIC: tuple[tuple[str, float, Callable[[Track, Score, int], float]], ...] = (
    ("groove_pocket", 0.20, _pocket),
    ("hat_articulation", 0.18, _hats),
    ("fill_localization", 0.15, _fills),
    ("ghost", 0.12, _ghosts),
    ("layer_balance", 0.12, _balance),
    ("repetition", 0.10, _repetition),
    ("velocity", 0.08, _velocities),
    ("syncopation", 0.05, _off_beats),
)
DRUM_WEIGHTS: Mapping[str, float] = MappingProxyType(
    {name: weight for name, weight, _ in _DRUM_RUBRIC}
)


def _drums(track: Track, score: Score, _kicks: Sequence[int]) -> dict[str, float]:
    bars = num_bars(score)
    return {name: quality(track, score, bars) for name, _, quality in _DRUM_RUBRIC}


# ---------------------------------------------------------------------- pitched parts


def _bass(track: Track, score: Score, kicks: Sequence[int]) -> dict[str, float]:
    """Kick alignment, where there are kicks, and density.

    The share of notes within a quarter of a beat of a kick; 1 for two to eight notes a bar, falling off
    in proportion.
    """
    low, high = BASS_NOTES_PER_BAR
    notes_per_bar = len(track.notes) / num_bars(score)
    density = {"density": min(notes_per_bar / low, 1.0, high / notes_per_bar)}
    if not kicks:
        return density
    aligned = fmean(_near(kicks, note.start_ticks) for note in track.notes)
    return {"kick_alignment": aligned, **density}


def _near(kicks: Sequence[int], ticks: int) -> bool:
    index = bisect_left(kicks, ticks)
    return any(
        abs(kick - ticks) <= KICK_WINDOW_TICKS for kick in kicks[max(index - 1, 0) : index + 1]
    )


# The reference gives a part of few notes a constant. It is a floor here, so that no part is the worse
# for a note more.


def _melody(track: Track, _score: Score, _kicks: Sequence[int]) -> dict[str, float]:
    return {"density": max(FEW_MELODY_NOTES, min(len(track.notes) / MELODY_NOTES, 1.0))}


def _chords(track: Track, _score: Score, _kicks: Sequence[int]) -> dict[str, float]:
    return {"density": max(FEW_CHORD_NOTES, min(len(track.notes) / CHORD_NOTES, 1.0))}


_RUBRICS: Mapping[str, Callable[[Track, Score, Sequence[int]], dict[str, float]]] = (
    MappingProxyType({"drums": _drums, "bass": _bass, "melody": _melody, "chords": _chords})
)


def _bar(note: Note, bars: int) -> int:
    """The bar of a note's nearest sixteenth; one before the end of the loop is its first."""
    return step_of(note) * STEP_TICKS // BAR_TICKS % bars


def _bars_with(track: Track, sounds: frozenset[int], bars: int) -> set[int]:
    return {_bar(note, bars) for note in track.notes if note.pitch in sounds}


def _alone(track: Track, score: Score) -> Score:
    return Score(tracks=(track,), length_ticks=score.length_ticks)
