"""The pocket runner: loops from the small network that ships in the package.

A request becomes what the network was taught: grid time, C major or A minor, one program a role. The
result is turned back: true tempo, key asked for, exact bars. Loops of 1, 2, 4 and 8 bars are composed
whole, other lengths as sections that each see the bars before them.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from workbench.errors import CheckpointError
from workbench.models.decoding.engine import Engine
from workbench.models.decoding.loop import Row
from workbench.models.decoding.pocket import PocketBatch
from workbench.models.decoding.progression import draw_roots, heard_roots
from workbench.models.grammar import ROLES
from workbench.models.nets.pocket import (
    ABSENT,
    Condition,
    PocketNet,
    PocketSizes,
    root_row,
    unknown_condition,
)
from workbench.models.requests import (
    CancelToken,
    GenerationRequest,
    GenerationResult,
    OnProgress,
    Progress,
    RunnerInfo,
    TokenScores,
    Variation,
)
from workbench.models.runners import composing
from workbench.models.runners.asking import LARGEST_PRIME_BARS, NATIVE_BARS, Asked, Section
from workbench.models.runners.priming import parts_of_tokens
from workbench.models.runners.recording import record
from workbench.models.vocabulary import UNITS_PER_BAR

WEIGHTS = Path(__file__).parent.parent / "weights" / "pocket"


class PocketRunner:
    """Composes with the pocket network; thread-safe, requests of several callers share a batch.

    Args:
        folder: weights as `workbench train pocket` writes them; the package's own by default.
        exact_bars: False lets the network end by itself (for measuring how well it counts).
    """

    def __init__(self, folder: str | Path | None = None, *, exact_bars: bool = True) -> None:
        self._folder = Path(folder) if folder is not None else WEIGHTS
        self._exact_bars = exact_bars
        self._net, self._sha256 = _load(self._folder)
        self._engine = Engine(threads=1)  # with two and a busy second core, barriers cost 20×

    @property
    def info(self) -> RunnerInfo:
        sizes = self._net.sizes
        return RunnerInfo(
            name="pocket",
            family="pocket",
            description="Small transformer on Orpheus ids, trained on Workbench's own grammar",
            licence="Apache-2.0",
            parameters=sum(tensor.numel() for tensor in self._net.parameters()),
            sha256=self._sha256,
            context_tokens=sizes.context,
            max_prime_tokens=sizes.context // 2,
            styles=sizes.styles,
            roles=ROLES,
            details={
                "bars": sorted(NATIVE_BARS),
                "largest_prime_bars": LARGEST_PRIME_BARS,
                "meter": "4/4",
            },
        )

    def generate(
        self,
        request: GenerationRequest,
        *,
        cancel: CancelToken | None = None,
        on_progress: OnProgress | None = None,
    ) -> GenerationResult:
        """Compose the request's variations as one batch. Raises `RequestError` for what it cannot."""
        began = time.perf_counter()
        asked = Asked.of(request, self.info)
        rows, plans = self._compose(asked, cancel, on_progress)
        total_s = time.perf_counter() - began
        variations = tuple(_variation(index, row, asked) for index, row in enumerate(rows))
        result = GenerationResult(
            request=request,
            variations=variations,
            record=record(
                "pocket", self._sha256, request,
                tuning={"temperature": float(asked.how.temperature), "top_p": float(asked.how.top_p)},
                programs=list(asked.programs), tempo_bpm=asked.tempo_bpm, bars=asked.bars,
                transposed_semitones=asked.semitones, exact_bars=self._exact_bars,
                variations=[
                    {
                        "tokens": len(item.tokens),
                        "stop_reason": item.stop_reason,
                        "chord_roots": [(root + asked.semitones) % 12 for root in plan],
                    }
                    for item, plan in zip(variations, plans, strict=True)
                ],
            ),
            timings={"total_s": total_s},
        )  # fmt: skip
        composing.tell_result(on_progress, rows, result)
        return result

    def stream(
        self, request: GenerationRequest, *, cancel: CancelToken | None = None
    ) -> Iterator[Progress]:
        return composing.streamed(self.generate, request, cancel)

    def score(self, tokens: Sequence[int]) -> TokenScores:
        """Log-probabilities of grid-time tokens in C major or A minor, told only who plays what.

        Parts are told from the tokens as a prime's are; style, mode, length and chords stay unknown.
        """
        composing.check_scorable(tokens, self._net.sizes.context)
        return self._engine.read(partial(self._score, tokens))

    def _score(self, tokens: Sequence[int]) -> TokenScores:
        ids = torch.tensor([list(tokens)])
        condition = unknown_condition(1)
        if patches := parts_of_tokens(tokens):
            programs = [[patches.get(role, ABSENT) for role in ROLES]]
            condition = condition._replace(programs=torch.tensor(programs))
        parts = []
        hidden, musical_time = self._net.hidden(ids[:, :-1], condition)
        for start in range(0, hidden.shape[1], 32):  # 32 · 18,820 log-probabilities at a time
            part = slice(start, start + 32)
            logs = self._net.all_logprobs(hidden[:, part], musical_time[:, part], condition)[0]
            parts.append(composing.token_scores(logs, ids[0, 1:][part]))
        return TokenScores(
            logprobs=np.concatenate([scores.logprobs for scores in parts]),
            alternatives=tuple(chain.from_iterable(scores.alternatives for scores in parts)),
        )

    def _compose(
        self, asked: Asked, cancel: CancelToken | None, on_progress: OnProgress | None
    ) -> tuple[list[Row], list[list[int]]]:
        """Write all rows, section by section; with the chord roots that each was planned on."""
        sections = asked.sections
        limits = asked.limits(sections[0], exact_bars=self._exact_bars)
        prime = asked.prime_of_section(sections[0], ())
        rows = composing.rows(
            asked.request, limits, asked.how, prime, bars_before=sections[0].before
        )
        plans = self._engine.read(partial(self._plans, asked, rows))
        tell = composing.progress(on_progress, rows)
        for number, section in enumerate(sections):
            if number > 0:
                limits = asked.limits(section, exact_bars=self._exact_bars)
            live, starts = [], []
            for row, plan in zip(rows, plans, strict=True):
                if row.reason not in (None, "bars", "eos"):
                    continue
                prime = asked.prime_of_section(section, row.tokens)
                room = self._net.sizes.context - len(prime)
                if room < 1:
                    row.reason = "context"
                    continue
                if row.reason is not None:
                    row.go_on(limits, prime, section.before)
                row.full_at = len(row.tokens) + room
                live.append(row)
                roots = plan[section.before :] + plan[: section.before]
                starts.append((tuple(prime), tuple(roots)))
            if not live:
                break
            start = partial(self._batch, asked, section, starts)
            self._engine.write(start, live, cancel=cancel, on_step=tell)
        return rows, plans

    def _plans(self, asked: Asked, rows: Sequence[Row]) -> list[list[int]]:
        """A chord root for every bar of each row: as asked for, else its own draw; none without pitches."""
        if asked.only_drums:
            return [[] for _ in rows]
        condition = _condition(asked, 0, ())
        heard = heard_roots(self._net, asked.prime.tokens, condition) if asked.prime.bars else []
        if asked.chord_roots:
            told = [*heard, *asked.chord_roots[len(heard) :]]
            return [told for _ in rows]
        return [
            draw_roots(self._net, heard, asked.bars, condition, row.how, row.rng) for row in rows
        ]

    def _batch(
        self,
        asked: Asked,
        section: Section,
        starts: Sequence[tuple[tuple[int, ...], tuple[int, ...]]],
    ) -> PocketBatch:
        """A row for each start (prime, roots from the section's first bar on), equal ones read once.

        Each is read alone, so that no row depends on another.
        """
        distinct = list(dict.fromkeys(starts))
        batch, *others = (
            PocketBatch(self._net, prime, _condition(asked, section.bars, roots))
            for prime, roots in distinct
        )
        for other in others:
            batch = batch.join(other)
        return batch.select([distinct.index(start) for start in starts])


