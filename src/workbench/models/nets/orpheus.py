"""The network of the released Orpheus 2.x checkpoints, whole sequences at once and token by token.

`OrpheusDecoder` is the exact network as a transformers model. `OrpheusDecoding` is made from it for
composing: weights packed for few rows, one prefill for all variations of a request, keys kept
rotated. Layout facts are those of x-transformers 2.x with the author's settings (dim 2048, depth 8
or 16, rotary positions, no biases in attention). Knows ids, not music; draws nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, cast

import torch
import torch.nn.functional as F  # noqa: N812 - the name torch users know
from torch import Tensor, nn
from transformers import PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import CausalLMOutput

from workbench.models.vocabulary import VOCABULARY_SIZE

HEAD_WIDTH = 64
ROTATED = 32  # of a head's 64 numbers, the first 32 carry the position
ROTARY_BASE = 10_000.0
NORM_EPS = 1e-5
CONTEXT = 8192  # tokens the released checkpoints were trained on
_ROOM = 256  # new tokens a cache grows by


class OrpheusConfig(PretrainedConfig):  # type: ignore[misc]
    """Sizes of an Orpheus network, by default the released medium one's; and its variant."""

    model_type = "workbench-orpheus"

    def __init__(
        self,
        width: int = 2048,
        layers: int = 8,
        heads: int = 32,
        context: int = CONTEXT,
        variant: str = "unknown",
        **kwargs: Any,
    ) -> None:
        self.width = width
        self.layers = layers
        self.heads = heads
        self.context = context
        self.variant = variant
        self.vocab_size = VOCABULARY_SIZE
        super().__init__(**{"tie_word_embeddings": False, **kwargs})


def turns(positions: Tensor) -> Tensor:
    """Unit complex numbers (T, 16) for positions (T,) int64, always from float32.

    In half precision the angle at position 1000 would be off by 0.16 rad (fp16) or 1.7 rad (bf16).
    """
    exponents = torch.arange(0, ROTATED, 2, device=positions.device, dtype=torch.float32) / ROTATED
    angles = positions.float()[:, None] / ROTARY_BASE**exponents
    return torch.polar(torch.ones_like(angles), angles)


def rotate(x: Tensor, turn: Tensor) -> Tensor:
    """Turn the pairs (0, 1), (2, 3), … of the first 32 numbers: x (..., 64), turn (..., 16)."""
    pairs = torch.view_as_complex(x[..., :ROTATED].float().reshape(*x.shape[:-1], -1, 2))
    turned = torch.view_as_real(pairs * turn).flatten(-2)
    return torch.cat((turned.to(x.dtype), x[..., ROTATED:]), -1)


class Norm(nn.Module):
    """Layer norm without bias whose stored `gamma` is the gain's distance from 1; in float32."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(width))

    def forward(self, x: Tensor) -> Tensor:
        return F.layer_norm(x.float(), self.gamma.shape, self.gamma.float() + 1, None, NORM_EPS)


class Block(nn.Module):
    """Pre-norm attention, then an MLP with exact GELU; the residual stream stays float32."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        inner = heads * HEAD_WIDTH  # the large checkpoints have heads · 64 < width
        self.heads = heads
        self.attention_norm = Norm(width)
        self.q = nn.Linear(width, inner, bias=False)
        self.k = nn.Linear(width, inner, bias=False)
        self.v = nn.Linear(width, inner, bias=False)
        self.out = nn.Linear(inner, width, bias=False)
        self.mlp_norm = Norm(width)
        self.up = nn.Linear(width, 4 * width)
        self.down = nn.Linear(4 * width, width)

    def forward(self, x: Tensor, turn: Tensor, allowed: Tensor | None) -> Tensor:
        """From x to x (B, T, D) float32; turn (T, 16); allowed (B, 1, T, T), or None: causal."""
        normed = self.attention_norm(x).to(self.q.weight.dtype)
        q, k, v = (
            linear(normed).view(*x.shape[:-1], self.heads, HEAD_WIDTH).transpose(1, 2)
            for linear in (self.q, self.k, self.v)
        )  # (B, H, T, 64)
        attended = F.scaled_dot_product_attention(
            rotate(q, turn), rotate(k, turn), v, attn_mask=allowed, is_causal=allowed is None
        )
        x = x + self.out(attended.transpose(1, 2).flatten(-2))
        normed = self.mlp_norm(x).to(self.up.weight.dtype)
        mixed: Tensor = x + self.down(F.gelu(self.up(normed)))
        return mixed


