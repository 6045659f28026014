"""What is asked of a model runner and what it gives back. Plain values: no torch, no files.

The protocol is `Runner`; `GenerationRequest` is what a musician means, `GenerationResult` what came.
"""

from __future__ import annotations

import numbers
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from workbench.errors import RequestError
from workbench.score import Score

Floats = npt.NDArray[np.float32]
StopReason = Literal["bars", "eos", "outro", "max_tokens", "context", "stopped"]
"""Why a variation ended; "context": the model cannot look back over more tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRequest:
    """One request for loops. None means "as the runner is tuned" for sampling, "free" for constraints.

    Raises `RequestError` when a value is out of its range.
    """

    prime: Score | tuple[int, ...] | None = None
    """Music to go on from: a score, or Orpheus tokens (grid time when `tempo_bpm` is given)."""
    prime_tempo_bpm: float | None = None
    """The prime's tempo where its own tempo map is not to be believed."""
    num_variations: int = 8
    """1 to 32."""
    max_tokens: int | None = None
    """New tokens a variation, 1 to 8192. None is as many as `bars` take, and 1024 where length is free."""
    temperature: float | None = None
    """0 (greedy) to 2."""
    top_p: float | None = None
    """0 (greedy) to 1 (off)."""
    top_k: int | None = None
    """At least 1."""
    min_p: float | None = None
    """0 (off) to 1: a token needs this share of the likeliest one's probability."""
    seed: int = 0
    style: str | None = None
    roles: tuple[str, ...] | None = None
    """Parts wanted, e.g. ("drums", "bass", "tenor sax")."""
    bars: int | None = None
    """Length in bars, the prime's bars included; the result ends exactly there."""
    tempo_bpm: float | None = None
    """20 to 300."""
    key: str | None = None
    """Such as "C", "Am", "F#", "Bbm"."""
    time_signature: tuple[int, int] = (4, 4)
    instruments: tuple[int, ...] | None = None
    """Allowed General MIDI programs 0–127; 128 stands for the drum kit."""
    pitch_range: tuple[int, int] | None = None
    """Lowest and highest pitch of the pitched parts (drums are not pitches)."""
    scale: tuple[int, ...] | None = None
    """Allowed pitch classes 0–11 of the pitched parts."""
    chord_roots: tuple[int, ...] | None = None
    """Pitch class 0–11 of the chord root of each bar from the first, over and over to the end."""
    max_polyphony: int | None = None
    """Most pitched notes sounding at once."""
    grid: int | None = None
    """Onsets on multiples of this note value only: 4, 8, 16, 32, or 12, 24 for triplets."""

    def __post_init__(self) -> None:
        _within("num_variations", self.num_variations, 1, 32)
        _within("max_tokens", self.max_tokens, 1, 8192)
        _within("temperature", self.temperature, 0.0, 2.0)
        _within("top_p", self.top_p, 0.0, 1.0)
        _within("top_k", self.top_k, 1, 18_820)
        _within("min_p", self.min_p, 0.0, 1.0)
        _within("seed", self.seed, 0, 2**63 - 1)
        _within("bars", self.bars, 1, 512)
        _within("tempo_bpm", self.tempo_bpm, 20.0, 300.0)
        _within("prime_tempo_bpm", self.prime_tempo_bpm, 20.0, 300.0)
        _within("max_polyphony", self.max_polyphony, 1, 128)
        for name in LISTS:
            _listed(name, getattr(self, name))
        for program in self.instruments or ():
            _within("instruments", program, 0, 128)
        for pitch_class in self.scale or ():
            _within("scale", pitch_class, 0, 11)
        for root in self.chord_roots or ():
            _within("chord_roots", root, 0, 11)
        for pitch in self.pitch_range or ():
            _within("pitch_range", pitch, 0, 127)
        if self.pitch_range is not None and self.pitch_range[0] > self.pitch_range[1]:
            raise RequestError(f"pitch_range must be (lowest, highest), got {self.pitch_range}")
        if self.grid is not None and self.grid not in GRIDS:
            raise RequestError(f"grid must be one of {', '.join(map(str, GRIDS))}, got {self.grid}")
        for name in ("roles", "instruments", "scale", "chord_roots"):
            if getattr(self, name) == ():
                raise RequestError(
                    f"{name} is empty, so no note is allowed; leave it out to allow all"
                )


