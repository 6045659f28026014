"""Training the pocket model: fresh loops from the grammar, streamed; Muon and AdamW; resumable.

The recipe is the one measured in the model's card: whole sequences from SOS to EOS, small batches of
similar lengths, a learning rate that falls linearly with the tokens seen. One command serves CPU and GPU
(accelerate places the model and chooses the arithmetic).
"""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple, cast

import torch
import torch.nn.functional as F  # noqa: N812
from accelerate import Accelerator
from safetensors.torch import save_file
from torch import Tensor, nn

from workbench.errors import CheckpointError
from workbench.models.grammar import ROLES, STYLES, Loop, compose_loop, loop_tokens
from workbench.models.nets.pocket import (
    ABSENT,
    UNKNOWN,
    Condition,
    PocketConfig,
    PocketDecoder,
)
from workbench.models.training.card import write_card
from workbench.models.training.muon import Muon
from workbench.models.vocabulary import DELTAS, PAD, UNITS_PER_BAR

PADDED_TO = (
    48  # tokens; few distinct shapes keep oneDNN from compiling anew (4–7 k -> 11–12 k tokens/s)
)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that decides the weights, given the machine. Shares and rates are probabilities."""

    seed: int = 0
    tokens: int = 13_000_000
    width: int = 192
    layers: int = 4
    heads: int = 3
    metrical_heads: int = 2
    context: int = 2048
    batch_tokens: int = 2304
    """Padded tokens a step, at most."""
    band_share: float = 0.7
    bars: tuple[int, ...] = (1, 2, 4, 8)
    bars_weights: tuple[float, ...] = (0.1, 0.2, 0.5, 0.2)
    no_style: float = 0.25
    no_bars: float = 0.2
    no_mode: float = 0.3
    no_programs: float = 0.15
    root_weight: float = 0.15
    """Of the loss on the chord roots of this bar and the next, which the network itself never outputs."""
    muon_rate: float = 0.02
    adam_rate: float = 3e-3
    warm_up_steps: int = 40
    last_rate: float = 0.01
    """Of the first, at the end."""

    def config(self) -> PocketConfig:
        """The network's sizes."""
        return PocketConfig(
            width=self.width,
            layers=self.layers,
            heads=self.heads,
            metrical_heads=self.metrical_heads,
            context=self.context,
            styles=list(STYLES),
        )


class Sheet(NamedTuple):
    """One batch: ids (B, T+1) padded with PAD, what each sequence is told, and its chord roots.

    roots (B, bars + 2): pitch class of the chord in each bar, −1 for none and past the end.
    """

    ids: Tensor
    condition: Condition
    roots: Tensor


def style_id(style: str, styles: Sequence[str]) -> int:
    """The network's id of a style, 0 for one it does not know (random loops among them)."""
    return styles.index(style) + 1 if style in styles else 0


def sheet(loops: Sequence[tuple[Loop, list[int]]], rng: random.Random, recipe: Recipe) -> Sheet:
    """Pad loops to one batch; now and then a loop is not told its style, length, mode or programs."""
    longest = max(len(tokens) for _, tokens in loops)
    width = math.ceil((longest - 1) / PADDED_TO) * PADDED_TO + 1
    ids = torch.full((len(loops), width), PAD)
    told = []
    for row, (loop, tokens) in enumerate(loops):
        ids[row, : len(tokens)] = torch.tensor(tokens)
        programs = [ABSENT if program is None else program for program in loop.programs]
        told.append(
            (
                0 if rng.random() < recipe.no_bars else loop.bars,
                0 if rng.random() < recipe.no_style else style_id(loop.style, STYLES),
                0 if rng.random() < recipe.no_mode else loop.mode,
                [UNKNOWN] * len(ROLES) if rng.random() < recipe.no_programs else programs,
            )
        )
    roots = torch.full((len(loops), max(recipe.bars) + 2), -1)
    for row, (loop, _) in enumerate(loops):
        roots[row, : len(loop.roots)] = torch.tensor(loop.roots, dtype=torch.long)
    return Sheet(
        ids, Condition(*(torch.tensor(column) for column in zip(*told, strict=True))), roots
    )


