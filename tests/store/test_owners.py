"""Which processes live: this one, dead ones, zombies, others that got the same pid."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from workbench.store import owner_alive, owner_name

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SAY = "from workbench.store import owner_name; print(owner_name(), flush=True); input()"


def started() -> tuple[subprocess.Popen[str], str]:
    """A process that waits, and its name."""
    process = subprocess.Popen(
        [sys.executable, "-c", SAY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def test_this_process_lives_whenever_it_was_seen() -> None:
    assert owner_name() == owner_name()
    assert owner_alive(owner_name(), None, NOW)
    assert owner_alive(owner_name(), NOW - timedelta(days=1), NOW)


def test_a_killed_process_is_dead_before_and_after_its_parent_looks() -> None:
    process, name = started()
    assert int(name.split("/")[1]) == process.pid
    assert owner_alive(name, None, NOW)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it is a zombie now
    assert not owner_alive(name, NOW, NOW)
    process.communicate()
    assert not owner_alive(name, NOW, NOW)


def test_another_process_with_the_same_pid_is_another() -> None:
    host, pid, start = owner_name().split("/")
    assert not owner_alive(f"{host}/{pid}/{float(start) - 0.5:.2f}", NOW, NOW)
    assert not owner_alive(f"{host}/{2**22 + 1}/{start}", NOW, NOW)  # more than Linux has


@pytest.mark.parametrize(
    "name", ["elsewhere/1/0.50", "elsewhere", "", "a/b/c", "{host}/x/y", "{host}"]
)
def test_a_process_elsewhere_lives_for_a_minute_after_it_was_seen(name: str) -> None:
    name = name.format(host=owner_name().split("/")[0])
    assert owner_alive(name, NOW - timedelta(seconds=59.9), NOW)
    assert owner_alive(name, NOW + timedelta(seconds=5), NOW)  # its clock is ahead
    assert not owner_alive(name, NOW - timedelta(seconds=60), NOW)
    assert not owner_alive(name, None, NOW)
