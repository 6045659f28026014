"""What is done to the notes of a score, a function a dial: register, length, density and so on.

Each takes an amount, 0 for nothing, and luck; keeps the length and the key, in 4/4. A part is never
silenced, and a line of single notes stays one. Torch-free; knows no controls and no runners.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from statistics import median_low

from workbench.models.expression import (
    MODULATION,
    PEDAL_GAP_TICKS,
    clamped,
    pedalled,
    role_of,
    without_overlaps,
)
from workbench.score import TICKS_PER_QUARTER, ControlChange, Note, Score, Track, parse_key
from workbench.score.gm import KICKS, SNARES

SIXTEENTH, EIGHTH = TICKS_PER_QUARTER // 4, TICKS_PER_QUARTER // 2
BAR = 4 * TICKS_PER_QUARTER  # runners compose 4/4
CUTOFF = 74  # controller "brightness"; 64 is as the sound was made (MMA RP-021)

CLOSED_HAT, OPEN_HAT = 42, 46
LOW_DRUMS = frozenset({35, 36, 41, 43, 45, 47, 61, 64, 66})
HIGH_DRUMS = frozenset({42, 44, 46, 49, 51, 52, 53, 54, 55, 56, 57, 59, 69, 70, 80, 81, 82})
PITCHED = ("bass", "chords", "melody")
LINES = ("bass", "melody")
ALL = ("drums", *PITCHED)
Chord = list[Note]
"""The notes of one onset of a part, from the lowest up."""

# How strong a place in the bar is.
BAR_START, MIDDLE, BEAT, OFFBEAT, FINE = range(5)
# By that strength, the chance that an onset …
_SIMPLER = (0.0, 0.0, 0.0, 0.3, 0.9)  # … goes at complexity 0
_WEAK = (0.0, 0.15, 0.3, 0.55, 0.85)  # … goes at a density of −1
_ANTICIPATED = (0.3, 0.5, 0.5)  # … comes a sixteenth early at a syncopation of 1

# Sounds in order of preference, the sixteenth of the bar, velocity.
_SOFT_HITS = (
    ((38, 40, 37, 39), 7, 42),
    ((38, 40, 37, 39), 15, 42),
    ((35, 36), 3, 78),
    ((35, 36), 10, 84),
)
_REGISTER = {"bass": (28, 0.75), "chords": (43, 0.0), "melody": (48, 0.5)}
_HIGHEST = 108  # a piano's
_PEDALLED = (range(8), range(88, 96))  # pianos and pads
_LEAN = 0.55  # of the way to the loudest or softest velocity
_SOFTEST, _LOUDEST = 20, 127  # pianissimo, fortissimo


def _repeated(score: Score, amount: float, rng: random.Random) -> Score:
    """Later bars become those of the first half, two at most."""
    bars = -(-score.length_ticks // BAR)
    period = max(min(2, bars // 2), 1)
    sources = [bar % period if rng.random() < amount else bar for bar in range(bars)]

    def change(track: Track, _role: str) -> Iterable[Note]:
        for bar, source in enumerate(sources):
            for note in track.notes:
                start = note.start_ticks + (bar - source) * BAR
                if start // BAR == bar and start < score.length_ticks:
                    yield replace(note, start_ticks=start)

    return _each(score, change, *ALL)


def _complex(score: Score, amount: float, rng: random.Random) -> Score:
    """More: a note on top of chords, passing notes in lines, open hats. Less: fewer of each."""
    scale = _scale(score)

    def pitched(track: Track, role: str) -> Iterable[Note]:
        chords = _chords(track)
        for chord, following in _followed(chords, score.length_ticks):
            luck = rng.random()
            if amount < 0:
                yield from (
                    []
                    if luck < -amount * _SIMPLER[_strength(chord[0])]
                    else ([chord[0], *chord[1:][-1:]] if luck < -amount else chord)
                )
                continue
            yield from chord
            if role == "chords" and luck < amount:
                yield from _topped(chord, scale)
            elif role in LINES and luck < 0.5 * amount:
                target = next((c for c in chords if c[0].start_ticks == following), chords[0])
                yield from _passing(chord[-1], target[-1].pitch, following, scale)

    def struck(track: Track, _role: str) -> Iterable[Note]:
        for note in track.notes:
            luck = rng.random()
            if luck >= -amount * _SIMPLER[_strength(note)]:
                opens = luck < 0.3 * amount and note.pitch == CLOSED_HAT
                yield replace(note, pitch=OPEN_HAT) if opens else note

    return _each(_each(score, pitched, *PITCHED), struck, "drums")


def _dense(score: Score, amount: float, rng: random.Random) -> Score:
    """More: long notes struck twice, timekeeping twice as fast. Less: weak onsets left out."""

    def pitched(track: Track, _role: str) -> Iterable[Note]:
        for chord in _chords(track):
            luck = rng.random()
            if luck < 0.7 * amount and min(note.duration_ticks for note in chord) >= EIGHTH:
                yield from _struck_twice(chord)
            elif luck >= -amount * _WEAK[_strength(chord[0])]:
                yield from chord

    def struck(track: Track, _role: str) -> Iterable[Note]:
        for note in track.notes:
            if rng.random() >= -amount * _WEAK[_strength(note)]:
                yield note
        for note in _between(track, score.length_ticks):
            if rng.random() < 0.7 * amount:
                yield note

    return _each(_each(score, pitched, *PITCHED), struck, "drums")


def _syncopated(score: Score, amount: float, rng: random.Random) -> Score:
    """More: pitched parts anticipate beats together, soft snares and kicks fall between. Less: undone."""
    early = {
        beat
        for beat in range(TICKS_PER_QUARTER, score.length_ticks, TICKS_PER_QUARTER)
        if rng.random() < amount * _ANTICIPATED[_strength(Note(beat, 0, 0))]
    }

    def change(track: Track, role: str) -> Iterable[Note]:
        if amount < 0:
            return _straightened(track, score.length_ticks, -amount, rng)
        if role == "drums":
            return (*track.notes, *_ghosts(track, score.length_ticks, amount, rng))
        return _anticipating(track, early)

    return _each(score, change, *ALL)


def _tense(score: Score, amount: float, rng: random.Random) -> Score:
    """Chords get a note of the key that rubs, lines come from a semitone below; all grows louder."""
    scale = _scale(score)

    def change(track: Track, role: str) -> Iterable[Note]:
        before = -SIXTEENTH
        for chord in _chords(track):
            added: Iterable[Note] = ()
            luck, free_ticks = rng.random(), chord[0].start_ticks - before
            before = chord[0].start_ticks
            if role == "chords" and luck < amount:
                added = _rubbing(chord, scale)
            elif role in LINES and luck < 0.5 * amount and free_ticks >= EIGHTH:
                added = _from_below(chord[0])
            for note in (*chord, *added):
                place = note.start_ticks / score.length_ticks
                yield _leaning(note, amount * (0.8 * place - 0.3))

    return _each(score, change, *ALL)


def _single(score: Score, amount: float, rng: random.Random) -> Score:
    """One note at a time: the lowest of a bass, the highest of other parts, until the next."""

    def change(track: Track, role: str) -> Iterable[Note]:
        for chord, following in _followed(_chords(track), score.length_ticks):
            if rng.random() < amount:
                note = chord[0] if role == "bass" else chord[-1]
                yield _ending(note, min(note.end_ticks, following))
            else:
                yield from chord

    return _each(score, change, *PITCHED)


def _breathing(score: Score, amount: float, _rng: random.Random) -> Score:
    """The last beat of every second bar (of an only one) is silent; of drums, its second half."""
    period = min(2 * BAR, score.length_ticks)

    def change(track: Track, role: str) -> Iterable[Note]:
        rest = round(amount * (EIGHTH if role == "drums" else TICKS_PER_QUARTER))
        for note in track.notes:
            silent_from = (note.start_ticks // period + 1) * period - rest
            if note.start_ticks < silent_from:
                yield _ending(note, min(note.end_ticks, silent_from))

    return _each(score, change, *ALL)


def _long(score: Score, amount: float, _rng: random.Random) -> Score:
    """More: notes reach towards the next onset of their part. Less: down to two fifths."""

    def change(track: Track, _role: str) -> Iterable[Note]:
        for chord, following in _followed(_chords(track), score.length_ticks):
            for note in chord:
                rest = max(following - note.end_ticks, 0)
                reach = rest if amount > 0 else 0.6 * note.duration_ticks
                yield _ending(note, round(note.end_ticks + amount * reach))

    return _each(score, change, *PITCHED)


def _loud(score: Score, amount: float, _rng: random.Random) -> Score:
    """Velocities lean towards the loudest or the softest."""
    return _each(score, lambda track, _: (_leaning(note, amount) for note in track.notes), *ALL)


def _bright(score: Score, amount: float, _rng: random.Random) -> Score:
    """Chords turn over upwards or downwards, lines change octave, the filter opens or closes."""
    octave = 12 if amount > 0 else -12

    def pitched(track: Track, role: str) -> Iterable[Note]:
        lowest, from_amount = _REGISTER[role]
        for chord in _chords(track):
            turned = round(abs(amount) * len(chord)) if role == "chords" else len(chord)
            for index, note in enumerate(chord if amount > 0 else reversed(chord)):
                pitch = note.pitch + octave
                moves = index < turned and abs(amount) >= from_amount
                fits = lowest <= pitch <= _HIGHEST
                yield replace(note, pitch=pitch) if moves and fits else note

    def struck(track: Track, _role: str) -> Iterable[Note]:
        for note in track.notes:
            side = (note.pitch in HIGH_DRUMS) - (note.pitch in LOW_DRUMS)
            yield _leaning(note, 0.5 * amount * side)

    moved = _each(_each(score, pitched, *PITCHED), struck, "drums")
    return _moving(
        moved,
        lambda _, channel: [ControlChange(0, CUTOFF, round(64 + 50 * amount), channel)],
        *ALL,
    )


def _warm(score: Score, amount: float, _rng: random.Random) -> Score:
    """From half way: vibrato, and the pedal under pianos and pads; or neither, whatever the style."""
    if abs(amount) < 0.5:
        return score

    def controls(track: Track, channel: int) -> Iterable[ControlChange]:
        yield ControlChange(0, MODULATION, round(max(64 * amount, 0)), channel)
        if any(track.program in programs for programs in _PEDALLED):
            down_ticks = BAR - PEDAL_GAP_TICKS if amount > 0 else 0
            yield from pedalled(BAR, down_ticks, score.length_ticks, channel)

    return _moving(score, controls, "chords", "melody")


STEPS: tuple[tuple[str, Callable[[Score, float, random.Random], Score]], ...] = (
    ("repetition", _repeated),
    ("complexity", _complex),
    ("density", _dense),
    ("syncopation", _syncopated),
    ("tension", _tense),
    ("single", _single),
    ("breath", _breathing),
    ("length", _long),
    ("loudness", _loud),
    ("brightness", _bright),
    ("warmth", _warm),
)


# ---------------------------------------------------------------------- on tracks and chords


def _each(score: Score, change: Callable[[Track, str], Iterable[Note]], *roles: str) -> Score:
    """The score with the notes of these roles' tracks as `change` gives them; a line stays one."""
    tracks = []
    for track in score.tracks:
        role = role_of(track)
        if not track.notes or role not in roles:
            tracks.append(track)
            continue
        notes = without_overlaps(change(track, role), score.length_ticks) or track.notes[:1]
        if role in LINES and _in_line(track.notes) == track.notes:
            notes = _in_line(notes)
        tracks.append(replace(track, notes=notes))
    return replace(score, tracks=tuple(tracks))


