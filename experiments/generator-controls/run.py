"""Turn each control of the generator alone, measure the answers, and write by how much they move."""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from workbench.evals import METRICS, Interval, bootstrap_interval, slot_f1
from workbench.evals.metrics.steps import STEP_TICKS, drum_notes, pitched_notes, step_of
from workbench.models import GenerationRequest, GenerationResult, Runner, RunnerInfo, load_runner
from workbench.models.controls import GOALS, request_for
from workbench.models.expression import role_of
from workbench.models.shaping import CUTOFF, HIGH_DRUMS, LOW_DRUMS
from workbench.score import TICKS_PER_QUARTER, Score
from workbench.service.generator import GenerateBody, composed

PAGE = Path(__file__).parents[2] / "docs" / "generator-controls.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
GENRES = {"house": 124, "jazz": 140}
SEEDS = range(24)
AT_ONCE = 32  # requests that share the engine's batch
MODULATION, PEDAL = 1, 64


def mean_pitch(score: Score) -> float:
    """Mean MIDI pitch of the pitched parts."""
    return fmean(note.pitch for note in pitched_notes(score))


def cutoff(score: Score) -> float:
    """Mean value of controller 74 over the parts; 64, its default, where a part has none."""
    values = [[e.value for e in track.controls if e.control == CUTOFF] for track in score.tracks]
    return fmean(events[0] if events else 64 for events in values)


def cymbal_lead(score: Score) -> float:
    """Mean velocity of cymbals and other high drums, less that of kicks and toms."""
    high = [note.velocity for note in drum_notes(score) if note.pitch in HIGH_DRUMS]
    low = [note.velocity for note in drum_notes(score) if note.pitch in LOW_DRUMS]
    return fmean(high) - fmean(low) if high and low else math.nan


def note_beats(score: Score) -> float:
    """Mean length of pitched notes, in beats."""
    return fmean(note.duration_ticks for note in pitched_notes(score)) / TICKS_PER_QUARTER


def velocity(score: Score) -> float:
    """Mean velocity of all notes."""
    return fmean(note.velocity for note in score.notes)


def pedal_share(score: Score) -> float:
    """Share of the time that the pedal of the keys is down; NaN where they do not play."""
    keys = [track for track in score.tracks if role_of(track) == "chords"]
    if not keys:
        return math.nan
    down, since = 0, None
    for event in (event for event in keys[0].controls if event.control == PEDAL):
        if event.value >= 64 and since is None:
            since = event.ticks
        elif event.value < 64 and since is not None:
            down, since = down + event.ticks - since, None
    return down / score.length_ticks


def modulation(score: Score) -> float:
    """Mean value of controller 1 over its events in the keys and the lead; 0 where there are none."""
    values = [e.value for t in score.tracks for e in t.controls if e.control == MODULATION]
    return fmean(values) if values else 0.0


def fine_onsets(score: Score) -> float:
    """Share of notes that start off the eighths, on odd sixteenths."""
    return fmean(step_of(note) % 2 for note in score.notes)


