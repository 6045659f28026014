"""Names of processes that run jobs or write files, and whether such a process still lives."""

from __future__ import annotations

import os
import socket
from datetime import datetime, timedelta

import psutil

SILENCE = timedelta(seconds=60)  # after which an owner on another host counts as dead
_SAME_START_S = 0.02  # two ticks of the kernel's clock, in which start times are counted


def owner_name() -> str:
    """This process: "host/pid/start", where start tells it from others that had its pid."""
    return f"{socket.gethostname()}/{os.getpid()}/{_start_s(psutil.Process()):.2f}"


def owner_alive(name: str, seen_at: datetime | None, now: datetime) -> bool:
    """Whether the process of that name lives.

    On this host its pid and start are looked up; on another, or where the name is not one of
    `owner_name`'s, it must have been seen less than 60 s before `now`.
    """
    host, _, rest = name.partition("/")
    pid, _, start = rest.partition("/")
    try:
        if host == socket.gethostname():
            return _runs(int(pid), float(start))
    except ValueError:  # not a pid and a start
        pass
    return seen_at is not None and now - seen_at < SILENCE


def _runs(pid: int, start_s: float) -> bool:
    try:
        process = psutil.Process(pid)
        # A zombie was killed and keeps its pid until its parent looks.
        ended = process.status() == psutil.STATUS_ZOMBIE
        return not ended and abs(_start_s(process) - start_s) < _SAME_START_S
    except psutil.NoSuchProcess:
        return False


def _start_s(process: psutil.Process) -> float:
    # Linux counts from boot and psutil adds the wall clock's idea of when that was, which moves
    # when the clock is set: a laptop that wakes up must not find its services dead.
    return process.create_time() - (psutil.boot_time() if psutil.LINUX else 0)
