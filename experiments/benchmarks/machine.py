"""What a result was measured on: the machine and the commit."""

from __future__ import annotations

import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import torch


def machine() -> dict[str, object]:
    """CPU, the instructions that decide its arithmetic, threads, versions."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    facts = dict(line.split("\t: ", 1) for line in lines if "\t: " in line)
    facts = {key.strip(): value for key, value in facts.items()}
    flags = set(facts.get("flags", "").split())
    telling = ("avx2", "f16c", "avx512f", "avx512_bf16", "avx512_vnni", "amx_bf16", "amx_int8")
    packages = ("torch", "transformers", "x-transformers")
    return {
        "cpu": facts.get("model name", platform.processor()),
        "family/model": f"{facts.get('cpu family')}/{facts.get('model')}",
        "instructions": [flag for flag in telling if flag in flags],
        "threads": torch.get_num_threads(),
        "python": sys.version.split()[0],
        "versions": {name: version(name) for name in packages},
    }


def commit() -> str:
    """The commit, with "-dirty" when the tree differs from it."""
    here = Path(__file__).parent
    describe = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    return subprocess.run(
        describe, cwd=here, capture_output=True, text=True, check=False
    ).stdout.strip()
