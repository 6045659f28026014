"""The network of the released Orpheus classifier, which says how human a piece of music is.

The generator's blocks, but every token sees all others (an encoder), positions are learnt vectors, and
one vector put before the piece, the class token, gathers the answer. Layout facts are those of
x-transformers 2.x with the author's settings (dim 1024, depth 8, heads 8). Knows ids, not music.
"""

from __future__ import annotations

from typing import Any, ClassVar

import torch
import torch.nn.functional as F  # noqa: N812 - the name torch users know
from torch import Tensor, nn
from transformers import PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput

from workbench.models.nets.orpheus import Block, Norm, OrpheusDecoder, turns

CONTEXT = 1024  # tokens it was trained on
PAD = 18_818  # its own: the generators' EOS, which no encoded music holds
VOCABULARY_SIZE = PAD + 1


class OrpheusClassifierConfig(PretrainedConfig):  # type: ignore[misc]
    """Sizes of an Orpheus classifier, by default the released one's."""

    model_type = "workbench-orpheus-classifier"

    def __init__(
        self,
        width: int = 1024,
        layers: int = 8,
        heads: int = 8,
        context: int = CONTEXT,
        **kwargs: Any,
    ) -> None:
        self.width = width
        self.layers = layers
        self.heads = heads
        self.context = context
        self.vocab_size = VOCABULARY_SIZE
        super().__init__(**{"num_labels": 1, **kwargs})


class OrpheusClassifier(PreTrainedModel):  # type: ignore[misc]
    """Called with ids (B, T) it returns `.logits` (B, 1), float32: log-odds of class 1."""

    config_class = OrpheusClassifierConfig
    _no_split_modules: ClassVar[list[str]] = ["Block"]
    _init_weights = OrpheusDecoder._init_weights

    def __init__(self, config: OrpheusClassifierConfig) -> None:
        super().__init__(config)
        self.tokens = nn.Embedding(config.vocab_size, config.width)
        self.positions = nn.Embedding(config.context, config.width)
        self.class_token = nn.Parameter(torch.zeros(1, config.width))
        self.blocks = nn.ModuleList(Block(config.width, config.heads) for _ in range(config.layers))
        self.norm = Norm(config.width)
        self.head = nn.Linear(config.width, 1, bias=False)
        self.post_init()

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor | None = None
    ) -> SequenceClassifierOutput:
        """Log-odds (B, 1) for ids (B, T), T at most the context.

        `attention_mask` (B, T) is true at real tokens. Padding belongs after the music: positions
        count from the left.
        """
        rows, time = input_ids.shape
        at = torch.arange(time, device=input_ids.device)
        # The author's embedding of positions is this much smaller than its weights.
        placed = self.positions(at).float() * self.config.width**-0.5
        x = self.tokens(input_ids).float() + placed
        x = torch.cat((self.class_token.float().expand(rows, 1, -1), x), 1)  # (B, 1 + T, D)
        if attention_mask is None:
            attention_mask = torch.ones_like(input_ids)
        allowed = F.pad(attention_mask.bool(), (1, 0), value=True)[:, None, None]
        unturned = turns(torch.zeros(time + 1, device=input_ids.device))  # no rotary positions
        for block in self.blocks:
            x = block(x, unturned, allowed)
        answer = self.norm(x[:, 0]).to(self.head.weight.dtype)
        return SequenceClassifierOutput(logits=self.head(answer).float())
