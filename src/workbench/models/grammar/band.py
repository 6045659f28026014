"""Bass, chords and melody over the drums of a loop. Pitches here, patterns in `idioms`."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from workbench.models.grammar.drums import BUCKET_NOISE, KICK, Beat, Feel
from workbench.models.grammar.harmony import Chord, nearest, scale_for, voiced
from workbench.models.grammar.idioms import (
    BASSLINES,
    COMPS,
    LOCK,
    LOCK_OCTAVE,
    MELODIES,
    MELODY_FORMS,
    WALK,
    MelodyIdiom,
)
from workbench.models.grammar.loops import BASS, CHORDS, MELODY, Event
from workbench.models.grammar.patterns import BAR_UNITS, BEAT_UNITS

GAP_UNITS = 2  # a note lets go this long before the next, so that even jittered notes never overlap
LOWEST_BASS = 28  # E1, the lowest string of a bass
Step = tuple[int, int, str]
"""A note of a pattern: sixteenth in the loop, sixteenths held, mark."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What the pitched parts share: chords a bar, feel, and the first bar of the drums."""

    rng: random.Random
    chords: Sequence[Chord]
    feel: Feel
    beats: Sequence[Beat]

    @property
    def bars(self) -> int:
        return len(self.chords)

    @property
    def end(self) -> int:
        return len(self.chords) * BAR_UNITS

    def unit_at(self, slot: int) -> int:
        """The unit of a sixteenth of the loop, swung as the drums swing."""
        beat, part = divmod(slot, 4)
        if self.feel.triplet:
            late = 21 + self.feel.triplet_units
            return beat * BEAT_UNITS + (0, 11, late, late + 5)[part]
        return slot * 8 + (self.feel.sixteenth_units if part % 2 else 0)

    def bucket(self, bucket: int) -> int:
        """A velocity bucket as it comes out of human hands."""
        bucket += self.feel.loudness
        if self.rng.random() < BUCKET_NOISE:
            bucket += 1 if self.rng.random() < 0.5 else -1
        return min(max(bucket, 0), 7)

    def onset(self, unit: int) -> int:
        """A unit, now and then one early or late."""
        if self.feel.jitter and self.rng.random() < self.feel.jitter / 2:
            unit += 1 if self.rng.random() < 0.5 else -1
        return min(max(unit, 0), self.end - 1)


@cache
def _steps(pattern: str, bars: int) -> tuple[Step, ...]:
    """The notes of a pattern over the bars of a loop."""
    cells = pattern.split("|")
    line = "".join(cells[bar % len(cells)] for bar in range(bars))
    steps = []
    for slot, mark in enumerate(line):
        if mark in ".-":
            continue
        held = 1
        while slot + held < len(line) and line[slot + held] == "-":
            held += 1
        steps.append((slot, held, mark))
    return tuple(steps)


