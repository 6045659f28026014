"""A trimmed bank sounds like the whole one; a damaged one is told from a sound one."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
from tests.widgets.pieces import band, orchestra, tones

from workbench import widgets
from workbench.errors import BankError
from workbench.score import ControlChange, Note, ProgramChange, Score, Track
from workbench.widgets.bank import gm_bank, sounds_of, trim_bank

QUIET = ("-ni", "-q", "-R0", "-C0")  # no shell, no input, no reverb, no chorus
RATE_HZ = 22050
RECIPE = Path(widgets.__file__).parent / "bank" / "recipe"
SMALL = trim_bank(gm_bank(), {(0, 0): {(60, 64)}, (128, 0): {(36, 100)}})


def rendered(bank: bytes, score: Score, folder: Path) -> bytes:
    """What FluidSynth makes of it. One thread: SF3 loading in 2.3 is not safe in more."""
    program = shutil.which("fluidsynth")
    assert program, "this test needs FluidSynth: apt-get install fluidsynth"
    (folder / "bank.sf3").write_bytes(bank)
    (folder / "piece.mid").write_bytes(score.to_midi())
    done = subprocess.run(
        [
            program,
            *QUIET,
            "-r",
            str(RATE_HZ),
            "-T",
            "raw",
            "-F",
            "out.raw",
            "bank.sf3",
            "piece.mid",
        ],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "error" not in done.stderr.lower(), done.stderr
    sound = (folder / "out.raw").read_bytes()
    assert any(sound), "silence proves nothing"
    return sound


@pytest.mark.parametrize(
    "score", [band(), tones(), orchestra()], ids=["band", "tones", "orchestra"]
)
def test_trimmed_sounds_like_whole(score: Score, tmp_path: Path) -> None:
    trimmed = trim_bank(gm_bank(), sounds_of([score]))
    assert len(trimmed) < len(gm_bank()) / 8
    (tmp_path / "whole").mkdir()
    (tmp_path / "trimmed").mkdir()
    assert rendered(trimmed, score, tmp_path / "trimmed") == rendered(
        gm_bank(), score, tmp_path / "whole"
    )


KITS = (0, 8, 16, 24, 25, 32, 40, 48)
SLOT, REST = 480, 96  # ticks of a sound and of the quiet before it: 0.5 and 0.1 s at 120 BPM
HEARD = 40  # of 32768; the softest sound below peaks at 140
SILENT_PROGRAMS = {(43, 60), (43, 67), (43, 79), (58, 79), (67, 79)}  # above those instruments
SILENT_DRUMS = {(25, 58), (25, 65), (25, 66)}  # a TR-808 has no vibraslap and no timbales


def one_by_one(sounds: list[tuple[int, int]], channel: int) -> Score:
    """Each (program, pitch) in a slot of its own, after the one before has been cut off."""
    slots = [(i * SLOT, *sound) for i, sound in enumerate(sounds)]
    all_off = 120  # the controller that ends every sound at once
    track = Track(
        notes=tuple(Note(t + REST, pitch, SLOT - REST, 100, channel) for t, _, pitch in slots),
        programs=tuple(ProgramChange(t, program, channel) for t, program, _ in slots),
        controls=tuple(ControlChange(t, all_off, 0, channel) for t, _, _ in slots),
    )
    return Score(tracks=(track,), length_ticks=len(sounds) * SLOT)


@pytest.mark.parametrize(
    ("channel", "programs", "pitches", "silent"),
    [
        (0, range(128), (40, 52, 60, 67, 79), SILENT_PROGRAMS),
        (9, KITS, range(35, 82), SILENT_DRUMS),
    ],
    ids=["programs", "kits"],
)
def test_only_what_the_source_lacks_is_silent(
    channel: int,
    programs: tuple[int, ...],
    pitches: tuple[int, ...],
    silent: set[tuple[int, int]],
    tmp_path: Path,
) -> None:
    sounds = [(program, pitch) for program in programs for pitch in pitches]
    sound = rendered(gm_bank(), one_by_one(sounds, channel), tmp_path)
    frames = np.frombuffer(sound, np.int16).reshape(-1, 2)  # (frames, 2)
    slot, rest = RATE_HZ // 2, RATE_HZ // 10
    peaks = [
        np.abs(frames[start + rest : start + slot].astype(int)).max()
        for start in range(0, len(sounds) * slot, slot)
    ]
    assert {name for name, peak in zip(sounds, peaks, strict=True) if peak < HEARD} == silent


def test_recipe_says_what_it_made() -> None:
    recipe = (RECIPE / "build.mjs").read_text("utf-8")
    made = re.search(r'BANK_SHA256 = "([0-9a-f]{64})"', recipe)
    assert made is not None
    assert made[1] == hashlib.sha256(gm_bank()).hexdigest()


def test_recipe_pins_its_library_and_names_no_host() -> None:
    locked = (RECIPE / "package-lock.json").read_text("utf-8")
    assert re.search(r'node_modules/spessasynth_core": {\s*"version": "4\.3\.22"', locked)
    assert "://" not in locked


def test_trimming_twice_changes_nothing() -> None:
    uses = sounds_of([band()])
    once = trim_bank(gm_bank(), uses)
    assert trim_bank(once, uses) == once


def test_notices_stay() -> None:
    for words in (b"Frank Wen", b"Workbench GM"):
        assert words in gm_bank()
        assert words in SMALL


def test_sounds_are_read_under_the_program_of_their_moment() -> None:
    notes = (Note(0, 60, 10, 1), Note(480, 61, 10, 2), Note(960, 62, 10, 3))
    programs = (ProgramChange(480, 7), ProgramChange(960, 9))
    controls = (ControlChange(900, 0, 8),)
    drums = Track(notes=(Note(0, 36, 10, 4, 9),), programs=(ProgramChange(0, 25, 9),))
    score = Score(tracks=(Track(notes=notes), Track("", (), programs, controls), drums))
    assert sounds_of([score]) == {
        (0, 0): {(60, 1)},
        (0, 7): {(61, 2)},
        (8, 9): {(62, 3)},
        (128, 25): {(36, 4)},
    }


def test_every_program_and_kit_keeps_something() -> None:
    for bank, program in [*((0, p) for p in range(0, 128, 9)), (128, 0), (128, 25), (128, 48)]:
        assert len(trim_bank(gm_bank(), {(bank, program): {(60, 90)}})) > 3000


def chunk_starts(bank: bytes, start: int = 0, end: int | None = None) -> list[int]:
    """Where each RIFF chunk of a bank begins, lists included."""
    found = []
    while start < (len(bank) if end is None else end):
        found.append(start)
        name, size = bank[start : start + 4], struct.unpack_from("<I", bank, start + 4)[0]
        if name in (b"RIFF", b"LIST"):
            found += chunk_starts(bank, start + 12, start + 8 + size)
        start += 8 + size + size % 2
    return found


USES = {(0, 0): {(60, 64)}, (128, 0): {(36, 100)}}
STARTS = chunk_starts(SMALL)


def test_cut_anywhere_is_told() -> None:
    cuts = {start + offset for start in STARTS for offset in (0, 1, 4, 7, 8, 9, 12)}
    cuts |= set(range(0, len(SMALL), 997))
    for cut in sorted(cuts):
        if cut < len(SMALL):
            with pytest.raises(BankError, match=r"sound bank"):
                trim_bank(SMALL[:cut], USES)


@pytest.mark.parametrize("start", STARTS)
def test_a_wrong_size_is_told(start: int) -> None:
    size = struct.unpack_from("<I", SMALL, start + 4)[0]
    for wrong in (0, 1, size - 1, size + 2, size ^ 0x80, 0x7FFFFFFF, 0xFFFFFFFF):
        if wrong + wrong % 2 == size + size % 2:
            continue  # the padding hides it
        damaged = bytearray(SMALL)
        struct.pack_into("<I", damaged, start + 4, wrong & 0xFFFFFFFF)
        with pytest.raises(BankError, match=r"sound bank"):
            trim_bank(bytes(damaged), USES)


def test_flipped_bytes_never_escape_as_another_error() -> None:
    """A flip may leave a bank that can be read; what may not happen is anything but BankError."""
    tables = SMALL.index(b"pdta")
    told = 0
    for place in [*range(0, 400, 3), *range(tables, len(SMALL), 5)]:
        damaged = bytearray(SMALL)
        damaged[place] ^= 0xFF
        try:
            trim_bank(bytes(damaged), USES)
        except BankError:
            told += 1
    assert told > 50


@pytest.mark.parametrize("junk", [b"", b"RIFF", b"not a bank at all", b"RIFF\x04\0\0\0sfbk"])
def test_what_is_no_bank_is_told(junk: bytes) -> None:
    with pytest.raises(BankError, match=r"sound bank"):
        trim_bank(junk, USES)
