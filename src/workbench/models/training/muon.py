"""Muon in the precision of its weights: momentum, made orthogonal by Newton–Schulz iteration.

Keller Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/. torch's own does the iteration in
bfloat16, which a CPU without bfloat16 instructions computes some 50 times slower than float32; this one
stays in the weights' type and takes matrices of one shape together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import torch
from torch import Tensor

COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # the quintic's a, b, c, as published
STEPS = 5


class Muon(torch.optim.Optimizer):
    """Nesterov momentum with orthogonal updates, for matrices (rows, columns) only; no weight decay."""

    def __init__(self, matrices: Iterable[Tensor], lr: float, momentum: float = 0.95) -> None:
        super().__init__(matrices, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """One update. A closure, which torch allows, is not: the loss is computed once, before."""
        assert closure is None
        for group in self.param_groups:
            alike: dict[torch.Size, list[tuple[Tensor, Tensor]]] = defaultdict(list)
            for matrix in group["params"]:
                if matrix.grad is None:
                    continue
                state = self.state[matrix]
                if "momentum" not in state:
                    state["momentum"] = torch.zeros_like(matrix)
                momentum = state["momentum"].lerp_(matrix.grad, 1 - group["momentum"])
                alike[matrix.shape].append((matrix, matrix.grad.lerp(momentum, group["momentum"])))
            for shape, pairs in alike.items():
                updates = orthogonal(torch.stack([update for _, update in pairs]))
                rate = group["lr"] * max(1.0, shape[0] / shape[1]) ** 0.5
                for (matrix, _), update in zip(pairs, updates, strict=True):
                    matrix.sub_(update, alpha=rate)


def orthogonal(matrices: Tensor) -> Tensor:
    """Nearly orthogonal matrices with the same singular vectors: (N, R, C) -> (N, R, C).

    Singular values end between about 0.7 and 1.2, which is near enough.
    """
    a, b, c = COEFFICIENTS
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=1e-7)
    for _ in range(STEPS):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if tall else x