def play_bass(stage: Stage, bassline: str, patch: int) -> list[Event]:
    """The bass part of a loop."""
    steps: Sequence[Step]
    if bassline in (LOCK, LOCK_OCTAVE):
        steps = _locked(stage, octaves=bassline == LOCK_OCTAVE)
    elif bassline == WALK:
        return _walk(stage, patch)
    else:
        steps = _steps(BASSLINES[bassline], stage.bars)
    events = []
    floor = _bass_floor(stage.rng)
    for slot, held, mark in steps:
        onset = stage.onset(stage.unit_at(slot))
        end = min(stage.unit_at(slot + held), stage.end)
        pitch = _bass_pitch(stage, slot // 16, mark, floor)
        bucket = stage.bucket(6 if slot % 16 == 0 else 5)
        events.append(Event(onset, BASS, patch, pitch, max(end - onset - GAP_UNITS, 4), bucket))
    return events


def _bass_floor(rng: random.Random) -> int:
    return rng.choice((LOWEST_BASS, LOWEST_BASS, LOWEST_BASS + 3, LOWEST_BASS + 5))


def _root_pitch(chord: Chord, floor: int) -> int:
    return floor + (chord.root - floor) % 12


def _bass_pitch(stage: Stage, bar: int, mark: str, floor: int) -> int:
    chord = stage.chords[bar]
    root = _root_pitch(chord, floor)
    if mark == "R":
        return root
    following = stage.chords[(bar + 1) % stage.bars]
    if mark == "n":
        return _root_pitch(following, floor)
    if mark == "a":
        target = _root_pitch(following, floor)
        scale = scale_for(following.name, False)
        return nearest(tuple(p % 12 for p in scale[:7]), target + (-2 if target > root else 2))
    return root + {"3": chord.third, "5": chord.fifth, "7": chord.seventh, "8": 12}[mark]


def _locked(stage: Stage, *, octaves: bool) -> list[Step]:
    """A line on the kicks of the first bar, the same rhythm in every bar."""
    slots = sorted({min(round(unit / 8), 15) for unit, _, pitch, _ in stage.beats if pitch == KICK})
    slots = slots[:7]
    if not slots or slots[0] > 2:
        slots.insert(0, 0)
    colours = "R88" if octaves else "RR58"
    marks = ["R" if slot % 8 == 0 else stage.rng.choice(colours) for slot in slots]
    ends = [*slots[1:], 16]
    longest = stage.rng.choice((2, 4, 8))
    return [
        (16 * bar + slot, min(end - slot, longest), mark)
        for bar in range(stage.bars)
        for slot, end, mark in zip(slots, ends, marks, strict=True)
    ]


def _walk(stage: Stage, patch: int) -> list[Event]:
    """Quarter notes: root, two chord or passing tones, a step into the next root."""
    rng = stage.rng
    events: list[Event] = []
    for bar, chord in enumerate(stage.chords):
        root = _root_pitch(chord, LOWEST_BASS)
        target = _root_pitch(stage.chords[(bar + 1) % stage.bars], LOWEST_BASS)
        third, fifth = root + chord.third, root + chord.fifth
        line = rng.choice(
            (
                (root, third, fifth),
                (root, fifth, third),
                (root, root + 2 if chord.root != 4 and chord.root != 11 else root + 1, third),
                (root, fifth, root + 12),
                (root, root + 12, fifth),
            )
        )
        lead = target + rng.choice((-1, -1, 1, 2 if target % 12 in (0, 2, 5, 7, 9) else 1))
        for beat, pitch in enumerate((*line, max(lead, LOWEST_BASS - 1))):
            onset = stage.onset(bar * BAR_UNITS + beat * BEAT_UNITS)
            events.append(Event(onset, BASS, patch, pitch, 28, stage.bucket(5 if beat % 2 else 4)))
            if beat in (1, 3) and rng.random() < 0.12:  # a skipped eighth before the next beat
                skip = stage.unit_at(16 * bar + 4 * beat + 2)
                events[-1] = events[-1]._replace(duration=skip - onset - GAP_UNITS)
                events.append(Event(skip, BASS, patch, pitch, 8, stage.bucket(3)))
    return events


def play_chords(stage: Stage, comp: str, patch: int) -> list[Event]:
    """The chord part of a loop: voices led from chord to chord in one register."""
    near = stage.rng.choice((60, 62, 64, 66))
    voicings = []
    for chord in stage.chords:
        notes = voiced(chord.pitch_classes, near)
        voicings.append(notes)
        near = (round(sum(notes) / len(notes)) + 2 * near) // 3
    events: list[Event] = []
    for slot, held, mark in _steps(COMPS[comp], stage.bars):
        onset = stage.unit_at(slot)
        end = min(stage.unit_at(slot + held), stage.end)
        duration = max(end - onset - GAP_UNITS, 4)
        bucket = stage.bucket(5 if mark == "X" else 4)
        notes = voicings[slot // 16]
        sounding = (notes[int(mark) % len(notes)],) if mark.isdigit() else notes
        events.extend(Event(onset, CHORDS, patch, pitch, duration, bucket) for pitch in sounding)
    return events


def play_melody(stage: Stage, idiom: str, patch: int) -> list[Event]:
    """The melody of a loop: motifs of one bar in a form, chord tones on the beats."""
    rng, row = stage.rng, MELODIES[idiom]
    motifs = {letter: _motif(rng, row) for letter in "ABC"}
    form = rng.choice(MELODY_FORMS)
    rest_bar = 3 if stage.bars > 3 and rng.random() < row.rest_chance else -1
    centre = rng.choice((65, 67, 70, 72, 74))
    legato = rng.choice((2, 3, 6))  # sixteenths a note is held at most
    events: list[Event] = []
    for bar, chord in enumerate(stage.chords):
        motif = motifs[form[bar % 4]]
        if bar % 4 == rest_bar:
            motif = motif[:2]
        events.extend(
            _sing(stage, bar, motif, _Singing(chord, centre, row.pentatonic, legato, patch))
        )
    return events


Motif = list[tuple[int, int]]
"""Sixteenth in the bar, scale steps from where the bar begins."""


@dataclass(frozen=True, slots=True)
class _Singing:
    chord: Chord
    centre: int
    pentatonic: bool
    legato: int
    patch: int


def _motif(rng: random.Random, row: MelodyIdiom) -> Motif:
    slots: set[int] = set()
    wanted = rng.randint(*row.notes)
    while len(slots) < wanted:
        slots.update(rng.choices(range(16), row.weights, k=wanted - len(slots)))
    level, motif = rng.choice((0, 0, 1, 2)), []
    for slot in sorted(slots):
        motif.append((slot, level))
        level = min(max(level + rng.choice((-2, -1, -1, -1, 0, 1, 1, 1, 2, 3)), -3), 5)
    return motif


def _sing(stage: Stage, bar: int, motif: Motif, how: _Singing) -> list[Event]:
    tones = how.chord.pitch_classes[:3]
    scale = scale_for(how.chord.name, how.pentatonic)
    home = scale.index(nearest(_classes_in(scale, tones), how.centre))
    ends = [*(slot for slot, _ in motif[1:]), 16]
    events: list[Event] = []
    for (slot, level), end in zip(motif, ends, strict=True):
        pitch = scale[min(max(home + level, 0), len(scale) - 1)]
        if slot % 4 == 0 or end == 16:
            pitch = nearest(tones, pitch)
        onset = stage.onset(stage.unit_at(16 * bar + slot))
        until = stage.unit_at(16 * bar + min(end, slot + how.legato))
        bucket = stage.bucket(6 if slot % 4 == 0 else 5)
        duration = max(until - onset - GAP_UNITS, 4)
        events.append(Event(onset, MELODY, how.patch, pitch, duration, bucket))
    return events


@cache
def _classes_in(scale: tuple[int, ...], tones: tuple[int, ...]) -> tuple[int, ...]:
    """The chord tones that the scale has (every chord here shares some with every scale)."""
    return tuple(pc for pc in tones if any(p % 12 == pc for p in scale[:7]))
