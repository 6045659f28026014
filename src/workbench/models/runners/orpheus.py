"""The Orpheus runners: released checkpoints, from a file or pulled from the hub.

In real time the model composes as it was trained, 16 ms a unit. With a tempo, prime and composition are in
grid time (a quarter note is 32 units), which is how a loop gets exact bars. Knows nothing of styles.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from workbench.errors import RequestError
from workbench.models.checkpoints import load_checkpoint
from workbench.models.decoding.engine import Engine
from workbench.models.decoding.loop import Row
from workbench.models.decoding.orpheus import OrpheusBatch
from workbench.models.decoding.rules import Limits
from workbench.models.hub import checkpoint_of
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
from workbench.models.runners.recording import record
from workbench.models.vocabulary import (
    DELTAS,
    DRUM_PATCH,
    EOS,
    OUTRO,
    SOS,
    TICKS_PER_UNIT,
    UNITS_PER_BAR,
    decode_tokens,
    encode_score,
)
from workbench.score import Score, TimeSignature, ending_at, nearest_role, parse_key, regrid

TUNING = composing.Tuning(temperature=0.9, top_p=0.96)  # the author's application
DEFAULT_TEMPO_BPM = 120.0


class OrpheusRunner:
    """Composes with a released checkpoint; thread-safe, requests of several callers share a batch.

    Args:
        variant: loops, base, bridge, children, mono or large.
        checkpoint: a `.pth` or `.safetensors` file; the pulled one by default.
        device: where to compute, such as "cuda"; the CPU by default.
        dtype: "bfloat16", "float16" or "float32"; the fastest exact-enough one by default.
        stop_at_outro: stop where the composed ending would begin.
    """

    def __init__(
        self,
        variant: str,
        checkpoint: str | Path | None = None,
        *,
        device: str = "cpu",
        dtype: str | None = None,
        stop_at_outro: bool = False,
    ) -> None:
        self._name = f"orpheus-{variant}"
        path = checkpoint_of(self._name, checkpoint)
        net = load_checkpoint(path, device=torch.device(device))
        self._decoding = net.decoding(getattr(torch, dtype) if dtype else None)
        self._path, self._stop_at_outro = path, stop_at_outro
        self._sha256 = _sha256(path)
        self._parameters = sum(tensor.numel() for tensor in net.parameters())
        self._threads = torch.get_num_threads()
        self._engine = Engine(threads=self._threads)

    @property
    def info(self) -> RunnerInfo:
        context = self._decoding.config.context
        return RunnerInfo(
            name=self._name,
            family="orpheus",
            description=f"Orpheus Music Transformer, {self._path.name}",
            licence="Apache-2.0 as its author states",
            parameters=self._parameters,
            device=str(self._decoding.device),
            sha256=self._sha256,
            context_tokens=context,
            max_prime_tokens=context - 1,
            details={
                "arithmetic": str(self._decoding.dtype).removeprefix("torch."),
                "unmet": ("style", "chord_roots"),
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
        tempo_bpm, prime = self._prime(request)
        limits = _limits(request, tempo_bpm, prime)
        rows = composing.rows(
            request, limits, composing.sampling(request, TUNING), prime,
            stop_at_outro=self._stop_at_outro,
        )  # fmt: skip
        read = began

        def start() -> OrpheusBatch:
            nonlocal read
            batch = OrpheusBatch(self._decoding, prime).select([0] * len(rows))
            read = time.perf_counter()
            return batch

        company = self._engine.write(
            start, rows, cancel=cancel, on_step=composing.progress(on_progress, rows)
        )
        ended = time.perf_counter()
        variations = tuple(
            _variation(index, row, prime, tempo_bpm) for index, row in enumerate(rows)
        )
        result = GenerationResult(
            request=request,
            variations=variations,
            record=record(
                self._name, self._sha256, request,
                checkpoint=self._path.name, device=str(self._decoding.device),
                arithmetic=str(self._decoding.dtype), threads=self._threads, rows_in_batch=company,
                tempo_bpm=tempo_bpm, stop_at_outro=self._stop_at_outro,
            ),
            timings={
                "prefill_s": read - began, "decode_s": ended - read, "total_s": ended - began,
            },
        )  # fmt: skip
        composing.tell_result(on_progress, rows, result)
        return result

    def stream(
        self, request: GenerationRequest, *, cancel: CancelToken | None = None
    ) -> Iterator[Progress]:
        return composing.streamed(self.generate, request, cancel)

    def score(self, tokens: Sequence[int]) -> TokenScores:
        """Log-probabilities of tokens, real time or grid time as they are."""
        composing.check_scorable(tokens, self._decoding.config.context)
        ids = torch.tensor(list(tokens), device=self._decoding.device)
        return self._engine.read(
            lambda: composing.token_scores(self._decoding.logits(ids[:-1]).log_softmax(-1), ids[1:])
        )

    def _prime(self, request: GenerationRequest) -> tuple[float | None, list[int]]:
        """Tempo in grid time (None in real time) and the prime's tokens. Raises `RequestError`."""
        if request.style is not None:
            raise RequestError(f"{self._name} takes no style; give it a prime in that style")
        if request.chord_roots is not None:
            raise RequestError(
                f"{self._name} takes no chord_roots; give it a prime with the chords"
            )
        tempo_bpm = request.tempo_bpm
        prime = list(request.prime) if isinstance(request.prime, tuple) else [SOS]
        if isinstance(request.prime, Score):
            if not any(request.prime.notes):
                raise RequestError("the prime has no notes; give one with music in it, or none")
            if tempo_bpm is None and request.bars is None:
                prime = encode_score(request.prime, grid_time=False)
            else:
                gridded = regrid(request.prime, request.prime_tempo_bpm)
                tempo_bpm = tempo_bpm or gridded.tempo_bpm
                prime = encode_score(gridded, grid_time=True)
        if len(prime) >= self._decoding.config.context:
            raise RequestError(
                f"the prime takes {len(prime)} tokens and at most {self._decoding.config.context - 1} "
                "fit the model's context; give a shorter one"
            )
        if tempo_bpm is None and request.bars is not None:
            tempo_bpm = DEFAULT_TEMPO_BPM
        return tempo_bpm, prime


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _limits(request: GenerationRequest, tempo_bpm: float | None, prime: Sequence[int]) -> Limits:
    if request.time_signature != (4, 4):
        upper, lower = request.time_signature
        raise RequestError(f"bars are 4/4 only, for now; got {upper}/{lower}")
    if request.grid is not None and tempo_bpm is None:
        raise RequestError("grid needs a tempo to know where its lines are; give tempo_bpm")
    key = parse_key(request.key) if request.key else None
    scale = request.scale or (key.pitch_classes if key else None)
    begun = sum(token for token in prime if token < DELTAS) // UNITS_PER_BAR
    if request.bars is not None and len(prime) > 1 and request.bars <= begun:
        raise RequestError(
            f"the prime reaches into bar {begun + 1} and bars is {request.bars}, which leaves nothing "
            "to compose; ask for more bars"
        )
    return Limits(
        patches=_patches(request.roles) if request.roles else None,
        instruments=frozenset(request.instruments) if request.instruments else None,
        pitch_range=request.pitch_range,
        scale=frozenset(scale) if scale else None,
        max_polyphony=request.max_polyphony,
        grid=request.grid,
        bars=request.bars,
        outro=True,
    )


