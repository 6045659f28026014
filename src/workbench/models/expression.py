"""How parts are played: dynamics, ghost notes, timing, controllers and bends, by style and by part.

Takes what was composed and gives it back performed, exactly as long; drums stay as they are. The
numbers and formulas are Maestro's expressiveness table. Torch-free; knows no runners.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import random
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from workbench.errors import RequestError
from workbench.score import (
    PROGRAM_NAMES,
    TICKS_PER_QUARTER,
    ControlChange,
    Note,
    PitchBend,
    Score,
    Track,
    nearest_role,
)

MODULATION, SWELL, PEDAL = 1, 11, 64  # controllers: modulation wheel, expression, sustain pedal
DOWN, UP = 127, 0
VELOCITY_SPREAD = 3.0  # a velocity is off by up to this much
GHOST_LEAD_TICKS = TICKS_PER_QUARTER // 4
GHOST_TICKS = TICKS_PER_QUARTER // 10
SLIDE_TICKS = TICKS_PER_QUARTER * 15 // 100
ON_BEAT_TICKS = TICKS_PER_QUARTER // 8  # nearest sixteenth
PEDAL_GAP_TICKS = TICKS_PER_QUARTER // 4  # the pedal is up this long before it goes down again

Arc = Literal["phrase", "crescendo", "bar"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """How one style is played. Beats are quarter notes; None is "not in this style"."""

    arc: Arc
    accents: tuple[int, ...]
    """Beats of the bar, counted from 0, that get `accent` more velocity."""
    accent: int
    ghost_chance: float = 0.0
    """Of a soft note before each note."""
    ghost_velocity: tuple[int, int] = (25, 45)
    swells_per_bar: int | None = None
    """Steps of controller 11 in a bar, between the values of `swell`."""
    swell: tuple[int, int] = (70, 120)
    pedals_per_bar: float | None = None
    modulation: int | None = None
    """Highest value of controller 1."""
    bend: int = 4096
    """How far below its pitch a note is slid into: 8192 is two semitones."""
    jitter_beats: float
    """Standard deviation of a note's start."""
    late_beats: float
    """How late notes start on average."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a part does of its style, and what it does whatever the style. None is "as the style"."""

    swells: bool = False
    pedals: bool = False
    modulates: bool = False
    """Modulation even where the style has none."""
    bend_chance: float = 0.0
    jitter_beats: float | None = None
    late_beats: float | None = None


