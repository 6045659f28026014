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
from typing import Any, NamedTuple

import torch
from accelerate import Accelerator
from safetensors.torch import save_file
from torch import Tensor, nn

from workbench.errors import CheckpointError
from workbench.models.grammar import (
    ROLES,
    STYLES,
    Loop,
    compose_loop,
    compose_roots,
    loop_tokens,
)
from workbench.models.nets.pocket import (
    ABSENT,
    UNKNOWN,
    Condition,
    root_row,
    unknown_condition,
)
from workbench.models.nets.pocket_pretrained import PocketConfig, PocketDecoder
from workbench.models.training.card import write_card
from workbench.models.training.muon import Muon
from workbench.models.vocabulary import PAD

PADDED_TO = (
    48  # tokens; few distinct shapes keep oneDNN from compiling anew (4–7 k -> 11–12 k tokens/s)
)


PROGRESSIONS_A_STEP = 64


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that decides the weights, given the machine. Shares and rates are probabilities."""

    seed: int = 0
    tokens: int = 8_000_000
    width: int = 192
    layers: int = 4
    heads: int = 3
    metrical_heads: int = 2
    context: int = 2048
    batch_tokens: int = 2304
    """Padded tokens a step, at most."""
    band_share: float = 0.6
    bars: tuple[int, ...] = (1, 2, 4, 8)
    bars_weights: tuple[float, ...] = (0.1, 0.2, 0.5, 0.2)
    no_style: float = 0.25
    no_bars: float = 0.2
    no_mode: float = 0.3
    no_programs: float = 0.15
    no_roots: float = 0.3
    root_weight: float = 0.15
    """Of the losses on chord roots: reading them from the notes, and planning them."""
    progressions: int = 200_000
    """Roots of loops without notes, on which the progression head alone is trained at the end."""
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
    """One batch: ids (B, T+1) padded with PAD, what each sequence is told, and its true chord roots.

    roots (B, 9): as in `Condition`; a loop begins again where it ends. 0 in loops of drums.
    """

    ids: Tensor
    condition: Condition
    roots: Tensor


def style_id(style: str, styles: Sequence[str]) -> int:
    """The network's id of a style, 0 for one it does not know (random loops among them)."""
    return styles.index(style) + 1 if style in styles else 0


def _told(
    recipe: Recipe, rng: random.Random, bars: int, style: str, mode: int
) -> tuple[int, int, int]:
    """Length, style id and mode as a sequence is told them: now and then not, 0."""
    return (
        0 if rng.random() < recipe.no_bars else bars,
        0 if rng.random() < recipe.no_style else style_id(style, STYLES),
        0 if rng.random() < recipe.no_mode else mode,
    )


def sheet(loops: Sequence[tuple[Loop, list[int]]], rng: random.Random, recipe: Recipe) -> Sheet:
    """Pad loops to one batch; now and then a loop is not told its style, length, mode or programs."""
    longest = max(len(tokens) for _, tokens in loops)
    width = math.ceil((longest - 1) / PADDED_TO) * PADDED_TO + 1
    ids = torch.full((len(loops), width), PAD)
    told, roots = [], []
    for row, (loop, tokens) in enumerate(loops):
        ids[row, : len(tokens)] = torch.tensor(tokens)
        programs = [ABSENT if program is None else program for program in loop.programs]
        roots.append(root_row(loop.roots))
        told.append(
            (
                *_told(recipe, rng, loop.bars, loop.style, loop.mode),
                [UNKNOWN] * len(ROLES) if rng.random() < recipe.no_programs else programs,
                root_row(() if rng.random() < recipe.no_roots else loop.roots),
            )
        )
    condition = Condition(*(torch.tensor(column) for column in zip(*told, strict=True)))
    return Sheet(ids, condition, torch.tensor(roots))


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
    bare = PocketDecoder(recipe.config())
    optimisers = _optimisers(bare, recipe)
    run = _resume(folder / "checkpoint.pt", recipe, bare, optimisers)
    *placed, net = accelerator.prepare(*optimisers, bare)
    recent: list[float] = []
    began = time.monotonic() - run.elapsed_s
    for group, batch in sheets(recipe, run.group):
        if run.tokens >= recipe.tokens:
            break
        if group != run.group:
            run.group = group
            if run.step - run.saved_step >= save_every:
                run.saved_step, run.elapsed_s = run.step, time.monotonic() - began
                _save(folder / "checkpoint.pt", run, bare, placed)
        recent.append(_step(net, batch, placed, run, accelerator))
        if run.step % report_every == 0:
            on_report(_report(run, recent, time.monotonic() - began))
    if recent:
        on_report(_report(run, recent, time.monotonic() - began))
    teach_progressions(accelerator.unwrap_model(net), recipe)
    run.elapsed_s = time.monotonic() - began
    write_weights(folder, accelerator.unwrap_model(net), run_facts(run, accelerator))
    write_card(folder)
    return folder


