"""The Orpheus vocabulary of 18,820 token ids; MIDI bytes to tokens, tokens to a score.

A piece is SOS, then for every onset a Δt and the notes that start there, two tokens each (what, how
long). One unit of time is 16 ms in real time, 1/32 of a quarter note in grid time. Knows no network
and no torch.

Encoding follows the author's encoder (TMIDIX 25.9.22, application code at tegridy-tools) step by
step; it differs in two places unless `tmidix_parity` is asked for: onsets are split wherever Δt > 0
(TMIDIX merges evenly spaced onsets when no Δt is smaller than the one before), and a file without a
tempo runs at 120 BPM, as the MIDI standard says (TMIDIX: 150). One accident is not followed at all:
TMIDIX loses the first note of an onset when the numbers of a meta or controller event just before
it happen to equal its channel and pitch.
"""

from __future__ import annotations

import itertools
import operator
from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple

from workbench.errors import RequestError
from workbench.score import (
    DEFAULT_US_PER_QUARTER,
    DRUM_CHANNEL,
    PROGRAM_NAMES,
    TICKS_PER_QUARTER,
    Note,
    ProgramChange,
    Score,
    Tempo,
    Track,
    parse_midi,
)

Kind = Literal["delta", "note", "length", "sos", "outro", "eos", "pad"]

DELTAS = 256
PATCHES = 129  # General MIDI programs 0–127 and the drum kit
DRUM_PATCH = 128
PITCHES = 128
DURATIONS = 256
BUCKETS = 8  # buckets of MIDI velocities

DELTA = 0
NOTE = DELTA + DELTAS
LENGTH = NOTE + PATCHES * PITCHES
SOS = LENGTH + DURATIONS * BUCKETS
OUTRO = SOS + 1
EOS = SOS + 2
PAD = SOS + 3
VOCABULARY_SIZE = PAD + 1

SPANS: tuple[tuple[Kind, int], ...] = (
    ("delta", DELTA),  # + time since the onset before, 0–255 units
    ("note", NOTE),  # + 128 · patch + pitch
    ("length", LENGTH),  # + 8 · duration (0–255 units) + velocity bucket
    ("sos", SOS),
    ("outro", OUTRO),  # the ending begins
    ("eos", EOS),
    ("pad", PAD),
)
"""Where each kind of token starts; it ends where the next one starts."""

_STARTS = [start for _, start in SPANS]

UNIT_MS = 16
UNITS_PER_QUARTER = 32  # in grid time
TICKS_PER_UNIT = TICKS_PER_QUARTER // UNITS_PER_QUARTER
UNITS_PER_BAR = 4 * UNITS_PER_QUARTER  # of 4/4, in grid time
REAL_TIME_US_PER_QUARTER = (
    1000 * UNIT_MS * UNITS_PER_QUARTER
)  # 117.1875 BPM, where 16 ms are 15 ticks

_MAX_UNITS = 255
_TMIDIX_US_PER_QUARTER = 400_000  # what TMIDIX assumes before any tempo event
_VELOCITY_STEP = 15
_QUIETEST = 8  # velocities below count as 8
_PEDAL = 64  # controller number of the sustain pedal, and the value from which it is down


def kind(token: int) -> Kind:
    """What kind of token `token` is. Raises `RequestError` outside 0 to 18819."""
    if not 0 <= token < VOCABULARY_SIZE:
        raise RequestError(f"a token must be 0 to {VOCABULARY_SIZE - 1}, got {token}")
    return SPANS[bisect_right(_STARTS, token) - 1][0]


def note_id(patch: int, pitch: int) -> int:
    """The token of a note's patch (0–127, 128 for drums) and pitch (0–127)."""
    return NOTE + PITCHES * patch + pitch


def patch_pitch(token: int) -> tuple[int, int]:
    """The patch and pitch of a note token."""
    return divmod(token - NOTE, PITCHES)


def length_id(duration: int, bucket: int) -> int:
    """The token of a note's duration (0–255 units) and velocity bucket (0–7)."""
    return LENGTH + BUCKETS * duration + bucket


def duration_bucket(token: int) -> tuple[int, int]:
    """The duration in units and the velocity bucket of a length token."""
    return divmod(token - LENGTH, BUCKETS)


