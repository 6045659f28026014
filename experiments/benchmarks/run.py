"""Every benchmark, one after the other: `make bench`. Close other programs first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent

for benchmark in (
    "pocket_and_import.py",
    "decode_orpheus.py",
    "service_load.py",
    "store_lookup.py",
    "prompt.py",
    "prompt_to_plan.py",
):
    subprocess.run([sys.executable, HERE / benchmark], check=True)
