"""The engine of a loaded model: one running batch that the requests of all callers share.

Rows join between steps and leave when they end. Primes are read on a thread of their own, so that a
long one does not hold up who is already composing, and callers hear of progress on their own thread, so
that a slow one holds up nobody. What a row becomes depends on its network alone: the pocket network
gives the same tokens in any company, a large one in half precision nearly so.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

import torch

from workbench.models.decoding.loop import Batch, Row, step
from workbench.models.requests import CancelToken

T = TypeVar("T")
MOST_ROWS = 32  # as many as one request may have, and as keep the pocket network's rows apart


@dataclass(eq=False)
class _Work:
    """The rows of one caller, from asking to done."""

    rows: Sequence[Row]
    cancel: CancelToken
    listens: bool
    """Whether its caller wants to hear of steps; waking 32 callers at each one costs a tenth of the rate."""
    batch: Batch | None = None
    company: int = 0
    """Most rows that were in the running batch with it, its own included."""
    error: BaseException | None = None
    done: bool = False
    news: threading.Event = field(default_factory=threading.Event)

    def finish(self, error: BaseException | None = None) -> None:
        """Let the caller go on."""
        self.error, self.done = error, True
        self.news.set()

    def stop(self) -> bool:
        """Stop what is not over if the caller wants it; whether it does."""
        if not self.cancel.cancelled:
            return False
        for row in self.rows:
            row.reason = row.reason or "stopped"
        return True


class Engine:
    """Reads primes and writes rows for any number of threads at once.

    Args:
        threads: of each of its two workers, the reading and the writing one.
        most_rows: of the running batch; a request that does not fit waits its turn.
    """

    def __init__(self, *, threads: int, most_rows: int = MOST_ROWS) -> None:
        self._most_rows = most_rows
        self._reader, self._writer = _worker(threads), _worker(threads)
        self._lock = threading.Lock()
        self._waiting: deque[_Work] = deque()  # read, and not in the batch yet
        self._writing = False

    def read(self, forward: Callable[[], T]) -> T:
        """Run a forward pass where primes are read, and return what it returns."""
        return self._reader.submit(torch.inference_mode()(forward)).result()

    def write(
        self,
        start: Callable[[], Batch],
        rows: Sequence[Row],
        *,
        cancel: CancelToken | None = None,
        on_step: Callable[[], None] | None = None,
    ) -> int:
        """Write every row to its end, or to where `cancel` stops it; rows hold the outcome.

        `start` reads the primes into a batch of these rows. `on_step` is called on the caller's thread
        after steps; steps that pass while it runs are not told one by one. Returns the most rows that
        the running batch had meanwhile.
        """
        if len(rows) > self._most_rows:
            raise ValueError(f"{len(rows)} rows do not fit a batch of {self._most_rows}")
        work = _Work(rows, cancel or CancelToken(), listens=on_step is not None)
        self._reader.submit(self._read, work, start)
        try:
            while not work.done:
                work.news.wait()
                work.news.clear()
                if on_step is not None:
                    on_step()
        except BaseException:
            work.cancel.cancel()
            raise
        if work.error is not None:
            raise work.error
        return work.company

    @torch.inference_mode()
    def _read(self, work: _Work, start: Callable[[], Batch]) -> None:
        """Read one caller's primes, and see that somebody writes its rows."""
        try:
            if work.stop():
                work.finish()
                return
            work.batch = start()
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            work.finish(error)
            return
        with self._lock:
            self._waiting.append(work)
            if not self._writing:
                self._writing = True
                self._writer.submit(self._write)

    @torch.inference_mode()
    def _write(self) -> None:
        """Step after step while there is anything to write; an error ends those it happens to."""
        running = _Running()
        while True:
            with self._lock:
                joining = self._admitted(self._most_rows - len(running.live))
                if not joining and not running.live:
                    self._writing = False
                    return
            try:
                for work in joining:
                    running.join(work)
                running.step()
            except BaseException as error:  # noqa: BLE001 - raised again in the callers' threads
                for work in {*joining, *(work for work, _ in running.live)}:
                    work.finish(error)
                running = _Running()

    def _admitted(self, room: int) -> list[_Work]:
        """Who may join now, first come first served; who gave up meanwhile leaves the queue."""
        for work in [work for work in self._waiting if work.stop()]:
            self._waiting.remove(work)
            work.finish()
        joining = []
        while self._waiting and len(self._waiting[0].rows) <= room:
            joining.append(self._waiting.popleft())
            room -= len(joining[-1].rows)
        return joining


class _Running:
    """The batch that is being written, and whose rows it holds."""

    def __init__(self) -> None:
        self.batch: Batch | None = None
        self.live: list[tuple[_Work, Row]] = []

    def join(self, work: _Work) -> None:
        """Take a caller's rows in; they are drawn from in the next step."""
        assert work.batch is not None
        self.batch = work.batch if self.batch is None else self.batch.join(work.batch)
        self.live += [(work, row) for row in work.rows]
        work.batch = None

    def step(self) -> None:
        """One token for every row, then let go of those that ended."""
        works = dict.fromkeys(work for work, _ in self.live)
        for work in works:
            work.stop()
        self._leave()
        if self.batch is not None:
            for work in works:
                work.company = max(work.company, len(self.live))
            ids = step(self.batch, [row for _, row in self.live])
            staying = self._leave()
            if self.batch is not None:
                self.batch.advance(ids[torch.tensor(staying)])
        for work in works:
            if all(row.reason for row in work.rows):
                work.finish()
            elif work.listens:
                work.news.set()

    def _leave(self) -> list[int]:
        """Drop the rows that are over; which of those there were stay."""
        staying = [place for place, (_, row) in enumerate(self.live) if row.reason is None]
        if not staying:
            self.batch = None
        elif self.batch is not None and len(staying) < len(self.live):
            self.batch = self.batch.select(staying)
        self.live = [self.live[place] for place in staying]
        return staying


def _worker(threads: int) -> ThreadPoolExecutor:
    """One thread on which torch computes with `threads` threads.

    torch's number of threads belongs to the thread that sets it, but a thread that first computes takes
    the last number set anywhere. So the worker uses its own before the caller's is set again.
    """
    before = torch.get_num_threads()
    worker = ThreadPoolExecutor(1, "engine", initializer=torch.set_num_threads, initargs=(threads,))
    worker.submit(torch.get_num_threads).result()
    torch.set_num_threads(before)
    return worker