def _moving(
    score: Score, controls: Callable[[Track, int], Iterable[ControlChange]], *roles: str
) -> Score:
    """The score with controllers added to these roles' tracks, given track and channel."""
    return replace(
        score,
        tracks=tuple(
            replace(
                track,
                controls=tuple(sorted((*track.controls, *controls(track, track.notes[0].channel)))),
            )
            if track.notes and role_of(track) in roles
            else track
            for track in score.tracks
        ),
    )


def _in_line(notes: Sequence[Note]) -> tuple[Note, ...]:
    """Notes in order, each over when the next starts."""
    following = (*(note.start_ticks for note in notes[1:]), None)
    return tuple(
        note if after is None or note.end_ticks <= after else _ending(note, after)
        for note, after in zip(notes, following, strict=True)
    )


def _chords(track: Track) -> list[Chord]:
    """A track's notes by onset."""
    by_start: dict[int, Chord] = defaultdict(list)
    for note in sorted(track.notes):
        by_start[note.start_ticks].append(note)
    return list(by_start.values())


def _followed(chords: Sequence[Chord], length_ticks: int) -> Iterable[tuple[Chord, int]]:
    """Each chord with the time of the next onset; after the last, the end."""
    starts = [chord[0].start_ticks for chord in chords]
    return zip(chords, [*starts[1:], length_ticks], strict=True)


