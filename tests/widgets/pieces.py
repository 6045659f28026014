"""Scores for the tests of players: a loop with four parts, a long tone, one part at a time."""

from __future__ import annotations

import random

from workbench.score import (
    ControlChange,
    Note,
    ProgramChange,
    Score,
    Tempo,
    TimeSignature,
    Track,
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
