"""Scores for the tests of players: a loop with four parts, a long tone, one part at a time.

And a runner that composes no faster than a test lets it.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace

from workbench.models import (
    CancelToken,
    GenerationRequest,
    Progress,
    RunnerInfo,
    TokenScores,
    Variation,
    load_runner,
)
from workbench.models.runners.grammar import GrammarRunner
from workbench.models.runners.priming import prime_of
from workbench.models.vocabulary import UNITS_PER_BAR, kind
from workbench.score import (
    ControlChange,
    Note,
    ProgramChange,
    Score,
    Tempo,
    TimeSignature,
    Track,
    slice_bars,
)

BAR = 1920


def band(seed: int = 0, *, bars: int = 4, tempo_bpm: float = 120.0, name: str = "Band") -> Score:
    """Drums, bass, keys and lead; another seed plays other notes."""
    draw = random.Random(seed)
    starts = [bar * BAR + step * 240 for bar in range(bars) for step in range(8)]
    drums = [Note(t, draw.choice([36, 38, 42, 46]), 100, draw.randint(60, 120), 9) for t in starts]
    bass = [Note(t, draw.randint(33, 48), 220, 100, 0) for t in starts]
    keys = [Note(t, 60 + p, 400, 80, 1) for t in starts[::2] for p in (0, 4, 7)]
    lead = [Note(t, draw.randint(72, 84), 230, 90, 2) for t in starts]
    return Score(
        name=name,
        tracks=(
            Track("Drums", tuple(sorted(drums))),
            Track("Bass", tuple(sorted(bass)), (ProgramChange(0, 33, 0),)),
            Track("Keys", tuple(sorted(keys)), (ProgramChange(0, 4, 1),)),
            Track("Lead", tuple(sorted(lead)), (ProgramChange(0, 65, 2),)),
        ),
        tempos=(Tempo.of_bpm(tempo_bpm),),
        time_signatures=(TimeSignature(0, 4, 4),),
        length_ticks=bars * BAR,
    )


def tones(*, bars: int = 4, name: str = "Tones") -> Score:
    """One part that never falls silent: string chords, a bar each, at 120 BPM."""
    notes = [Note(bar * BAR, pitch, BAR, 100, 0) for bar in range(bars) for pitch in (57, 60, 64)]
    return Score(
        name=name,
        tracks=(Track("Strings", tuple(notes), (ProgramChange(0, 48, 0),)),),
        length_ticks=bars * BAR,
    )


def orchestra() -> Score:
    """Program changes in the middle, a bank select, an unknown kit, soft and loud notes."""
    tracks = []
    for channel, programs in enumerate([(0, 56), (40, 48), (73, 104), (24, 122)]):
        notes = tuple(
            Note(i * 240, 40 + i * 2 + channel, 230, 5 + i * 7, channel) for i in range(16)
        )
        changes = tuple(ProgramChange(i * 1920, p, channel) for i, p in enumerate(programs))
        tracks.append(Track(f"Part {channel}", notes, changes, (ControlChange(0, 0, 8, channel),)))
    drums = tuple(Note(i * 120, 35 + i, 100, 20 + i * 2, 9) for i in range(32))
    kits = (ProgramChange(0, 56, 9), ProgramChange(1920, 25, 9))
    return Score(tracks=(*tracks, Track("Kits", drums, kits)), length_ticks=2 * BAR)


class BarByBar:
    """The grammar's loops, one after the other, and no more new bars in all than it was let make."""

    def __init__(self, bars: float) -> None:
        self._grammar = load_runner("grammar")
        self._more = threading.Condition()
        self._bars = bars

    @property
    def info(self) -> RunnerInfo:
        return replace(self._grammar.info, name="bar by bar")

    def let(self, bars: float) -> None:
        """Let the request that waits now and every later one have this many new bars in all."""
        with self._more:
            self._bars = bars
            self._more.notify_all()

    generate = GrammarRunner.generate  # what `stream` ends with

    def stream(
        self, request: GenerationRequest, *, cancel: CancelToken | None = None
    ) -> Iterator[Progress]:
        cancel = cancel or CancelToken()
        stopped = CancelToken()
        stopped.cancel()
        whole = self._grammar.generate(request)
        have = list(self._grammar.generate(request, cancel=stopped).variations)
        first = prime_of(request).bars
        bars = [first] * len(have)
        for row, variation in enumerate(whole.variations):
            last = len(variation.score.bar_starts_ticks)
            while bars[row] < last and self._may_make(sum(bars) - first * len(bars) + 1, cancel):
                bars[row] += 1
                enough = bars[row] == last
                have[row] = variation if enough else _upto(variation, bars[row], request)
                yield _so_far(have, bars)
        result = replace(whole, variations=tuple(have))
        yield replace(_so_far(have, bars), done=(True,) * len(have), result=result)

    def score(self, tokens: Sequence[int]) -> TokenScores:
        return self._grammar.score(tokens)

    def _may_make(self, bars: int, cancel: CancelToken) -> bool:
        with self._more:
            while not cancel.cancelled:  # nobody tells of that, so look now and then
                if self._more.wait_for(lambda: self._bars >= bars, timeout=0.02):
                    return True
        return False


def _so_far(have: Sequence[Variation], bars: Sequence[int]) -> Progress:
    return Progress(
        tokens=tuple(len(variation.tokens) for variation in have),
        bars=tuple(bars),
        done=tuple(variation.stop_reason != "stopped" for variation in have),
    )


def _upto(variation: Variation, bars: int, request: GenerationRequest) -> Variation:
    """Its first whole bars, the prime's included."""
    now, kept = sum(t for t in prime_of(request).tokens if kind(t) == "delta"), 0
    for token in variation.tokens:
        now += token if kind(token) == "delta" else 0
        if now >= bars * UNITS_PER_BAR:
            break
        kept += 1
    return replace(
        variation,
        score=slice_bars(variation.score, 0, bars),
        tokens=variation.tokens[:kept],
        logprobs=variation.logprobs[:kept],
        stop_reason="stopped",
    )
