"""What the network runners share: sampling as tuned or as asked, rows, progress, cutting.

Knows no particular network; `pocket` and `orpheus` hand in theirs.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from workbench.errors import RequestError
from workbench.models.decoding.draw import Sampling
from workbench.models.decoding.loop import Row, stream_of
from workbench.models.decoding.rules import Limits, Place
from workbench.models.requests import (
    CancelToken,
    GenerationRequest,
    GenerationResult,
    OnProgress,
    Progress,
    TokenScores,
    Variation,
)
from workbench.models.vocabulary import DELTAS, VOCABULARY_SIZE
from workbench.score import Score

FREE_TOKENS = 1024  # a variation, where neither a length in bars nor one in tokens is asked for
ALTERNATIVES = 8  # likeliest tokens told at each place of a score


@dataclass(frozen=True, slots=True)
class Tuning:
    """Temperature and nucleus a model was tuned with; used where a request names none."""

    temperature: float
    top_p: float


def sampling(request: GenerationRequest, tuned: Tuning) -> Sampling:
    """One row's sampling: the request's where given, else as tuned."""
    return Sampling.of(
        tuned.temperature if request.temperature is None else request.temperature,
        tuned.top_p if request.top_p is None else request.top_p,
        request.top_k,
        request.min_p,
    )


def rows(
    request: GenerationRequest,
    limits: Limits,
    how: Sampling,
    prime: Sequence[int],
    *,
    bars_before: int = 0,
    stop_at_outro: bool = False,
) -> list[Row]:
    """A row a variation, each with its own random stream and the prime already behind it."""
    return [
        Row(
            limits=limits,
            how=how,
            rng=stream_of(request.seed, index),
            max_tokens=request.max_tokens or (None if limits.bars else FREE_TOKENS),
            place=Place(limits).read(prime),
            bars_before=bars_before,
            stop_at_outro=stop_at_outro,
        )
        for index in range(request.num_variations)
    ]


def whole_bars(tokens: Sequence[int], start_units: int, bar_units: int) -> tuple[int, int]:
    """Of tokens that go on from `start_units`: how many lie in whole bars, and how many bars that is."""
    time = start_units + sum(token for token in tokens if token < DELTAS)
    bars = time // bar_units
    now = start_units
    for index, token in enumerate(tokens):
        now += token if token < DELTAS else 0
        if now >= bars * bar_units:
            return index, bars
    return len(tokens), bars


def streamed(
    generate: Callable[..., GenerationResult],
    request: GenerationRequest,
    cancel: CancelToken | None,
) -> Iterator[Progress]:
    """Run `generate` beside the caller and yield its progress as it comes, the result last.

    A slow reader holds nobody up: what it has not read yet is replaced by what is newer. Leaving
    the iteration early cancels.
    """
    cancel = cancel or CancelToken()
    latest: queue.Queue[Progress | BaseException] = queue.Queue()

    def run() -> None:
        try:
            generate(request, cancel=cancel, on_progress=latest.put)
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            latest.put(error)

    threading.Thread(target=run, name="generate", daemon=True).start()
    try:
        while True:
            item = latest.get()
            while not latest.empty():
                item = latest.get_nowait()
            if isinstance(item, BaseException):
                raise item
            yield item
            if item.result is not None:
                return
    finally:
        cancel.cancel()


def progress(on_progress: OnProgress | None, live: Sequence[Row]) -> Callable[[], None] | None:
    """The engine's `on_step` that tells `on_progress` how far each row is; None where nobody listens."""
    if on_progress is None:
        return None

    def tell() -> None:
        on_progress(
            Progress(
                tokens=tuple(len(row.tokens) for row in live),
                bars=tuple(row.bars for row in live),
                done=tuple(row.reason is not None for row in live),
            )
        )

    return tell


def variation(index: int, row: Row, kept: int, score: Score, continuation: Score) -> Variation:
    """What a finished row became: its first `kept` tokens, heard as `score`, alone as `continuation`."""
    assert row.reason is not None
    return Variation(
        index=index,
        score=score,
        continuation=continuation,
        tokens=tuple(row.tokens[:kept]),
        logprobs=np.array(row.logprobs[:kept], np.float32),
        removed={name: taken[:kept] for name, taken in row.removed().items()},
        stop_reason=row.reason,
    )


def check_scorable(tokens: Sequence[int], context: int) -> None:
    """Raise `RequestError` for what is no 2 to `context` ids of the vocabulary."""
    if not 2 <= len(tokens) <= context:
        raise RequestError(f"score takes 2 to {context} tokens, got {len(tokens)}")
    for place, token in enumerate(tokens):
        if not 0 <= token < VOCABULARY_SIZE:
            raise RequestError(f"token {place} is {token}, expected 0 to {VOCABULARY_SIZE - 1}")


def token_scores(logs: torch.Tensor, ids: torch.Tensor) -> TokenScores:
    """Log-probabilities (T, V) of what may follow, and what did, ids (T,), as scores."""
    top = logs.topk(ALTERNATIVES, -1)
    return TokenScores(
        logprobs=logs.gather(-1, ids[:, None])[:, 0].cpu().numpy(),
        alternatives=tuple(
            tuple(zip(ids_at, logs_at, strict=True))
            for ids_at, logs_at in zip(top.indices.tolist(), top.values.tolist(), strict=True)
        ),
    )


def tell_result(
    on_progress: OnProgress | None, rows: Sequence[Row], result: GenerationResult
) -> None:
    """The last thing `on_progress` hears: everything is done, and here it is."""
    if on_progress is not None:
        on_progress(
            Progress(
                tokens=tuple(len(item.tokens) for item in result.variations),
                bars=tuple(row.bars for row in rows),
                done=(True,) * len(rows),
                result=result,
            )
        )