def _strength(note: Note) -> int:
    """How strong the place is where a note starts; a late off-beat (swing) is still one."""
    beat, place = divmod(note.start_ticks + _EARLY, TICKS_PER_QUARTER)
    if place <= 2 * _EARLY:
        return (BAR_START, BEAT, MIDDLE, BEAT)[beat % 4]
    return OFFBEAT if EIGHTH <= place <= EIGHTH + SIXTEENTH + 15 else FINE


_EARLY = TICKS_PER_QUARTER // 12  # a note this much off the beat is on it


def _leaning(note: Note, amount: float) -> Note:
    room = _LOUDEST - note.velocity if amount > 0 else max(note.velocity - _SOFTEST, 0)
    return replace(note, velocity=clamped(note.velocity + _LEAN * amount * room))


def _ending(note: Note, end_ticks: int) -> Note:
    return replace(note, duration_ticks=max(end_ticks - note.start_ticks, 1))


def _softer(note: Note, share: float) -> Note:
    return replace(note, velocity=clamped(share * note.velocity))


def _scale(score: Score) -> frozenset[int]:
    """The pitch classes of the score's key; where it names none, those it uses."""
    for signature in score.key_signatures:
        return frozenset(parse_key(signature.key).pitch_classes)
    pitched = (track for track in score.tracks if not track.is_drums)
    return frozenset(note.pitch % 12 for track in pitched for note in track.notes)