class RootProbe(nn.Module):
    """Reads the chord roots of this bar and the next from hidden states: a teacher, not shipped.

    Notes tell a progression only now and then; asked at every token, the network learns whole
    progressions from a third of the music.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.roots = nn.Linear(width, 2 * 12)

    def forward(self, hidden: Tensor, ids: Tensor, roots: Tensor) -> Tensor:
        """Mean nats over places with a root: hidden (B, T, D), ids (B, T), roots (B, bars + 2) -> ()."""
        bar = torch.where(ids < DELTAS, ids, 0).cumsum(-1) // UNITS_PER_BAR
        target = torch.stack((roots.gather(1, bar), roots.gather(1, bar + 1)), -1)  # (B, T, 2)
        target = torch.where((ids == PAD)[..., None], -1, target)
        logits = self.roots(hidden).float().view(-1, 12)
        total = F.cross_entropy(logits, target.flatten(), ignore_index=-1, reduction="sum")
        return total / (target >= 0).sum().clamp(min=1)


def sheets(recipe: Recipe, first_group: int = 0) -> Iterator[tuple[int, Sheet]]:
    """Endless fresh batches with the number of the group they belong to; group g is a function of (seed, g)."""
    group = first_group
    while True:
        rng = random.Random(f"pocket/{recipe.seed}/{group}")  # noqa: S311 - music, not secrets
        batches: list[Sheet] = []
        for _ in range(3):  # kinds of loop that share a group, shuffled together
            batches += _alike(recipe, rng)
        rng.shuffle(batches)
        for batch in batches:
            yield group, batch
        group += 1


def _alike(recipe: Recipe, rng: random.Random) -> list[Sheet]:
    """Batches of loops of one length in bars, cut where they would pass `batch_tokens`."""
    band = rng.random() < recipe.band_share
    (bars,) = rng.choices(recipe.bars, recipe.bars_weights)
    usual = (60 if band else 46) * bars  # tokens; only sets how many loops are made at once
    count = max(12, 6 * recipe.batch_tokens // usual)
    loops = [compose_loop(rng, bars=bars, roles=None if band else ("drums",)) for _ in range(count)]
    ordered = sorted(((loop, loop_tokens(loop)) for loop in loops), key=lambda pair: len(pair[1]))
    batches: list[Sheet] = []
    start = 0
    for stop in range(1, len(ordered) + 1):
        padded = [
            math.ceil((len(ordered[end - 1][1]) - 1) / PADDED_TO) * PADDED_TO * (end - start)
            for end in (stop, min(stop + 1, len(ordered)))
        ]
        if stop == len(ordered) or padded[1] > recipe.batch_tokens:
            batches.append(sheet(ordered[start:stop], rng, recipe))
            start = stop
    return batches


@dataclass
class _Run:
    """A training run's state, as kept in its checkpoint."""

    recipe: Recipe
    step: int = 0
    tokens: int = 0
    group: int = 0
    saved_step: int = 0
    elapsed_s: float = 0.0
    curve: list[tuple[int, float]] = field(default_factory=list)
    """(tokens, mean nats a token since the entry before)."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """Where training stands: the loss is the mean since the last report."""

    step: int
    tokens: int
    of_tokens: int
    loss: float
    tokens_per_s: float


def train_pocket(
    folder: Path,
    recipe: Recipe,
    *,
    on_report: Callable[[Report], None] = lambda _: None,
    accelerator: Accelerator | None = None,
    save_every: int = 500,
    report_every: int = 100,
) -> Path:
    """Train to the recipe's end and write `model.safetensors`, `config.json` and `training.json`.

    Kept up by `checkpoint.pt` in `folder`, written about every `save_every` steps: run again after an
    interruption, it goes on from there and ends with the weights of an uninterrupted run.
    Raises `CheckpointError` when the folder holds a run of another recipe.
    """
    accelerator = accelerator or Accelerator(mixed_precision=arithmetic())
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(recipe.seed)
    taught = nn.ModuleDict(
        {"net": PocketDecoder(recipe.config()), "probe": RootProbe(recipe.width)}
    )
    optimisers = _optimisers(taught, recipe)
    run = _resume(folder / "checkpoint.pt", recipe, taught, optimisers)
    *placed, net, probe = accelerator.prepare(*optimisers, taught["net"], taught["probe"])
    recent: list[float] = []
    began = time.monotonic() - run.elapsed_s
    for group, batch in sheets(recipe, run.group):
        if run.tokens >= recipe.tokens:
            break
        if group != run.group:
            run.group = group
            if run.step - run.saved_step >= save_every:
                run.saved_step, run.elapsed_s = run.step, time.monotonic() - began
                _save(folder / "checkpoint.pt", run, taught, placed)
        recent.append(_step(net, probe, batch, placed, run, accelerator))
        if run.step % report_every == 0:
            on_report(_report(run, recent, time.monotonic() - began))
    if recent:
        on_report(_report(run, recent, time.monotonic() - began))
    run.elapsed_s = time.monotonic() - began
    write_weights(folder, accelerator.unwrap_model(net), run_facts(run, accelerator))
    write_card(folder)
    return folder


def _report(run: _Run, recent: list[float], elapsed_s: float) -> Report:
    """Move the recent losses to the curve, and say where the run is."""
    run.curve.append((run.tokens, round(sum(recent) / len(recent), 4)))
    recent.clear()
    return Report(
        step=run.step,
        tokens=run.tokens,
        of_tokens=run.recipe.tokens,
        loss=run.curve[-1][1],
        tokens_per_s=run.tokens / elapsed_s,
    )


def arithmetic() -> str:
    """bfloat16 where the hardware has it; without, a CPU multiplies it 50 times slower than float32."""
    quick = torch.cuda.is_available() or torch.cpu._is_avx512_bf16_supported()
    return "bf16" if quick else "no"


def run_facts(run: _Run, accelerator: Accelerator) -> dict[str, Any]:
    """What the card says of a training run."""
    return {
        "recipe": asdict(run.recipe),
        "steps": run.step,
        "tokens": run.tokens,
        "elapsed_s": round(run.elapsed_s),
        "device": str(accelerator.device),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "loss": run.curve,
    }


def write_weights(folder: Path, net: PocketDecoder, facts: dict[str, Any]) -> Path:
    """Write weights, sizes and facts of a trained network; returns the folder."""
    state = {
        name: tensor.detach().float().cpu().contiguous()
        for name, tensor in net.state_dict().items()
    }
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    net.config.save_pretrained(folder)
    (folder / "training.json").write_text(json.dumps(facts, indent=1) + "\n")
    (folder / "model.safetensors").chmod(0o644)  # safetensors makes it private
    return folder


def _optimisers(taught: nn.ModuleDict, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the blocks, AdamW for everything else."""
    net = cast("PocketDecoder", taught["net"])
    matrices = [tensor for tensor in net.blocks.parameters() if tensor.dim() == 2]
    ours = {id(tensor) for tensor in matrices}
    rest = [tensor for tensor in taught.parameters() if id(tensor) not in ours]
    return [
        Muon(matrices, lr=recipe.muon_rate),
        torch.optim.AdamW(rest, lr=recipe.adam_rate, betas=(0.9, 0.95), weight_decay=0.0),
    ]