def _condition(asked: Asked, bars: int, roots: Sequence[int]) -> Condition:
    """One row of what the network is told."""
    return Condition(
        torch.tensor([bars]),
        torch.tensor([asked.style_id]),
        torch.tensor([asked.mode]),
        torch.tensor([[ABSENT if patch is None else patch for patch in asked.programs]]),
        torch.tensor([root_row(roots)]),
    )


def _load(folder: Path) -> tuple[PocketNet, str]:
    """The network of a folder written by training, and the SHA-256 of its weights."""
    weights = folder / "model.safetensors"
    if not weights.is_file():
        raise CheckpointError(f"no pocket weights in {folder}; expected model.safetensors there")
    try:
        sizes = PocketSizes.of(json.loads((folder / "config.json").read_text()))
        net = PocketNet(sizes)
        net.load_state_dict(load_file(weights))
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise CheckpointError(f"{weights} is not a pocket network: {error}") from error
    return net.eval(), hashlib.sha256(weights.read_bytes()).hexdigest()


def _variation(index: int, row: Row, asked: Asked) -> Variation:
    """What a finished row became. Stopped rows keep their whole bars."""
    kept, bars = len(row.tokens), asked.bars
    if row.reason == "stopped":
        kept, bars = composing.whole_bars(row.tokens, asked.prime.last_onset_units, UNITS_PER_BAR)
        bars = max(bars, asked.prime.bars)
    tokens, given = row.tokens[:kept], asked.prime.bars
    score = asked.score(tokens, bars)
    alone = asked.score(tokens, bars, first_bar=given) if given else score
    return composing.variation(index, row, kept, score, alone)