def _topped(chord: Chord, scale: frozenset[int]) -> Iterable[Note]:
    """A note of the key on top of a chord, a third up where there is one: its seventh or ninth."""
    used = {note.pitch % 12 for note in chord}
    for interval in (3, 4, 2, 5):
        pitch = chord[-1].pitch + interval
        if len(chord) > 1 and pitch % 12 in scale - used and pitch <= _HIGHEST:
            yield _softer(replace(chord[-1], pitch=pitch), 0.9)
            return


def _rubbing(chord: Chord, scale: frozenset[int]) -> Iterable[Note]:
    """A note of the key a semitone or tritone (by octaves) from one of the chord's, near its top."""
    used = {note.pitch % 12 for note in chord}
    top = chord[-1].pitch
    near = [
        pitch
        for pitch in range(chord[0].pitch, min(top + 12, _HIGHEST))
        if pitch % 12 in scale - used and any((pitch - low) % 12 in (1, 6, 11) for low in used)
    ]
    if len(chord) > 1 and near:
        yield replace(chord[-1], pitch=min(near, key=lambda pitch: abs(pitch - top)))


def _from_below(note: Note) -> Iterable[Note]:
    """A sixteenth before a note, the semitone below it."""
    start = note.start_ticks - SIXTEENTH
    if start >= 0 and note.pitch > 0:
        lower = replace(note, start_ticks=start, pitch=note.pitch - 1, duration_ticks=SIXTEENTH)
        yield _softer(lower, 0.8)


