"""From one section to another: a bridge that starts where the first ends and arrives at the second.

Any runner can compose it, in two halves: the first goes on from the first section; the second goes on
from the second section as if that had gone round, in its key, with its parts, so that what follows is
its beginning. The tempo goes from the one's to the other's, a step a beat. Torch-free.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from workbench.errors import RequestError
from workbench.models.requests import (
    CancelToken,
    GenerationRequest,
    GenerationResult,
    OnProgress,
    Progress,
    Runner,
    Variation,
)
from workbench.score import (
    DRUM_CHANNEL,
    TICKS_PER_QUARTER,
    Score,
    Tempo,
    TimeSignature,
    ending_at,
    find_key,
    joined,
    parse_key,
    regrid,
    slice_bars,
)

HEARD_BARS = 4  # of each section, what the runner goes on from
DEFAULT_BARS = 4
MOST_BARS = 64


@dataclass(frozen=True, slots=True)
class _Section:
    """A section on its bars, cut to what the runner hears of it."""

    heard: Score
    bars: int
    bar_ticks: int
    tempo_bpm: float
    key: str | None
    """None where nothing has a pitch."""
    lead_ticks: int
    """From the bar line where it is arrived at to its first onset."""


def bridge(
    runner: Runner,
    first: Score,
    second: Score | None,
    request: GenerationRequest,
    *,
    cancel: CancelToken | None = None,
    on_progress: OnProgress | None = None,
) -> GenerationResult:
    """Variations of a bridge from `first` to `second`, or from `first` on to wherever it leads.

    Of the request count sampling, seed, variations and `bars`, the bridge's own length (4 when not
    given); prime, tempo and key come from the sections. A `continuation` is the bridge alone: whole
    bars, and after them what is missing to the first onset of `second` when that is not on a bar line.
    Stopped variations end where they were. Raises `RequestError` and `MidiError`.
    """
    bars = DEFAULT_BARS if request.bars is None else request.bars
    if not 1 <= bars <= MOST_BARS:
        raise RequestError(f"a bridge has 1 to {MOST_BARS} bars, got {bars}")
    a = _section(first, last=True)
    b = a if second is None else _section(second, last=False)
    leaving = bars if second is None else bars // 2
    arriving = bars - leaving
    halves: list[GenerationResult] = []
    for section, new in ((a, leaving), (b, arriving + (b.lead_ticks > 0))):
        if new == 0 or (halves and _stopped(halves[-1])):
            continue
        asked = replace(
            request,
            prime=section.heard,
            bars=section.bars + new,
            tempo_bpm=section.tempo_bpm,
            key=section.key,
        )
        tell = _after(halves, on_progress)
        halves.append(runner.generate(asked, cancel=cancel, on_progress=tell))
    length_ticks = leaving * a.bar_ticks + arriving * b.bar_ticks + b.lead_ticks
    result = GenerationResult(
        request=replace(request, bars=bars),
        variations=tuple(
            _variation(parts, a, b, length_ticks)
            for parts in zip(*(half.variations for half in halves), strict=True)
        ),
        record={
            "kind": "bridge",
            "from": {"tempo_bpm": a.tempo_bpm, "key": a.key},
            "to": {"tempo_bpm": b.tempo_bpm, "key": b.key, "first_onset_ticks": b.lead_ticks},
            "halves": [half.record for half in halves],
        },
        timings={"total_s": sum(half.timings["total_s"] for half in halves)},
    )
    if on_progress is not None:
        counts = tuple(len(item.tokens) for item in result.variations)
        over = (True,) * len(counts)
        on_progress(Progress(tokens=counts, bars=(bars,) * len(counts), done=over, result=result))
    return result


def _section(score: Score, *, last: bool) -> _Section:
    """What is heard of a section: its last bars, or its first."""
    gridded = regrid(score)
    bars = len(gridded.bar_starts_ticks)
    span = (max(0, bars - HEARD_BARS), bars) if last else (0, min(HEARD_BARS, bars))
    heard = slice_bars(gridded, *span)
    meter = heard.time_signatures[0] if heard.time_signatures else TimeSignature(0, 4, 4)
    whole_ticks = -(-heard.length_ticks // meter.bar_ticks) * meter.bar_ticks
    pitched = any(note.channel != DRUM_CHANNEL for note in heard.notes)
    return _Section(
        heard=replace(heard, length_ticks=whole_ticks),
        bars=span[1] - span[0],
        bar_ticks=meter.bar_ticks,
        tempo_bpm=heard.tempo_bpm,
        key=_key_of(heard) if pitched else None,
        lead_ticks=0 if last else min((note.start_ticks for note in heard.notes), default=0),
    )


def _key_of(score: Score) -> str:
    written = score.key_signatures[0].key if score.key_signatures else None
    return (parse_key(written) if written else find_key(score)).signature_name


def _stopped(half: GenerationResult) -> bool:
    return any(variation.stop_reason == "stopped" for variation in half.variations)


def _after(halves: Sequence[GenerationResult], tell: OnProgress | None) -> OnProgress | None:
    """Tells progress as that of the whole bridge, which is never done with a half."""
    if tell is None:
        return None
    before = [[len(item.tokens) for item in half.variations] for half in halves]

    def told(progress: Progress) -> None:
        if progress.result is None:
            tokens = tuple(map(sum, zip(progress.tokens, *before, strict=True)))
            tell(replace(progress, tokens=tokens, done=(False,) * len(tokens)))

    return told


def _variation(
    parts: Sequence[Variation], a: _Section, b: _Section, length_ticks: int
) -> Variation:
    """The halves of one variation as one, on the tempo that leads from `a` to `b`."""
    alone = joined(*(part.continuation for part in parts))
    alone = ending_at(alone, min(length_ticks, alone.length_ticks))
    tempos = [tempo for tempo in _tempos(a, b, length_ticks) if tempo.ticks <= alone.length_ticks]
    alone = replace(alone, tempos=tuple(tempos))
    return Variation(
        index=parts[0].index,
        score=joined(a.heard, alone),
        continuation=alone,
        tokens=tuple(chain.from_iterable(part.tokens for part in parts)),
        logprobs=np.concatenate([part.logprobs for part in parts]),
        removed={
            name: np.concatenate([part.removed[name] for part in parts])
            for name in parts[0].removed
        },
        stop_reason=parts[-1].stop_reason,
    )


def _tempos(a: _Section, b: _Section, length_ticks: int) -> list[Tempo]:
    """From the one tempo to the other, a step a beat; the last whole bar has arrived."""
    arrived_ticks = length_ticks - b.lead_ticks - b.bar_ticks
    beats = -(-arrived_ticks // TICKS_PER_QUARTER)
    if not beats or math.isclose(a.tempo_bpm, b.tempo_bpm, abs_tol=0.01):
        return [Tempo.of_bpm(b.tempo_bpm)]
    step = (b.tempo_bpm - a.tempo_bpm) / beats
    return [
        *(
            Tempo.of_bpm(a.tempo_bpm + beat * step, beat * TICKS_PER_QUARTER)
            for beat in range(beats)
        ),
        Tempo.of_bpm(b.tempo_bpm, arrived_ticks),
    ]