class OrpheusDecoder(PreTrainedModel):  # type: ignore[misc]
    """Called with ids (B, T) it returns `.logits` (B, T, 18820), float32."""

    config_class = OrpheusConfig
    _no_split_modules: ClassVar[list[str]] = ["Block"]

    def __init__(self, config: OrpheusConfig) -> None:
        super().__init__(config)
        self.tokens = nn.Embedding(config.vocab_size, config.width)
        self.blocks = nn.ModuleList(Block(config.width, config.heads) for _ in range(config.layers))
        self.norm = Norm(config.width)
        self.head = nn.Linear(config.width, config.vocab_size, bias=False)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, std=0.02)
            if isinstance(module, nn.Linear) and module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, Norm):
            nn.init.zeros_(module.gamma)

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> CausalLMOutput:
        """Logits (B, T, 18820) for ids (B, T), T at most the context.

        `attention_mask` (B, T) is true at real tokens; padding, on either side, is never attended
        to, and its own logits mean nothing. Positions count from the left, padding included: only
        their differences matter.
        """
        time = input_ids.shape[1]
        turn = turns(torch.arange(time, device=input_ids.device))
        allowed = None
        if attention_mask is not None:
            causal = torch.ones(time, time, dtype=torch.bool, device=input_ids.device).tril()
            itself = torch.eye(time, dtype=torch.bool, device=input_ids.device)
            allowed = (causal & attention_mask.bool()[:, None, None] | itself).contiguous()
        x = self.tokens(input_ids).float()
        for block in self.blocks:
            x = block(x, turn, allowed)
        return CausalLMOutput(logits=self.head(self.norm(x).to(self.head.weight.dtype)).float())

    def decoding(self, dtype: torch.dtype | None = None) -> OrpheusDecoding:
        """This network made ready for composing; `dtype` as `default_dtype` when None."""
        return OrpheusDecoding(self, dtype or default_dtype(self.device))


# ---------------------------------------------------------------------- token by token


def default_dtype(device: torch.device) -> torch.dtype:
    """The weights' precision for composing: float16 on x86 CPUs, bfloat16 on CUDA, else float32.

    On a CPU only the stored weights are float16; arithmetic is float32. Measured on Zen 3, 8 rows:
    1.35 ms for a product with 6144 × 2048 weights, 4.6 times as fast as float32 and 7 times as
    bfloat16, which has no instructions there. The error is 2e-4 of the product.
    """
    if device.type == "cuda":
        return torch.bfloat16
    return torch.float16 if _has_half_kernels() else torch.float32


def _has_half_kernels() -> bool:
    return "fbgemm" in torch.backends.quantized.supported_engines


Product = Callable[[Tensor], Tensor]


def _product(weight: Tensor, bias: Tensor | None, dtype: torch.dtype) -> Product:
    """Maps x (..., I) to x · weightᵀ + bias (..., O), with the weights copied and laid out."""
    if dtype == torch.float16 and weight.device.type == "cpu":
        packed = torch.ops.quantized.linear_prepack_fp16(
            weight.detach().float().contiguous(), None if bias is None else bias.detach().float()
        )
        return lambda x: torch.ops.quantized.linear_dynamic_fp16(x, packed)
    weight = weight.detach().to(dtype)
    bias = None if bias is None else bias.detach().to(dtype)
    return lambda x: F.linear(x.to(dtype), weight, bias)


