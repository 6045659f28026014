"""Fitting the stand-in classifier: human music out of music21's corpus, machine music made here.

Both come in like instrumentation (a melody alone, or parts), in equal lengths (four or eight bars) and,
for the fit, in the same meters. Measured on sources and styles that the fit has not seen. Writes the
weights, a report and the card.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.errors import RequestError
from workbench.models.classifiers.pocket import (
    BARS,
    FEATURES,
    STEP_TICKS,
    STEPS_A_BAR,
    Floats,
    Logistic,
    features,
    hear,
)
from workbench.models.grammar import EVALUATION_STYLES, STYLES
from workbench.models.registry import load_runner
from workbench.models.requests import GenerationRequest, Runner
from workbench.models.runners.pocket import PocketRunner
from workbench.models.training.classifier_card import write_classifier_card
from workbench.score import TICKS_PER_QUARTER, Note, Score, TimeSignature, Track

if TYPE_CHECKING:
    from music21 import stream

HELD_OUT_STYLES = ("techno", "jazz", "samba", "reggae")
FITTED_STYLES = tuple(style for style in STYLES if style not in HELD_OUT_STYLES)
MELODY = ("melody",)
PARTS = ("bass", "chords", "melody")
JIGS = (  # books of O'Neill's, by what is in them
    "0759-0810.abc",
    "0811-0899.abc",
    "0951-0981.abc",
    "1031-1115.abc",
)
REELS_AND_HORNPIPES = (
    "1276-1375.abc",
    "1376-1475.abc",
    "1476-1555.abc",
    "1577-1624.abc",
    "1625-1700.abc",
)
WORKS = (  # whose encodings are given away, or name no rights
    "joplin/maple_leaf_rag.mxl",
    "liliuokalani/aloha_oe.mxl",
    "lusitano/allor_che_ignuda.mxl",
    "leadSheet/fosterBrownHair.mxl",
)
BAR_TICKS = STEPS_A_BAR * STEP_TICKS  # of 4/4
LENGTHS = (BARS, BARS // 2)  # of windows in turn
DUPLE_QUARTERS = (2, 4)  # of a bar


@dataclass(frozen=True, kw_only=True)
class ClassifierRecipe:
    """Everything that decides the weights, given the pocket network. Counts are windows."""

    seed: int = 0
    tunes: int = 90
    """Of Ryan's collection in the fit."""
    chorales: int = 60
    """Of Bach's in the fit."""
    held_out: int = 45
    """Of each human source in the test."""
    melodies: int = 4
    """Of each machine in each style."""
    bands: int = 3
    """Of each machine in each style."""
    ridge: float = 1.0
    """Penalty on the sum of squared coefficients, against a sum over windows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where windows come from; those of a fitted source decide the weights, others only test them."""

    name: str
    is_human: bool
    is_fitted: bool
    windows: Callable[[], Iterable[Score]]


@dataclass(frozen=True, slots=True)
class Sample:
    """What was heard of a source: features (N, F), and how many windows could not be judged."""

    source: Source
    rows: Floats
    refused: int


def fit_classifier(
    folder: Path,
    recipe: ClassifierRecipe | None = None,
    *,
    on_report: Callable[[str], None] = lambda _: None,
) -> Path:
    """Fit the stand-in classifier; write `model.json`, `report.json` and `CARD.md`, return the folder.

    Takes seven minutes of one core, and music21's corpus, of which nothing is copied. `on_report` hears
    of each source when it is read.
    """
    recipe = recipe or ClassifierRecipe()
    network = PocketRunner()
    samples = []
    for source in sources(recipe, network):
        sample = _sample(source, network)
        samples.append(sample)
        on_report(f"{source.name}: {len(sample.rows)} windows, {sample.refused} refused")
    logistic = fit(samples, recipe.ridge)
    report = {
        "recipe": asdict(recipe),
        "music21": version("music21"),
        "fitted_styles": len(FITTED_STYLES),
        **measured(samples, logistic, recipe.seed),
    }
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "model.json", _content(logistic, network.info.sha256))
    _write(folder / "report.json", report)
    write_classifier_card(folder)
    return folder