def _sounding(score: Score) -> Iterator[list[set[int]]]:
    """On each sixteenth, the pitches that sound in each pitched part."""
    parts = [track for track in score.tracks if not track.is_drums]
    for ticks in range(STEP_TICKS // 2, score.length_ticks, STEP_TICKS):
        yield [
            {n.pitch for n in part.notes if n.start_ticks <= ticks < n.end_ticks} for part in parts
        ]


def rubbing(score: Score) -> float:
    """Share of the pairs of pitches sounding together that are a semitone or tritone, by octaves."""
    pairs = [
        (high - low) % 12 in (1, 6, 11)
        for parts in _sounding(score)
        for pitches in [sorted(set().union(*parts))]
        for index, low in enumerate(pitches)
        for high in pitches[index + 1 :]
    ]
    return fmean(pairs) if pairs else 0.0


def silence(score: Score) -> float:
    """Share of sixteenths on which no pitched part sounds."""
    return fmean(not any(parts) for parts in _sounding(score))


def voices(score: Score) -> float:
    """Notes that sound together in one pitched part, where it sounds."""
    return fmean(len(pitches) for parts in _sounding(score) for pitches in parts if pitches)


def return_of_bars(score: Score) -> float:
    """How alike bars three and four are to bars one and two: slot F1 of pitches and sixteenths."""
    bars = [set[tuple[int, int, int]]() for _ in score.bar_starts_ticks]
    for index, track in enumerate(score.tracks):
        for note in track.notes:
            bar, step = divmod(step_of(note), 16)
            bars[bar % len(bars)].add((index, step, note.pitch))
    return fmean(slot_f1(bars[bar], bars[bar % 2]) for bar in range(2, len(bars)))


Measure = Callable[[Score], float]
MEASURES: dict[str, Measure] = {
    "mean pitch": mean_pitch,
    "controller 74": cutoff,
    "cymbals over low drums (velocity)": cymbal_lead,
    "note length (beats)": note_beats,
    "velocity": velocity,
    "pedal down (share of time)": pedal_share,
    "controller 1": modulation,
    "notes a bar": METRICS["notes_per_bar"],
    "syncopation a bar": METRICS["syncopation"],
    "pitches at once": METRICS["polyphony"],
    "voices of a part": voices,
    "pitch-class entropy (bits)": METRICS["pitch_class_entropy"],
    "onsets off the eighths (share)": fine_onsets,
    "semitones and tritones (share of pairs)": rubbing,
    "silence of pitched parts (share)": silence,
    "notes of bars one and two come back (F1)": return_of_bars,
}
CONTROLS: dict[str, tuple[tuple[float, float, float], tuple[str, ...]]] = {
    "tone_brightness": (
        (-1, 0, 1), ("mean pitch", "controller 74", "cymbals over low drums (velocity)")
    ),
    "tone_warmth": (
        (-1, 0, 1),
        ("note length (beats)", "velocity", "pedal down (share of time)", "controller 1"),
    ),
    "energy_intensity": ((-1, 0, 1), ("velocity", "notes a bar")),
    "energy_excitement": ((-1, 0, 1), ("syncopation a bar", "notes a bar")),
    "complexity": (
        (0, 0.5, 1),
        ("pitches at once", "voices of a part", "onsets off the eighths (share)",
         "pitch-class entropy (bits)"),
    ),
}  # fmt: skip
OF_GOALS: dict[str, tuple[str, ...]] = {
    "dark": ("mean pitch", "controller 74"),
    "bright": ("mean pitch", "controller 74"),
    "energetic": ("velocity", "notes a bar"),
    "sparse": ("notes a bar",),
    "tense": ("semitones and tritones (share of pairs)",),
    "intimate": ("velocity", "note length (beats)"),
    "driving": ("notes a bar", "note length (beats)"),
    "sustained": ("note length (beats)",),
    "breathing": ("silence of pitched parts (share)",),
    "monophonic": ("voices of a part",),
    "repetitive": ("notes of bars one and two come back (F1)",),
    "syncopated": ("syncopation a bar",),
}


@dataclass(frozen=True)
class Remembering:
    """A runner that gives again what was composed before: equal requests have equal results."""

    info: RunnerInfo
    results: dict[GenerationRequest, GenerationResult]

    def generate(self, request: GenerationRequest, **_: object) -> GenerationResult:
        return self.results[request]


def main() -> None:
    """Compose, measure, write the page; exit 1 where an interval contains zero."""
    runner = load_runner("pocket")
    settings: list[dict[str, object]] = [{}]
    settings += [
        {name: level} for name, (levels, _) in CONTROLS.items() for level in (levels[0], levels[2])
    ]
    settings += [{"musical_goals": [goal]} for goal in GOALS]
    composer = remembering(runner, settings)
    values = {str(setting): measured(composer, setting) for setting in settings}
    rows, flat = tables(values)
    text = "\n".join(rows)
    before, rest = PAGE.read_text().split(BEGIN)
    _, after = rest.split(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")
    print(text)
    if flat:
        sys.exit(f"not made to matter: {', '.join(flat)}")


def bodies(setting: dict[str, object]) -> list[GenerateBody]:
    """A request for each genre and seed."""
    return [
        GenerateBody(
            genre=genre, tempo=tempo, instruments=["drums", "bass", "piano", "lead"], key="Am",
            seed=seed, quality_preset="fast", **setting,
        )
        for genre, tempo in GENRES.items()
        for seed in SEEDS
    ]  # fmt: skip


def remembering(runner: Runner, settings: Sequence[dict[str, object]]) -> Runner:
    """The runner, with everything composed that these settings ask for."""
    requests = list(
        dict.fromkeys(
            request_for(body.commission, body.controls, runner.info)
            for setting in settings
            for body in bodies(setting)
        )
    )
    print(f"{len(requests)} loops to compose", file=sys.stderr)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = dict(zip(requests, pool.map(runner.generate, requests), strict=True))
    return Remembering(runner.info, results)


def measured(runner: Runner, setting: dict[str, object]) -> dict[str, list[float]]:
    """Every measure of every answer to a setting."""
    scores = [composed(runner, body).chosen.score for body in bodies(setting)]
    return {name: [measure(score) for score in scores] for name, measure in MEASURES.items()}


def tables(values: dict[str, dict[str, list[float]]]) -> tuple[list[str], list[str]]:
    """The tables in Markdown, and what moves nothing that is sure."""
    neutral, flat = values[str({})], []
    rows = [
        "| control | measure | lowest | neutral | highest | lowest → neutral | neutral → highest |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, (levels, measures) in CONTROLS.items():
        low, high = (values[str({name: level})] for level in (levels[0], levels[2]))
        for measure in measures:
            first = change(low[measure], neutral[measure])
            second = change(neutral[measure], high[measure])
            means = " | ".join(f"{mean(v[measure]):.2f}" for v in (low, neutral, high))
            rows.append(f"| `{name}` | {measure} | {means} | {shown(first)} | {shown(second)} |")
            if unsure(change(low[measure], high[measure])):
                flat.append(f"{name} on {measure}")
    rows += ["", "| goal | measure | without | with | change |", "|---|---|---|---|---|"]
    for goal, measures in OF_GOALS.items():
        turned = values[str({"musical_goals": [goal]})]
        for measure in measures:
            moved = change(neutral[measure], turned[measure])
            means = " | ".join(f"{mean(v[measure]):.2f}" for v in (neutral, turned))
            rows.append(f"| {goal} | {measure} | {means} | {shown(moved)} |")
            if unsure(moved):
                flat.append(f"{goal} on {measure}")
    return rows, flat


def change(one: Sequence[float], other: Sequence[float]) -> Interval:
    """The mean difference between answers to the same genre and seed, with its 95 % interval."""
    differences = [after - before for before, after in zip(one, other, strict=True)]
    return bootstrap_interval(differences, random.Random(0))


def mean(values: Sequence[float]) -> float:
    """The mean of what could be measured."""
    return fmean(value for value in values if not math.isnan(value))


def shown(interval: Interval) -> str:
    """A change with its interval; crossed where that contains zero."""
    mark = " ✗" if unsure(interval) else ""
    return f"{interval.value:+.2f} ({interval.low:+.2f} to {interval.high:+.2f}){mark}"


def unsure(interval: Interval) -> bool:
    """Whether the interval contains zero."""
    return interval.low <= 0 <= interval.high


if __name__ == "__main__":
    main()
