"""Requests and results of model runners as they travel between machines: whole, nothing left out."""

from __future__ import annotations

import base64
import binascii
from dataclasses import fields
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from workbench.errors import RequestError
from workbench.models import (
    GenerationRequest,
    GenerationResult,
    Progress,
    RunnerInfo,
    TokenScores,
    Variation,
)
from workbench.score import (
    DRUM_CHANNEL,
    TICKS_PER_QUARTER,
    Note,
    ProgramChange,
    Score,
    Tempo,
    Track,
)

Midi = Annotated[str, Field(description="A MIDI file in base64.", max_length=4_000_000)]
ClientJobId = Annotated[
    str | None,
    Field(
        pattern=r"^[a-zA-Z0-9._:-]{1,256}$",
        description="The caller's own name for the job, given back in `metadata`.",
    ),
]
Pair = Annotated[list[int], Field(min_length=2, max_length=2)]
Numbers = Annotated[list[int], Field(max_length=256)]


EXAMPLE = Score(
    tracks=(
        Track(
            notes=tuple(
                Note(eighth * TICKS_PER_QUARTER // 2, pitch, 200, 90)
                for eighth, pitch in enumerate((40, 40, 43, 40, 45, 43, 40, 38))
            ),
            programs=(ProgramChange(0, 33),),
        ),
        Track(
            notes=tuple(
                Note(beat * TICKS_PER_QUARTER, pitch, 240, 100, DRUM_CHANNEL)
                for beat, pitch in enumerate((36, 38, 36, 38))
            )
        ),
    ),
    tempos=(Tempo.of_bpm(100),),
    length_ticks=4 * TICKS_PER_QUARTER,
)
"""One bar of bass, kick and snare, in the examples of what services take."""


class StrictBody(BaseModel):
    """A body whose fields are all known, finite, and of their own kind."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


def example(**fields: Any) -> ConfigDict:
    """Configuration of a body whose documentation shows these fields as what to send."""
    return ConfigDict(json_schema_extra={"examples": [fields]})


class ComposeBody(StrictBody):
    """A `GenerationRequest`; ranges are checked by it."""

    model_config = example(style="funk", roles=["drums", "bass"], bars=2, num_variations=2, seed=1)

    prime_midi: Midi | None = None
    prime_tokens: Annotated[list[int], Field(max_length=16_384)] | None = None
    prime_tempo_bpm: float | None = None
    num_variations: int = 8
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    seed: int = 0
    style: Annotated[str, Field(max_length=100)] | None = None
    roles: Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=64)] | None = (
        None
    )
    bars: int | None = None
    tempo_bpm: float | None = None
    key: Annotated[str, Field(max_length=100)] | None = None
    time_signature: Pair = [4, 4]
    instruments: Numbers | None = None
    pitch_range: Pair | None = None
    scale: Numbers | None = None
    chord_roots: Numbers | None = None
    max_polyphony: int | None = None
    grid: int | None = None

    @classmethod
    def of(cls, request: GenerationRequest) -> ComposeBody:
        """A request as it is sent."""
        values = {field.name: getattr(request, field.name) for field in fields(request)}
        prime = values.pop("prime")
        for name, value in values.items():
            if isinstance(value, tuple):
                values[name] = list(value)
        if isinstance(prime, Score):
            values["prime_midi"] = sent(prime)
        elif prime is not None:
            values["prime_tokens"] = list(prime)
        return cls(**values)

    def request(self) -> GenerationRequest:
        """The request it stands for. Raises `RequestError` and `MidiError` in a sentence."""
        values: dict[str, Any] = self.model_dump(exclude={"prime_midi", "prime_tokens"})
        for name, value in values.items():
            if isinstance(value, list):
                values[name] = tuple(value)
        if self.prime_midi is not None and self.prime_tokens is not None:
            raise RequestError("prime_midi and prime_tokens are two primes; give one")
        if self.prime_midi is not None:
            values["prime"] = received(self.prime_midi, "prime_midi")
        elif self.prime_tokens is not None:
            values["prime"] = tuple(self.prime_tokens)
        return GenerationRequest(**values)


def sent(score: Score) -> str:
    """A score as MIDI in base64."""
    return base64.b64encode(score.to_midi()).decode()


def received(text: str, field: str) -> Score:
    """The score of a base64 MIDI file. Raises `RequestError` for what is no base64, and `MidiError`."""
    return Score.from_midi(decoded(text, field))


def decoded(text: str, field: str) -> bytes:
    """The bytes of a base64 text. Raises `RequestError`, which names the field."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise RequestError(f"{field} is not base64: {error}") from error


def progress_sent(progress: Progress) -> dict[str, Any]:
    """How far a request is; the last one carries the result."""
    told: dict[str, Any] = {
        "tokens": progress.tokens, "bars": progress.bars, "done": progress.done
    }  # fmt: skip
    if progress.result is not None:
        told["result"] = result_sent(progress.result)
    return told


def progress_received(told: dict[str, Any], request: GenerationRequest) -> Progress:
    """The same at the other end."""
    result = told.get("result")
    return Progress(
        tokens=tuple(told["tokens"]),
        bars=tuple(told["bars"]),
        done=tuple(told["done"]),
        result=result_received(result, request) if result is not None else None,
    )


def result_sent(result: GenerationResult) -> dict[str, Any]:
    """A result without its request, which the caller has. float32 travel as their bytes in base64."""
    return {
        "variations": [
            {
                "index": variation.index,
                "midi": sent(variation.score),
                "continuation_midi": sent(variation.continuation),
                "tokens": variation.tokens,
                "logprobs": _packed(variation.logprobs),
                "removed": {name: _packed(mass) for name, mass in variation.removed.items()},
                "stop_reason": variation.stop_reason,
            }
            for variation in result.variations
        ],
        "record": result.record,
        "timings": result.timings,
    }


def result_received(told: dict[str, Any], request: GenerationRequest) -> GenerationResult:
    """The same at the other end."""
    variations = tuple(
        Variation(
            index=item["index"],
            score=received(item["midi"], "midi"),
            continuation=received(item["continuation_midi"], "continuation_midi"),
            tokens=tuple(item["tokens"]),
            logprobs=_unpacked(item["logprobs"]),
            removed={name: _unpacked(mass) for name, mass in item["removed"].items()},
            stop_reason=item["stop_reason"],
        )
        for item in told["variations"]
    )
    return GenerationResult(
        request=request, variations=variations, record=told["record"], timings=told["timings"]
    )


def info_received(told: dict[str, Any]) -> RunnerInfo:
    """What a runner is, from its fields."""
    return RunnerInfo(**{**told, "styles": tuple(told["styles"]), "roles": tuple(told["roles"])})


def scores_sent(scores: TokenScores) -> dict[str, Any]:
    """Scores of tokens as they travel."""
    return {"logprobs": _packed(scores.logprobs), "alternatives": scores.alternatives}


def scores_received(told: dict[str, Any]) -> TokenScores:
    """The same at the other end."""
    return TokenScores(
        logprobs=_unpacked(told["logprobs"]),
        alternatives=tuple(
            tuple((token, logprob) for token, logprob in place) for place in told["alternatives"]
        ),
    )


def _packed(values: np.ndarray[Any, Any]) -> str:
    return base64.b64encode(values.astype("<f4").tobytes()).decode()


def _unpacked(text: str) -> np.ndarray[Any, Any]:
    return np.frombuffer(base64.b64decode(text), "<f4")
