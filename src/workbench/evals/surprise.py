"""Where a model was surprised by what it wrote: tokens read back as notes. Knows no network.

Surprise is −log P of a token under the model's bare distribution, unmasked and untempered, in nats.
"""

from __future__ import annotations

from dataclasses import dataclass

from workbench.models.requests import Variation
from workbench.models.vocabulary import (
    DRUM_PATCH,
    UNITS_PER_QUARTER,
    duration_bucket,
    kind,
    patch_pitch,
    velocity_of,
)


@dataclass(frozen=True, slots=True)
class SurpriseNote:
    """A note as a model wrote it: when in quarters, and the surprise of each choice in nats."""

    beat: float
    patch: int
    pitch: int
    duration_beats: float
    velocity: int
    when: float
    """Of the Δt before it; 0 where an earlier note of the onset already paid for it."""
    what: float
    """Of its instrument and pitch."""
    how: float
    """Of its duration and velocity."""

    @property
    def is_drum(self) -> bool:
        return self.patch == DRUM_PATCH

    @property
    def surprise(self) -> float:
        """Of all three choices, in nats."""
        return self.when + self.what + self.how


def surprise_notes(variation: Variation, *, from_units: int = 0) -> list[SurpriseNote]:
    """The notes a model wrote, each with its surprise.

    `from_units` is where the last onset of a prime lies, 32 units a quarter; beats are quarters in
    grid time (requests with a tempo).
    """
    notes: list[SurpriseNote] = []
    time, when, what, note = from_units, 0.0, 0.0, (0, 0)
    for token, logprob in zip(variation.tokens, variation.logprobs.tolist(), strict=True):
        match kind(token):
            case "delta":
                time, when = time + token, -logprob
            case "note":
                note, what = patch_pitch(token), -logprob
            case "length":
                duration, bucket = duration_bucket(token)
                notes.append(
                    SurpriseNote(
                        beat=time / UNITS_PER_QUARTER,
                        patch=note[0],
                        pitch=note[1],
                        duration_beats=duration / UNITS_PER_QUARTER,
                        velocity=velocity_of(bucket),
                        when=when,
                        what=what,
                        how=-logprob,
                    )
                )
                when = 0.0
    return notes
