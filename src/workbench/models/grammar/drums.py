"""Drums: a groove over the bars of a loop, with a kit, variations, fills, swing and human hands.

Also the `random` loops, whose pattern means nothing: they teach a model to copy what it hears.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from workbench.models.grammar.loops import DRUM_UNITS, DRUMS, Event
from workbench.models.grammar.patterns import (
    BAR_UNITS,
    BEAT_UNITS,
    SIXTEENTH,
    STRAIGHT,
    TRIPLET,
    VOICES,
    Fill,
    Groove,
    Hit,
)
from workbench.models.grammar.styles import Style, fills, grooves_of, style_named
from workbench.models.vocabulary import DRUM_PATCH

FORMS = ("AAAA", "AABA", "ABAB", "AAAB")
BUCKET_NOISE = 0.08  # share of velocities one bucket off
KICK, SNARE, HAT, OPEN, CRASH = (VOICES[v] for v in ("kick", "snare", "hat", "open", "crash"))
FIRST_PERCUSSION = VOICES["tamb"]  # from the tambourine up, hands play on through a fill
RANDOM_KIT = tuple(p for p in range(35, 83) if p not in (49, 55, 57, 58, 71, 72, 79, 80))

Beat = tuple[int, int, int, int]
"""A hit as played: unit in the bar, what swing does to it, pitch, velocity bucket."""


@dataclass(frozen=True, slots=True)
class Feel:
    """How a loop is played: swing in units, share of jittered hits, loudness in buckets."""

    sixteenth_units: int = 0
    triplet_units: int = 0
    jitter: float = 0.0
    loudness: int = 0
    triplet: bool = False


def draw_feel(rng: random.Random, style: Style, groove: Groove) -> Feel:
    """A feel within the style's ranges."""
    return Feel(
        sixteenth_units=rng.randint(*style.swing16) - 8,
        triplet_units=rng.randint(*style.swing8) - 21,
        jitter=style.jitter * rng.uniform(0.4, 1.4),
        loudness=rng.choice((-1, 0, 0, 0, 1)),
        triplet=groove.triplet,
    )


def choose_groove(
    rng: random.Random, style: str, groove: str | None = None, *, held_out: bool = False
) -> Groove:
    """A groove of the style: the named one, else the held-out one or any of the others."""
    rows = grooves_of(style)
    if groove is not None:
        return next(row for row in rows if row.name == groove)
    return rng.choice([row for row in rows if row.held_out == held_out])


def play_drums(
    rng: random.Random, style: Style, groove: Groove, feel: Feel, bars: int
) -> tuple[list[Event], list[Beat]]:
    """The drum events of a loop, and the first bar as it is played (what a bass locks to)."""
    kit = _pitch_map(style.name)[rng.randrange(len(style.kits))]
    first = [_realise(rng, bar, kit) for bar in groove.bars]
    other = [_vary(rng, bar, style, kit.get(SNARE, SNARE)) for bar in first]
    form = rng.choice(FORMS)
    played: list[Sequence[Beat]] = [
        (first if form[bar % 4] == "A" else other)[bar % len(first)] for bar in range(bars)
    ]
    for bar in range(3, bars, 4) if bars > 4 else (bars - 1,):
        chance = style.fill_chance if bar == bars - 1 else style.fill_chance / 2
        if bars > 1 and style.fills and rng.random() < chance:
            played[bar] = _fill(rng, played[bar], fills()[rng.choice(style.fills)], kit)
            if bar + 1 < bars and rng.random() < style.crash_chance:
                played[bar + 1] = [*played[bar + 1], (0, STRAIGHT, CRASH, 6)]
    if rng.random() < style.crash_chance:
        played[0] = [*played[0], (0, STRAIGHT, CRASH, 6)]
    return _perform(rng, played, feel), first[0]


def play_random(rng: random.Random, bars: int) -> tuple[list[Event], list[Beat], Feel]:
    """Drums of a kit and a periodic pattern drawn at random."""
    feel = Feel(
        sixteenth_units=rng.choice((0, 0, 0, 1, 2)),
        jitter=rng.choice((0.0, 0.0, 0.03)),
        loudness=rng.choice((-1, 0, 0, 1)),
    )
    pattern = [
        beat for pitch in rng.sample(RANDOM_KIT, rng.randint(2, 6)) for beat in _cycle(rng, pitch)
    ]
    other = _shuffle_some(rng, pattern)
    form = rng.choice(FORMS)
    played = [pattern if form[bar % 4] == "A" else other for bar in range(bars)]
    return _perform(rng, played, feel), pattern, feel


