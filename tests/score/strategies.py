"""Hypothesis strategies for scores: anything the data model can hold."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from hypothesis import strategies as st

from workbench.score import (
    Aftertouch,
    ControlChange,
    KeySignature,
    Note,
    PitchBend,
    ProgramChange,
    Score,
    Tempo,
    TimeSignature,
    Track,
)
from workbench.score.model import KEY_NAMES

T = TypeVar("T")
sevens = st.integers(0, 127)
channels = st.integers(0, 15)
names = st.text(st.characters(codec="utf-8"), max_size=12)


def _times(far_ticks: int) -> st.SearchStrategy[int]:
    """Few distinct times, so that events often share a tick; now and then a far one."""
    return st.integers(0, 12).map(lambda step: step * 40) | st.integers(0, far_ticks)


@st.composite
def notes(draw: st.DrawFn, far_ticks: int) -> Note:
    """A note on few pitches and channels, so that notes of one key often touch or overlap."""
    return Note(
        start_ticks=draw(_times(far_ticks)),
        pitch=draw(st.sampled_from((36, 60, 61)) | sevens),
        duration_ticks=draw(st.sampled_from((0, 1, 40, 80, 480)) | st.integers(0, far_ticks)),
        velocity=draw(st.integers(1, 127)),
        channel=draw(st.sampled_from((0, 9)) | channels),
    )


def _many(events: st.SearchStrategy[T], max_size: int = 6) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(events, max_size=max_size).map(tuple)


def tracks(far_ticks: int = 1 << 26) -> st.SearchStrategy[Track]:
    """Any track."""
    ticks = _times(far_ticks)
    return st.builds(
        Track,
        name=names,
        notes=_many(notes(far_ticks), 12),
        programs=_many(st.builds(ProgramChange, ticks, sevens, channels)),
        controls=_many(st.builds(ControlChange, ticks, sevens, sevens, channels)),
        bends=_many(st.builds(PitchBend, ticks, st.integers(-8192, 8191), channels)),
        aftertouch=_many(st.builds(Aftertouch, ticks, sevens, channels, st.none() | sevens)),
    )


@st.composite
def scores(draw: st.DrawFn, far_ticks: int = 1 << 26) -> Score:
    """Any score, mostly not in normal form, with a rest at its end of 0 ticks or more."""
    ticks = _times(far_ticks)
    powers = st.integers(0, 7).map(lambda power: 2**power)
    score = Score(
        tracks=draw(_many(tracks(far_ticks), 4)),
        tempos=draw(_many(st.builds(Tempo, ticks, st.integers(1, 0xFFFFFF)))),
        time_signatures=draw(_many(st.builds(TimeSignature, ticks, st.integers(1, 255), powers))),
        key_signatures=draw(_many(st.builds(KeySignature, ticks, st.sampled_from(KEY_NAMES)))),
        name=draw(names),
    )
    rest_ticks = draw(st.just(0) | st.integers(0, 1 << 20))
    return replace(score, length_ticks=score.length_ticks + rest_ticks)
