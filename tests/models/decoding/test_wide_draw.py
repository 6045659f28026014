"""Draws from distributions too wide for the shortlist: same law, and no influence between rows."""

from __future__ import annotations

import torch
from torch import Tensor

from workbench.models.decoding.draw import Sampling
from workbench.models.decoding.orpheus import SHORTLIST, draw_flat

CHOICES, DRAWS = 3 * SHORTLIST, 60_000


def wide_probs() -> Tensor:
    """Nearly flat, every value four times: ties everywhere, also at the border of the nucleus."""
    values = torch.rand(CHOICES // 4, generator=torch.Generator().manual_seed(0)) + 0.5
    return values.repeat(4) / (4 * values.sum())


def sampling(rows: int, temperature: float, top_p: float, top_k: int | None = None) -> Sampling:
    return Sampling(*(f.expand(rows, -1) for f in Sampling.of(temperature, top_p, top_k, None)))


def test_a_wide_nucleus_follows_the_exact_law() -> None:
    probs, top_p, temperature = wide_probs(), 0.8, 0.7
    ranked, order = probs.sort(descending=True, stable=True)
    kept = order[ranked.cumsum(0) - ranked < top_p]
    exact = torch.zeros(CHOICES).scatter(0, kept, probs[kept] ** (1 / temperature))
    exact /= exact.sum()
    uniforms = torch.rand(DRAWS, generator=torch.Generator().manual_seed(1))
    drawn = draw_flat(probs.expand(DRAWS, -1), sampling(DRAWS, temperature, top_p), uniforms)
    counts = drawn.bincount(minlength=CHOICES)
    assert counts[exact == 0].sum() == 0
    inside = exact > 0
    # Pearson's statistic has mean K−1 and variance 2(K−1) under the exact law: five deviations.
    expected = DRAWS * exact[inside]
    statistic = ((counts[inside] - expected) ** 2 / expected).sum()
    degrees = int(inside.sum()) - 1
    assert abs(statistic - degrees) < 5 * (2 * degrees) ** 0.5


def test_a_row_draws_the_same_beside_wide_and_narrow_rows() -> None:
    narrow = torch.zeros(CHOICES).index_fill(0, torch.tensor([3, 700]), 0.5)
    probs = torch.stack((wide_probs(), narrow, wide_probs()))
    uniforms = torch.tensor([0.3, 0.8, 0.9])
    together = draw_flat(probs, sampling(3, 0.9, 0.96), uniforms)
    for row in range(3):
        alone = draw_flat(probs[row : row + 1], sampling(1, 0.9, 0.96), uniforms[row : row + 1])
        assert alone == together[row]
    assert together[1] == 700
