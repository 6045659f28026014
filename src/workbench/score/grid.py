"""Grid time: scores whose quarter note is a musical one.

In grid time a quarter note is 32 units of 15 ticks. Knows how to believe or doubt a file's own
tempo map (`tempo` hears the other ones) and where bars begin; knows no tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from workbench.errors import RequestError
from workbench.score.edit import slice_bars
from workbench.score.gm import SNARES
from workbench.score.model import (
    DRUM_CHANNEL,
    MAX_TICKS,
    TICKS_PER_QUARTER,
    Note,
    Score,
    Tempo,
    Track,
)

if TYPE_CHECKING:
    from workbench.score.tempo import TempoEstimate

# `tempo` is imported in the functions that need it: its numpy costs 100 ms, and most users of this
# package only handle scores.

UNITS_PER_QUARTER = 32
TICKS_PER_UNIT = TICKS_PER_QUARTER // UNITS_PER_QUARTER

# On 112 loops of one bar: onsets played to the tempo map with 17 ms of human deviation fit above
# 0.0 nats an onset (`tempo.grid_fit`) in 99 %, the same at a wrong map below it in 97 %.
_HUMAN_SPREAD_S = 0.015
_BELIEVED_FIT = 0.0
_SURE = 0.5  # see `tempo.TempoEstimate`
_GIVEN_TEMPO_SLACK = 0.01  # "97" may mean 97.3
_NEAR_QUARTERS = 0.12  # an onset this close to a beat is on it
_DOWNBEAT = (35, 36, 49, 57)  # bass drums, crashes
_BASS_PITCH = 48


def regrid(score: Score, bpm: float | None = None) -> Score:
    """The score with its beats where its quarter notes are, starting with a bar that sounds.

    The file's own tempo map stands when the onsets agree with it (and `bpm`, if given, with its
    tempo); only empty bars before the first note go. Otherwise the quarter is near `bpm`, or
    estimated, and the score gets that one tempo and its first meter (4/4). Bar 1 then starts with
    the first onset, unless bass drum, bass and backbeat say that this was a pickup: then it starts
    before, with a rest. Swing and human timing stay. Raises `RequestError` for a score without
    notes or an estimate that is only a guess.
    """
    notes = sorted(score.notes)
    if not notes:
        raise RequestError("a score without notes has no tempo to find; give one with music in it")
    if _map_is_believable(score, notes, bpm):
        return _without_empty_bars(score, notes[0].start_ticks)
    onsets_s = [score.seconds_at(note.start_ticks) for note in notes]
    heard = _heard(score, onsets_s, [_voice(note) for note in notes], bpm)
    quarter_s = 60 / heard.bpm
    meters = tuple(replace(meter, ticks=0) for meter in score.time_signatures[:1])
    bar_ticks = meters[0].bar_ticks if meters else 4 * TICKS_PER_QUARTER
    beats = [(time - heard.offset_s) / quarter_s for time in onsets_s]
    first_bar = _first_bar(beats, notes, bar_ticks / TICKS_PER_QUARTER)
    start_s = heard.offset_s + first_bar * quarter_s

    def retimed(ticks: int) -> int:
        quarters = (score.seconds_at(ticks) - start_s) / quarter_s
        return min(max(round(quarters * TICKS_PER_QUARTER), 0), MAX_TICKS)

    moved = _ended_on_bar_line(_retimed(score, retimed), bar_ticks)
    return replace(moved, tempos=(Tempo.of_bpm(bpm or heard.bpm),), time_signatures=meters)


def _heard(
    score: Score, onsets_s: list[float], voices: list[int], bpm: float | None
) -> TempoEstimate:
    """The tempo near `bpm`, or any that is sure. Raises `RequestError`."""
    from workbench.score import tempo

    if bpm is not None:
        near = (bpm / (1 + _GIVEN_TEMPO_SLACK), bpm * (1 + _GIVEN_TEMPO_SLACK))
        heard = tempo.estimate_tempo(onsets_s, voices, near)
        return heard if heard.bpm > 0 else replace(heard, bpm=bpm)  # too few onsets to correct it
    heard = tempo.estimate_tempo(onsets_s, voices)
    if heard.confidence < _SURE:
        guess = f"{heard.bpm:.1f} BPM" if heard.bpm > 0 else "nothing, there are too few onsets"
        raise RequestError(
            "the score's tempo cannot be told: its onsets do not follow its own "
            f"{score.tempo_bpm:g} BPM; heard: {guess}, confidence {heard.confidence:.2f}, needed "
            f"{_SURE}; name it with prime_tempo_bpm, or --prime-tempo on the command line"
        )
    return heard


def _voice(note: Note) -> int:
    return note.channel << 7 | note.pitch


def _map_is_believable(score: Score, notes: Iterable[Note], bpm: float | None) -> bool:
    """Whether the onsets fall where the score's own quarters, eighths, … are."""
    if bpm is not None and abs(score.tempo_bpm / bpm - 1) > _GIVEN_TEMPO_SLACK:
        return False
    from workbench.score import tempo

    onsets = sorted({note.start_ticks for note in notes})
    quarters_s = [
        score.seconds_at(ticks + TICKS_PER_QUARTER) - score.seconds_at(ticks) for ticks in onsets
    ]
    beats = [ticks / TICKS_PER_QUARTER for ticks in onsets]
    return tempo.grid_fit(beats, quarters_s, _HUMAN_SPREAD_S) > _BELIEVED_FIT


