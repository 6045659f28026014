"""Measures of repetition over the whole piece."""

from __future__ import annotations

import math
import zlib

from workbench.evals.metrics.registry import metric
from workbench.evals.metrics.steps import STEPS_PER_BAR, step_of
from workbench.score import DRUM_CHANNEL, Score


@metric(
    unit="ratio",
    source="proxy: zlib on the quantised events (not COSIATEC's, which the literature reports)",
)
def compression_ratio(score: Score) -> float:
    """How far zlib shrinks the piece's quantised events: higher is more repetitive."""
    events = sorted(
        (step_of(note), -1 if note.channel == DRUM_CHANNEL else index, note.pitch)
        for index, track in enumerate(score.tracks)
        for note in track.notes
    )
    if not events:
        return math.nan
    text = bytes(
        byte
        for step, part, pitch in events
        for byte in (step % STEPS_PER_BAR, (part + 1) % 256, pitch)
    )
    return len(text) / len(zlib.compress(text, 9))
