"""A trimmed bank sounds like the whole one; a damaged one is told from a sound one."""

from __future__ import annotations

import hashlib
import os
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from tests.widgets.pieces import band, orchestra, tones

from workbench.errors import BankError
from workbench.score import ControlChange, Note, ProgramChange, Score, Track
from workbench.widgets.bank import gm_bank, sounds_of, trim_bank

QUIET = ("-ni", "-q", "-R0", "-C0")  # no shell, no input, no reverb, no chorus
SMALL = trim_bank(gm_bank(), {(0, 0): {(60, 64)}, (128, 0): {(36, 100)}})


def rendered(bank: bytes, score: Score, folder: Path) -> str:
    """What FluidSynth makes of it, as a hash. One thread: SF3 loading in 2.3 is not safe in more."""
    program = shutil.which("fluidsynth")
    assert program, "this test needs FluidSynth: apt-get install fluidsynth"
    (folder / "bank.sf3").write_bytes(bank)
    (folder / "piece.mid").write_bytes(score.to_midi())
    done = subprocess.run(
        [program, *QUIET, "-r", "22050", "-T", "raw", "-F", "out.raw", "bank.sf3", "piece.mid"],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "error" not in done.stderr.lower(), done.stderr
    sound = (folder / "out.raw").read_bytes()
    assert any(sound), "silence proves nothing"
    return hashlib.md5(sound).hexdigest()


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
