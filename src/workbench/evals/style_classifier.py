"""Which style a drum loop is in: softmax regression on where its sounds fall in the bar.

Small on purpose: it is trained on the grammar's loops in a second and says whether another
composer's loops can be told apart as well as the grammar's own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from workbench.models.grammar import Event
from workbench.models.vocabulary import UNITS_PER_BAR

Floats = npt.NDArray[np.float64]
LOWEST, HIGHEST = 35, 82  # General MIDI drum sounds
SOUNDS = HIGHEST - LOWEST + 1
SLOTS = 16
BEAT_PLACES = 16  # of two units each: tells swing, triplets and rolls


def features(events: Sequence[Event], bars: int) -> Floats:
    """Hits a bar of each sound on each sixteenth, then places in the beat: (SOUNDS·16 + 16,)."""
    hits = np.zeros((SOUNDS, SLOTS))
    places = np.zeros(BEAT_PLACES)
    for event in events:
        if event.role == 0 and LOWEST <= event.pitch <= HIGHEST:
            slot = round(event.onset % UNITS_PER_BAR / 8) % SLOTS
            hits[event.pitch - LOWEST, slot] += 1
            places[event.onset % 32 // 2] += 1
    return np.concatenate([hits.ravel() / bars, places / max(places.sum(), 1)])


class StyleClassifier:
    """Softmax regression by gradient descent; `names` are the classes."""

    def __init__(self, rows: Floats, labels: Sequence[str], *, steps: int = 300) -> None:
        self.names = tuple(dict.fromkeys(labels))
        wanted = np.array([[name == label for name in self.names] for label in labels], float)
        self._weights = np.zeros((rows.shape[1] + 1, len(self.names)))
        padded, speed = _padded(rows), np.zeros_like(self._weights)
        for _ in range(steps):
            error = _softmax(padded @ self._weights) - wanted
            gradient = padded.T @ error / len(rows) + 1e-4 * self._weights
            speed = 0.9 * speed - 0.3 * gradient
            self._weights += speed

    def classify(self, rows: Floats) -> list[str]:
        """The likeliest style of each row of features."""
        best = (_padded(rows) @ self._weights).argmax(axis=1)
        return [self.names[index] for index in best]

    def accuracy(self, rows: Floats, labels: Sequence[str]) -> float:
        """Share of rows named as their label."""
        named = self.classify(rows)
        return float(np.mean([one == other for one, other in zip(named, labels, strict=True)]))


def _padded(rows: Floats) -> Floats:
    return np.concatenate([rows, np.ones((len(rows), 1))], axis=1)


def _softmax(logits: Floats) -> Floats:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))