def _cycle(rng: random.Random, pitch: int) -> list[Beat]:
    period = rng.choice((4, 8, 16, 16, 16))
    count = rng.choice((1, 2, 2, 3, 4, 5)) if period == 16 else rng.randint(1, period // 3)
    chosen = rng.sample(range(period), count)
    loud = rng.choice((4, 5, 6))
    return [
        (8 * slot, slot % 2, pitch, loud if slot % 4 == 0 else max(1, loud - rng.randint(0, 2)))
        for start in range(0, 16, period)
        for slot in (start + step for step in chosen)
    ]


def _shuffle_some(rng: random.Random, pattern: list[Beat]) -> list[Beat]:
    kept = [beat for beat in pattern if rng.random() > 0.15]
    extra = [(8 * slot, slot % 2, rng.choice(pattern)[2], 4) for slot in rng.sample(range(16), 2)]
    return kept + extra


@cache
def _pitch_map(style_name: str) -> tuple[Mapping[int, int], ...]:
    """For each kit of the style, which pitch stands in for which."""
    return tuple(
        {VOICES[voice]: VOICES[stand_in] for voice, stand_in in kit.items()}
        for kit in style_named(style_name).kits
    )


def _realise(rng: random.Random, bar: tuple[Hit, ...], kit: Mapping[int, int]) -> list[Beat]:
    return [
        (hit.unit, hit.swing, kit.get(hit.pitch, hit.pitch), hit.bucket)
        for hit in bar
        if hit.chance == 1.0 or rng.random() < hit.chance
    ]


def _vary(rng: random.Random, bar: list[Beat], style: Style, snare: int) -> list[Beat]:
    """A near copy of a bar: a kick more or less, a ghost note, an opened hat."""
    varied = list(bar)
    if style.kick_slots and rng.random() < 0.7:
        weak = [beat for beat in varied if beat[2] == KICK and beat[0] % BEAT_UNITS and beat[0] > 0]
        if weak and rng.random() < 0.5:
            varied.remove(rng.choice(weak))
        else:
            slot = rng.choice(style.kick_slots)
            varied.append((8 * slot, slot % 2, KICK, 4))
    if style.ghost_slots and rng.random() < 0.4:
        slot = rng.choice(style.ghost_slots)
        varied.append((8 * slot, slot % 2, snare, 1))
    hats = [beat for beat in varied if beat[2] == HAT and beat[0] % BEAT_UNITS == 16]
    if hats and rng.random() < 0.35:
        opened = rng.choice(hats)
        varied[varied.index(opened)] = (opened[0], opened[1], OPEN, 5)
    if not style.kick_slots and rng.random() < 0.5:
        soft = [beat for beat in varied if beat[2] != KICK and beat[3] <= 4]
        if soft:
            varied.remove(rng.choice(soft))
    return varied


def _fill(
    rng: random.Random, bar: Sequence[Beat], fill: Fill, kit: Mapping[int, int]
) -> list[Beat]:
    start = BAR_UNITS - fill.beats * BEAT_UNITS
    kept = [
        beat
        for beat in bar
        if beat[0] < start
        or beat[2] >= FIRST_PERCUSSION
        or (beat[2] == KICK and beat[0] % BEAT_UNITS == 0)
    ]
    sounded = [hit for hit in fill.hits if rng.random() < 0.92]
    return kept + [
        (start + hit.unit, hit.swing, kit.get(hit.pitch, hit.pitch), hit.bucket) for hit in sounded
    ]


def _perform(rng: random.Random, played: Sequence[Sequence[Beat]], feel: Feel) -> list[Event]:
    """Beats become events: swing, jitter, velocity noise; the louder of two on one spot stays."""
    chance, end = rng.random, len(played) * BAR_UNITS - 1
    shifts = {STRAIGHT: 0, SIXTEENTH: feel.sixteenth_units, TRIPLET: feel.triplet_units}
    jitter, loudness = feel.jitter, feel.loudness
    buckets: dict[tuple[int, int], int] = {}
    for number, bar in enumerate(played):
        start = number * BAR_UNITS
        for unit, swing, pitch, bucket in bar:
            onset = start + unit + shifts[swing]
            if jitter and chance() < jitter:
                onset = min(max(onset + (1 if chance() < 0.5 else -1), 0), end)
            bucket += loudness
            if chance() < BUCKET_NOISE:
                bucket += 1 if chance() < 0.5 else -1
            bucket = 0 if bucket < 0 else min(bucket, 7)
            spot = (onset, pitch)
            if buckets.get(spot, -1) < bucket:
                buckets[spot] = bucket
    return [
        Event(onset, DRUMS, DRUM_PATCH, pitch, DRUM_UNITS, bucket)
        for (onset, pitch), bucket in sorted(buckets.items())
    ]
