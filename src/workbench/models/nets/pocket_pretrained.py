"""The pocket network as a transformers model, with its losses: what training and `from_pretrained` make.

Apart from the network itself, because importing transformers' models takes longer than composing eight
loops does.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import torch
import torch.nn.functional as F  # noqa: N812 - the name torch users know
from torch import Tensor, nn
from transformers import PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import ModelOutput

from workbench.models.nets.pocket import (
    DELTA_KIND,
    END_KIND,
    IGNORED_KIND,
    LENGTH_KIND,
    MOST_BARS,
    NOTE_KIND,
    Block,
    Condition,
    PocketNet,
    PocketSizes,
    computed_tables,
    roots_at,
    unknown_condition,
)
from workbench.models.vocabulary import BUCKETS, LENGTH, NOTE, PAD, PITCHES


class PocketConfig(PretrainedConfig):  # type: ignore[misc]
    """Sizes of a pocket network, and the styles its style ids stand for (id 0 is "none given")."""

    model_type = "workbench-pocket"

    def __init__(self, **kwargs: Any) -> None:
        for name, default in asdict(PocketSizes()).items():
            setattr(self, name, kwargs.pop(name, default))
        super().__init__(**kwargs)

    @property
    def sizes(self) -> PocketSizes:
        """The same, as the network takes them."""
        return PocketSizes.of(vars(self))


@dataclass
class PocketOutput(ModelOutput):  # type: ignore[misc]
    """What a pass returns: `logits`, or with labels the three losses in nats."""

    loss: Tensor | None = None
    """−log P of each label (B, T), 0 where it is PAD or SOS."""
    reading: Tensor | None = None
    """Mean loss of hearing the root of a bar from its notes, over rows that were not told; ()."""
    planning: Tensor | None = None
    """Mean loss of the progression head; ()."""
    logits: Tensor | None = None


class PocketDecoder(PocketNet, PreTrainedModel):  # type: ignore[misc]
    """The network under transformers' roof: the same layers, names and numbers."""

    config_class = PocketConfig
    config: PocketConfig
    device: torch.device
    _no_split_modules: ClassVar[list[str]] = ["Block"]

    def __init__(self, config: PocketConfig) -> None:
        PreTrainedModel.__init__(self, config)
        self.build(config.sizes)
        PreTrainedModel.post_init(self)

    def _init_weights(self, module: nn.Module) -> None:
        """N(0, 0.02); outputs of residual branches by 1/√(2·layers) smaller (GPT-2)."""
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, std=0.02)
            if isinstance(module, nn.Linear) and module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.LayerNorm):
            nn.init.ones_(module.weight)
        elif isinstance(module, PocketDecoder):
            for name, table in computed_tables().items():
                getattr(module, name).copy_(table)
        if isinstance(module, Block):
            small = 0.02 / math.sqrt(2 * self.sizes.layers)
            nn.init.normal_(module.out.weight, std=small)
            nn.init.normal_(module.down.weight, std=small)

    def forward(
        self,
        input_ids: Tensor,
        labels: Tensor | None = None,
        condition: Condition | None = None,
        roots: Tensor | None = None,
    ) -> PocketOutput:
        """Ids (B, T) -> log-probabilities of all ids (B, T, 18820).

        With labels (B, T), their losses instead; with the true roots (B, 9), told or not, those of the
        roots too.
        """
        condition = condition or unknown_condition(input_ids.shape[0], input_ids.device)
        hidden, time = self.hidden(input_ids, condition)
        if labels is None:
            return PocketOutput(logits=self.all_logprobs(hidden, time, condition))
        nll = self.nll(hidden, time, labels, condition)
        if roots is None:
            return PocketOutput(loss=nll)
        true = roots_at(time, condition._replace(roots=roots))
        heard = (true > 0) & (roots_at(time, condition) == 0) & (labels != PAD)
        reading = _mean_loss(self.root_head(hidden), true - 1, heard)
        planning = self.planning_loss(condition, roots)
        return PocketOutput(loss=nll, reading=reading, planning=planning)

    def planning_loss(self, condition: Condition, roots: Tensor) -> Tensor:
        """Mean nats of the progression head over the bars of loops with true roots (B, 9); ()."""
        bars = torch.arange(MOST_BARS, device=roots.device)
        of_loop = (condition.bars[:, None] == 0) | (bars < condition.bars[:, None])
        planned = (roots[:, :MOST_BARS] > 0) & of_loop
        logits = self.progression(condition._replace(roots=roots))
        return _mean_loss(logits, roots[:, :MOST_BARS] - 1, planned)

    def nll(self, hidden: Tensor, time: Tensor, labels: Tensor, condition: Condition) -> Tensor:
        """Exact −log P(label) of every place (B, T), over all ids; 0 where ignored."""
        kind = self.id_kind[labels]

        def loss(logits: Tensor, target: Tensor, of_kind: int) -> Tensor:
            here = kind == of_kind
            nll = F.cross_entropy(
                logits.float().flatten(0, 1),
                torch.where(here, target, 0).flatten(),
                reduction="none",
            )
            return torch.where(here, nll.view_as(labels), 0.0)

        note, length = labels - NOTE, labels - LENGTH
        patch = torch.where(kind == NOTE_KIND, note // PITCHES, 0)
        duration = torch.where(kind == LENGTH_KIND, length // BUCKETS, 0)
        programs = condition.programs[:, None].expand(-1, labels.shape[1], -1)
        role = self.role_of(patch, condition.programs)
        kinds = F.cross_entropy(
            self.kind_head(hidden).float().flatten(0, 1),
            kind.clamp(max=END_KIND).flatten(),
            reduction="none",
        ).view_as(labels)
        total = torch.where(kind != IGNORED_KIND, kinds, 0.0)
        total = total + loss(self.delta_logits(hidden, time), labels, DELTA_KIND)
        total = total + loss(self.patch_logits(hidden, programs), patch, NOTE_KIND)
        pitches = self.pitch_logits(hidden, patch, role, roots_at(time, condition))
        total = total + loss(pitches, note % PITCHES, NOTE_KIND)
        total = total + loss(self.duration_head(hidden), duration, LENGTH_KIND)
        return total + loss(self.velocity_logits(hidden, duration), length % BUCKETS, LENGTH_KIND)


def _mean_loss(logits: Tensor, target: Tensor, counted: Tensor) -> Tensor:
    """Mean cross-entropy of logits (..., K) over the places (...) that are counted; 0 when none is."""
    target = torch.where(counted, target, -1).flatten()
    total = F.cross_entropy(logits.float().flatten(0, -2), target, ignore_index=-1, reduction="sum")
    return total / counted.sum().clamp(min=1)
