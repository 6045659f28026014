"""One cell of a sweep: a pure function from settings to music and its measures.

Runs in worker processes, here or on a cluster, so it imports neither tables nor plots. A cell's id
is made of everything its outcome depends on: settings, seed, weights and the code itself.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import os
import random
import signal
import threading
import time
import traceback
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from multiprocessing import parent_process
from pathlib import Path
from statistics import fmean
from typing import Any

from workbench.errors import SweepError, WorkbenchError
from workbench.evals import distinct_loops, mean_pairwise_distance, measure
from workbench.models import (
    GenerationRequest,
    GenerationResult,
    Runner,
    RunnerInfo,
    Variation,
    load_runner,
)
from workbench.models.grammar import ROLES, compose_loop, loop_score
from workbench.models.vocabulary import UNITS_PER_BAR
from workbench.score import Score, slice_bars

PACKAGE = Path(__file__).parent.parent
SAMPLING = ("temperature", "top_p", "top_k", "min_p")
EARLY_UNITS = 2  # a hit this close before a bar line belongs to the bar after it
DEFAULT_BARS = 4
NAN = math.nan

MEASURES: Mapping[str, str] = {
    "prime_f1": "how much of the prime's pattern the new bars keep, 0 to 1",
    "own_f1": "the same of the bars that followed the prime where it was taken from",
    "adherence": "prime_f1 − own_f1: 0 is as close as the original, above is copying",
    "copies": "share of the variations that only repeat the prime",
    "variety": "mean distance between the variations' new bars, 0 (all alike) to 1",
    "distinct": "share of different patterns among the variations",
    "surprise_nats": "mean −log probability of a new token; NaN without probabilities",
    "removed_mass": "probability that the constraints took from a step, on average",
    "new_tokens": "tokens a variation",
    "ended": "share of the variations that reached the bars asked for",
}
"""What a cell measures of its own, beside every metric of `workbench.evals` averaged over the loops."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Settings with an id from their content; everything in `params` is JSON-ready."""

    id: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a cell: measures and music, or the sentence that says why not."""

    measures: Mapping[str, float] = field(default_factory=dict)
    midi: tuple[bytes, ...] = ()
    record: Mapping[str, object] | None = None
    seconds: float = NAN
    error: str | None = None
    trace: str | None = None
    """Where an error that is not Workbench's own came from."""


def make_cell(params: Mapping[str, Any], seed: int, info: RunnerInfo) -> Cell:
    """The cell of a row. Rows that can only come out the same share one.

    A runner without probabilities (its `unmet` names temperature and its like) is asked once, not
    once for every temperature.
    """
    unmet = info.details.get("unmet", ())
    assert isinstance(unmet, Iterable)
    useless = set(SAMPLING) & set(unmet)
    content = {
        **{name: value for name, value in params.items() if name not in useless},
        "seed": seed,
        "weights": info.sha256,
        "code": code_sha256(),
    }
    text = json.dumps(content, sort_keys=True)
    return Cell(hashlib.sha256(text.encode()).hexdigest()[:16], json.loads(text))


@cache
def code_sha256() -> str:
    """Of all code that an outcome depends on: scores, models, metrics and this file."""
    digest = hashlib.sha256()
    rooms = (
        path for room in ("score", "models", "evals") for path in (PACKAGE / room).rglob("*.py")
    )
    for path in sorted([*rooms, Path(__file__)]):
        digest.update(f"{path.relative_to(PACKAGE).as_posix()}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def be_worker() -> None:
    """Prepare a worker process: one thread, Ctrl-C is the parent's, no life after the parent."""
    os.environ["OMP_NUM_THREADS"] = "1"  # read when torch is loaded, which is later
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    assert parent is not None

    def leave_with_parent() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=leave_with_parent, daemon=True).start()


def run_cell(cell: Cell) -> Outcome:
    """Compose and measure. What goes wrong becomes the outcome's sentence; the sweep goes on."""
    try:
        return _outcome(cell.params)
    except WorkbenchError as error:
        return Outcome(error=str(error))
    except Exception as error:  # noqa: BLE001 - a border: whatever a cell does, others must go on
        return Outcome(error=f"{type(error).__name__}: {error}", trace=traceback.format_exc())


def _outcome(params: Mapping[str, Any]) -> Outcome:
    if params["code"] != code_sha256():
        raise SweepError("this worker runs other code than the sweep; install the same on both")
    runner = loaded(params["runner"])
    if params["weights"] != runner.info.sha256:
        raise SweepError(f"this worker has other weights of {runner.info.name} than the sweep")
    began = time.perf_counter()  # after loading, which happens once a process
    prime = prime_of(params)
    result = runner.generate(request_of(params, prime))
    return Outcome(
        measures=measures(result, prime),
        midi=tuple(variation.score.to_midi() for variation in result.variations),
        record=result.record,
        seconds=round(time.perf_counter() - began, 3),
    )


def loaded(chosen: Mapping[str, Any]) -> Runner:
    """The runner of a row, loaded once a process."""
    return _loaded(json.dumps(chosen, sort_keys=True))


@cache
def _loaded(chosen: str) -> Runner:
    return load_runner(**json.loads(chosen))


@dataclass(frozen=True, slots=True)
class Prime:
    """What is gone on from, and what followed it where it was taken from."""

    score: Score
    whole: Score

    @property
    def bars(self) -> int:
        return len(self.score.bar_starts_ticks)