GRIDS = (4, 8, 12, 16, 24, 32)
LISTS: Mapping[str, tuple[type, str]] = {
    "roles": (str, '["drums", "tenor sax"]'),
    "instruments": (numbers.Integral, "[33, 128]"),
    "scale": (numbers.Integral, "[0, 2, 4, 7, 9]"),
    "pitch_range": (numbers.Integral, "(36, 84)"),
    "chord_roots": (numbers.Integral, "[9, 5, 0, 7]"),
}


def _within(name: str, value: Any, low: float, high: float) -> None:
    if value is None:
        return
    kind: type = numbers.Integral if isinstance(low, int) else numbers.Real
    number: float = value
    if isinstance(value, bool) or not isinstance(value, kind):
        what = "a whole number" if kind is numbers.Integral else "a number"
        raise RequestError(f"{name} must be {what}, {low} to {high}, got {value!r}")
    if not low <= number <= high:  # also refuses NaN
        raise RequestError(f"{name} must be {low} to {high}, got {value}")


def _listed(name: str, value: object) -> None:
    kind, example = LISTS[name]
    if value is not None and (
        isinstance(value, str)
        or not isinstance(value, Sequence)
        or not all(isinstance(item, kind) for item in value)
    ):
        raise RequestError(f"{name} must be a list such as {example}, got {value!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """One loop. Arrays are per new token, prime excluded."""

    index: int
    score: Score
    """What to hear: prime and continuation, at the tempo asked for."""
    continuation: Score
    """What is new alone, from the bar line where the prime ends (in real time, from its last onset)."""
    tokens: tuple[int, ...]
    """Exactly the new tokens."""
    logprobs: Floats
    """Natural log of each token's probability under the model, unmasked and untempered."""
    removed: Mapping[str, Floats]
    """By constraint, the probability mass it took from each step."""
    stop_reason: StopReason


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationResult:
    """The variations of one request, and what is needed to make them again."""

    request: GenerationRequest
    variations: tuple[Variation, ...]
    record: Mapping[str, object]
    """Runner, weights hash, request, seed, package versions: enough to repeat the run bit for bit."""
    timings: Mapping[str, float]
    """Seconds by phase: prefill, decode, total."""

    @property
    def scores(self) -> tuple[Score, ...]:
        return tuple(variation.score for variation in self.variations)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a request is: new tokens and whole bars so far per variation; the last one holds the result."""

    tokens: tuple[int, ...]
    bars: tuple[int, ...]
    done: tuple[bool, ...]
    result: GenerationResult | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerInfo:
    """What a runner is. `sha256` is of the weights ("" without any); `parameters` counts them."""

    name: str
    family: str
    description: str
    licence: str
    parameters: int = 0
    device: str = "cpu"
    sha256: str = ""
    context_tokens: int | None = None
    max_prime_tokens: int | None = None
    styles: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenScores:
    """Log-probability of each token after the first, and the likeliest alternatives at each place."""

    logprobs: Floats
    """(T−1,) natural logs."""
    alternatives: tuple[tuple[tuple[int, float], ...], ...]
    """For each place, (token, log-probability) pairs, likeliest first."""


class CancelToken:
    """Handed to a runner; `cancel()` from any thread stops decoding within one step."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        self._event.set()

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()


OnProgress = Callable[[Progress], None]


class Runner(Protocol):
    """Anything that composes: thread-safe, synchronous."""

    @property
    def info(self) -> RunnerInfo: ...

    def generate(
        self,
        request: GenerationRequest,
        *,
        cancel: CancelToken | None = None,
        on_progress: OnProgress | None = None,
    ) -> GenerationResult:
        """Compose. On cancel, every variation is cut at its last whole bar and marked "stopped"."""
        ...

    def stream(
        self, request: GenerationRequest, *, cancel: CancelToken | None = None
    ) -> Iterator[Progress]:
        """Compose, telling how far it is; the last `Progress` holds the result."""
        ...

    def score(self, tokens: Sequence[int]) -> TokenScores:
        """Score given tokens. Raises `RunnerError` where the runner has no probabilities."""
        ...