def _step(
    net: Any,
    probe: Any,
    batch: Sheet,
    optimisers: Sequence[Any],
    run: _Run,
    accelerator: Accelerator,
) -> float:
    """One update; returns the mean loss of the tokens in nats."""
    recipe = run.recipe
    left = max(recipe.last_rate, 1 - run.tokens / recipe.tokens)
    scale = min(1.0, (run.step + 1) / recipe.warm_up_steps) * left
    for optimiser, rate in zip(optimisers, (recipe.muon_rate, recipe.adam_rate), strict=True):
        for parameters in optimiser.param_groups:
            parameters["lr"] = rate * scale
    ids, roots = batch.ids.to(accelerator.device), batch.roots.to(accelerator.device)
    condition = Condition(*(field.to(accelerator.device) for field in batch.condition))
    with accelerator.autocast():
        output = net(ids[:, :-1], labels=ids[:, 1:], condition=condition)
        taught = probe(output.hidden_states[0], ids[:, :-1], roots)
    count = int((ids[:, 1:] != PAD).sum())
    loss = output.loss.sum() / count
    accelerator.backward(loss + recipe.root_weight * taught)
    for module in (net, probe):
        accelerator.clip_grad_norm_(module.parameters(), 1.0)
    for optimiser in optimisers:
        optimiser.step()
        optimiser.zero_grad()
    run.step += 1
    run.tokens += count
    return float(loss.detach())


def _save(path: Path, run: _Run, taught: nn.ModuleDict, optimisers: Sequence[Any]) -> None:
    state = {
        "run": asdict(run),
        "taught": taught.state_dict(),
        "optimisers": [optimiser.state_dict() for optimiser in optimisers],
    }
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)


def _resume(
    path: Path, recipe: Recipe, taught: nn.ModuleDict, optimisers: Sequence[torch.optim.Optimizer]
) -> _Run:
    """The run kept in `path`, loaded into networks and optimisers; a new run when there is none."""
    if not path.exists():
        return _Run(recipe)
    state = torch.load(path, weights_only=True)
    kept = state["run"]
    if kept["recipe"] != asdict(recipe):
        changed = [key for key, value in asdict(recipe).items() if kept["recipe"].get(key) != value]
        raise CheckpointError(
            f"{path} belongs to a run with another {', '.join(changed)}; "
            "train in another folder, or with that recipe"
        )
    taught.load_state_dict(state["taught"])
    for optimiser, kept_state in zip(optimisers, state["optimisers"], strict=True):
        optimiser.load_state_dict(kept_state)
    return replace(_Run(recipe), **{key: value for key, value in kept.items() if key != "recipe"})