class _Layer(NamedTuple):
    attention_norm: Norm
    qkv: Product
    out: Product
    mlp_norm: Norm
    up: Product
    down: Product


@dataclass
class _Group:
    """The rows of one request: they share a prompt and have written equally many tokens since.

    Keys and values, in this order: `prompt` (2, L, H, P, 64), `own` (2, L, B, H, room, 64).
    """

    prompt: Tensor
    own: Tensor
    written: int = 0

    @property
    def rows(self) -> int:
        return self.own.shape[2]

    @property
    def position(self) -> int:
        """Of the next token."""
        return self.prompt.shape[3] + self.written

    def make_room(self) -> None:
        """Grow by `_ROOM` when full."""
        if self.written == self.own.shape[4]:
            self.own = F.pad(self.own, (0, 0, 0, _ROOM))

    def attend(self, layer: int, qkv: Tensor, context: int) -> Tensor:
        """Store the new key and value, attend to the last `context` tokens.

        qkv (3, B, H, 64), rotated -> (B, H, 64). The prompt is read once for all rows.
        """
        self.own[:, layer, :, :, self.written] = qkv[1:]
        end = self.written + 1
        outside = max(0, self.prompt.shape[3] + end - context)  # tokens that left the window
        prompt_k, prompt_v = self.prompt[:, layer, :, outside:]  # (H, P, 64)
        start = max(0, outside - self.prompt.shape[3])
        own_k, own_v = self.own[:, layer, :, :, start:end]  # (B, H, N, 64)
        q = qkv[0] * HEAD_WIDTH**-0.5
        to_prompt = torch.matmul(q.transpose(0, 1), prompt_k.mT).transpose(0, 1)  # (B, H, P)
        to_own = torch.matmul(own_k, q[..., None]).squeeze(-1)  # (B, H, N)
        shares = torch.cat((to_prompt, to_own), -1).float().softmax(-1).to(q.dtype)
        on_prompt, on_own = shares.tensor_split([to_prompt.shape[-1]], -1)
        from_prompt = torch.matmul(on_prompt.transpose(0, 1), prompt_v).transpose(0, 1)
        return from_prompt + torch.matmul(on_own[:, :, None], own_v).squeeze(2)


class OrpheusCache:
    """What a running batch remembers: its rows in groups, a group a request.

    Rows are numbered through all groups, in the order in which they joined.
    """

    def __init__(self, groups: Iterable[_Group]) -> None:
        self._groups = list(groups)

    def __len__(self) -> int:
        return sum(group.rows for group in self._groups)

    @property
    def positions(self) -> list[int]:
        """Of the next token, by row."""
        return [group.position for group in self._groups for _ in range(group.rows)]

    def expand(self, rows: int) -> None:
        """Make `rows` equal rows of the only one. The prompt is not copied."""
        (group,) = self._groups
        group.own = group.own.repeat(1, 1, rows, 1, 1, 1)

    def select(self, rows: Sequence[int]) -> None:
        """Drop every row but these, given in ascending order."""
        kept = []
        for group, place in self.places():
            here = [row - place.start for row in rows if place.start <= row < place.stop]
            if 0 < len(here) < group.rows:
                group.own = group.own[:, :, torch.tensor(here, device=group.own.device)]
            if here:
                kept.append(group)
        self._groups = kept

    def join(self, other: OrpheusCache) -> None:
        """Take in another cache's rows, after one's own."""
        self._groups += other._groups

    def places(self) -> Iterator[tuple[_Group, slice]]:
        """Each group and which rows of the batch it is."""
        first = 0
        for group in self._groups:
            stop = first + group.rows  # before the caller changes the group
            yield group, slice(first, stop)
            first = stop