def teach_progressions(net: PocketDecoder, recipe: Recipe) -> float:
    """Train the progression head on roots alone; returns its last loss in nats a bar.

    In 8 M tokens lie too few progressions: planned from them alone, one in four was not the
    grammar's. The head shares nothing with the rest, which stays as it is.
    """
    rng = random.Random(f"progressions/{recipe.seed}")  # noqa: S311 - music, not secrets
    optimiser = torch.optim.Adam(net.progression.parameters(), lr=recipe.adam_rate)
    steps = max(1, recipe.progressions // PROGRESSIONS_A_STEP)
    loss = torch.zeros(())
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = recipe.adam_rate * max(recipe.last_rate, 1 - step / steps)
        condition, roots = _progressions(recipe, rng)
        condition = Condition(*(field.to(net.device) for field in condition))
        loss = net.planning_loss(condition, roots.to(net.device))
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
    return float(loss.detach())


def _progressions(recipe: Recipe, rng: random.Random) -> tuple[Condition, Tensor]:
    """What a step of `teach_progressions` sees: conditions now and then untold, and true roots (B, 9)."""
    told, roots = [], []
    for _ in range(PROGRESSIONS_A_STEP):
        (bars,) = rng.choices(recipe.bars, recipe.bars_weights)
        style, mode, drawn = compose_roots(rng, bars)
        roots.append(root_row(drawn))
        told.append(_told(recipe, rng, bars, style, mode))
    length, style_ids, modes = (torch.tensor(column) for column in zip(*told, strict=True))
    nothing = unknown_condition(len(told))
    return nothing._replace(bars=length, style=style_ids, mode=modes), torch.tensor(roots)


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


def _optimisers(net: PocketDecoder, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the blocks, AdamW for everything else."""
    matrices = [tensor for tensor in net.blocks.parameters() if tensor.dim() == 2]
    ours = {id(tensor) for tensor in matrices}
    rest = [tensor for tensor in net.parameters() if id(tensor) not in ours]
    return [
        Muon(matrices, lr=recipe.muon_rate),
        torch.optim.AdamW(rest, lr=recipe.adam_rate, betas=(0.9, 0.95), weight_decay=0.0),
    ]


def _step(
    net: Any,
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
        output = net(ids[:, :-1], labels=ids[:, 1:], condition=condition, roots=roots)
    count = int((ids[:, 1:] != PAD).sum())
    loss = output.loss.sum() / count
    accelerator.backward(loss + recipe.root_weight * (output.reading + output.planning))
    accelerator.clip_grad_norm_(net.parameters(), 1.0)
    for optimiser in optimisers:
        optimiser.step()
        optimiser.zero_grad()
    run.step += 1
    run.tokens += count
    return float(loss.detach())


def _save(path: Path, run: _Run, net: nn.Module, optimisers: Sequence[Any]) -> None:
    state = {
        "run": asdict(run),
        "net": net.state_dict(),
        "optimisers": [optimiser.state_dict() for optimiser in optimisers],
    }
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)


def _resume(
    path: Path, recipe: Recipe, net: nn.Module, optimisers: Sequence[torch.optim.Optimizer]
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
    net.load_state_dict(state["net"])
    for optimiser, kept_state in zip(optimisers, state["optimisers"], strict=True):
        optimiser.load_state_dict(kept_state)
    return replace(_Run(recipe), **{key: value for key, value in kept.items() if key != "recipe"})