def _sample(source: Source, network: PocketRunner) -> Sample:
    rows, refused = [], 0
    for window in source.windows():
        try:
            rows.append(features(hear(window, network)))
        except RequestError:
            refused += 1
    return Sample(source, np.array(rows), refused)


def _content(logistic: Logistic, network_sha256: str) -> dict[str, Any]:
    columns = zip(logistic.means, logistic.scales, logistic.coefficients, strict=True)
    return {
        "network_sha256": network_sha256,
        "intercept": logistic.intercept,
        "features": {
            name: {"mean": mean, "scale": scale, "coefficient": coefficient}
            for name, (mean, scale, coefficient) in zip(FEATURES, columns, strict=True)
        },
    }


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n")


# ---------------------------------------------------------------------- where music comes from


def sources(recipe: ClassifierRecipe, pocket: Runner) -> Iterator[Source]:
    """Every source, those of the fit first."""
    machines = {"pocket": pocket, "grammar": load_runner("grammar")}
    for fitted in (True, False):
        yield from _human(recipe, fitted=fitted)
        for name, machine in machines.items():
            yield from _machine(recipe, name, machine, fitted=fitted)
    yield from _unlike(recipe, pocket)


def _human(recipe: ClassifierRecipe, *, fitted: bool) -> Iterator[Source]:
    for name, folder, parts, count in (
        ("Ryan's tunes", "ryansMammoth", 1, recipe.tunes),
        ("Bach's chorales", "bach", 4, recipe.chorales),
    ):
        yield Source(
            name=name if fitted else f"{name}, held out",
            is_human=True,
            is_fitted=fitted,
            windows=partial(
                _pieces, folder, parts, count if fitted else recipe.held_out, recipe.seed,
                fitted=fitted,
            ),
        )  # fmt: skip


def _machine(
    recipe: ClassifierRecipe, name: str, machine: Runner, *, fitted: bool
) -> Iterator[Source]:
    styles = FITTED_STYLES if fitted else HELD_OUT_STYLES
    if name == "grammar" and not fitted:
        styles += EVALUATION_STYLES  # the pocket model knows none of them
    for what, roles, each in (
        ("melody", MELODY, recipe.melodies),
        ("parts", PARTS, recipe.bands),
    ):
        asked = GenerationRequest(
            roles=roles, bars=BARS, num_variations=each, seed=1000 * recipe.seed
        )
        yield Source(
            name=f"{name}, {what}" if fitted else f"{name}, {what}, held-out styles",
            is_human=False,
            is_fitted=fitted,
            windows=partial(_made, machine, asked, styles),
        )


def _unlike(recipe: ClassifierRecipe, pocket: Runner) -> Iterator[Source]:
    """Sources that are like none of the fit's."""
    count, seed = recipe.held_out, recipe.seed
    wild = GenerationRequest(
        roles=MELODY, bars=BARS, num_variations=recipe.melodies, temperature=1.3, top_p=1.0,
        seed=1000 * seed,
    )  # fmt: skip
    human: dict[str, Callable[[], Iterator[Score]]] = {
        "O'Neill's reels and hornpipes": partial(
            _book_tunes, REELS_AND_HORNPIPES, count, seed, duple=True
        ),
        "O'Neill's jigs": partial(_book_tunes, JIGS, count, seed, duple=False),
        "four works": _works,
    }
    machine: dict[str, Callable[[], Iterator[Score]]] = {
        "pocket, melody, temperature 1.3": partial(_made, pocket, wild, HELD_OUT_STYLES),
        "notes at random": partial(_random_tunes, count, seed),
    }
    for name, windows in {**human, **machine}.items():
        yield Source(name=name, is_human=name in human, is_fitted=False, windows=windows)


