"""A score as sound, by FluidSynth with the sound bank of the package."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from workbench.errors import RequestError, RunnerError
from workbench.score import Score

BANK = Path(__file__).parents[1] / "widgets" / "bank" / "gm.sf3"
LONGEST_S = 600.0
PATIENCE_S = 120  # FluidSynth renders some hundred times as fast as it sounds


def rendered(score: Score, sample_rate_hz: int) -> bytes:
    """The score as a WAV file, 16 bits, stereo, with the tail of its last sounds.

    Raises `RequestError` for a score longer than ten minutes, `RunnerError` where FluidSynth is missing
    or fails.
    """
    program = shutil.which("fluidsynth")
    if program is None:
        raise RunnerError("rendering needs FluidSynth: apt-get install fluidsynth")
    if score.duration_s > LONGEST_S:
        raise RequestError(
            f"the score lasts {score.duration_s:.0f} s and at most {LONGEST_S:.0f} s are rendered"
        )
    with TemporaryDirectory() as folder:
        (Path(folder) / "score.mid").write_bytes(score.to_midi())
        command = [
            program,
            "-ni",
            "-q",
            "-r",
            str(sample_rate_hz),
            "-F",
            "score.wav",
            str(BANK),
            "score.mid",
        ]
        try:
            done = subprocess.run(  # noqa: S603 - our own words and files
                command,
                cwd=folder,
                env={
                    **os.environ,
                    "OMP_NUM_THREADS": "1",
                },  # 2.3 reads SF3 safely on one thread only
                capture_output=True,
                text=True,
                timeout=PATIENCE_S,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise RunnerError(f"FluidSynth took more than {PATIENCE_S} s") from error
        wav = Path(folder) / "score.wav"
        if done.returncode or not wav.exists():
            raise RunnerError(f"FluidSynth failed: {done.stderr.strip()[:200] or done.returncode}")
        return wav.read_bytes()
