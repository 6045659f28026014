"""From a seed to a prime: what a listener gave becomes tokens in grid time, C major or A minor.

Knows how parts map to roles, and how tokens of a loop are cut at bars. Torch-free.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from workbench.errors import RequestError
from workbench.models.grammar import ROLES, Event, event_tokens
from workbench.models.requests import GenerationRequest
from workbench.models.vocabulary import (
    DELTAS,
    DRUM_PATCH,
    EOS,
    LENGTH,
    NOTE,
    SOS,
    TICKS_PER_UNIT,
    UNITS_PER_BAR,
    bucket_of,
    duration_bucket,
    patch_pitch,
)
from workbench.score import DRUM_CHANNEL, Key, Score, find_key, parse_key, regrid

BASS_PATCHES = range(32, 40)  # the General MIDI bass family
NO_NOTES = "the prime has no notes; give one with music in it, or none"
LOW_PITCH = 50  # D3: a part that stays below on average, one note at a time, is a bass


@dataclass(frozen=True, slots=True, kw_only=True)
class Prime:
    """Music to go on from: tokens from SOS on, its length, tempo, key and who plays what."""

    tokens: tuple[int, ...] = (SOS,)
    length_units: int = 0
    tempo_bpm: float | None = None
    key: Key | None = None
    patches: Mapping[str, int]
    """Patch by role, for the roles that play."""

    @property
    def last_onset_units(self) -> int:
        return sum(token for token in self.tokens if token < DELTAS)

    @property
    def bars(self) -> int:
        """Bars begun."""
        return -(-self.length_units // UNITS_PER_BAR)


def prime_of(request: GenerationRequest) -> Prime:
    """The prime of a request; an empty one when there is none. Raises `RequestError`."""
    if request.prime is None:
        return Prime(patches={})
    if isinstance(request.prime, Score):
        return _of_score(request.prime, request)
    return _of_tokens(request.prime)


def _of_tokens(tokens: Sequence[int]) -> Prime:
    """Tokens as they are: grid time, C major or A minor, the strict grammar."""
    check_grammar(tokens)
    events = _events_of_tokens(tokens)
    if not events:
        raise RequestError(NO_NOTES)
    length = -(-(events[-1].onset + 1) // UNITS_PER_BAR) * UNITS_PER_BAR
    return Prime(tokens=tuple(tokens), length_units=length, patches=_roles(events))


def parts_of_tokens(tokens: Sequence[int]) -> dict[str, int]:
    """Patch by role, as the music of some tokens tells; tokens of any grammar."""
    return _roles(_events_of_tokens(tokens))


def _events_of_tokens(tokens: Sequence[int]) -> list[Event]:
    events: list[Event] = []
    onset, note = 0, 0
    for token in tokens:
        if token < DELTAS:
            onset += token
        elif token < LENGTH:
            note = token
        elif token < SOS and note:
            events.append(Event(onset, 0, *patch_pitch(note), *duration_bucket(token)))
    return events


def check_grammar(tokens: Sequence[int]) -> None:
    """Raise `RequestError` at the first token that breaks SOS (Δt (note length)+)*."""
    expected = "SOS"
    for index, token in enumerate(tokens):
        kind = _kind(token)
        if kind not in expected.split("|"):
            raise RequestError(f"prime token {index} is {token}, a {kind}; expected {expected}")
        expected = {"SOS": "Δt", "Δt": "note", "note": "length", "length": "note|Δt"}[kind]
    if expected in ("note", "length"):
        raise RequestError(f"the prime ends where a {expected} is due; end it on a whole note")


def _kind(token: int) -> str:
    if token == SOS:
        return "SOS"
    for kind, end in (("Δt", NOTE), ("note", LENGTH), ("length", SOS)):
        if 0 <= token < end:
            return kind
    return "special"


def _of_score(score: Score, request: GenerationRequest) -> Prime:
    if not any(score.notes):
        raise RequestError(NO_NOTES)
    gridded = regrid(score, request.prime_tempo_bpm)
    for meter in gridded.time_signatures:
        if meter.bar_ticks != UNITS_PER_BAR * TICKS_PER_UNIT:
            raise RequestError(
                f"the prime is in {meter.numerator}/{meter.denominator} and only 4/4 is known, for now; "
                "give one in 4/4"
            )
    key = None
    if any(note.channel != DRUM_CHANNEL for note in gridded.notes):
        key = parse_key(request.key) if request.key else _key_of(gridded)
    semitones = key.semitones_from_home if key else 0
    events = [event._replace(pitch=_shift(event, -semitones)) for event in _events(gridded)]
    patches = _roles(events)
    for role, patch in _named_roles(gridded).items():
        if patch not in {patches[other] for other in patches if other != role}:
            patches[role] = patch
    role_of = {patch: ROLES.index(role) for role, patch in patches.items()}
    ordered = [event._replace(role=role_of.get(event.patch, len(ROLES))) for event in events]
    ordered.sort()
    for before, after in pairwise(ordered):
        if after.onset - before.onset >= DELTAS:
            raise RequestError(
                f"the prime rests from bar {before.onset // UNITS_PER_BAR + 1} to bar "
                f"{after.onset // UNITS_PER_BAR + 1}, and tokens write rests of less than two bars; "
                "cut it there"
            )
    return Prime(
        tokens=tuple(event_tokens(ordered)),
        length_units=-(-gridded.length_ticks // TICKS_PER_UNIT),
        tempo_bpm=gridded.tempo_bpm,
        key=key,
        patches=patches,
    )


def _key_of(score: Score) -> Key | None:
    if score.key_signatures:
        return parse_key(score.key_signatures[0].key)
    return find_key(score)


def _shift(event: Event, semitones: int) -> int:
    if event.patch == DRUM_PATCH:
        return event.pitch
    pitch = event.pitch + semitones
    return pitch + 12 * (pitch < 0) - 12 * (pitch > 127)


def _events(score: Score) -> list[Event]:
    """Every note in grid units, each played by the patch its channel has when it starts."""
    events: dict[tuple[int, int, int], Event] = {}
    for track in score.tracks:
        for note in track.notes:
            patch = DRUM_PATCH
            if note.channel != DRUM_CHANNEL:
                changes = [
                    p
                    for p in track.programs
                    if p.channel == note.channel and p.ticks <= note.start_ticks
                ]
                patch = changes[-1].program if changes else 0
            onset = round(note.start_ticks / TICKS_PER_UNIT)
            end = round(note.end_ticks / TICKS_PER_UNIT)
            duration = max(1, min(255, end - onset)) if patch != DRUM_PATCH else 8
            event = Event(onset, 0, patch, note.pitch, duration, bucket_of(note.velocity))
            events.setdefault((onset, patch, note.pitch), event)
    return list(events.values())


def _roles(events: Sequence[Event]) -> dict[str, int]:
    """Which patch plays each role: the kit, the bass, the part with most notes at once, the next."""
    parts: dict[int, list[Event]] = {}
    for event in events:
        parts.setdefault(event.patch, []).append(event)
    roles = {"drums": DRUM_PATCH} if parts.pop(DRUM_PATCH, None) else {}
    together = {patch: len(part) / len({e.onset for e in part}) for patch, part in parts.items()}
    height = {patch: sum(e.pitch for e in part) / len(part) for patch, part in parts.items()}
    basses = [patch for patch in parts if patch in BASS_PATCHES] or [
        patch for patch in parts if height[patch] < LOW_PITCH and together[patch] < 1.2
    ]
    if basses:
        roles["bass"] = min(basses, key=lambda patch: height[patch])
        del parts[roles["bass"]]
    rest = sorted(parts, key=lambda patch: (-together[patch], height[patch]))
    if len(rest) > 1 or (rest and together[rest[0]] >= 1.5):
        roles["chords"] = rest.pop(0)
    if rest:
        roles["melody"] = rest[0]
    return roles


def _named_roles(score: Score) -> dict[str, int]:
    """Patches of the tracks that carry a role's name, as our own scores do."""
    return {
        track.name.lower(): track.program
        for track in score.tracks
        if track.name.lower() in ROLES and track.notes and not track.is_drums
    }


def from_bar(tokens: Sequence[int], bar: int) -> list[int]:
    """Tokens of the music from a bar line on, as a sequence of its own: SOS, then Δt from that line."""
    start = bar * UNITS_PER_BAR
    time = 0
    for index, token in enumerate(tokens):
        if token < DELTAS:
            time += token
            if time >= start:
                return [SOS, time - start, *tokens[index + 1 :]]
    return [SOS]


def upto_bar(tokens: Sequence[int], bar: int) -> list[int]:
    """Tokens of the music before a bar line."""
    time = 0
    for index, token in enumerate(tokens):
        if token < DELTAS:
            time += token
            if time >= bar * UNITS_PER_BAR:
                return list(tokens[:index])
    return [token for token in tokens if token != EOS]
