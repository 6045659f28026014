"""A small sweep of the grammar runner, for the tests of this folder."""

import subprocess
import sys
from pathlib import Path

SMALL = {
    "settings": {"bars": 2, "num_variations": 2, "style": "prime", "roles": ["drums"]},
    "grid": {
        "runner": ["grammar"],
        "temperature": [0.8, 1.0],
        "prime": [{"style": "funk", "seed": 1}, {"style": "jazz", "seed": 2}],
    },
    "seeds": 3,
}


def many(seeds: int) -> dict:
    """As SMALL, with two cells a seed."""
    return SMALL | {"seeds": seeds}


def start(script: str, folder: Path, **options) -> subprocess.Popen:
    """A script of its own, started from a file as a user's would be."""
    path = folder / "script.py"
    path.write_text(script)
    return subprocess.Popen(
        [sys.executable, str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )
