"""The stand-in for the Orpheus classifier: logistic regression on a few features, no download.

It hears the first eight bars on a grid of sixteenths, in C major or A minor, in at most three parts:
loudness, tempo, lengths of notes, instruments and drums are taken away first, so that no file format
answers for the music. Nor is density asked for: the same tune is written in eighths or in sixteenths.
What it asks is how well the pocket network foresaw the piece, and how the piece moves. What it was
fitted on, and how far it is to be believed, is in its card.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from workbench.errors import CheckpointError, RequestError
from workbench.models.grammar import ROLES, Event, event_tokens
from workbench.models.judging import Verdict, check_length
from workbench.models.runners.pocket import PocketRunner
from workbench.models.vocabulary import DELTAS, TICKS_PER_UNIT, UNITS_PER_BAR, kind
from workbench.score import DRUM_CHANNEL, Note, Score, Track, regrid, transpose

Floats = npt.NDArray[np.float64]

WEIGHTS = Path(__file__).parent.parent / "weights" / "classifier"
BARS = 8  # the longest loop that the network was taught whole
STEP_UNITS = 8  # a sixteenth
STEP_TICKS = STEP_UNITS * TICKS_PER_UNIT
STEPS_A_BAR = UNITS_PER_BAR // STEP_UNITS
BUCKET = 5  # one loudness for all: velocities 83 to 97
PATCHES: Mapping[str, int] = MappingProxyType({"bass": 32, "chords": 0, "melody": 73})
WHITE_KEYS = frozenset((0, 2, 4, 5, 7, 9, 11))
TONIC_TRIADS = frozenset((0, 4, 7, 9))  # of C major and A minor


class Placed(NamedTuple):
    """A note without its length: when it starts, in sixteenths, and its pitch."""

    step: int
    pitch: int


@dataclass(frozen=True, slots=True)
class Heard:
    """What is judged of a piece: its notes, and the network's log-probabilities of when and what."""

    parts: Mapping[str, tuple[Placed, ...]]
    """By role, in C major or A minor."""
    num_tokens: int
    when: Floats
    """Of each Δt after the first, in nats."""
    what: Floats
    """Of each note's instrument and pitch."""

    @property
    def notes(self) -> list[Placed]:
        return sorted(note for part in self.parts.values() for note in part)

    @property
    def moves(self) -> list[int]:
        """Semitones from each highest note to the next, in the melody or what stands in for it."""
        part = next(self.parts[role] for role in ("melody", "chords", "bass") if role in self.parts)
        highest = {note.step: note.pitch for note in part}
        return [after - before for before, after in pairwise(highest.values())]

    @property
    def bars(self) -> list[frozenset[Placed]]:
        """The notes of each bar that has some, placed in the bar."""
        bars: dict[int, set[Placed]] = defaultdict(set)
        for step, pitch in self.notes:
            bars[step // STEPS_A_BAR].add(Placed(step % STEPS_A_BAR, pitch))
        return [frozenset(bars[bar]) for bar in sorted(bars)]


def hear(score: Score, network: PocketRunner) -> Heard:
    """The first eight bars of a piece, from the first with a pitched note on; fewer of a very dense one.

    Raises `RequestError` for a piece of drums alone, one without a beat, and one that is too short.
    """
    lines = _lines(score)
    parts: dict[str, set[Placed]] = defaultdict(set)
    for role, line in zip(_roles(lines), lines, strict=True):
        parts[role].update(line)
    heard, tokens = _fitting(parts, network.info.context_tokens or 0)
    check_length(len(tokens))
    logprobs = network.score(tokens).logprobs.astype(float)
    kinds = np.array([kind(token) for token in tokens[1:]])
    return Heard(
        parts=heard,
        num_tokens=len(tokens),
        when=logprobs[kinds == "delta"][1:],
        what=logprobs[kinds == "note"],
    )


def _fitting(
    parts: Mapping[str, set[Placed]], most_tokens: int
) -> tuple[dict[str, tuple[Placed, ...]], list[int]]:
    """The parts for as many bars as the network can read, and their tokens."""
    bars = BARS
    while True:
        ordered = {
            role: tuple(sorted(note for note in part if note.step < bars * STEPS_A_BAR))
            for role, part in parts.items()
        }
        heard = {role: part for role, part in ordered.items() if part}
        tokens = event_tokens(_events(heard))
        if len(tokens) <= most_tokens or bars == 1:
            return heard, tokens
        bars -= 1


# ---------------------------------------------------------------------- score → what is heard


def _lines(score: Score) -> list[list[Placed]]:
    """The pitched notes of each part, on sixteenths, in C major or A minor."""
    plain = _plain(_on_the_beat(score))
    home = transpose(plain, _semitones_home(plain))
    return [
        sorted({Placed(note.start_ticks // STEP_TICKS, note.pitch) for note in track.notes})
        for track in home.tracks
    ]


def _semitones_home(score: Score) -> int:
    """The move, −6 to 5, that puts most notes on white keys; of equals, most on C, E, G and A.

    A key found by profile (`find_key`) was a fifth away in one loop of six, which the network then
    hears as full of wrong notes.
    """
    notes = [note.pitch for note in score.notes]

    def fit(semitones: int) -> tuple[int, int, int]:
        classes = [(pitch + semitones) % 12 for pitch in notes]
        return (
            sum(pitch in WHITE_KEYS for pitch in classes),
            sum(pitch in TONIC_TRIADS for pitch in classes),
            -abs(semitones),
        )

    return max(range(-6, 6), key=fit)


def _on_the_beat(score: Score) -> Score:
    if not any(_is_pitched(note) for note in score.notes):
        raise RequestError(
            "this classifier has heard no human drums, and the piece has nothing else; "
            "load orpheus-classifier with a checkpoint to judge it"
        )
    try:
        return regrid(score)
    except RequestError as error:
        raise RequestError(
            "this classifier needs the piece's beat, and its onsets follow neither its own tempo "
            "nor one that can be told; load orpheus-classifier with a checkpoint to judge it"
        ) from error


def _is_pitched(note: Note) -> bool:
    """Whether a note has a pitch and, unlike grace notes on a page, a length."""
    return note.channel != DRUM_CHANNEL and note.duration_ticks > 0


def _plain(score: Score) -> Score:
    """Eight bars of pitched notes, each a sixteenth long; a part a track and channel."""
    parts: dict[tuple[int, int], list[Note]] = defaultdict(list)
    for index, track in enumerate(score.tracks):
        for note in filter(_is_pitched, track.notes):
            parts[index, note.channel].append(note)
    first = min(note.start_ticks for part in parts.values() for note in part)
    start = max((bar for bar in score.bar_starts_ticks if bar <= first), default=0)
    tracks = []
    for part in parts.values():
        placed = ((round((note.start_ticks - start) / STEP_TICKS), note.pitch) for note in part)
        kept = [at for at in placed if at[0] < BARS * STEPS_A_BAR]
        if kept:
            notes = (Note(step * STEP_TICKS, pitch, STEP_TICKS) for step, pitch in kept)
            tracks.append(Track(notes=tuple(sorted(notes))))
    return Score(tracks=tuple(tracks))


def _roles(lines: Sequence[Sequence[Placed]]) -> list[str]:
    """Of each line: the lowest is the bass, of others the highest of single notes the melody."""
    together = [len(line) / len({note.step for note in line}) for line in lines]
    height = [sum(note.pitch for note in line) / len(line) for line in lines]
    rising = sorted(range(len(lines)), key=height.__getitem__)
    roles = ["chords"] * len(lines)
    above = rising[1:] if len(lines) > 1 else rising
    if singles := [line for line in above if together[line] < 1.5]:
        roles[singles[-1]] = "melody"
    if len(lines) > 1:
        roles[rising[0]] = "bass"
    return roles


def _events(parts: Mapping[str, Sequence[Placed]]) -> list[Event]:
    """Notes as the network reads them: each lasts to the next of its part, or to the bar's end.

    A rest of two bars or more, which tokens cannot write, loses whole bars.
    """
    events = []
    for role, part in parts.items():
        following = dict(pairwise(sorted({note.step for note in part})))
        for step, pitch in part:
            bar_end = (step // STEPS_A_BAR + 1) * STEPS_A_BAR
            steps = min(following.get(step, bar_end) - step, STEPS_A_BAR)
            event = Event(
                step * STEP_UNITS, ROLES.index(role), PATCHES[role], pitch,
                steps * STEP_UNITS, BUCKET,
            )  # fmt: skip
            events.append(event)
    events.sort()
    closer, lost, before = [], 0, 0
    for event in events:
        rest = event.onset - lost - before
        if rest >= DELTAS:
            lost += (rest // UNITS_PER_BAR - 1) * UNITS_PER_BAR
        before = event.onset - lost
        closer.append(event._replace(onset=before))
    return closer


# ---------------------------------------------------------------------- what is asked


def _mean(values: Sequence[float] | Floats) -> float:
    return float(np.mean(values)) if len(values) else float("nan")


def _again(bars: Sequence[object]) -> float:
    """Share of bars after the first that were there before."""
    return _mean([bar in bars[:place] for place, bar in enumerate(bars)][1:])


FEATURES: Mapping[str, tuple[str, Callable[[Heard], float]]] = MappingProxyType(
    {
        "when": ("mean log-probability of when, nats", lambda heard: _mean(heard.when)),
        "what": ("mean log-probability of what, nats", lambda heard: _mean(heard.what)),
        "what_spread": (
            "its standard deviation, nats",
            lambda heard: float(np.std(heard.what)),
        ),
        "in_key": (
            "share of notes in the key",
            lambda heard: _mean([note.pitch % 12 in WHITE_KEYS for note in heard.notes]),
        ),
        "held": (
            "share of the melody's moves that stay",
            lambda heard: _mean([move == 0 for move in heard.moves]),
        ),
        "steps": (
            "share of the melody's moves by one or two semitones",
            lambda heard: _mean([1 <= abs(move) <= 2 for move in heard.moves]),
        ),
        "leaps": (
            "share of the melody's moves by more than seven semitones",
            lambda heard: _mean([abs(move) > 7 for move in heard.moves]),
        ),
        "bars_again": (
            "share of bars that were there before, note for note",
            lambda heard: _again(heard.bars),
        ),
        "rhythms_again": (
            "share of bars whose rhythm was there before",
            lambda heard: _again([frozenset(note.step for note in bar) for bar in heard.bars]),
        ),
    }
)
"""By name: what it says, and its value; NaN where a piece has nothing to tell it from."""


def features(heard: Heard) -> Floats:
    """Every feature's value, in the table's order."""
    return np.array([value(heard) for _, value in FEATURES.values()])


# ---------------------------------------------------------------------- the classifier


@dataclass(frozen=True, slots=True)
class Logistic:
    """Log-odds of "human", linear in standardised features; a missing feature counts as average."""

    means: Floats
    scales: Floats
    coefficients: Floats
    intercept: float

    def probability(self, row: Floats) -> float:
        """Of "human", for features (F,)."""
        standard = np.nan_to_num((row - self.means) / self.scales)
        return float(1 / (1 + np.exp(-(self.intercept + standard @ self.coefficients))))


class PocketClassifier:
    """Judges without a download; thread-safe.

    Args:
        folder: weights as `fit_classifier` writes them; the package's own by default.
    """

    name = "pocket"

    def __init__(self, folder: str | Path | None = None) -> None:
        self._network = PocketRunner()
        self._logistic, self.weights_sha256 = _load(
            Path(folder) if folder is not None else WEIGHTS, self._network.info.sha256
        )

    def classify(self, score: Score) -> Verdict:
        """Judge the first eight bars. Raises `RequestError` for what it cannot judge, as drums alone."""
        heard = hear(score, self._network)
        return Verdict.of(self._logistic.probability(features(heard)), heard.num_tokens)


def _load(folder: Path, network_sha256: str) -> tuple[Logistic, str]:
    """The coefficients of a folder, and the SHA-256 of their file. Raises `CheckpointError`."""
    file = folder / "model.json"
    if not file.is_file():
        raise CheckpointError(f"no classifier's weights in {folder}; expected model.json there")
    content = file.read_bytes()
    try:
        model = json.loads(content)
        means, scales, coefficients = (
            np.array([model["features"][name][column] for name in FEATURES])
            for column in ("mean", "scale", "coefficient")
        )
        logistic = Logistic(means, scales, coefficients, model["intercept"])
        fitted_with = model["network_sha256"]
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{file} is not a classifier of this package: {error!r}") from error
    if fitted_with != network_sha256:
        raise CheckpointError(
            f"{file} was fitted with the pocket network {fitted_with[:12]}…, and the installed one is "
            f"{network_sha256[:12]}…; fit it again"
        )
    return logistic, hashlib.sha256(content).hexdigest()
