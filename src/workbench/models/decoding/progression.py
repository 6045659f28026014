"""Chord roots of a loop before its notes: heard in the prime, then drawn bar by bar."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
import torch

from workbench.models.decoding.draw import Sampling, filtered, pick
from workbench.models.nets.pocket import MOST_BARS, Condition, PocketNet
from workbench.models.vocabulary import UNITS_PER_BAR

PHRASE_BARS = 4  # progressions are taught in fours, so older bars are forgotten in fours


@torch.inference_mode()
def heard_roots(net: PocketNet, prime: Sequence[int], condition: Condition) -> list[int]:
    """Pitch class of the chord in each bar that the prime begins, as its notes tell the network.

    `condition` is one row whose roots are unknown.
    """
    ids = torch.tensor([list(prime)])
    hidden, time = net.hidden(ids, condition)
    bar = (time[0] // UNITS_PER_BAR).tolist()
    roots: list[int] = net.root_head(hidden[0]).argmax(-1).tolist()
    # A bar is known best at its end; a silent one is as the bar before.
    return [roots[bisect_right(bar, at) - 1] for at in range(bar[-1] + 1)]


@torch.inference_mode()
def draw_roots(
    net: PocketNet,
    heard: Sequence[int],
    bars: int,
    condition: Condition,
    how: Sampling,
    rng: np.random.Generator,
) -> list[int]:
    """A root for each of `bars` bars, beginning with those heard; one row of condition and sampling."""
    roots = list(heard[:bars])
    while len(roots) < bars:
        past = max(0, len(roots) - MOST_BARS + 1)
        past = -(-past // PHRASE_BARS) * PHRASE_BARS
        seen = torch.zeros(1, MOST_BARS + 1, dtype=torch.long)
        seen[0, : len(roots) - past] = torch.tensor(roots[past:], dtype=torch.long) + 1
        told = condition._replace(
            bars=torch.tensor([min(bars, MOST_BARS)]),
            roots=seen,
        )
        logits = net.progression(told)[:, len(roots) - past]
        probs = filtered((logits.float() / how.temperature).softmax(-1), how)
        roots.append(int(pick(probs, torch.from_numpy(rng.random(1)))))
    return roots