class OrpheusDecoding:
    """An Orpheus network ready for composing, its weights as `dtype`."""

    def __init__(self, net: OrpheusDecoder, dtype: torch.dtype) -> None:
        self.config = net.config
        self.dtype = dtype
        self.device = net.device
        half_weights_only = dtype == torch.float16 and self.device.type == "cpu"
        self._compute = torch.float32 if half_weights_only else dtype
        self._tokens = net.tokens
        self._layers = [
            _Layer(
                attention_norm=block.attention_norm,
                qkv=_product(
                    torch.cat([p.weight for p in (block.q, block.k, block.v)]), None, dtype
                ),
                out=_product(block.out.weight, None, dtype),
                mlp_norm=block.mlp_norm,
                up=_product(block.up.weight, block.up.bias, dtype),
                down=_product(block.down.weight, block.down.bias, dtype),
            )
            for block in cast("list[Block]", list(net.blocks))
        ]
        self._norm = net.norm
        self._head = _product(net.head.weight, None, dtype)

    @torch.inference_mode()
    def prefill(self, ids: Tensor) -> tuple[Tensor, OrpheusCache]:
        """Read a prompt of one token or more (of more than the context, the last tokens).

        ids (T,) int64 -> logits of the next token (1, V) float32, and a cache of one row.
        """
        hidden, prompt = self._read(ids[-self.config.context :])
        own = prompt.new_empty((2, self.config.layers, 1, self.config.heads, 0, HEAD_WIDTH))
        return self._head(self._norm(hidden[-1:])).float(), OrpheusCache([_Group(prompt, own)])

    @torch.inference_mode()
    def logits(self, ids: Tensor) -> Tensor:
        """What follows each place of one sequence: ids (T,), T ≤ context -> logits (T, V)."""
        hidden, _ = self._read(ids)
        return self._head(self._norm(hidden)).float()

    @torch.inference_mode()
    def step(self, ids: Tensor, cache: OrpheusCache) -> Tensor:
        """Append one token to each row: ids (B,) int64 -> logits of the next (B, V) float32.

        Past the context, the oldest tokens are no longer attended to.
        """
        places = list(cache.places())
        for group, _ in places:
            group.make_room()
        turn = turns(torch.tensor(cache.positions, device=self.device))[:, None]  # (B, 1, 16)
        x = self._tokens(ids).float()
        for i, layer in enumerate(self._layers):
            qkv = self._qkv(layer, x, turn)  # (3, B, H, 64)
            attended = [
                group.attend(i, qkv[:, place], self.config.context) for group, place in places
            ]
            x = x + layer.out(torch.cat(attended).flatten(-2))
            x = x + layer.down(F.gelu(layer.up(layer.mlp_norm(x))))
        for group, _ in places:
            group.written += 1
        return self._head(self._norm(x)).float()

    def _read(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Last hidden states (T, D), keys and values (2, L, H, T, 64), for ids (T,)."""
        turn = turns(torch.arange(len(ids), device=self.device))[:, None]  # (T, 1, 16)
        x = self._tokens(ids).float()
        kept = []
        for layer in self._layers:
            q, k, v = self._qkv(layer, x, turn).transpose(1, 2)  # (H, T, 64)
            attended = F.scaled_dot_product_attention(q[None], k[None], v[None], is_causal=True)[0]
            x = x + layer.out(attended.transpose(0, 1).flatten(-2))
            x = x + layer.down(F.gelu(layer.up(layer.mlp_norm(x))))
            kept.append(torch.stack((k, v)))
        return x, torch.stack(kept, 1)

    def _qkv(self, layer: _Layer, x: Tensor, turn: Tensor) -> Tensor:
        """Rotated queries and keys, and values (3, T, H, 64), for x (T, D), turn (T, 1, 16)."""
        qkv = layer.qkv(layer.attention_norm(x)).to(self._compute)
        q, k, v = qkv.view(-1, 3, self.config.heads, HEAD_WIDTH).unbind(1)
        return torch.stack((rotate(q, turn), rotate(k, turn), v))