_ROWS: tuple[tuple[tuple[str, ...], Expression], ...] = (
    (("classical",), Expression(
        arc="phrase", accents=(0, 2), accent=15, swells_per_bar=10, swell=(60, 115),
        pedals_per_bar=2.0, jitter_beats=0.06, late_beats=0.0)),
    (("cinematic",), Expression(
        arc="crescendo", accents=(0,), accent=18, swells_per_bar=12, swell=(50, 127),
        pedals_per_bar=1.0, modulation=60, bend=2048, jitter_beats=0.04, late_beats=0.005)),
    (("jazz",), Expression(
        arc="phrase", accents=(1, 3), accent=10, ghost_chance=0.15, ghost_velocity=(25, 40),
        pedals_per_bar=3.0, modulation=25, jitter_beats=0.05, late_beats=0.015)),
    (("neo_soul", "r_and_b"), Expression(
        arc="phrase", accents=(1, 3), accent=8, ghost_chance=0.1, swells_per_bar=6,
        swell=(60, 100), pedals_per_bar=2.0, jitter_beats=0.04, late_beats=0.02)),
    (("boom_bap", "hip_hop"), Expression(
        arc="bar", accents=(0, 2), accent=10, ghost_chance=0.08, ghost_velocity=(30, 50),
        jitter_beats=0.03, late_beats=0.01)),
    (("trap", "drill"), Expression(
        arc="bar", accents=(0,), accent=14, swells_per_bar=4, swell=(80, 127), bend=8192,
        jitter_beats=0.015, late_beats=0.005)),
    (("house",), Expression(
        arc="bar", accents=(0, 1, 2, 3), accent=8, jitter_beats=0.01, late_beats=0.005)),
    (("techno",), Expression(
        arc="bar", accents=(0, 1, 2, 3), accent=6, swells_per_bar=4, swell=(80, 120),
        jitter_beats=0.008, late_beats=0.005)),
    (("ambient",), Expression(
        arc="crescendo", accents=(), accent=0, swells_per_bar=10, swell=(30, 90),
        pedals_per_bar=0.5, modulation=70, jitter_beats=0.07, late_beats=0.005)),
    (("funk",), Expression(
        arc="bar", accents=(0, 1, 2, 3), accent=14, ghost_chance=0.2, jitter_beats=0.02,
        late_beats=0.005)),
    (("lofi", "lo_fi"), Expression(
        arc="phrase", accents=(0, 2), accent=6, swells_per_bar=4, swell=(40, 80),
        pedals_per_bar=1.0, jitter_beats=0.05, late_beats=0.02)),
    (("drum_and_bass", "dnb", "dubstep"), Expression(
        arc="bar", accents=(0,), accent=12, swells_per_bar=6, swell=(70, 127),
        jitter_beats=0.012, late_beats=0.005)),
    (("reggae",), Expression(
        arc="bar", accents=(1, 3), accent=10, jitter_beats=0.03, late_beats=0.02)),
)  # fmt: skip
EXPRESSIONS: Mapping[str, Expression] = MappingProxyType(
    {name: row for names, row in _ROWS for name in names}
)
UNKNOWN_STYLE = Expression(
    arc="phrase", accents=(0, 2), accent=12, jitter_beats=0.02, late_beats=0.005
)
MODULATION_DEPTH = 40  # of a part that modulates in a style that does not

# Every part that bends has a chance of its own, so the styles' chances (.08, .12) never act.
_LEAD = Part(swells=True, modulates=True, bend_chance=0.10, jitter_beats=0.06)
_KEYS = Part(pedals=True)
PARTS: Mapping[str, Part] = MappingProxyType(
    {
        "lead": _LEAD,
        "melody": _LEAD,
        "bass": Part(bend_chance=0.12, jitter_beats=0.02, late_beats=0.015),
        "chords": _KEYS,
        "piano": _KEYS,
        "keys": _KEYS,
        "pads": Part(swells=True, pedals=True, jitter_beats=0.04),
        "strings": Part(swells=True),
    }
)
UNKNOWN_PART = Part(swells=True)
# Programs whose part is more than their role says: "warm pad" is chords that swell.
_PROGRAM_PARTS = ((range(40, 52), "strings"), (range(88, 96), "pads"))


def expression_of(style: str | None) -> Expression:
    """A style's row: by its name, else by one that holds the other, else that of unknown styles."""
    name = "_".join(words_of(style or ""))
    if name in EXPRESSIONS or not name:
        return EXPRESSIONS.get(name, UNKNOWN_STYLE)
    near = (row for key, row in EXPRESSIONS.items() if key in name or name in key)
    return next(near, UNKNOWN_STYLE)


def words_of(name: str) -> tuple[str, ...]:
    """A style's name as lower-case words: "R&B" is ("r", "and", "b")."""
    return tuple(re.findall(r"[a-z0-9]+", name.lower().replace("&", " and ")))


def part_named(name: str) -> Part:
    """How a part of this name is played: "pads", "tenor sax", "warm pad", "Chords"."""
    if name.lower() in PARTS:
        return PARTS[name.lower()]
    with contextlib.suppress(RequestError):
        role, program = nearest_role(name)
        near = (part for programs, part in _PROGRAM_PARTS if program in programs)
        return PARTS.get(next(near, role), UNKNOWN_PART)
    return UNKNOWN_PART


def role_of(track: Track) -> str:
    """What a track plays: drums, bass, chords or melody; by its channel, its name, its program."""
    if track.is_drums:
        return "drums"
    for name in (track.name, PROGRAM_NAMES[track.program]):
        with contextlib.suppress(RequestError):
            role = nearest_role(name)[0]
            return role if role != "drums" else "melody"  # a taiko on a pitched channel
    raise AssertionError("every General MIDI program has a role")


