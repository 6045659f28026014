"""A service of our own as a process beside this one, for notebooks and tests."""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
from pathlib import Path
from typing import Self

from workbench.errors import RunnerError

PATIENCE_S = 30.0  # for what is in work to end after a signal


class LocalService:
    """`workbench` with the given words, running until `stop()`; its `url` is the first it names.

    Args:
        words: such as "serve", "loops", "--port", "0".
        home: where it keeps things, in place of `WORKBENCH_HOME`.
    """

    def __init__(self, *words: str, home: Path | None = None) -> None:
        environment = dict(os.environ)
        if home is not None:
            environment["WORKBENCH_HOME"] = str(home)
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "workbench", *words],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        atexit.register(self.stop)
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().split(" ")[0].strip()
        if not self.url.startswith("http://"):
            self.stop()
            raise RunnerError(
                f"workbench {' '.join(words)} did not start; it says why on standard error"
            )

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def stop(self) -> None:
        """End the service; what it has in work is marked as interrupted."""
        atexit.unregister(self.stop)
        self._process.terminate()
        try:
            self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
