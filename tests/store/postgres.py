"""A PostgreSQL of the tests' own: in a new folder, on a socket in it, gone afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

MISSING = "PostgreSQL is not installed, and the store is tested on it: apt install postgresql"
ACCOUNTS = ("postgres", "nobody")  # it refuses to run as root


@contextmanager
def cluster() -> Iterator[Path]:
    """A running server; gives the folder of its socket."""
    programs = programs_folder()
    # Not in pytest's folders, which other accounts cannot enter, and whose paths can be longer than
    # the 107 bytes that a socket's may have.
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    files, log = folder / "files", folder / "log"
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, account())
        run(programs / "initdb", "-D", files, "-U", "workbench", "-A", "trust", "-E", "UTF8", "-N")
        options = f"-k {folder} -c listen_addresses= -c fsync=off -c max_connections=200"
        run(programs / "pg_ctl", "start", "-w", "-D", files, "-l", log, "-o", options)
        try:
            yield folder
        finally:
            run(programs / "pg_ctl", "stop", "-m", "immediate", "-D", files)
    finally:
        shutil.rmtree(folder)


def address(socket: Path, schema: str) -> str:
    """The URL of a schema, which tests have for themselves as others have a database."""
    query = urlencode({"host": socket, "options": f"-csearch_path={schema}"})
    return f"postgresql+psycopg://workbench@/postgres?{query}"


def programs_folder() -> Path:
    """Where `initdb` and its like are; Debian keeps them out of PATH."""
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    assert places, MISSING
    return places[-1]


def account() -> str:
    """Who runs the server when root runs the tests."""
    known = Path("/etc/passwd").read_text().splitlines()
    names = {line.partition(":")[0] for line in known}
    return next(name for name in ACCOUNTS if name in names)


def run(*command: object) -> None:
    words = [str(word) for word in command]
    if os.geteuid() == 0:
        words = ["setpriv", f"--reuid={account()}", "--clear-groups", *words]
    done = subprocess.run(
        words, stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd="/", check=False
    )
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
