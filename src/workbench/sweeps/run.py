"""Runs a sweep: which cells are still to do, who does them, and what is kept as each one finishes.

Here or on a Dask cluster; this process alone writes files. A cell's file is there whole or not at
all, so a sweep that was stopped or killed goes on where it was when it is run again.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tqdm.auto import tqdm

from workbench.errors import SweepError
from workbench.models import CancelToken
from workbench.settings import read_settings
from workbench.sweeps.cells import (
    Cell,
    Outcome,
    be_worker,
    loaded,
    make_cell,
    outcome_json,
    outcome_of_json,
    run_cell,
)
from workbench.sweeps.result import Play, Row, SweepResult, write_atomically
from workbench.sweeps.spec import Spec, expand, read_spec

RESULTS = "results.parquet"
_LOOK_S = 0.2  # how often a running sweep looks whether it should stop
_CONNECT_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepProgress:
    """How far a sweep is, in cells; those found done from an earlier run are counted."""

    done: int
    failed: int
    total: int
    latest: str = ""
    """What just failed, in a sentence; "" when it went well."""


OnProgress = Callable[[SweepProgress], None]


def sweep(  # noqa: PLR0913 - a front door, keywords only
    spec: Spec | Mapping[str, Any] | str | Path,
    *,
    out: str | Path | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    cancel: CancelToken | None = None,
    on_progress: OnProgress | None = None,
    play: Play | None = None,
) -> SweepResult:
    """Run every cell that has no outcome yet and return the table of all.

    Args:
        spec: a mapping, a `sweep.yaml` or its folder; see `workbench.sweeps.spec`.
        out: where cells and `results.parquet` are kept; under `WORKBENCH_HOME` when left out.
            Sweeps that share it share the cells they have in common.
        workers: processes on this machine, one for each core when left out; 1 runs in this process.
        scheduler: address of a Dask scheduler whose workers have Workbench; instead of `workers`.
        cancel: stops the sweep from another thread; so does Ctrl-C. What is done is kept.
        on_progress: called as cells finish, in place of the progress bar.
        play: makes a player of scores, for the result.

    A cell that fails is told in the table and tried again next time. Raises `SweepError`.
    """
    checked, base = read_spec(spec)
    rows = _rows(expand(checked, base))
    cells = list({row.cell.id: row.cell for row in rows}.values())
    folder = _Folder.at(out, cells)
    outcomes = folder.outcomes(cells)
    todo = [cell for cell in cells if outcomes.get(cell.id, _FAILED).error is not None]
    stop = cancel or CancelToken()
    count = _Count(outcomes, cells, todo)
    with _telling(on_progress) as tell:
        tell(count.now())
        try:
            for cell, outcome in _run(todo, workers, scheduler, stop):
                folder.keep(cell, outcome)
                outcomes[cell.id] = outcome
                tell(count.add(outcome))
        except KeyboardInterrupt:
            stop.cancel()
    stopped = stop.cancelled and len(outcomes) < len(cells)
    result = SweepResult.of(checked, rows, outcomes, stopped=stopped, player=play)
    result.save(folder.results)
    return result


_FAILED = Outcome(error="not run")


def _rows(expanded: Sequence[tuple[Mapping[str, Any], int]]) -> list[Row]:
    return [
        Row(params=params, seed=seed, cell=make_cell(params, seed, loaded(params["runner"]).info))
        for params, seed in expanded
    ]


@dataclass(frozen=True, slots=True)
class _Folder:
    """Where a sweep is kept: a file a cell, and the table."""

    cells: Path
    results: Path

    @classmethod
    def at(cls, out: str | Path | None, cells: Sequence[Cell]) -> _Folder:
        if out is not None:
            folder = cls(Path(out) / "cells", Path(out) / RESULTS)
        else:
            home = read_settings().home / "sweeps"
            name = hashlib.sha256("".join(cell.id for cell in cells).encode()).hexdigest()[:16]
            folder = cls(home / "cells", home / f"{name}.parquet")
        try:
            folder.cells.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SweepError(
                f"cannot write to {folder.cells}: {error.strerror}; choose another `out`"
            ) from error
        return folder

    def keep(self, cell: Cell, outcome: Outcome) -> None:
        text = outcome_json(cell, outcome)
        write_atomically(self.cells / f"{cell.id}.json", text.encode())

    def outcomes(self, cells: Sequence[Cell]) -> dict[str, Outcome]:
        """What is there already."""
        found = {}
        for cell in cells:
            path = self.cells / f"{cell.id}.json"
            if path.is_file():
                found[cell.id] = _read(path)
        return found


def _read(path: Path) -> Outcome:
    try:
        return outcome_of_json(path.read_text("utf-8"))
    except (ValueError, KeyError, TypeError) as error:
        raise SweepError(f"{path} is damaged ({error}); delete it and run again") from error


class _Count:
    """Counts cells as they finish."""

    def __init__(
        self, outcomes: Mapping[str, Outcome], cells: Sequence[Cell], todo: Sequence[Cell]
    ) -> None:
        self._now = SweepProgress(done=len(cells) - len(todo), failed=0, total=len(cells))
        assert self._now.done == sum(o.error is None for o in outcomes.values())

    def now(self) -> SweepProgress:
        return self._now

    def add(self, outcome: Outcome) -> SweepProgress:
        now = self._now
        if outcome.error is None:
            self._now = replace(now, done=now.done + 1, latest="")
        else:
            self._now = replace(now, failed=now.failed + 1, latest=outcome.error)
        return self._now


@contextmanager
def _telling(on_progress: OnProgress | None) -> Iterator[OnProgress]:
    """The given callback; else a bar on a terminal or in a notebook, and nothing in a pipe."""
    if on_progress is not None:
        yield on_progress
        return
    with tqdm(unit="cell", disable=not _watched(), leave=False) as bar:

        def show(progress: SweepProgress) -> None:
            bar.total = progress.total
            bar.n = progress.done + progress.failed
            if progress.failed:
                bar.set_postfix(failed=progress.failed, refresh=False)
            bar.refresh()

        yield show


def _watched() -> bool:
    # IPython is there in any notebook, and not loaded just to find out that this is none.
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return sys.stderr.isatty() or hasattr(shell, "kernel")


Done = Iterator[tuple[Cell, Outcome]]


def _run(
    cells: Sequence[Cell], workers: int | None, scheduler: str | None, stop: CancelToken
) -> Done:
    """The cells with their outcomes, in the order they finish, until told to stop."""
    if workers is not None and workers < 1:
        raise SweepError(f"workers must be at least 1, got {workers}")
    if workers is not None and scheduler is not None:
        raise SweepError("workers are for this machine and a scheduler has its own; give one")
    if not cells:
        return
    if scheduler is not None:
        with _cluster(scheduler) as executor:
            yield from _through(executor, cells, stop)
        return
    workers = min(workers or _cores(), len(cells))
    if workers == 1:
        yield from _here(cells, stop)
        return
    executor = ProcessPoolExecutor(
        workers, mp_context=multiprocessing.get_context("spawn"), initializer=be_worker
    )
    try:
        yield from _through(executor, cells, stop)
    except BrokenProcessPool as error:
        raise SweepError(
            "a worker process died: out of memory (try fewer workers), or started from a script "
            'without `if __name__ == "__main__":`. What is done is kept; run again to go on'
        ) from error
    finally:
        executor.shutdown(wait=False, cancel_futures=True)


def _cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _here(cells: Sequence[Cell], stop: CancelToken) -> Done:
    for cell in cells:
        if stop.cancelled:
            return
        yield cell, run_cell(cell)


@contextmanager
def _cluster(address: str) -> Iterator[Executor]:
    try:
        from distributed import Client
    except ImportError as error:
        raise SweepError("a cluster needs Dask: pip install 'workbench[cluster]'") from error
    try:
        client = Client(address, timeout=_CONNECT_S)
    except (OSError, ValueError) as error:
        raise SweepError(f"no Dask scheduler answers at {address}: {error}") from error
    with client:
        yield client.get_executor(pure=False)


def _through(executor: Executor, cells: Sequence[Cell], stop: CancelToken) -> Done:
    """Have all cells run; when told to stop, those that run already are waited for and kept."""
    futures: dict[Future[Outcome], Cell] = {}
    try:
        with _deaf_children():
            for cell in cells:
                futures[executor.submit(run_cell, cell)] = cell
    except KeyboardInterrupt:
        stop.cancel()
    waiting = set(futures)
    while waiting:
        try:
            finished, waiting = wait(waiting, timeout=_LOOK_S, return_when=FIRST_COMPLETED)
        except KeyboardInterrupt:
            stop.cancel()
            continue
        for future in finished:
            yield futures[future], _outcome(future)
        if stop.cancelled:
            waiting = {future for future in waiting if not future.cancel()}


@contextmanager
def _deaf_children() -> Iterator[None]:
    """Processes started within do not hear Ctrl-C even while they start; this one hears it after.

    A worker ignores it once it runs, but it imports for a second first, and would die with a traceback.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows has no masks to hand down
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _outcome(future: Future[Outcome]) -> Outcome:
    """What a future brought; a cluster's own trouble is the cell's."""
    try:
        return future.result()
    except (BrokenProcessPool, CancelledError):
        raise
    except Exception as error:  # noqa: BLE001 - the same border, reached from a cluster's side
        return Outcome(error=f"{type(error).__name__}: {error}")