def prime_of(params: Mapping[str, Any]) -> Prime | None:
    """The music a row goes on from."""
    asked = params.get("prime")
    if asked is None:
        return None
    if "midi" in asked:
        whole = Score.from_midi(bytes.fromhex(asked["midi"]))
        return Prime(whole if asked["bars"] is None else slice_bars(whole, 0, asked["bars"]), whole)
    roles = asked.get("roles") or [r for r in params.get("roles") or () if r in ROLES] or ["drums"]
    loop = compose_loop(
        random.Random(f"prime {asked['style']} {asked['seed']}"),  # noqa: S311
        style=asked["style"],
        bars=params.get("bars") or DEFAULT_BARS,
        roles=roles,
    )
    bars = asked["bars"]
    end = bars * UNITS_PER_BAR - EARLY_UNITS
    start = replace(
        loop,
        bars=bars,
        roots=loop.roots[:bars],
        events=tuple(event for event in loop.events if event.onset < end),
    )
    return Prime(loop_score(start), loop_score(loop))


def request_of(params: Mapping[str, Any], prime: Prime | None) -> GenerationRequest:
    """What the runner is asked."""
    names = set(GenerationRequest.__dataclass_fields__) - {"prime"}
    fields = {name: value for name, value in params.items() if name in names}
    fields = {name: tuple(v) if isinstance(v, list) else v for name, v in fields.items()}
    if fields.get("style") == "prime":
        fields["style"] = params["prime"]["style"]
    return GenerationRequest(prime=prime.score if prime else None, **fields)


def measures(result: GenerationResult, prime: Prime | None) -> dict[str, float]:
    """`MEASURES`, and every metric averaged over the variations; NaN where one does not apply."""
    given = prime.bars if prime else 0
    new = [tail for v in result.variations if (tail := _after(v.score, given)) is not None]
    kept = [_likeness(tail, prime) for tail in new] if prime else []
    own = _own_likeness(prime, result.request.bars) if prime else NAN
    prime_f1 = mean(kept)
    number = len(result.variations)
    return {
        "prime_f1": prime_f1,
        "own_f1": own,
        "adherence": prime_f1 - own,
        "copies": sum(value == 1.0 for value in kept) / number if prime else NAN,
        "variety": mean_pairwise_distance(new),
        "distinct": distinct_loops(new) / number,
        "surprise_nats": mean([mean(-v.logprobs) for v in result.variations]),
        "removed_mass": mean([_removed(v) for v in result.variations]),
        "new_tokens": mean([len(v.tokens) for v in result.variations]),
        "ended": sum(v.stop_reason in ("bars", "eos") for v in result.variations) / number,
        **_metrics([variation.score for variation in result.variations]),
    }


def _metrics(scores: Sequence[Score]) -> dict[str, float]:
    values = [measure(score) for score in scores]
    return {name: mean([value[name] for value in values]) for name in values[0]}


def mean(values: Iterable[float]) -> float:
    """Of the values that are not NaN; NaN without any."""
    known = [float(value) for value in values if not math.isnan(value)]
    return fmean(known) if known else NAN


def _removed(variation: Variation) -> float:
    """All constraints' share together, per step."""
    if not variation.removed:
        return NAN
    return sum(mean(mass) for mass in variation.removed.values())


def _after(score: Score, given: int) -> Score | None:
    bars = len(score.bar_starts_ticks)
    return slice_bars(score, given, bars) if bars > given else None


def _likeness(tail: Score, prime: Prime) -> float:
    """Mean slot F1 of each bar with the prime's bar at its place, the prime going round."""
    bars = [slice_bars(tail, bar, bar + 1) for bar in range(len(tail.bar_starts_ticks))]
    return mean(
        _bar_likeness(bar, slice_bars(prime.score, index % prime.bars, index % prime.bars + 1))
        for index, bar in enumerate(bars)
    )


def _bar_likeness(bar: Score, model: Score) -> float:
    """1 − their distance: 0 for a silent bar, NaN where the prime is silent."""
    if not any(model.notes):
        return NAN
    return 1 - mean_pairwise_distance([bar, model]) if any(bar.notes) else 0.0


def _own_likeness(prime: Prime, bars: int | None) -> float:
    have = len(prime.whole.bar_starts_ticks)
    stop = min(have, bars or have)
    return _likeness(slice_bars(prime.whole, prime.bars, stop), prime) if stop > prime.bars else NAN


def outcome_json(cell: Cell, outcome: Outcome) -> str:
    """A cell's file: strict JSON, music in base64, no value as null."""
    content: dict[str, object] = {"id": cell.id, "params": cell.params}
    if outcome.error is not None:
        content |= {"error": outcome.error, "trace": outcome.trace}
    else:
        content |= {
            "seconds": outcome.seconds,
            "measures": {
                name: None if math.isnan(value) else value
                for name, value in outcome.measures.items()
            },
            "record": outcome.record,
            "midi": [base64.b64encode(midi).decode() for midi in outcome.midi],
        }
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def outcome_of_json(text: str) -> Outcome:
    """Read a cell's file. Raises `ValueError`, `KeyError` or `TypeError` where it is damaged."""
    content = json.loads(text)
    if "error" in content:
        return Outcome(error=content["error"], trace=content["trace"])
    return Outcome(
        measures={
            name: NAN if value is None else value for name, value in content["measures"].items()
        },
        midi=tuple(base64.b64decode(midi) for midi in content["midi"]),
        record=content["record"],
        seconds=content["seconds"],
    )
