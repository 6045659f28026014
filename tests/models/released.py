"""Small checkpoints with the layout, key names and sizes' relations of the released ones."""

from __future__ import annotations

import torch
from torch import Tensor

from workbench.models.vocabulary import VOCABULARY_SIZE

Weights = dict[str, Tensor]


def released_weights(
    *,
    width: int = 128,
    layers: int = 2,
    heads: int = 2,
    vocabulary: int = VOCABULARY_SIZE,
    seed: int = 0,
) -> Weights:
    """Random weights in x-transformers 2.x layout, large enough to make positions matter."""
    rng = torch.Generator().manual_seed(seed)

    def draw(*shape: int, scale: float = 0.08) -> Tensor:
        return torch.randn(*shape, generator=rng) * scale

    inner = heads * 64
    weights = {"net.token_emb.emb.weight": draw(vocabulary, width)}
    for layer in range(layers):
        attention = f"net.attn_layers.layers.{2 * layer}"
        mlp = f"net.attn_layers.layers.{2 * layer + 1}"
        weights[f"{attention}.0.0.gamma"] = draw(width, scale=0.3)
        for name in ("q", "k", "v"):
            weights[f"{attention}.1.to_{name}.weight"] = draw(inner, width)
        weights[f"{attention}.1.to_out.weight"] = draw(width, inner)
        weights[f"{mlp}.0.0.gamma"] = draw(width, scale=0.3)
        weights[f"{mlp}.1.ff.0.0.weight"] = draw(4 * width, width)
        weights[f"{mlp}.1.ff.0.0.bias"] = draw(4 * width)
        weights[f"{mlp}.1.ff.2.weight"] = draw(width, 4 * width)
        weights[f"{mlp}.1.ff.2.bias"] = draw(width)
    weights["net.attn_layers.rotary_pos_emb.inv_freq"] = 10_000 ** (-torch.arange(0, 32, 2) / 32)
    weights["net.attn_layers.final_norm.gamma"] = draw(width, scale=0.3)
    weights["net.to_logits.weight"] = draw(vocabulary, width)
    return weights


def classifier_weights(
    *, width: int = 128, layers: int = 2, heads: int = 1, context: int = 1024, seed: int = 0
) -> Weights:
    """A classifier's random weights: 18,819 tokens, one class token, no prefix, one answer."""
    rng = torch.Generator().manual_seed(seed)
    parts = released_weights(width=width, layers=layers, heads=heads, vocabulary=18_819, seed=seed)
    weights = {key.removeprefix("net."): tensor for key, tensor in parts.items()}
    del weights["attn_layers.rotary_pos_emb.inv_freq"]
    return {
        **weights,
        "pos_emb.emb.weight": torch.randn(context, width, generator=rng),
        "cls_token": torch.randn(1, width, generator=rng) * 0.08,
        "to_logits.weight": torch.randn(1, width, generator=rng) * 0.3,
    }
