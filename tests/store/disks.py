"""Disks that are full: by a limit on the size of files, and really."""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

LIMIT = """
import resource
from contextlib import contextmanager

@contextmanager
def files_up_to(size_bytes):
    # Python ignores the signal that comes with it, so writing fails as on a full disk.
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
"""

# A small file system over a folder, seen by one process only.
_SMALL = [
    "unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
    'mount -t tmpfs -o size=512k none "$0" && exec "$@"',
]  # fmt: skip


@cache
def kinds() -> list[str]:
    """The limit is everywhere; a file system can be mounted where the system allows it."""
    if shutil.which("unshare") is None:
        return ["limit"]
    probe = subprocess.run([*_SMALL, "/mnt", "true"], capture_output=True, check=False)
    return ["limit", "disk"] if probe.returncode == 0 else ["limit"]


def run_on(kind: str, folder: Path, script: str) -> str:
    """What a script says, for which `folder` is such a disk; its arguments are folder and kind."""
    done = subprocess.run(
        [*([*_SMALL, folder] if kind == "disk" else []),
         sys.executable, "-c", LIMIT + script, folder, kind],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout
