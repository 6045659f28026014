"""The gates of the pocket model: is what it composes metrically and harmonically right?

Primes and truth come from the grammar with seeds of their own; "right" means "as the grammar does".
Every loop is asked for with the runner's own sampling settings, so one setting must pass all gates
of its role. Next to the model stand the truth itself, the grammar runner (which repeats the prime)
a trigram model over tokens, and a control: the truth with its drums nudged and its pitches moved.
Nothing here says that the music is good.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import combinations
from statistics import fmean

import numpy as np

from workbench.evals.banding import BAND_MEASURES
from workbench.evals.cases import (
    Case,
    case_of_score,
    case_of_tokens,
    first_bars,
    prime_score,
    spoiled,
    true_case,
)
from workbench.evals.compare import Interval, bootstrap_interval, slot_f1
from workbench.evals.drumming import DRUM_MEASURES
from workbench.evals.gates import pocket_gates
from workbench.evals.report import CONTROL, TRIGRAM, TRUTH, PocketReport, Scoreboard
from workbench.evals.style_classifier import StyleClassifier, features
from workbench.evals.trigram import Trigram
from workbench.models.grammar import (
    EVALUATION_STYLES,
    ROLES,
    STYLES,
    Loop,
    compose_loop,
    event_tokens,
    grooves_of,
    loop_tokens,
)
from workbench.models.requests import GenerationRequest, Runner

DRUMS = ("drums",)
Measures = Mapping[str, Callable[[Case], float]]
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class PocketPlan:
    """How much is asked for. The gates of a release use the defaults."""

    primes: int = 6
    """Primed loops a style, for drums and for the band: 84 each."""
    held_out: int = 4
    """Primed drum loops a style in its held-out groove."""
    unseen: int = 12
    """Primed drum loops in each style that is never trained on."""
    long: int = 2
    """Primed loops of eight bars a style."""
    alone: int = 32
    """Drum loops a style from its name alone, one to 32."""
    variations: int = 2
    """Continuations of each prime."""
    taught: int = 120
    """Grammar loops a style that the style classifier learns from."""
    scored: int = 60
    """Loops whose tokens are scored, for drums and for the band."""
    fitted: int = 4000
    """Loops the trigram model counts."""
    seed: int = 20


def evaluate_pocket(
    runner: Runner,
    *,
    baselines: Mapping[str, Runner],
    unguarded: Runner | None = None,
    plan: PocketPlan | None = None,
    tell: Tell = lambda _text: None,
) -> PocketReport:
    """Compose, measure and judge.

    Args:
        runner: the model; its own sampling settings are used throughout.
        baselines: runners measured beside it, by column name, on the same primes.
        unguarded: the same model without the rule that stops it at the last bar line; without it
            the gate on counting bars has no value and fails.
        plan: how many loops; fewer are quicker and say less.
        tell: called with a line whenever something begins.
    """
    session = _Session(runner, baselines, unguarded, plan or PocketPlan(), tell)
    boards = session.boards()
    return PocketReport(
        runner=runner.info.name,
        sha256=runner.info.sha256,
        plan=asdict(session.plan),
        gates=tuple(pocket_gates(boards, runner.info.name)),
        boards=tuple(boards.values()),
    )


@dataclass(frozen=True)
class _Session:
    runner: Runner
    baselines: Mapping[str, Runner]
    unguarded: Runner | None
    plan: PocketPlan
    tell: Tell

    @property
    def name(self) -> str:
        return self.runner.info.name

    def boards(self) -> dict[str, Scoreboard]:
        """Every set, by name, in the order they are reported."""
        plan = self.plan
        drums = self._loops("drums", STYLES, plan.primes, roles=DRUMS)
        band = self._loops("band", STYLES, plan.primes, roles=ROLES)
        held = self._loops("held-out grooves", STYLES, plan.held_out, roles=DRUMS, held_out=True)
        unseen = self._loops("unseen styles", EVALUATION_STYLES, plan.unseen, roles=DRUMS)
        held_band = self._loops(
            "band, held-out grooves", STYLES, plan.held_out, roles=ROLES, held_out=True
        )
        long_drums = self._loops("drums, 8 bars", STYLES, plan.long, roles=DRUMS, bars=8)
        long_band = self._loops("band, 8 bars", STYLES, plan.long, roles=ROLES, bars=8)
        boards = [
            self._primed("drums", drums, DRUM_MEASURES, self._drum_trigram),
            self._primed("held-out grooves", held, DRUM_MEASURES, self._drum_trigram),
            self._primed("unseen styles", unseen, DRUM_MEASURES, self._drum_trigram),
            self._primed("drums, 8 bars", long_drums, DRUM_MEASURES),
            self._primed("band", band, BAND_MEASURES, self._band_trigram),
            self._primed("band, held-out grooves", held_band, BAND_MEASURES),
            self._primed("band, 8 bars", long_band, BAND_MEASURES),
            *self._counting([("drums", drums), ("band", band)]),
            self._alone(),
            self._surprise("tokens, drums", DRUMS, self._drum_trigram),
            self._surprise("tokens, band", ROLES, self._band_trigram),
            _tables(),
        ]
        return {board.name: board for board in boards}

    def _loops(
        self,
        name: str,
        styles: Sequence[str],
        count: int,
        *,
        roles: Sequence[str],
        bars: int = 4,
        held_out: bool = False,
    ) -> list[Loop]:
        """The truth: loops from seeds of their own, which training never draws."""
        return [
            compose_loop(
                random.Random(f"{name} {style} {index} {self.plan.seed}"),  # noqa: S311
                style=style,
                bars=bars,
                roles=roles,
                held_out=held_out,
            )
            for style in styles
            for index in range(count)
        ]

    @cached_property
    def _drum_trigram(self) -> Trigram:
        return self._fit(DRUMS)

    @cached_property
    def _band_trigram(self) -> Trigram:
        return self._fit(ROLES)

    def _fit(self, roles: Sequence[str]) -> Trigram:
        self.tell(f"trigram: counting {self.plan.fitted} loops of {', '.join(roles)}")
        rng = random.Random(f"trigram {self.plan.seed}")  # noqa: S311
        return Trigram(loop_tokens(compose_loop(rng, roles=roles)) for _ in range(self.plan.fitted))

    def _primed(
        self, name: str, loops: Sequence[Loop], measures: Measures, trigram: Trigram | None = None
    ) -> Scoreboard:
        """Every column's continuations of the first bar of each loop."""
        columns = {
            column: self._continued(name, column, composer, loops)
            for column, composer in {self.name: self.runner, **self.baselines}.items()
        }
        if trigram is not None:
            rng = random.Random(f"go on {name} {self.plan.seed}")  # noqa: S311
            columns[TRIGRAM] = [_trigram_case(trigram, loop, rng) for loop in loops]
        spoiler = random.Random(f"spoil {name} {self.plan.seed}")  # noqa: S311
        columns[CONTROL] = [spoiled(Case(loop, loop.events, 1, True), spoiler) for loop in loops]
        columns[TRUTH] = [true_case(case) for case in columns[self.name]]
        return _board(name, columns, measures)

    def _continued(
        self,
        name: str,
        column: str,
        composer: Runner,
        loops: Sequence[Loop],
        endings: Sequence[str] = ("bars", "eos"),
    ) -> list[Case]:
        """A case a variation; exact only when it stopped for one of the reasons `endings`."""
        self.tell(f"{name}: {column} goes on from {len(loops)} primes")
        return [
            _ended(case_of_score(loop, variation.score, 1), variation.stop_reason in endings)
            for index, loop in enumerate(loops)
            for variation in composer.generate(
                GenerationRequest(
                    prime=prime_score(loop),
                    prime_tempo_bpm=loop.tempo_bpm,
                    tempo_bpm=loop.tempo_bpm,
                    bars=loop.bars,
                    num_variations=self.plan.variations,
                    max_tokens=2 * len(loop_tokens(loop)) + 256,  # one that rambles on has failed
                    seed=self.plan.seed + index,
                )
            ).variations
        ]

    def _counting(self, sets: Sequence[tuple[str, Sequence[Loop]]]) -> list[Scoreboard]:
        """Lengths when the model must end by itself."""
        if self.unguarded is None:
            return []
        measures = {"exact_bars": DRUM_MEASURES["exact_bars"]}
        boards = []
        for name, loops in sets:
            label = f"{name}, ending by itself"
            cases = self._continued(label, self.name, self.unguarded, loops, ["eos"])
            boards.append(_board(label, {self.name: cases}, measures))
        return boards

    def _alone(self) -> Scoreboard:
        """Drums from a style's name: are they told apart, and do they differ from each other?"""
        count = self.plan.alone
        rows: dict[str, dict[str, list[Case]]] = {}
        own, fresh = (
            {
                style: [
                    compose_loop(
                        random.Random(f"{name} {style} {index} {self.plan.seed}"),  # noqa: S311
                        style=style,
                        roles=DRUMS,
                    )
                    for index in range(size)
                ]
                for style in STYLES
            }
            for name, size in (("classifier", self.plan.taught), ("alone", count))
        )
        for column, composer in {self.name: self.runner, **self.baselines}.items():
            self.tell(f"style alone: {column} composes {count} loops in each style")
            rows[column] = {
                style: _from_style(composer, fresh[style], self.plan.seed) for style in STYLES
            }
        rows[TRUTH] = {
            style: [Case(loop, loop.events, 0, exact=True) for loop in fresh[style]]
            for style in STYLES
        }
        classifier = StyleClassifier(
            np.stack([features(loop.events, loop.bars) for s in STYLES for loop in own[s]]),
            [style for style in STYLES for _ in own[style]],
        )
        columns, by_style = {}, {}
        for column, cases in rows.items():
            by_style[column] = {
                style: _alone_measures(classifier, style, cases[style]) for style in STYLES
            }
            columns[column] = {
                measure: _interval([row[measure] for row in by_style[column].values()])
                for measure in ("distinct", "style_named", "anchor_hit", "exact_bars")
            }
        return Scoreboard(
            name="style alone", loops=count * len(STYLES), columns=columns, by_style=by_style
        )

    def _surprise(self, name: str, roles: Sequence[str], trigram: Trigram) -> Scoreboard:
        """Nats a token on loops that nobody has seen, each told nothing but the tokens."""
        self.tell(f"{name}: scoring {self.plan.scored} loops")
        rng = random.Random(f"{name} {self.plan.seed}")  # noqa: S311
        loops = [loop_tokens(compose_loop(rng, roles=roles)) for _ in range(self.plan.scored)]
        nats = {
            self.name: [-float(np.mean(self.runner.score(tokens).logprobs)) for tokens in loops],
            TRIGRAM: [-float(np.mean(trigram.logprobs(tokens))) for tokens in loops],
        }
        columns = {column: {"nats": _interval(values)} for column, values in nats.items()}
        return Scoreboard(name=name, loops=len(loops), columns=columns)


def _ended(case: Case, ended: bool) -> Case:
    return replace(case, exact=case.exact and ended)


def _trigram_case(trigram: Trigram, loop: Loop, rng: random.Random) -> Case:
    prime = event_tokens(first_bars(loop).events)
    tokens, ended = trigram.go_on(prime, rng, bars=loop.bars)
    return case_of_tokens(loop, tokens, 1, ended=ended)


def _from_style(composer: Runner, truths: Sequence[Loop], seed: int) -> list[Case]:
    first = truths[0]
    request = GenerationRequest(
        style=first.style,
        roles=DRUMS,
        bars=first.bars,
        num_variations=len(truths),
        seed=seed,
    )
    variations = composer.generate(request).variations
    return [
        case_of_score(truth, variation.score, given_bars=0)
        for truth, variation in zip(truths, variations, strict=True)
    ]


def _alone_measures(
    classifier: StyleClassifier, style: str, cases: Sequence[Case]
) -> dict[str, float]:
    rows = np.stack([features(case.events, case.truth.bars) for case in cases])
    patterns = {
        frozenset((round(event.onset / 8), event.pitch) for event in case.events) for case in cases
    }
    return {
        "distinct": len(patterns) / len(cases),
        "style_named": classifier.accuracy(rows, [style] * len(cases)),
        "anchor_hit": fmean(DRUM_MEASURES["anchor_hit"](case) for case in cases),
        "exact_bars": fmean(case.exact for case in cases),
    }


def _tables() -> Scoreboard:
    """How alike the grammar's own grooves are: the worst pair of each style."""
    worst = {
        style: max(slot_f1(a.slots, b.slots) for a, b in combinations(grooves_of(style), 2))
        for style in STYLES
    }
    top = max(worst.values())
    return Scoreboard(
        name="grooves",
        loops=sum(len(grooves_of(style)) for style in STYLES),
        columns={TRUTH: {"worst_pair": Interval(top, min(worst.values()), top)}},
        by_style={TRUTH: {style: {"worst_pair": value} for style, value in worst.items()}},
    )


def _board(name: str, columns: Mapping[str, Sequence[Case]], measures: Measures) -> Scoreboard:
    values = {
        column: {
            measure: [function(case) for case in cases] for measure, function in measures.items()
        }
        for column, cases in columns.items()
    }
    by_style = {
        column: {
            style: {
                measure: _mean(
                    [v for v, case in zip(row, cases, strict=True) if case.truth.style == style]
                )
                for measure, row in values[column].items()
            }
            for style in dict.fromkeys(case.truth.style for case in cases)
        }
        for column, cases in columns.items()
    }
    return Scoreboard(
        name=name,
        loops=max(map(len, columns.values())),
        columns={
            column: {measure: _interval(row) for measure, row in rows.items()}
            for column, rows in values.items()
        },
        by_style=by_style,
    )


def _interval(values: Sequence[float]) -> Interval:
    return bootstrap_interval(values, random.Random(0), resamples=500)  # noqa: S311


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return fmean(known) if known else math.nan