def _made(machine: Runner, asked: GenerationRequest, styles: Sequence[str]) -> Iterator[Score]:
    """What a machine composes in each style, all at once, so that the requests share its batches."""
    known = (*STYLES, *EVALUATION_STYLES)
    requests = [
        replace(asked, style=style, seed=asked.seed + known.index(style)) for style in styles
    ]
    with ThreadPoolExecutor(len(requests)) as callers:
        results = list(callers.map(machine.generate, requests))
    lengths = itertools.cycle(LENGTHS)
    for result in results:
        for score in result.scores:
            yield _window(score, 0, next(lengths))


def _random_tunes(count: int, seed: int) -> Iterator[Score]:
    """White keys drawn from two octaves, eighths and sixteenths drawn alike."""
    rng = random.Random(f"random tunes/{seed}")  # noqa: S311 - music, not secrets
    pitches = [60 + pitch for pitch in range(24) if pitch % 12 in (0, 2, 4, 5, 7, 9, 11)]
    for bars in itertools.islice(itertools.cycle(LENGTHS), count):
        notes, step = [], 0
        while step < bars * STEPS_A_BAR:
            notes.append(Note(step * STEP_TICKS, rng.choice(pitches), STEP_TICKS))
            step += rng.choice((1, 2))
        yield _window(Score(tracks=(Track(notes=tuple(notes)),)), 0, bars)


def _pieces(folder: str, parts: int, count: int, seed: int, *, fitted: bool) -> Iterator[Score]:
    """Windows of a folder's pieces, one a piece; two files of three are for the fit, in order of name."""
    from music21 import corpus  # here, as everywhere: importing it takes seconds

    files = sorted(path for path in corpus.getComposer(folder) if path.suffix in (".abc", ".mxl"))
    ours = [path for place, path in enumerate(files) if (place % 3 > 0) == fitted]
    random.Random(f"{folder}/{seed}").shuffle(ours)  # noqa: S311
    yield from itertools.islice(_windows(map(corpus.parse, ours), parts, duple=True), count)


def _book_tunes(books: Sequence[str], count: int, seed: int, *, duple: bool) -> Iterator[Score]:
    """Windows of tunes that books hold, one a tune, taken from each book in turn."""
    from music21 import corpus

    shelves = []
    for book in books:
        tunes = list(corpus.parse(f"oneills1850/{book}").scores)
        random.Random(f"{book}/{seed}").shuffle(tunes)  # noqa: S311
        shelves.append(tunes)
    mixed = (tune for row in itertools.zip_longest(*shelves) for tune in row if tune is not None)
    yield from itertools.islice(_windows(mixed, 1, duple=duple), count)


def _works() -> Iterator[Score]:
    """Eight bars and four bars in turn of each work, one window after the other."""
    from music21 import corpus

    for work in WORKS:
        page = _page(corpus.parse(work))
        score, start = page.score(), page.start_ticks
        lengths = itertools.cycle(LENGTHS)
        while start + BARS * BAR_TICKS <= page.stop_ticks:
            bars = next(lengths)
            yield _window(score, start, bars)
            start += bars * BAR_TICKS


# ---------------------------------------------------------------------- from page to window


@dataclass(frozen=True, slots=True)
class Page:
    """A written piece and its first run of equal bars, without pickup."""

    written: stream.Score
    bar_quarters: float
    start_ticks: int
    stop_ticks: int

    def score(self) -> Score:
        return Score.from_music21(self.written)


def _page(written: stream.Score) -> Page:
    """Where a piece's first run of at least four equal bars lies; nowhere, where there is none."""
    measures = written.parts[0].getElementsByClass("Measure")
    lines = [float(measure.offset) for measure in measures]
    gaps = [after - before for before, after in itertools.pairwise(lines)]
    for place in range(len(gaps) - 3):
        if len(set(gaps[place : place + 4])) == 1:
            run = len(list(itertools.takewhile(gaps[place].__eq__, gaps[place:])))
            stop = lines[place + run]
            return Page(written, gaps[place], _ticks(lines[place]), _ticks(stop))
    return Page(written, 0.0, 0, 0)


def _ticks(quarters: float) -> int:
    return round(quarters * TICKS_PER_QUARTER)


