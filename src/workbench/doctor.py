"""What this installation has: versions, torch and its arithmetic, weights, sound bank, folders, advice."""

from __future__ import annotations

import platform
import shutil
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

from workbench.errors import WorkbenchError
from workbench.models import GenerationRequest, load_runner
from workbench.settings import read_settings

PACKAGES = (
    "workbench",
    "torch",
    "transformers",
    "jupyterlab",
    "ipywidgets",
    "anywidget",
    "papermill",
)


class Finding(NamedTuple):
    """One thing looked at."""

    good: bool
    what: str
    says: str


def findings() -> list[Finding]:
    """Look at everything; problems do not stop the rest."""
    found = []
    for look in (_python, _versions, _torch, _pocket, _bank, _home, _fluidsynth, _browser):
        try:
            found.append(look())
        except (WorkbenchError, OSError, ImportError, PackageNotFoundError) as error:
            found.append(Finding(False, look.__name__.removeprefix("_"), str(error)))
    return found


def _python() -> Finding:
    return Finding(True, "python", f"{platform.python_version()} on {platform.platform()}")


def _versions() -> Finding:
    return Finding(True, "packages", ", ".join(f"{name} {version(name)}" for name in PACKAGES))


def _torch() -> Finding:
    import torch

    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"
    half = (
        "bfloat16"
        if torch.cuda.is_available() or torch.cpu._is_avx512_bf16_supported()
        else "float32"
    )
    return Finding(
        True, "torch",
        f"{torch.__version__}, {device}, {torch.get_num_threads()} threads, fastest arithmetic {half}",
    )  # fmt: skip


def _pocket() -> Finding:
    runner = load_runner("pocket")
    result = runner.generate(GenerationRequest(style="rock", bars=1, num_variations=1))
    notes = sum(1 for _ in result.variations[0].score.notes)
    info = runner.info
    return Finding(
        notes > 0, "pocket",
        f"{info.parameters / 1e6:.2f} M parameters, sha256 {info.sha256[:12]}, composed {notes} notes",
    )  # fmt: skip


def _bank() -> Finding:
    from workbench.score import Note, Score, Track
    from workbench.widgets import sound_of

    bank, _ = sound_of([Score((Track(notes=(Note(0, 60, 480),)),))])
    return Finding(True, "sound bank", f"whole; a piano note takes {len(bank) / 1e3:.0f} kB of it")


def _home() -> Finding:
    home = read_settings().home
    home.mkdir(parents=True, exist_ok=True)
    probe = home / ".writable"
    probe.touch()
    probe.unlink()
    return Finding(True, "home", f"{home} (WORKBENCH_HOME)")


def _fluidsynth() -> Finding:
    path = shutil.which("fluidsynth")
    says = path or "not installed; only needed to render WAV files (apt install fluidsynth)"
    return Finding(True, "fluidsynth", says)


def _browser() -> Finding:
    return Finding(
        True, "browser",
        "sound needs https or localhost: over plain http from another machine browsers offer no "
        "AudioWorklet; use an ssh tunnel to localhost",
    )  # fmt: skip
