"""What a piano roll shows of a score: notes in seconds, bar and beat lines, names.

Plain values for JSON; knows no browser and no sound.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TypedDict

from workbench.score import TICKS_PER_QUARTER, Score, TimeSignature, Track
from workbench.score.gm import DRUM_KITS, DRUM_NAMES, PROGRAM_NAMES

_MOST_BEATS = 50_000  # of a file that states a day of silence, only the bars are drawn


class TrackView(TypedDict):
    """One part: `notes` are [start in s, duration in s, pitch, velocity]."""

    part: str
    name: str
    instrument: str
    drums: bool
    notes: list[list[float]]


class PieceView(TypedDict):
    """One score: `duration`, `bars` and `beats` (starts) in seconds of its own time."""

    duration: float
    tempoBpm: float
    bars: list[float]
    beats: list[float]
    tracks: list[TrackView]
    drumNames: dict[int, str]


def piece_view(score: Score, *, parts: Sequence[str] | None = None) -> PieceView:
    """What a roll shows of `score`; the mix knows its tracks by `parts` (default: by number)."""
    names = parts if parts is not None else [str(i) for i in range(len(score.tracks))]
    drum_pitches = {n.pitch for track in score.tracks if track.is_drums for n in track.notes}
    return PieceView(
        duration=_seconds(score, score.length_ticks),
        tempoBpm=round(score.tempo_bpm, 3),
        bars=[_seconds(score, ticks) for ticks in score.bar_starts_ticks],
        beats=[_seconds(score, ticks) for ticks in beat_starts_ticks(score)],
        tracks=[
            _track_view(score, track, part) for track, part in zip(score.tracks, names, strict=True)
        ],
        drumNames={p: DRUM_NAMES[p] for p in sorted(drum_pitches) if p in DRUM_NAMES},
    )


def beat_starts_ticks(score: Score) -> list[int]:
    """Where each beat begins: a quarter of 4/4, an eighth of 6/8. Only bars of endless scores."""
    bars = score.bar_starts_ticks
    beats: list[int] = []
    for (start, end), meter in zip(
        pairwise((*bars, max(score.length_ticks, bars[-1] + 1 if bars else 0))),
        _meters(score, bars),
        strict=True,
    ):
        beats.extend(range(start, end, max(1, 4 * TICKS_PER_QUARTER // meter.denominator)))
        if len(beats) > _MOST_BEATS:
            return list(bars)
    return beats


def _meters(score: Score, bars: Sequence[int]) -> Iterator[TimeSignature]:
    """The meter of each bar."""
    coming = list(reversed(score.time_signatures))
    meter = TimeSignature(0, 4, 4)
    for bar in bars:
        while coming and coming[-1].ticks <= bar:
            meter = coming.pop()
        yield meter


def instrument_of(track: Track) -> str:
    """The General MIDI name of what plays the part."""
    if track.is_drums:
        return f"{DRUM_KITS.get(track.program, 'Standard')} kit"
    return PROGRAM_NAMES[track.program]


def shared_parts(score: Score) -> list[str]:
    """Names of the tracks by what plays them, so that one mix fits several variations."""
    seen: Counter[str] = Counter()
    parts = []
    for track in score.tracks:
        kind = "drums" if track.is_drums else f"program {track.program}"
        parts.append(f"{kind} #{seen[kind]}")
        seen[kind] += 1
    return parts


def _track_view(score: Score, track: Track, part: str) -> TrackView:
    notes = []
    for note in sorted(track.notes):
        start, end = (_seconds(score, ticks) for ticks in (note.start_ticks, note.end_ticks))
        notes.append([start, round(end - start, 4), note.pitch, note.velocity])
    return TrackView(
        part=part,
        name=track.name.strip(),
        instrument=instrument_of(track),
        drums=track.is_drums,
        notes=notes,
    )


def _seconds(score: Score, ticks: int) -> float:
    return round(score.seconds_at(ticks), 4)  # 0.1 ms
