"""The scripted runner: fixed answers in place of a model, for tests and for notebooks about tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from workbench.errors import RunnerError
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
from workbench.models.vocabulary import SOS, decode_tokens, length_id, note_id

# Kick on the quarters of one bar, in grid time: what is answered when no script is given.
FOUR_KICKS = tuple(
    token for beat in range(4) for token in (32 * (beat > 0), note_id(128, 36), length_id(8, 6))
)


class ScriptedRunner:
    """Answers variation i with script i, and around again when there are more variations.

    Args:
        scripts: the new tokens of each variation, without SOS.
        logprob: what each token is said to have had.
    """

    def __init__(
        self, scripts: Sequence[Sequence[int]] = (FOUR_KICKS,), *, logprob: float = -1.0
    ) -> None:
        if not scripts:
            raise RunnerError("the scripted runner needs at least one script")
        self._scripts = [tuple(script) for script in scripts]
        self._logprob = logprob

    @property
    def info(self) -> RunnerInfo:
        return RunnerInfo(
            name="scripted",
            family="scripted",
            description=f"{len(self._scripts)} fixed answers",
            licence="Apache-2.0",
        )

    def generate(
        self,
        request: GenerationRequest,
        *,
        cancel: CancelToken | None = None,
        on_progress: OnProgress | None = None,
    ) -> GenerationResult:
        """The scripts, cut at `max_tokens`; a cancelled request gets empty answers."""
        stopped = cancel is not None and cancel.cancelled
        variations = tuple(
            self._variation(i, request, stopped) for i in range(request.num_variations)
        )
        result = GenerationResult(
            request=request,
            variations=variations,
            record={"runner": "scripted", "weights_sha256": "", "seed": request.seed},
            timings={"total_s": 0.0},
        )
        if on_progress is not None:
            on_progress(_told(result))
        return result

    def stream(
        self, request: GenerationRequest, *, cancel: CancelToken | None = None
    ) -> Iterator[Progress]:
        yield _told(self.generate(request, cancel=cancel))

    def score(self, tokens: Sequence[int]) -> TokenScores:
        """Every token as likely as the script says."""
        places = max(0, len(tokens) - 1)
        return TokenScores(
            logprobs=np.full(places, self._logprob, np.float32), alternatives=((),) * places
        )

    def _variation(self, index: int, request: GenerationRequest, stopped: bool) -> Variation:
        script = self._scripts[index % len(self._scripts)]
        tokens = () if stopped else script[: request.max_tokens]
        short = request.max_tokens is not None and len(script) > request.max_tokens
        score = decode_tokens([SOS, *tokens], tempo_bpm=request.tempo_bpm)
        return Variation(
            index=index,
            score=score,
            continuation=score,
            tokens=tokens,
            logprobs=np.full(len(tokens), self._logprob, np.float32),
            removed={},
            stop_reason="stopped" if stopped else "max_tokens" if short else "eos",
        )


def _told(result: GenerationResult) -> Progress:
    counts = tuple(len(variation.tokens) for variation in result.variations)
    return Progress(
        tokens=counts, bars=(0,) * len(counts), done=(True,) * len(counts), result=result
    )
