"""Rows of a batch, and a step that draws a token for each under its constraints.

A row has its own random stream, drawn from the same way whatever else is in the batch, its own
constraints and its own sampling. Knows no network: `Batch` is what it needs of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, Self

import numpy as np
import torch
from torch import Tensor

from workbench.models.decoding.draw import Sampling
from workbench.models.decoding.rules import CONSTRAINTS, Limits, Place
from workbench.models.requests import StopReason
from workbench.models.vocabulary import EOS, OUTRO, UNITS_PER_BAR, VOCABULARY_SIZE


class Drawn(NamedTuple):
    """One step's draws: ids (B,), log P under the bare model (B,), allowed mass (constraint, B)."""

    ids: Tensor
    logprobs: Tensor
    mass: Tensor


class Batch(Protocol):
    """Rows that a network decodes together."""

    def select(self, rows: Sequence[int]) -> Self: ...

    def join(self, other: Self) -> Self: ...

    def advance(self, ids: Tensor) -> None: ...

    def draw(self, allowed: Tensor, how: Sampling, uniforms: Tensor) -> Drawn: ...


@dataclass
class Row:
    """One variation being written."""

    limits: Limits
    how: Sampling
    rng: np.random.Generator
    max_tokens: int | None
    place: Place
    stop_at_outro: bool = False
    full_at: int | None = None
    """New tokens at which the network's context is full; None for one whose context slides."""
    tokens: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    mass: list[np.ndarray] = field(default_factory=list)
    reason: StopReason | None = None
    bars_before: int = 0
    """Bars of earlier sections, which this one does not see as its own."""

    def go_on(self, limits: Limits, prime: Sequence[int], bars_before: int) -> None:
        """Begin another section, with `prime` behind it; an EOS that ended the last one is taken back."""
        if self.reason == "eos":
            for kept in (self.tokens, self.logprobs, self.mass):
                kept.pop()
        self.limits, self.place = limits, Place(limits).read(prime)
        self.reason, self.bars_before = None, bars_before

    @property
    def bars(self) -> int:
        """Whole bars behind it, the prime's included."""
        if self.reason == "bars" and self.limits.bars:
            return self.bars_before + self.limits.bars
        return self.bars_before + self.place.time_units // UNITS_PER_BAR

    def accept(self, token: int, logprob: float, mass: np.ndarray) -> None:
        """Take a drawn token in, or end on it."""
        if self.place.ends_with(token):
            self.reason = "bars"
            return
        self.tokens.append(token)
        self.logprobs.append(logprob)
        self.mass.append(mass)
        if token == EOS:
            self.reason = "eos"
        elif token == OUTRO and self.stop_at_outro:
            self.reason = "outro"
        elif self.max_tokens is not None and len(self.tokens) >= self.max_tokens:
            self.reason = "max_tokens"
        elif self.full_at is not None and len(self.tokens) >= self.full_at:
            self.reason = "context"
        self.place.read((token,))

    def removed(self) -> dict[str, np.ndarray]:
        """By active constraint, the probability it took from each step, float32."""
        active = self.limits.active
        mass = np.array(self.mass, np.float32).reshape(-1, len(CONSTRAINTS))
        before = np.concatenate((np.ones((len(mass), 1), np.float32), mass[:, :-1]), 1)
        taken = np.maximum(before - mass, 0)
        return {name: taken[:, CONSTRAINTS.index(name)] for name in active}


def stream_of(seed: int, index: int) -> np.random.Generator:
    """The random stream of one variation, independent of every other's."""
    return np.random.default_rng([seed, index])


def step(batch: Batch, rows: Sequence[Row]) -> Tensor:
    """Draw one token for each of a batch's rows, none of them over; the ids drawn (B,)."""
    active = {name for row in rows for name in row.limits.active}
    used = [layer for layer, name in enumerate(CONSTRAINTS) if name in active]
    allowed = np.empty((len(CONSTRAINTS), len(rows), VOCABULARY_SIZE), bool)
    for column, row in enumerate(rows):
        row.place.allowed(allowed[:, column])
    drawn = batch.draw(torch.from_numpy(allowed[used]), _sampling(rows), _uniforms(rows))
    mass = np.repeat(drawn.mass.cpu().numpy(), np.diff([*used, len(CONSTRAINTS)]), axis=0).T
    for row, token, logprob, left in zip(
        rows, drawn.ids.tolist(), drawn.logprobs.tolist(), mass, strict=True
    ):
        row.accept(token, logprob, left)
    return drawn.ids


def _sampling(rows: Sequence[Row]) -> Sampling:
    return Sampling(*(torch.cat(fields) for fields in zip(*(row.how for row in rows), strict=True)))


def _uniforms(rows: Sequence[Row]) -> Tensor:
    """Three draws a row and step, whether a network needs them or not: (B, 3) in [0, 1)."""
    return torch.from_numpy(np.stack([row.rng.random(3) for row in rows]))