def bucket_of(velocity: int) -> int:
    """The bucket 0–7 of a MIDI velocity 1–127, loudest 7 from 113 on."""
    return round(max(_QUIETEST, min(127, velocity)) / _VELOCITY_STEP) - 1


def velocity_of(bucket: int) -> int:
    """The MIDI velocity a bucket 0–7 is played at: 15, 30, … 120."""
    return (bucket + 1) * _VELOCITY_STEP


class _Sounding(NamedTuple):
    """A note with the patch it is played by; times in ticks, ms or units, as the function says."""

    start: int
    duration: int
    channel: int
    pitch: int
    velocity: int
    patch: int


_START = operator.attrgetter("start")
_PITCH_PATCH = operator.attrgetter("pitch", "patch")
_PITCH_CHANNEL = operator.attrgetter("pitch", "channel")


class _Event(NamedTuple):
    """A MIDI event at an absolute time; a note carries its end."""

    what: Literal["note", "program", "pedal", "tempo", "other"]
    start: int
    end: int = 0
    channel: int = 0
    value: int = 0  # pitch, program, pedal value or µs per quarter
    velocity: int = 0


# ---------------------------------------------------------------------- MIDI bytes → tokens


def encode_midi(data: bytes, *, tmidix_parity: bool = False) -> list[int]:
    """The tokens of a Standard MIDI File, in real time (16 ms a unit), from SOS on, without EOS.

    Leading silence is dropped, gaps and notes longer than 4.08 s are cut to that. A file without
    notes is `[SOS]`. `tmidix_parity` brings back the two habits of the author's encoder named at
    the top of this module. Raises `MidiError` for bytes that are not a whole MIDI file.
    """
    midi = parse_midi(data)
    events = [event for track in midi.tracks for event in _track_events(track)]
    default_us = _TMIDIX_US_PER_QUARTER if tmidix_parity else DEFAULT_US_PER_QUARTER
    ms_at = _milliseconds(events, midi.ticks_per_beat, default_us)
    notes = [
        note._replace(start=note.start // UNIT_MS, duration=max(1, note.duration // UNIT_MS))
        for note in _soundings(_pair_again(events, ms_at))
    ]
    onsets = _onsets(notes)
    return _tokens(_merged_by_tmidix(onsets) if tmidix_parity else onsets)


def encode_score(score: Score, *, grid_time: bool) -> list[int]:
    """The tokens of a score, in grid time (32 units a quarter, tempo ignored) or in real time.

    Grid time rounds each start and end to the nearest unit of 15 ticks. A rest longer than 255
    units is shortened by whole 4/4 bars, so that what follows keeps its place in the bar.
    """
    if not grid_time:
        return encode_midi(score.to_midi())
    events: list[_Event] = []
    for track in score.tracks:
        events += [_Event("program", p.ticks, 0, p.channel, p.program) for p in track.programs]
        events += [
            _Event("pedal", c.ticks, 0, c.channel, c.value)
            for c in track.controls
            if c.control == _PEDAL
        ]
        events += [
            _Event("note", n.start_ticks, n.end_ticks, n.channel, n.pitch, n.velocity)
            for n in track.notes
        ]
    notes = []
    for note in _soundings(events):
        start = round(note.start / TICKS_PER_UNIT)
        end = round((note.start + note.duration) / TICKS_PER_UNIT)
        notes.append(note._replace(start=start, duration=max(1, end - start)))
    return _tokens(_onsets(notes, whole_bars=True))


def _track_events(track: Iterable[Any]) -> Iterator[_Event]:
    """One track's events with absolute ticks; notes appear where they end, as TMIDIX lists them.

    Every event counts, even those without a meaning here: each is a point where milliseconds are
    rounded.
    """
    ticks = 0
    open_notes: dict[tuple[int, int], deque[_Event]] = defaultdict(deque)
    for message in track:
        ticks += message.time
        match message.type:
            case "note_on" if message.velocity:
                key = (message.channel, message.note)
                open_notes[key].append(_Event("note", ticks, ticks, *key, message.velocity))
            case "note_on" | "note_off":
                if waiting := open_notes[message.channel, message.note]:
                    yield waiting.popleft()._replace(end=ticks)
            case "program_change":
                yield _Event("program", ticks, 0, message.channel, message.program)
            case "control_change" if message.control == _PEDAL:
                yield _Event("pedal", ticks, 0, message.channel, message.value)
            case "set_tempo":
                yield _Event("tempo", ticks, value=message.tempo)
            case "end_of_track" if not message.time:
                pass
            case _:
                yield _Event("other", ticks)
    for waiting in open_notes.values():
        yield from (event._replace(end=ticks) for event in waiting)


def _milliseconds(
    events: Iterable[_Event], ticks_per_quarter: int, default_us: int
) -> dict[int, int]:
    """Whole milliseconds of every tick where something happens.

    As the reference rounds: the span from one event to the next is rounded, not the position, so
    errors of up to half a millisecond an event add up. A tempo acts from the first later event on;
    tempo events are no such point.
    """
    points: set[int] = set()
    tempos: dict[int, int] = {}
    for event in events:
        if event.what == "tempo":
            tempos[event.start] = event.value
        else:
            points.add(event.start)
            if event.what == "note":
                points.add(event.end)
    ms_at: dict[int, int] = {}
    ms_per_tick = default_us / 1000 / ticks_per_quarter
    ticks, exact_ms, rounded_from_ms, whole_ms = 0, 0.0, 0.0, 0
    for point in sorted(points | tempos.keys()):
        if ticks in tempos and point > ticks:
            ms_per_tick = tempos[ticks] / (1000.0 * ticks_per_quarter)
        exact_ms += ms_per_tick * (point - ticks)
        ticks = point
        if point in points:
            whole_ms += round(exact_ms - rounded_from_ms)
            rounded_from_ms = exact_ms
            ms_at[point] = whole_ms
    return ms_at


def _pair_again(events: Sequence[_Event], ms_at: Mapping[int, int]) -> list[_Event]:
    """The events in ms, notes paired anew over all tracks, first on first off."""
    edges: list[tuple[int, bool, _Event]] = []  # (tick, is an end, event)
    for event in events:
        edges.append((event.start, False, event))
        if event.what == "note":
            edges.append((event.end, True, event))
    edges.sort(key=operator.itemgetter(0))
    paired: list[_Event] = []
    open_notes: dict[tuple[int, int], deque[_Event]] = defaultdict(deque)
    for tick, is_end, event in edges:
        key = (event.channel, event.value)
        if is_end:
            paired.append(open_notes[key].popleft()._replace(end=ms_at[tick]))
        elif event.what == "note":
            open_notes[key].append(event._replace(start=ms_at[tick]))
        elif event.what in ("program", "pedal"):
            paired.append(event._replace(start=ms_at[tick]))
    return paired


def _soundings(events: Sequence[_Event]) -> list[_Sounding]:
    """The notes with pedal and patches applied, by time, then highest pitch, then lowest patch."""
    pedals = _pedal_spans(events)
    changes = sorted((e for e in events if e.what == "program"), key=_START)
    patches = [0] * 16
    patches[DRUM_CHANNEL] = DRUM_PATCH
    waiting = deque(changes)
    notes = []
    for event in sorted((e for e in events if e.what == "note"), key=_START):
        while waiting and waiting[0].start <= event.start:
            change = waiting.popleft()
            if change.channel != DRUM_CHANNEL:
                patches[change.channel] = change.value
        spans = (off for on, off in pedals.get(event.channel, ()) if on < event.end < off)
        end = next(spans, event.end)
        notes.append(
            _Sounding(
                event.start,
                end - event.start,
                event.channel,
                event.value,
                event.velocity,
                patches[event.channel],
            )
        )
    return sorted(notes, key=lambda note: (note.start, -note.pitch, note.patch))


def _pedal_spans(events: Sequence[_Event]) -> dict[int, list[tuple[int, int]]]:
    """By channel, when the pedal is down; one never released holds to the last note's end."""
    last_end = max((event.end for event in events if event.what == "note"), default=0)
    down: dict[int, int] = {}
    spans: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for event in sorted((e for e in events if e.what == "pedal"), key=_START):
        if event.value >= _PEDAL:
            down.setdefault(event.channel, event.start)
        elif event.channel in down:
            spans[event.channel].append((down.pop(event.channel), event.start))
    for channel, start in down.items():
        spans[channel].append((start, last_end))
    return {channel: _joined(pairs) for channel, pairs in spans.items()}


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans that touch become one: a pedal lifted and pressed at the same time was not lifted."""
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _unique(notes: Iterable[_Sounding]) -> list[_Sounding]:
    """The first note of each (start, pitch, patch)."""
    first: dict[tuple[int, int, int], _Sounding] = {}
    for note in notes:
        first.setdefault((note.start, note.pitch, note.patch), note)
    return list(first.values())


def _cut_overlaps(
    notes: Iterable[_Sounding], same: Callable[[_Sounding], object]
) -> list[_Sounding]:
    """Notes by time, each pitched one cut where the next of its `same` starts, drums left alone.

    Within an onset the groups keep the order in which they first appeared in the piece and drums
    come last: so the author's encoder leaves them, and so the checkpoints saw them.
    """
    groups: dict[object, list[_Sounding]] = defaultdict(list)
    drums: list[_Sounding] = []
    for note in notes:
        (drums if note.patch == DRUM_PATCH else groups[same(note)]).append(note)
    cut = []
    for group in groups.values():
        for note, following in itertools.pairwise(group):
            cut.append(note._replace(duration=min(note.duration, following.start - note.start)))
        cut.append(group[-1])
    return sorted([*cut, *drums], key=_START)


class _Onset(NamedTuple):
    delta: int
    notes: tuple[_Sounding, ...]


def _onsets(notes: Sequence[_Sounding], *, whole_bars: bool = False) -> list[_Onset]:
    """Notes in units → onsets with the time since the one before, 0 for the first, at most 255."""
    clamped = [note._replace(pitch=max(1, note.pitch)) for note in notes]
    drums_last = sorted(
        clamped,
        key=lambda n: (n.start, n.patch == DRUM_PATCH, -n.pitch, n.patch),
    )
    onsets: list[_Onset] = []
    starts: list[int] = []
    for note in _cut_overlaps(_unique(drums_last), _PITCH_PATCH):
        if starts and note.start == starts[-1]:
            onsets[-1] = _Onset(onsets[-1].delta, (*onsets[-1].notes, note))
            continue
        delta = note.start - starts[-1] if starts else 0
        if whole_bars and delta > _MAX_UNITS:
            delta = UNITS_PER_BAR + delta % UNITS_PER_BAR
        onsets.append(_Onset(min(delta, _MAX_UNITS), (note,)))
        starts.append(note.start)
    return onsets


def _merged_by_tmidix(onsets: Sequence[_Onset]) -> list[_Onset]:
    """What TMIDIX makes of onsets: Δt by note that never fall are taken for times and grouped."""
    deltas = [onset.delta if i == 0 else 0 for onset in onsets for i in range(len(onset.notes))]
    if any(later < earlier for earlier, later in itertools.pairwise(deltas)):
        return list(onsets)
    notes = [note for onset in onsets for note in onset.notes]
    merged: list[_Onset] = []
    for delta, note in zip(deltas, notes, strict=True):
        if merged and merged[-1].delta == delta:
            merged[-1] = _Onset(delta, (*merged[-1].notes, note))
        else:
            merged.append(_Onset(delta, (note,)))
    return merged


def _tokens(onsets: Iterable[_Onset]) -> list[int]:
    tokens = [SOS]
    for onset in onsets:
        tokens.append(onset.delta)
        for note in onset.notes:
            tokens.append(note_id(note.patch, note.pitch))
            tokens.append(length_id(min(note.duration, _MAX_UNITS), bucket_of(note.velocity)))
    return tokens


# ---------------------------------------------------------------------- tokens → Score


def decode_tokens(tokens: Iterable[int], *, tempo_bpm: float | None = None) -> Score:
    """The score of any list of tokens, 15 ticks a unit. Raises `RequestError` for what is no token.

    Without a tempo, units are real time: 117.1875 BPM is written, so that a unit lasts 16 ms. With
    `tempo_bpm` they are grid time (32 a quarter) and that tempo is written. What breaks the grammar
    is repaired as the author's application does: a note without a length and a second length are
    dropped, a length before the first note of an onset repeats the note before (piano C4 at the
    beginning), the same note twice in an onset sounds once, a pitched note ends where it starts
    again. Special tokens make no sound and do not end the piece. A Δt at the end is rest.

    One track a patch, in order of appearance, each on the lowest free channel. The 16th melodic
    patch takes over the channel longest unused, by a program change; when all 15 start notes at
    that very tick, it sounds as the nearest program among them.
    """
    notes, end = _sound(tokens)
    placed, changes = _on_channels(_unique(notes))
    placed = _cut_overlaps(_cut_overlaps(_unique(placed), _PITCH_PATCH), _PITCH_CHANNEL)
    parts: dict[int, list[Note]] = {}
    for sounding in placed:
        start, duration = sounding.start * TICKS_PER_UNIT, sounding.duration * TICKS_PER_UNIT
        note = Note(start, sounding.pitch, duration, sounding.velocity, sounding.channel)
        parts.setdefault(sounding.patch, []).append(note)
    tracks = tuple(
        Track(_part_name(patch), tuple(sorted(part)), tuple(changes.get(patch, ())))
        for patch, part in parts.items()
    )
    score = Score(tracks=tracks, tempos=(_tempo(tempo_bpm),))
    return replace(score, length_ticks=max(score.length_ticks, end * TICKS_PER_UNIT))


def _tempo(tempo_bpm: float | None) -> Tempo:
    if tempo_bpm is None:
        return Tempo(0, REAL_TIME_US_PER_QUARTER)
    if not 0 < tempo_bpm < float("inf"):
        raise RequestError(f"tempo_bpm must be a positive number, got {tempo_bpm}")
    return Tempo.of_bpm(tempo_bpm)


def _part_name(patch: int) -> str:
    return "drums" if patch == DRUM_PATCH else PROGRAM_NAMES[patch].lower()


def _sound(tokens: Iterable[int]) -> tuple[list[_Sounding], int]:
    """The notes that the tokens sound, in units, without channels; and the time at the end."""
    time, patch, pitch = 0, 0, 60
    waiting: tuple[int, int] | None = None  # a note token whose length has not come
    onset_has_note = False
    heard: set[tuple[int, int]] = set()  # in this onset
    notes: list[_Sounding] = []
    for token in tokens:
        match kind(token):
            case "delta":
                time += token
                waiting, onset_has_note, heard = None, False, set()
            case "note":
                waiting, onset_has_note = patch_pitch(token), True
            case "length" if waiting is not None or not onset_has_note:
                if waiting in heard:
                    waiting = None
                    continue
                if waiting is not None:
                    patch, pitch = waiting
                    heard.add(waiting)
                    waiting = None
                duration, bucket = duration_bucket(token)
                notes.append(_Sounding(time, duration, 0, pitch, velocity_of(bucket), patch))
            case _:
                pass
    return notes, time


def _on_channels(
    notes: Iterable[_Sounding],
) -> tuple[list[_Sounding], dict[int, list[ProgramChange]]]:
    """The notes on channels, and the program changes by patch; the rule is in `decode_tokens`."""
    free = [channel for channel in range(16) if channel != DRUM_CHANNEL]
    channels: dict[int, int] = {DRUM_PATCH: DRUM_CHANNEL}
    started: dict[int, int] = {}  # by patch, when its latest note started
    changes: dict[int, list[ProgramChange]] = defaultdict(list)
    placed = []
    for note in notes:
        patch = note.patch
        if patch not in channels and free:
            channels[patch] = free.pop(0)
            changes[patch].append(ProgramChange(0, patch, channels[patch]))
        elif patch not in channels:
            oldest = min(started, key=started.__getitem__)
            if started[oldest] < note.start:
                del started[oldest]
                channels[patch] = channels.pop(oldest)
                ticks = note.start * TICKS_PER_UNIT
                changes[patch].append(ProgramChange(ticks, patch, channels[patch]))
            else:
                patch = min(started, key=lambda other: abs(other - note.patch))
        if patch != DRUM_PATCH:
            started[patch] = note.start
        placed.append(note._replace(channel=channels[patch], patch=patch))
    return placed, changes