def expressed(score: Score, style: str | None, parts: Sequence[str], rng: random.Random) -> Score:
    """The score as it is played in `style`; `parts` names each track's part, such as "lead" or "pads".

    Velocities, then timing, then controllers, then bends. Drum tracks stay as they are, and so does
    a controller that a track already moves. Raises `RequestError` unless there is a part a track.
    """
    if len(parts) != len(score.tracks):
        raise RequestError(
            f"parts must name each of the {len(score.tracks)} tracks, got {len(parts)} names"
        )
    how = expression_of(style)
    tracks = []
    for track, name in zip(score.tracks, parts, strict=True):
        own = random.Random(rng.getrandbits(64))  # noqa: S311 - music; a part plays as it would alone
        silent = track.is_drums or not track.notes
        tracks.append(track if silent else _played(track, how, part_named(name), score, own))
    return replace(score, tracks=tuple(tracks))


def without_overlaps(notes: Iterable[Note], length_ticks: int) -> tuple[Note, ...]:
    """The notes in order, each key let go before it is struck again and by the end.

    Of two strikes of a key at once the louder stays.
    """
    louder: dict[tuple[int, int, int], Note] = {}
    for note in notes:
        at = (note.start_ticks, note.channel, note.pitch)
        if at not in louder or note.velocity > louder[at].velocity:
            louder[at] = note
    following: dict[tuple[int, int], int] = {}
    kept = []
    for note in sorted(louder.values(), reverse=True):
        key = (note.channel, note.pitch)
        end = min(note.end_ticks, following.get(key, length_ticks))
        following[key] = note.start_ticks
        kept.append(replace(note, duration_ticks=max(end - note.start_ticks, 1)))
    return tuple(reversed(kept))


def clamped(velocity: float) -> int:
    """The nearest MIDI velocity, 1 to 127."""
    return min(max(round(velocity), 1), 127)


def pedalled(
    every_ticks: float, down_ticks: float, length_ticks: int, channel: int
) -> Iterator[ControlChange]:
    """The pedal goes down every `every_ticks` for `down_ticks`; for 0 it is up from the start."""
    if not down_ticks:
        yield ControlChange(0, PEDAL, UP, channel)
        return
    for turn in range(math.ceil(length_ticks / every_ticks)):
        start = round(turn * every_ticks)
        yield ControlChange(start, PEDAL, DOWN, channel)
        yield ControlChange(min(round(start + down_ticks), length_ticks), PEDAL, UP, channel)


def _played(track: Track, how: Expression, part: Part, score: Score, rng: random.Random) -> Track:
    struck = _dynamics(track.notes, how, score, rng)
    notes = _timed(struck, how, part, score.length_ticks, rng)
    moved = {event.control for event in track.controls}
    channel = track.notes[0].channel
    new = (event for event in _controls(how, part, score, channel) if event.control not in moved)
    return replace(
        track,
        notes=notes,
        controls=tuple(sorted((*track.controls, *new))),
        bends=(*track.bends, *_slides(notes, how, part, rng)) if not track.bends else track.bends,
    )