def _windows(pages: Iterable[stream.Score], parts: int, *, duple: bool) -> Iterator[Score]:
    """One window of each piece with so many parts that is long enough for its turn, in 4, 2 or else."""
    lengths = itertools.cycle(LENGTHS)
    bars = next(lengths)
    for written in pages:
        page = _page(written)
        fits = page.stop_ticks - page.start_ticks >= bars * BAR_TICKS
        if len(written.parts) == parts and fits and (page.bar_quarters in DUPLE_QUARTERS) == duple:
            try:
                score = page.score()
            except RequestError:  # a meter such as 3/6, which is the transcriber's slip
                continue
            yield _window(score, page.start_ticks, bars)
            bars = next(lengths)


def _window(score: Score, start_ticks: int, bars: int) -> Score:
    """Notes alone, from a bar line on for as long as so many bars of 4/4."""
    stop_ticks = start_ticks + bars * BAR_TICKS
    return Score(
        tracks=tuple(
            Track(
                notes=tuple(
                    replace(note, start_ticks=note.start_ticks - start_ticks)
                    for note in track.notes
                    if start_ticks <= note.start_ticks < stop_ticks
                )
            )
            for track in score.tracks
        ),
        time_signatures=(TimeSignature(0, 4, 4),),
    )


# ---------------------------------------------------------------------- fit and measure


def fit(samples: Sequence[Sample], ridge: float) -> Logistic:
    """Penalised logistic regression by Newton's method; both classes count alike, as do their sources."""
    fitted = [sample for sample in samples if sample.source.is_fitted]
    rows = np.concatenate([sample.rows for sample in fitted])
    labels = np.concatenate([np.full(len(s.rows), float(s.source.is_human)) for s in fitted])
    beside = [sum(other.source.is_human == s.source.is_human for other in fitted) for s in fitted]
    weights = np.concatenate(
        [
            np.full(len(s.rows), len(rows) / 2 / number / len(s.rows))
            for s, number in zip(fitted, beside, strict=True)
        ]
    )
    means, spread = np.nanmean(rows, 0), np.nanstd(rows, 0)
    scales = np.where(spread > 0, spread, 1.0)
    padded = np.column_stack((np.ones(len(rows)), np.nan_to_num((rows - means) / scales)))
    penalty = ridge * np.diag([0.0, *np.ones(rows.shape[1])])
    solution = np.zeros(padded.shape[1])
    for _ in range(100):
        chance = 1 / (1 + np.exp(-padded @ solution))
        slope = padded.T @ (weights * (labels - chance)) - penalty @ solution
        bend = (padded.T * (weights * chance * (1 - chance))) @ padded + penalty
        move = np.linalg.solve(bend, slope)
        solution += move
        if np.abs(move).max() < 1e-9:
            break
    means, scales, solution = (column.round(6) for column in (means, scales, solution))
    return Logistic(means, scales, solution[1:], float(solution[0]))


PAIRS = (
    ("Ryan's tunes, held out", "pocket, melody, held-out styles"),
    ("Ryan's tunes, held out", "grammar, melody, held-out styles"),
    ("O'Neill's reels and hornpipes", "pocket, melody, held-out styles"),
    ("O'Neill's reels and hornpipes", "grammar, melody, held-out styles"),
    ("O'Neill's reels and hornpipes", "pocket, melody, temperature 1.3"),
    ("O'Neill's reels and hornpipes", "notes at random"),
    ("Bach's chorales, held out", "pocket, parts, held-out styles"),
    ("Bach's chorales, held out", "grammar, parts, held-out styles"),
    ("four works", "pocket, parts, held-out styles"),
    ("four works", "grammar, parts, held-out styles"),
)
LIKE_THE_FIT = (", held out", ", held-out styles", "hornpipes")