def _without_empty_bars(score: Score, first_ticks: int) -> Score:
    bars = [start for start in score.bar_starts_ticks if start <= first_ticks]
    if not bars or bars[-1] == 0:
        return score
    return slice_bars(score, len(bars) - 1, len(score.bar_starts_ticks))


def _first_bar(beats: list[float], notes: list[Note], bar_quarters: float) -> float:
    """Where the first bar starts, in quarters from an estimated beat, at or before the first onset.

    Every sixteenth up to a bar after the first onset is tried as the first downbeat. It counts for
    one that the first onset is on it, which share of downbeats have a bass drum, crash or bass, and
    in 4/4 which share of backbeats have a snare, side stick or clap.
    """
    downbeats = [beat for beat, note in zip(beats, notes, strict=True) if _marks_downbeat(note)]
    backbeats = [
        beat
        for beat, note in zip(beats, notes, strict=True)
        if note.channel == DRUM_CHANNEL and note.pitch in SNARES
    ]
    first, last = beats[0], beats[-1]
    nearest = round(first * 4) / 4

    def evidence(start: float) -> float:
        score = float(abs(start - first) < _NEAR_QUARTERS)
        score += _share_struck(start, bar_quarters, last, downbeats)
        if bar_quarters == 4:
            score += _share_struck(start + 1, 2, last, backbeats)
        return score

    sixteenths = range(int(bar_quarters * 4))
    start = max((nearest + i / 4 for i in sixteenths), key=lambda at: (evidence(at), -at))
    return start if start <= first + _NEAR_QUARTERS else start - bar_quarters


def _marks_downbeat(note: Note) -> bool:
    if note.channel == DRUM_CHANNEL:
        return note.pitch in _DOWNBEAT
    return note.pitch < _BASS_PITCH


def _share_struck(start: float, step: float, last: float, struck: list[float]) -> float:
    """The share of `start`, `start` + `step`, … up to `last` with something struck there."""
    hits = {
        round((beat - start) / step)
        for beat in struck
        if abs((beat - start + step / 2) % step - step / 2) < _NEAR_QUARTERS
        and beat > start - _NEAR_QUARTERS
    }
    possible = int((last - start + _NEAR_QUARTERS) / step) + 1
    return len(hits) / possible if possible > 0 else 0.0


def _retimed(score: Score, at: Callable[[int], int]) -> Score:
    """The score with every time in ticks passed through `at`, which must not decrease."""

    def note_at(note: Note) -> Note:
        start = at(note.start_ticks)
        return replace(note, start_ticks=start, duration_ticks=at(note.end_ticks) - start)

    def track_at(track: Track) -> Track:
        return Track(
            name=track.name,
            notes=tuple(sorted(map(note_at, track.notes))),
            programs=tuple(replace(event, ticks=at(event.ticks)) for event in track.programs),
            controls=tuple(replace(event, ticks=at(event.ticks)) for event in track.controls),
            bends=tuple(replace(event, ticks=at(event.ticks)) for event in track.bends),
            aftertouch=tuple(replace(event, ticks=at(event.ticks)) for event in track.aftertouch),
        )

    return Score(
        tracks=tuple(map(track_at, score.tracks)),
        key_signatures=tuple(replace(key, ticks=at(key.ticks)) for key in score.key_signatures),
        name=score.name,
        length_ticks=at(score.length_ticks),
    )


def _ended_on_bar_line(score: Score, bar_ticks: int) -> Score:
    """The score with its end moved to the bar line within an eighth, cutting notes that ring over.

    Left as it is when no line is near or a note starts at or after it.
    """
    line = round(score.length_ticks / bar_ticks) * bar_ticks
    near = abs(line - score.length_ticks) <= TICKS_PER_QUARTER // 2
    if not near or line <= max(note.start_ticks for note in score.notes):
        return score
    return _retimed(
        replace(score, length_ticks=max(line, score.length_ticks)), lambda t: min(t, line)
    )
