"""From logits to one drawn choice a row: masks, temperature, nucleus, top-k, min-p. Knows no model.

B rows, K choices. Every row is computed by itself, in the same order whatever else is in the batch.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Sampling(NamedTuple):
    """How to draw, per row, each (B, 1): temperature > 0, top_p 0–1, top_k ≥ 1, min_p 0–1."""

    temperature: Tensor
    top_p: Tensor
    top_k: Tensor
    min_p: Tensor

    def rows(self, index: Tensor) -> Sampling:
        return Sampling(*(field[index] for field in self))

    @classmethod
    def of(
        cls, temperature: float, top_p: float, top_k: int | None, min_p: float | None
    ) -> Sampling:
        """One row. Temperature 0 is greedy: only the likeliest choice is left."""
        greedy = temperature == 0
        return cls(
            torch.tensor([[1.0 if greedy else temperature]]),
            torch.tensor([[top_p]]),
            torch.tensor([[1 if greedy or (top_k is None and top_p == 0) else top_k or 1 << 30]]),
            torch.tensor([[min_p or 0.0]]),
        )


def filtered(probs: Tensor, how: Sampling) -> Tensor:
    """Zero what nucleus, top-k and min-p leave out; probs (B, K) in any scale -> (B, K), not renormalised."""
    ranked, order = probs.sort(dim=-1, descending=True, stable=True)
    kept = ranked * in_nucleus(ranked, ranked.sum(-1, keepdim=True), how)
    return torch.zeros_like(probs).scatter(-1, order, kept)


def in_nucleus(ranked: Tensor, total: Tensor, how: Sampling) -> Tensor:
    """Which of the likeliest choices stay: ranked (B, K) falling, of `total` (B, 1) mass -> (B, K) bool.

    The nucleus keeps choices until their mass first exceeds top_p (Holtzman et al. 2020, 1904.09751);
    min-p keeps what has at least that share of the likeliest (2407.01082). The likeliest always stays.
    """
    share = ranked / total
    above = share.cumsum(-1) - share  # mass ranked before each choice
    rank = torch.arange(ranked.shape[-1], device=ranked.device)
    keep = (above < how.top_p) & (rank < how.top_k) & (ranked >= how.min_p * ranked[..., :1])
    keep[..., 0] = True
    return keep


def pick(probs: Tensor, uniforms: Tensor) -> Tensor:
    """Draw by inverse distribution: probs (B, K) ≥ 0, uniforms (B,) in [0, 1) -> choices (B,) int64.

    A row without any mass draws its last choice; callers know such rows and look at something else.
    """
    cdf = probs.double().cumsum(-1)
    total = cdf[..., -1:]
    target = torch.minimum(
        uniforms.unsqueeze(-1) * total, torch.nextafter(total, torch.zeros_like(total))
    )
    return (cdf <= target).sum(-1).clamp(max=probs.shape[-1] - 1)