def measured(samples: Sequence[Sample], logistic: Logistic, seed: int) -> dict[str, Any]:
    """How well each source is told, pairs of sources apart, and what the probabilities are worth."""
    human = {
        sample.source.name: np.array([logistic.probability(row) for row in sample.rows])
        for sample in samples
    }
    rng = np.random.default_rng(seed)
    rows = {sample.source.name: sample.rows for sample in samples}
    tested = [sample.source for sample in samples if sample.source.name.endswith(LIKE_THE_FIT)]
    return {
        "sources": [
            {
                "name": sample.source.name,
                "is_human": sample.source.is_human,
                "is_fitted": sample.source.is_fitted,
                "windows": len(sample.rows),
                "refused": sample.refused,
                **_told(human[sample.source.name], is_human=sample.source.is_human),
            }
            for sample in samples
        ],
        "pairs": [
            {"human": one, "machine": other, **_apart(human[one], human[other], rng)}
            for one, other in PAIRS
        ],
        "features": {
            name: {
                what: round(_auc(*(_column(rows, pair, place))), 3)
                for what, pair in (("melody", PAIRS[2]), ("parts", PAIRS[6]))
            }
            for place, name in enumerate(FEATURES)
        },
        "calibration": _calibration(
            np.concatenate([human[source.name] for source in tested if source.is_human]),
            np.concatenate([human[source.name] for source in tested if not source.is_human]),
        ),
    }


def _told(human: Floats, *, is_human: bool) -> dict[str, Any]:
    """Share of verdicts that are right, with Wilson's 95 % interval, and the mean probability."""
    right = (human > 0.5) == is_human
    count, share, z = len(right), float(right.mean()), 1.96
    middle = (share + z**2 / 2 / count) / (1 + z**2 / count)
    half = z * np.sqrt(share * (1 - share) / count + z**2 / 4 / count**2) / (1 + z**2 / count)
    return {
        "right": round(share, 3),
        "right_interval": [round(float(middle - half), 3), round(float(middle + half), 3)],
        "mean_human": round(float(human.mean()), 3),
    }


def _apart(human: Floats, machine: Floats, rng: np.random.Generator) -> dict[str, Any]:
    """Area under the curve, with a 95 % bootstrap interval of 2000 draws of windows."""
    draws = [_auc(rng.choice(human, len(human)), rng.choice(machine, len(machine)))
             for _ in range(2000)]  # fmt: skip
    return {
        "auc": round(_auc(human, machine), 3),
        "auc_interval": [round(float(q), 3) for q in np.quantile(draws, (0.025, 0.975))],
    }


def _auc(human: Floats, machine: Floats) -> float:
    """Chance that a human window is given the higher value than a machine's, ties counting half."""
    difference = human[:, None] - machine[None]
    return float((difference > 0).mean() + (difference == 0).mean() / 2)


def _column(rows: dict[str, Floats], pair: tuple[str, str], place: int) -> tuple[Floats, Floats]:
    """One feature of two sources, where it is there."""
    one, other = (rows[name][:, place] for name in pair)
    return one[~np.isnan(one)], other[~np.isnan(other)]


def _calibration(human: Floats, machine: Floats) -> dict[str, Any]:
    """Brier's score and the share of humans by predicted probability, both classes weighing alike."""
    predicted = np.concatenate((human, machine))
    truth = np.concatenate((np.ones(len(human)), np.zeros(len(machine))))
    weight = np.concatenate((np.full(len(human), 0.5 / len(human)),
                             np.full(len(machine), 0.5 / len(machine))))  # fmt: skip
    bins = []
    for low in (0.0, 0.1, 0.3, 0.5, 0.7, 0.9):
        high = {0.0: 0.1, 0.9: 1.01}.get(low, low + 0.2)
        inside = (predicted >= low) & (predicted < high)
        if inside.any():
            share = weight[inside] / weight[inside].sum()
            bins.append({
                "from": low,
                "windows": int(inside.sum()),
                "predicted": round(float(share @ predicted[inside]), 3),
                "human": round(float(share @ truth[inside]), 3),
            })  # fmt: skip
    return {"brier": round(float(weight @ (predicted - truth) ** 2), 4), "bins": bins}
