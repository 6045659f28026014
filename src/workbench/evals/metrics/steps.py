"""A score on a grid of sixteen steps to the 4/4 bar: what the rhythm metrics look at.

Every metric that speaks of steps declares this grid, because the published ones depend on the
resolution they are computed at (groove consistency at native ticks is near 1 for anything).
"""

from __future__ import annotations

from collections import defaultdict

from workbench.score import DRUM_CHANNEL, TICKS_PER_QUARTER, Note, Score

STEPS_PER_BAR = 16
STEP_TICKS = TICKS_PER_QUARTER // 4
BAR_TICKS = 4 * TICKS_PER_QUARTER
Voice = tuple[str, int]
"""("drum", pitch) for a drum sound, ("track", index) for a pitched part."""


def in_common_time(score: Score) -> bool:
    """Whether every bar is 4/4."""
    return all((m.numerator, m.denominator) == (4, 4) for m in score.time_signatures)


def num_bars(score: Score) -> int:
    """Bars of a 4/4 score, a begun one included; 0 for an empty score."""
    return -(-score.length_ticks // BAR_TICKS)


def step_of(note: Note) -> int:
    """The nearest step to where a note starts (halves go up)."""
    return (2 * note.start_ticks + STEP_TICKS) // (2 * STEP_TICKS)


def voices(score: Score) -> dict[Voice, set[int]]:
    """For each drum sound and each pitched track, the steps it starts on, within the score's bars.

    A note nearest to the step past the last bar counts as the loop's first step, played early.
    """
    total = num_bars(score) * STEPS_PER_BAR
    steps: dict[Voice, set[int]] = defaultdict(set)
    for index, track in enumerate(score.tracks):
        for note in track.notes:
            voice = ("drum", note.pitch) if note.channel == DRUM_CHANNEL else ("track", index)
            steps[voice].add(step_of(note) % total)
    return dict(steps)


def bar_onsets(score: Score) -> list[frozenset[int]]:
    """The steps (0–15) on which anything starts, bar by bar."""
    bars: list[set[int]] = [set() for _ in range(num_bars(score))]
    for steps in voices(score).values():
        for step in steps:
            bars[step // STEPS_PER_BAR].add(step % STEPS_PER_BAR)
    return [frozenset(bar) for bar in bars]


def pitched_notes(score: Score) -> list[Note]:
    """Every note that is not a drum's."""
    return [note for note in score.notes if note.channel != DRUM_CHANNEL]


def drum_notes(score: Score) -> list[Note]:
    """Every note of the drum channel."""
    return [note for note in score.notes if note.channel == DRUM_CHANNEL]
