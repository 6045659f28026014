"""Cuts the General MIDI sound bank down to what a piece plays: 7.4 MB become 0.1 to 0.6 MB.

Knows SoundFont 2.04 files with Vorbis samples (SF3); knows no sound. Programs, pitches and
velocities count from 0. Formats: SoundFont Technical Specification 2.04; SF3 stores each sample as
an Ogg stream, marked by bit 4 of its type, with byte offsets in place of frames.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from operator import itemgetter
from pathlib import Path
from typing import Any

from workbench.errors import BankError
from workbench.score import DRUM_CHANNEL, Score

Patch = tuple[int, int]
"""Bank and program; bank 128 holds the drum kits."""
Uses = Mapping[Patch, AbstractSet[tuple[int, int]]]
"""By patch, the (pitch, velocity) pairs it plays."""
_Record = tuple[Any, ...]
"""One record of a chunk: whole numbers, and names as bytes."""

DRUM_BANK = 128
_BANK_SELECT = 0  # controller that chooses a bank
_KEY_RANGE, _VELOCITY_RANGE, _INSTRUMENT, _SAMPLE_ID = 43, 44, 41, 53  # generators
_FULL_RANGE = 0x7F00  # low 0, high 127
_VORBIS = 0x10  # sample type bit of SF3
_MONO = 1
_PCM_GAP = bytes(92)  # the specification asks for 46 zero frames after each sample
_RECORDS = {  # chunk of the pdta list: its record
    "phdr": struct.Struct("<20sHHHIII"),
    "pbag": struct.Struct("<HH"),
    "pmod": struct.Struct("<10s"),
    "pgen": struct.Struct("<HH"),
    "inst": struct.Struct("<20sH"),
    "ibag": struct.Struct("<HH"),
    "imod": struct.Struct("<10s"),
    "igen": struct.Struct("<HH"),
    "shdr": struct.Struct("<20s5IBbHH"),
}


@cache
def gm_bank() -> bytes:
    """The sound bank of the package: all of General MIDI, MIT licence beside it."""
    return (Path(__file__).parent / "bank" / "gm.sf3").read_bytes()


def sounds_of(scores: Iterable[Score]) -> Uses:
    """What the scores play: each note under the program its channel has when it starts."""
    uses: dict[Patch, set[tuple[int, int]]] = defaultdict(set)
    for score in scores:
        patches = _patches_by_channel(score)
        for note in score.notes:
            timeline = patches[note.channel]
            i = bisect_right(timeline, note.start_ticks, key=itemgetter(0)) - 1
            uses[timeline[i][1]].add((note.pitch, note.velocity))
    return uses


def _patches_by_channel(score: Score) -> dict[int, list[tuple[int, Patch]]]:
    """Per channel, from which tick on which patch plays; a channel starts with program 0."""
    changes: dict[int, list[tuple[int, bool, int]]] = {channel: [] for channel in range(16)}
    for track in score.tracks:
        for program in track.programs:
            changes[program.channel].append((program.ticks, True, program.program))
        for control in track.controls:
            if control.control == _BANK_SELECT:
                changes[control.channel].append((control.ticks, False, control.value))
    timelines: dict[int, list[tuple[int, Patch]]] = {}
    for channel, events in changes.items():
        home = DRUM_BANK if channel == DRUM_CHANNEL else 0
        timelines[channel] = [(0, (home, 0))]
        bank = home
        for ticks, is_program, value in sorted(events):
            if is_program:
                timelines[channel].append((ticks, (bank, value)))
            elif home != DRUM_BANK:
                bank = value
    return timelines


def trim_bank(bank: bytes, uses: Uses) -> bytes:
    """A bank that sounds the same for `uses` and holds nothing else; its notices stay.

    A patch the bank lacks falls back as General MIDI players do: a kit to the standard kit, a
    variation to its program in bank 0. Raises `BankError` where the bank is damaged.
    """
    source = _read_bank(bank)
    wanted = _patches_found(source, uses)
    played: dict[int, set[tuple[int, int]]] = defaultdict(set)  # by instrument
    presets = []
    for number in sorted(wanted):
        zones = _zones_hit(source.presets[number].zones, wanted[number])
        for zone in zones:
            if zone.link is not None:
                played[zone.link] |= {note for note in wanted[number] if zone.holds(note)}
        presets.append(_Part(source.presets[number].header, zones))
    kept = sorted(played)
    instruments = [
        _Part(source.instruments[i].header, _zones_hit(source.instruments[i].zones, played[i]))
        for i in kept
    ]
    samples = sorted({z.link for part in instruments for z in part.zones if z.link is not None})
    return _write_bank(
        source,
        _relinked(presets, _INSTRUMENT, {old: new for new, old in enumerate(kept)}),
        _relinked(instruments, _SAMPLE_ID, {old: new for new, old in enumerate(samples)}),
        [source.samples[i] for i in samples],
    )


# Reading


@dataclass(frozen=True, slots=True)
class _Zone:
    """Generators and modulators for some keys and velocities; `link` is what it leads to.

    A zone without a link, first of its list, is the global one: defaults for the others.
    """

    generators: tuple[tuple[int, int], ...]
    modulators: bytes
    keys: tuple[int, int]
    velocities: tuple[int, int]
    link: int | None

    def holds(self, note: tuple[int, int]) -> bool:
        pitch, velocity = note
        (low_key, high_key), (low, high) = self.keys, self.velocities
        return low_key <= pitch <= high_key and low <= velocity <= high


@dataclass(frozen=True, slots=True)
class _Part:
    """A preset or an instrument: its header record and its zones."""

    header: _Record
    zones: tuple[_Zone, ...]


@dataclass(frozen=True, slots=True)
class _Sample:
    header: _Record
    sound: bytes
    is_vorbis: bool


@dataclass(frozen=True, slots=True)
class _Bank:
    notices: bytes
    """The INFO list as it stands: version, names, copyright, licence."""
    presets: tuple[_Part, ...]
    instruments: tuple[_Part, ...]
    samples: tuple[_Sample, ...]


def _read_bank(bank: bytes) -> _Bank:
    if len(bank) < 12 or bank[:4] != b"RIFF" or bank[8:12] != b"sfbk":
        raise BankError("not a sound bank: expected RIFF and sfbk in the first 12 bytes")
    lists = {}
    for name, start, end in _chunks(bank, 0, len(bank)):
        if name != "RIFF" or end != len(bank):
            raise BankError(
                f"damaged sound bank: {len(bank)} bytes came where its header says {end}"
            )
        for inner, list_start, list_end in _chunks(bank, start + 4, end):
            if inner != "LIST" or list_end - list_start < 4:
                raise BankError(f"damaged sound bank: expected a LIST at byte {list_start - 8}")
            label = bank[list_start : list_start + 4].decode("latin-1")
            lists[label] = (list_start + 4, list_end)
    for label in ("INFO", "sdta", "pdta"):
        if label not in lists:
            raise BankError(f"damaged sound bank: its {label} list is missing")
    info = list(_chunks(bank, *lists["INFO"]))
    if not any(name == "ifil" for name, _, _ in info):
        raise BankError("damaged sound bank: its INFO list states no version (ifil)")
    records = _read_records(bank, lists["pdta"])
    sound = {name: bank[start:end] for name, start, end in _chunks(bank, *lists["sdta"])}
    samples = _read_samples(records["shdr"], sound.get("smpl", b""))
    instruments = _read_parts(records, "inst", "ibag", _SAMPLE_ID, len(samples))
    presets = _read_parts(records, "phdr", "pbag", _INSTRUMENT, len(instruments))
    return _Bank(bank[slice(*lists["INFO"])], presets, instruments, samples)


def _chunks(bank: bytes, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    """Name, first and last byte of each RIFF chunk between `start` and `end`."""
    while start < end:
        if end - start < 8:
            raise BankError(f"damaged sound bank: a chunk header is cut off at byte {start}")
        name = bank[start : start + 4].decode("latin-1")
        size = int.from_bytes(bank[start + 4 : start + 8], "little")
        if size > end - start - 8:
            raise BankError(
                f"damaged sound bank: chunk {name!r} at byte {start} says {size} bytes, "
                f"{end - start - 8} are there"
            )
        yield name, start + 8, start + 8 + size
        start += 8 + size + (size & 1)


def _read_records(bank: bytes, pdta: tuple[int, int]) -> dict[str, list[_Record]]:
    records: dict[str, list[_Record]] = {}
    for name, start, end in _chunks(bank, *pdta):
        record = _RECORDS.get(name)
        if record is None or name in records:
            raise BankError(f"damaged sound bank: unexpected chunk {name!r} at byte {start - 8}")
        if end == start or (end - start) % record.size:
            raise BankError(
                f"damaged sound bank: {name} at byte {start - 8} holds {end - start} bytes, "
                f"expected a multiple of {record.size}"
            )
        records[name] = list(record.iter_unpack(bank[start:end]))
    if missing := sorted(set(_RECORDS) - set(records)):
        raise BankError(f"damaged sound bank: {', '.join(missing)} missing from its pdta list")
    return records


def _read_samples(headers: list[_Record], sound: bytes) -> tuple[_Sample, ...]:
    samples = []
    for number, header in enumerate(headers[:-1]):  # the last one is the end mark
        start, end, kind = header[1], header[2], header[9]
        is_vorbis = bool(kind & _VORBIS)
        unit = 1 if is_vorbis else 2
        if not start <= end <= len(sound) // unit:
            raise BankError(
                f"damaged sound bank: sample {number} ends at {end * unit}, its sound has "
                f"{len(sound)} bytes"
            )
        piece = sound[start * unit : end * unit]
        if is_vorbis and not piece.startswith(b"OggS"):
            raise BankError(f"damaged sound bank: sample {number} does not begin as Ogg data")
        samples.append(_Sample(header, piece, is_vorbis))
    return tuple(samples)


def _read_parts(
    records: dict[str, list[_Record]],
    kind: str,
    bags: str,
    link: int,
    count: int,
) -> tuple[_Part, ...]:
    """The presets (phdr, pbag) or instruments (inst, ibag); their zones lead to `count` things."""
    column = 3 if kind == "phdr" else 1
    firsts = [header[column] for header in records[kind]]
    _check_ascending(kind, firsts, len(records[bags]) - 1)
    prefix = bags[0]
    generators, modulators = records[f"{prefix}gen"], records[f"{prefix}mod"]
    _check_ascending(bags, [bag[0] for bag in records[bags]], len(generators))
    _check_ascending(bags, [bag[1] for bag in records[bags]], len(modulators))
    zones = [
        _read_zone(generators[g:next_g], modulators[m:next_m], link, count)
        for (g, m), (next_g, next_m) in pairwise(records[bags])
    ]
    return tuple(
        _Part(header, _with_defaults(zones[first:following]))
        for header, (first, following) in zip(records[kind], pairwise(firsts), strict=False)
    )


def _check_ascending(name: str, indices: list[int], limit: int) -> None:
    previous = 0
    for number, index in enumerate(indices):
        if not previous <= index <= limit:
            raise BankError(
                f"damaged sound bank: {name} {number} points to {index}, expected "
                f"{previous} to {limit}"
            )
        previous = index


def _read_zone(
    generators: list[tuple[int, int]], modulators: list[tuple[bytes]], link: int, count: int
) -> _Zone:
    amounts = dict(generators)
    target = amounts.get(link)
    if target is not None and target >= count:
        raise BankError(f"damaged sound bank: a zone leads to number {target} of {count}")
    keys, velocities = amounts.get(_KEY_RANGE), amounts.get(_VELOCITY_RANGE)
    return _Zone(
        tuple(generators),
        b"".join(modulator for (modulator,) in modulators),
        _range(keys) if keys is not None else (-1, -1),
        _range(velocities) if velocities is not None else (-1, -1),
        target,
    )


def _range(amount: int) -> tuple[int, int]:
    return amount & 0xFF, amount >> 8


def _with_defaults(zones: list[_Zone]) -> tuple[_Zone, ...]:
    """Zones with the ranges they inherit; those that lead nowhere are dropped, as synths do."""
    is_global = bool(zones) and zones[0].link is None
    keys = velocities = _range(_FULL_RANGE)
    if is_global:
        keys = zones[0].keys if zones[0].keys != (-1, -1) else keys
        velocities = zones[0].velocities if zones[0].velocities != (-1, -1) else velocities
    return tuple(
        _Zone(
            zone.generators,
            zone.modulators,
            zone.keys if zone.keys != (-1, -1) else keys,
            zone.velocities if zone.velocities != (-1, -1) else velocities,
            zone.link,
        )
        for number, zone in enumerate(zones)
        if zone.link is not None or number == 0
    )


# Choosing


def _patches_found(source: _Bank, uses: Uses) -> dict[int, set[tuple[int, int]]]:
    """By number of the preset that answers, the notes it plays."""
    numbers = {(p.header[2], p.header[1]): i for i, p in enumerate(source.presets)}
    found: dict[int, set[tuple[int, int]]] = defaultdict(set)
    for (bank, program), notes in uses.items():
        fallback = (DRUM_BANK, 0) if bank == DRUM_BANK else (0, program)
        for patch in ((bank, program), fallback, (0, 0)):
            if patch in numbers:
                found[numbers[patch]] |= notes
                break
    return found


def _zones_hit(zones: tuple[_Zone, ...], notes: AbstractSet[tuple[int, int]]) -> tuple[_Zone, ...]:
    return tuple(z for z in zones if z.link is None or any(z.holds(note) for note in notes))


def _relinked(parts: list[_Part], link: int, numbers: Mapping[int, int]) -> list[_Part]:
    """The parts with what their zones lead to renumbered."""
    return [
        _Part(
            part.header,
            tuple(
                _Zone(
                    tuple((g, numbers[v] if g == link else v) for g, v in zone.generators),
                    zone.modulators,
                    zone.keys,
                    zone.velocities,
                    zone.link,
                )
                for zone in part.zones
            ),
        )
        for part in parts
    ]


# Writing


def _write_bank(
    source: _Bank, presets: list[_Part], instruments: list[_Part], samples: list[_Sample]
) -> bytes:
    bags, generators, modulators, preset_firsts = _packed(presets)
    pdta = _chunk(
        "phdr",
        _headers("phdr", presets, preset_firsts, 3, (b"EOP", 0, 0, preset_firsts[-1], 0, 0, 0)),
    )
    pdta += _chunk("pbag", bags) + _chunk("pmod", modulators) + _chunk("pgen", generators)
    bags, generators, modulators, firsts = _packed(instruments)
    pdta += _chunk("inst", _headers("inst", instruments, firsts, 1, (b"EOI", firsts[-1])))
    pdta += _chunk("ibag", bags) + _chunk("imod", modulators) + _chunk("igen", generators)
    sound, sample_headers = _packed_samples(samples)
    pdta += _chunk("shdr", sample_headers)
    body = (
        b"sfbk"
        + _chunk("LIST", b"INFO" + source.notices)
        + _chunk("LIST", b"sdta" + _chunk("smpl", sound))
        + _chunk("LIST", b"pdta" + pdta)
    )
    return _chunk("RIFF", body)


def _chunk(name: str, content: bytes) -> bytes:
    padding = bytes(len(content) & 1)
    return name.encode("latin-1") + struct.pack("<I", len(content)) + content + padding


def _packed(parts: list[_Part]) -> tuple[bytes, bytes, bytes, list[int]]:
    """Bags, generators and modulators with their end marks, and the first bag of each part."""
    bags, generators, modulators, firsts = bytearray(), bytearray(), bytearray(), []
    for part in parts:
        firsts.append(len(bags) // 4)
        for zone in part.zones:
            bags += struct.pack("<HH", len(generators) // 4, len(modulators) // 10)
            generators += b"".join(struct.pack("<HH", *generator) for generator in zone.generators)
            modulators += zone.modulators
    firsts.append(len(bags) // 4)
    bags += struct.pack("<HH", len(generators) // 4, len(modulators) // 10)
    return bytes(bags), bytes(generators + bytes(4)), bytes(modulators + bytes(10)), firsts


def _headers(
    kind: str,
    parts: list[_Part],
    firsts: list[int],
    column: int,
    end_mark: _Record,
) -> bytes:
    record = _RECORDS[kind]
    rows = [
        (*part.header[:column], first, *part.header[column + 1 :])
        for part, first in zip(parts, firsts, strict=False)
    ]
    return b"".join(record.pack(*row) for row in [*rows, end_mark])


def _packed_samples(samples: list[_Sample]) -> tuple[bytes, bytes]:
    """The sound and the sample headers. PCM goes first, as it must lie on whole frames."""
    sound = bytearray()
    places: dict[int, tuple[int, int]] = {}
    for number, sample in sorted(enumerate(samples), key=lambda item: item[1].is_vorbis):
        unit = 1 if sample.is_vorbis else 2
        start = len(sound) // unit
        sound += sample.sound
        places[number] = start, len(sound) // unit
        if not sample.is_vorbis:
            sound += _PCM_GAP
    rows = []
    for number, sample in enumerate(samples):
        start, end = places[number]
        name, old_start, _, loop_start, loop_end, rate, key, correction, _, kind = sample.header
        # Loops are frames from the start of an Ogg stream, but of the whole bank's PCM.
        moved = 0 if sample.is_vorbis else start - old_start
        loop = (loop_start + moved, loop_end + moved)
        rows.append((name, start, end, *loop, rate, key, correction, 0, (kind & _VORBIS) | _MONO))
    rows.append((b"EOS", 0, 0, 0, 0, 0, 0, 0, 0, 0))
    return bytes(sound), b"".join(_RECORDS["shdr"].pack(*row) for row in rows)