def _passing(note: Note, target: int, after_ticks: int, scale: frozenset[int]) -> Iterable[Note]:
    """A sixteenth before the next onset, a note of the key between two pitches, or above the second."""
    if after_ticks - note.start_ticks < EIGHTH or not scale:
        return
    low, high = sorted((note.pitch, target))
    between = [pitch for pitch in range(low + 1, high) if pitch % 12 in scale]
    above = next(pitch for pitch in range(target + 1, target + 13) if pitch % 12 in scale)
    pitch = min(between[len(between) // 2] if between else above, 127)
    start = after_ticks - SIXTEENTH
    yield _softer(replace(note, start_ticks=start, pitch=pitch, duration_ticks=SIXTEENTH), 0.85)


def _struck_twice(chord: Chord) -> Iterable[Note]:
    """The chord, and again half way through its shortest note, on a sixteenth."""
    shortest = min(note.duration_ticks for note in chord)
    for note in chord:
        again = note.start_ticks + max(round(shortest / 2 / SIXTEENTH), 1) * SIXTEENTH
        yield _ending(note, again)
        yield _softer(_ending(replace(note, start_ticks=again), note.end_ticks), 0.85)


def _between(track: Track, length_ticks: int) -> Iterable[Note]:
    """Softer hits half way between those of the busiest sound that is neither kick nor snare."""
    counts = Counter(note.pitch for note in track.notes if note.pitch not in KICKS | SNARES)
    if not counts:
        return
    busiest = max(counts, key=lambda pitch: (counts[pitch], pitch))
    hits = Track(notes=tuple(note for note in track.notes if note.pitch == busiest))
    for (note, *_), following in _followed(_chords(hits), length_ticks):
        gap = following - note.start_ticks
        if gap >= EIGHTH:
            yield _softer(replace(note, start_ticks=note.start_ticks + gap // 2), 0.75)


def _ghosts(track: Track, length_ticks: int, amount: float, rng: random.Random) -> Iterable[Note]:
    """Soft snares and kicks where a stronger place follows, as swung as the track is."""
    channel = track.notes[0].channel
    odd = [note.start_ticks % EIGHTH - SIXTEENTH for note in track.notes if _strength(note) == FINE]
    late = median_low([ticks for ticks in odd if 0 <= ticks < SIXTEENTH // 2] or [0])
    for bar in range(0, length_ticks, BAR):
        for sounds, step, velocity in _SOFT_HITS:
            luck = rng.random()
            pitch = next((p for p in sounds if any(n.pitch == p for n in track.notes)), None)
            start = bar + step * SIXTEENTH + (late if step % 2 else 0)
            if luck < 0.7 * amount and pitch is not None and start < length_ticks:
                ghost = Note(start, pitch, SIXTEENTH, velocity, channel)
                near = (
                    abs(note.start_ticks - start) for note in track.notes if note.pitch == pitch
                )
                if min(near) > SIXTEENTH // 2:
                    yield ghost


def _anticipating(track: Track, early: Collection[int]) -> Iterable[Note]:
    """Onsets on these beats come a sixteenth before, where the part is free there."""
    before = -SIXTEENTH
    for chord in _chords(track):
        start = chord[0].start_ticks
        beat = round(start / TICKS_PER_QUARTER) * TICKS_PER_QUARTER
        free = before < beat - SIXTEENTH - _EARLY
        before = start
        if beat in early and abs(start - beat) <= _EARLY and free:
            for note in chord:
                moved = replace(note, start_ticks=beat - SIXTEENTH)
                yield _ending(moved, note.end_ticks)
        else:
            yield from chord


def _straightened(
    track: Track, length_ticks: int, amount: float, rng: random.Random
) -> Iterable[Note]:
    """Off-beat onsets wait for the stronger place after them where their voice is silent there.

    A pitched part is one voice; of drums, kicks and snares are one each, the rest keeps time.
    """
    chords = [[note] for note in sorted(track.notes)] if track.is_drums else _chords(track)
    starts: dict[int, list[int]] = defaultdict(list)
    for first, *_ in chords:
        starts[first.pitch if track.is_drums else 0].append(first.start_ticks)
    for chord in chords:
        first = chord[0]
        luck, strength = rng.random(), _strength(first)
        unit = {OFFBEAT: TICKS_PER_QUARTER, FINE: EIGHTH}.get(strength, 1)
        target = (first.start_ticks // unit + 1) * unit
        voice = starts[first.pitch if track.is_drums else 0]
        silent = not any(first.start_ticks < other <= target + _EARLY for other in voice)
        moves = strength >= OFFBEAT and target < length_ticks and silent and luck < 0.9 * amount
        if moves and (not track.is_drums or first.pitch in KICKS | SNARES):
            for note in chord:
                end = max(note.end_ticks, target + SIXTEENTH // 2)
                yield _ending(replace(note, start_ticks=target), end)
        else:
            yield from chord
