"""A trigram model over tokens: the count-based baseline a network must beat by far.

Interpolated: 0.8 trigram, then 0.9 bigram, then unigram with 1 % spread evenly; weights by hand.
"""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from workbench.models.vocabulary import DELTAS, EOS, UNITS_PER_BAR, VOCABULARY_SIZE

TRIGRAM_WEIGHT, BIGRAM_WEIGHT, EVEN_WEIGHT = 0.8, 0.9, 0.01


class Trigram:
    """Counts of token sequences; scores and continues others."""

    def __init__(self, sequences: Iterable[Sequence[int]]) -> None:
        self._one: Counter[int] = Counter()
        self._two: defaultdict[int, Counter[int]] = defaultdict(Counter)
        self._three: defaultdict[tuple[int, int], Counter[int]] = defaultdict(Counter)
        for tokens in sequences:
            self._one.update(tokens)
            for first, second in itertools.pairwise(tokens):
                self._two[first][second] += 1
            for first, second, third in zip(tokens, tokens[1:], tokens[2:], strict=False):
                self._three[first, second][third] += 1
        self._total = self._one.total()

    def logprobs(self, tokens: Sequence[int]) -> npt.NDArray[np.float64]:
        """Natural log of the probability of each token after the first."""
        return np.array([self._logprob(tokens, place) for place in range(1, len(tokens))])

    def _logprob(self, tokens: Sequence[int], place: int) -> float:
        token = tokens[place]
        chance = (1 - EVEN_WEIGHT) * self._one[token] / self._total + EVEN_WEIGHT / VOCABULARY_SIZE
        two = self._two.get(tokens[place - 1])
        if two:
            chance = (1 - BIGRAM_WEIGHT) * chance + BIGRAM_WEIGHT * two[token] / two.total()
        three = self._three.get((tokens[place - 2], tokens[place - 1])) if place > 1 else None
        if three:
            chance = (1 - TRIGRAM_WEIGHT) * chance + TRIGRAM_WEIGHT * three[token] / three.total()
        return math.log(chance)

    def go_on(
        self, tokens: Sequence[int], rng: random.Random, *, bars: int, max_tokens: int = 1500
    ) -> tuple[list[int], bool]:
        """The tokens continued until the bar line, and whether they got there or ended themselves.

        Draws from the longest context that was seen; like the other runners it stops at the line.
        """
        written = list(tokens)
        now = sum(token for token in tokens if token < DELTAS)
        while len(written) < max_tokens:
            counts = self._three.get((written[-2], written[-1])) if len(written) > 1 else None
            counts = counts or self._two.get(written[-1]) or self._one
            token = rng.choices(list(counts), list(counts.values()))[0]
            if token == EOS:
                return written, True
            now += token if token < DELTAS else 0
            if now >= bars * UNITS_PER_BAR:
                return written, True
            written.append(token)
        return written, False