def _dynamics(
    notes: Sequence[Note], how: Expression, score: Score, rng: random.Random
) -> list[Note]:
    """Velocity × arc + accent ± spread, and ghost notes a sixteenth before where the key is free."""
    lines = _bar_lines(score)
    keys: dict[int, list[Note]] = {}
    for note in notes:
        keys.setdefault(note.pitch, []).append(note)
    played = []
    for note in notes:
        line = bisect_right(lines, note.start_ticks) - 1
        into, bar = note.start_ticks - lines[line], lines[line + 1] - lines[line]
        factor = _arc(how.arc, note.start_ticks / score.length_ticks, into / bar)
        beat, after = divmod(into + ON_BEAT_TICKS, TICKS_PER_QUARTER)
        beat %= max(bar // TICKS_PER_QUARTER, 1)  # a little before the bar line is on the one
        accented = after < 2 * ON_BEAT_TICKS and beat in how.accents
        spread = rng.uniform(-VELOCITY_SPREAD, VELOCITY_SPREAD)
        velocity = clamped(note.velocity * factor + how.accent * accented + spread)
        played.append(replace(note, velocity=velocity))
        if rng.random() < how.ghost_chance:
            start = note.start_ticks - GHOST_LEAD_TICKS
            velocity = rng.randint(*how.ghost_velocity)
            ghost = replace(note, velocity=velocity, duration_ticks=GHOST_TICKS)
            others = (other for other in keys[note.pitch] if other is not note)
            if start >= 0 and not any(
                other.start_ticks <= start < other.end_ticks for other in others
            ):
                played.append(replace(ghost, start_ticks=start))
    return played


def _arc(arc: Arc, place: float, bar_place: float) -> float:
    """What velocities are multiplied by, at a place in the piece and in the bar, both 0 to 1."""
    if arc == "phrase":  # loudest two thirds of the way
        return 0.85 + 0.30 * (1 - abs(3 * place - 2) / 2)
    if arc == "crescendo":
        return 0.80 + 0.40 * place
    return 0.90 + 0.20 * _triangle(bar_place)


def _triangle(place: float) -> float:
    """0 at both ends, 1 in the middle."""
    return 1 - abs(2 * place - 1)


def _bar_lines(score: Score) -> tuple[int, ...]:
    """Where bars start, and the end."""
    return (*score.bar_starts_ticks, score.length_ticks)


def _timed(
    notes: Iterable[Note], how: Expression, part: Part, length_ticks: int, rng: random.Random
) -> tuple[Note, ...]:
    """Every start moved by a normal deviate, none out of the piece."""
    jitter = how.jitter_beats if part.jitter_beats is None else part.jitter_beats
    late = how.late_beats if part.late_beats is None else part.late_beats
    moved = []
    for note in notes:
        start = note.start_ticks + round(TICKS_PER_QUARTER * rng.gauss(late, jitter))
        moved.append(replace(note, start_ticks=min(max(start, 0), length_ticks - 1)))
    return without_overlaps(moved, length_ticks)


def _controls(how: Expression, part: Part, score: Score, channel: int) -> Iterator[ControlChange]:
    """Swells over the whole piece, the pedal, and modulation beat by beat."""
    bars = [(start, end - start) for start, end in itertools.pairwise(_bar_lines(score))]
    if part.swells and how.swells_per_bar is not None:
        low, high = how.swell
        for start, bar in bars:
            for step in range(how.swells_per_bar):
                ticks = start + bar * step // how.swells_per_bar
                place = ticks / score.length_ticks
                rise = place if how.arc == "crescendo" else _triangle(place)
                yield ControlChange(ticks, SWELL, round(low + (high - low) * rise), channel)
    if part.pedals and how.pedals_per_bar is not None:
        every = bars[0][1] / how.pedals_per_bar
        yield from pedalled(every, every - PEDAL_GAP_TICKS, score.length_ticks, channel)
    if part.modulates or how.modulation is not None:
        depth = MODULATION_DEPTH if how.modulation is None else how.modulation
        for start, bar in bars:
            for beat in range(-(-bar // TICKS_PER_QUARTER)):
                value = (0, depth / 3, depth, depth / 2)[beat % 4]
                yield ControlChange(
                    start + beat * TICKS_PER_QUARTER, MODULATION, round(value), channel
                )


def _slides(
    notes: Iterable[Note], how: Expression, part: Part, rng: random.Random
) -> Iterator[PitchBend]:
    """Some notes are slid into from below; the wheel rests again when they start."""
    rests_from = 0
    for note in notes:
        start = note.start_ticks - SLIDE_TICKS
        if rng.random() < part.bend_chance and start >= rests_from:
            yield PitchBend(start, -how.bend, note.channel)
            yield PitchBend(note.start_ticks, 0, note.channel)
        rests_from = max(rests_from, note.start_ticks)