def _patches(roles: Sequence[str]) -> frozenset[int]:
    """The patches that roles allow: the kit, the bass family, or the program a name says."""
    patches: set[int] = set()
    for name in roles:
        role, program = nearest_role(name)
        if program is not None:
            patches.add(program)
        elif role == "drums":
            patches.add(DRUM_PATCH)
        elif role == "bass":
            patches.update(range(32, 40))
        else:
            raise RequestError(
                f"an Orpheus checkpoint knows programs, not the role {name!r}; name an instrument "
                "such as 'piano' or 'tenor sax'"
            )
    return frozenset(patches)


def _variation(index: int, row: Row, prime: Sequence[int], tempo_bpm: float | None) -> Variation:
    """What a finished row became. Stopped rows keep their whole bars (grid time) or whole notes."""
    reason, bars = row.reason, row.limits.bars
    assert reason is not None
    kept = len(row.tokens)
    begun_units = sum(token for token in prime if token < DELTAS)
    if reason == "stopped":
        kept, bars = composing.whole_bars(row.tokens, begun_units, UNITS_PER_BAR)
    tokens = tuple(row.tokens[:kept])
    ends = {EOS, OUTRO} if row.stop_at_outro else {EOS}
    new = [token for token in tokens if token not in ends]
    end_units = bars * UNITS_PER_BAR if tempo_bpm is not None and bars else None
    score = _score([*prime, *new], tempo_bpm, end_units)
    # Alone it begins with the bar that the prime's last onset is in; in real time, with that onset.
    lead_units = begun_units % UNITS_PER_BAR if tempo_bpm is not None else 0
    alone_units = end_units and end_units - begun_units + lead_units
    alone = _score([SOS, lead_units, *new], tempo_bpm, alone_units) if len(prime) > 1 else score
    return composing.variation(index, row, kept, score, alone)


def _score(tokens: Sequence[int], tempo_bpm: float | None, end_units: int | None) -> Score:
    """Tokens as they are heard; in grid time with a meter, and over by the end when there is one."""
    score = decode_tokens(tokens, tempo_bpm=tempo_bpm)
    if tempo_bpm is None:
        return score
    if end_units is not None:
        score = ending_at(score, end_units * TICKS_PER_UNIT)
    return replace(score, time_signatures=(TimeSignature(0, 4, 4),))
