"""Jobs in work: a bounded queue, fair among callers, over a store that outlives the process.

A job is claimed before it is begun and over only when the store says so; what cannot be written then is
written later. Several processes may share a store: each job is run by one of them.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, Self

from workbench.errors import RequestError, StoreError, WorkbenchError
from workbench.models import CancelToken
from workbench.store import Artifact, Job, NewArtifact, Store, owner_name

AT_ONCE = 32  # jobs in work; as many as rows fit a running batch
MOST_WAITING = 256
BEAT_S = 1.0
BEATS_TO_LOOK = 30  # between two looks for jobs whose process died
OVER = frozenset({"completed", "failed", "cancelled"})
log = logging.getLogger(__name__)


class QueueFullError(WorkbenchError):
    """So many jobs wait that no more are taken; a service answers 429."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a job came to. `stopped`: it was cancelled, and this is what it has."""

    result: Mapping[str, Any] | Callable[[Sequence[Artifact]], Mapping[str, Any]]
    """Or what it is once its artifacts have names."""
    artifacts: Sequence[NewArtifact] = ()
    run: Mapping[str, Any] | None = None
    stopped: bool = False


Perform = Callable[[Job, CancelToken, Callable[[Sequence[int]], None]], Outcome]
"""Does a job; hears of cancelling by the token, tells tokens so far per variation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """Jobs that were waited for, as they are now."""

    over: tuple[Job, ...]
    pending: tuple[Job, ...]
    timed_out: bool
    elapsed_s: float


@dataclass
class _Running:
    cancel: CancelToken = field(default_factory=CancelToken)
    progress: Sequence[int] = ()


class Jobs:
    """Runs a store's jobs. Use as a context manager: leaving it stops what is in work.

    Args:
        perform: what each tool does; jobs of other tools are left to other processes.
        at_once: jobs in work, at most.
        most_waiting: jobs of this process that may wait beside them.
    """

    def __init__(
        self,
        store: Store,
        perform: Mapping[str, Perform],
        *,
        at_once: int = AT_ONCE,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self.store = store
        self._perform = perform
        self._most_waiting = most_waiting
        self._owner = owner_name()
        self._waiting: OrderedDict[str, deque[str]] = OrderedDict()  # caller to its jobs, in turn
        self._running: dict[str, _Running] = {}
        self._unwritten: list[Callable[[], object]] = []  # ends that the store could not take yet
        self._changed = threading.Condition()
        self._changes = 0
        self._arriving = 0  # jobs on their way into the store
        self._closed = False
        self._threads = [
            threading.Thread(target=self._beat, name="jobs", daemon=True),
            *(threading.Thread(target=self._work, name="job", daemon=True) for _ in range(at_once)),
        ]

    def __enter__(self) -> Self:
        self._look_for_work()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._closed = True
            for running in self._running.values():
                running.cancel.cancel()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def submit(
        self,
        tool: str,
        request: Mapping[str, Any],
        *,
        caller: str = "",
        client_job_id: str | None = None,
    ) -> Job:
        """Put a job in the queue. Raises `QueueFullError` when too many wait."""
        if tool not in self._perform:
            raise RequestError(f"no tool is called {tool!r}; known are {', '.join(self._perform)}")
        with self._changed:
            waiting = self._arriving + sum(map(len, self._waiting.values()))
            if waiting >= self._most_waiting:
                raise QueueFullError(f"{waiting} jobs are waiting already; try again later")
            self._arriving += 1
        try:
            job = self.store.add_job(tool, request, caller=caller, client_job_id=client_job_id)
        except BaseException:
            with self._changed:
                self._arriving -= 1
            raise
        with self._changed:
            self._arriving -= 1
            self._enqueue(job)
        return job

    def cancel(self, job_id: str) -> Job:
        """Cancel a job: at once when it waits, within a step when it is in work, not when it is over."""
        job = self.store.ask_cancel(job_id)
        with self._changed:
            if job_id in self._running:
                self._running[job_id].cancel.cancel()
            self._tell()
        return job

    def poll(
        self, job_ids: Sequence[str], *, timeout_s: float, mode: Literal["any", "all"] = "any"
    ) -> Polled:
        """Wait until any or all of the jobs are over, or time is. Raises `NotFoundError`."""
        began = time.monotonic()
        while True:
            with self._changed:
                seen = self._changes
            jobs = [self.store.job(job_id) for job_id in dict.fromkeys(job_ids)]
            over = tuple(job for job in jobs if job.state in OVER)
            enough = len(over) == len(jobs) if mode == "all" else bool(over)
            with self._changed:
                left_s = timeout_s - (time.monotonic() - began)
                if enough or left_s <= 0 or self._closed:
                    return Polled(
                        over=over,
                        pending=tuple(job for job in jobs if job.state not in OVER),
                        timed_out=not enough,
                        elapsed_s=time.monotonic() - began,
                    )
                self._changed.wait_for(lambda: self._changes != seen or self._closed, left_s)  # noqa: B023 - asked only while it waits here

    def progress(self, job: Job) -> tuple[int, ...]:
        """Tokens so far per variation: of this moment when the job is in work here."""
        with self._changed:
            running = self._running.get(job.id)
            return tuple(running.progress) if running is not None else job.progress

    def _tell(self) -> None:
        """Wake who waits for jobs to be over."""
        self._changes += 1
        self._changed.notify_all()

    def _enqueue(self, job: Job) -> None:
        self._waiting.setdefault(job.caller, deque()).append(job.id)
        self._changed.notify()

    def _work(self) -> None:
        while (job_id := self._next()) is not None:
            try:
                job = self.store.claim_job(job_id, self._owner)
            except StoreError:
                log.exception("job %s could not be claimed", job_id)
                continue
            if job is not None:
                self._do(job)

    def _next(self) -> str | None:
        """A job of the caller whose turn it is; None when this is over."""
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            if self._closed:
                return None
            caller, waiting = next(iter(self._waiting.items()))
            job_id = waiting.popleft()
            if waiting:
                self._waiting.move_to_end(caller)
            else:
                del self._waiting[caller]
            return job_id

    def _do(self, job: Job) -> None:
        running = _Running()
        with self._changed:
            self._running[job.id] = running
            if self._closed:
                running.cancel.cancel()

        def tell(progress: Sequence[int]) -> None:
            running.progress = progress

        end: Callable[[], object]
        failure: str | None = None
        try:
            outcome = self._perform[job.tool](job, running.cancel, tell)
        except WorkbenchError as error:
            failure = str(error)
        except Exception as error:
            log.exception("job %s (%s) failed", job.id, job.tool)
            failure = f"{type(error).__name__}: {error}"
        else:
            kept = (outcome.result, outcome.artifacts, outcome.run)
            if self._closed and outcome.stopped:
                failure = "interrupted by the end of the service"
            elif outcome.stopped:
                end = partial(self.store.end_cancelled, job.id, self._owner, *kept)
            else:
                end = partial(self.store.complete_job, job.id, self._owner, *kept)
        if failure is not None:
            end = partial(self._fail, job, failure)
        try:
            end()
        except WorkbenchError as error:  # it failed, then; said as soon as the store takes it
            log.exception("the end of job %s could not be written", job.id)
            with self._changed:
                self._unwritten.append(partial(self._fail, job, failure or str(error)))
        with self._changed:
            del self._running[job.id]
            self._tell()

    def _fail(self, job: Job, error: str) -> None:
        self.store.fail_job(job.id, self._owner, error)

    def _beat(self) -> None:
        """Now and then: say what is in work, hear what others cancelled, take what nobody does."""
        beats = 0
        while True:
            with self._changed:
                if self._changed.wait_for(lambda: self._closed, BEAT_S):
                    return
                progress = {job_id: it.progress for job_id, it in self._running.items()}
            try:
                while self._unwritten:
                    self._unwritten[0]()
                    del self._unwritten[0]
                asked = self.store.beat(self._owner, progress)
                beats += 1
                if beats % BEATS_TO_LOOK == 0 or not self._waiting:
                    self._look_for_work()
            except StoreError:
                log.exception("the store does not answer")
                continue
            with self._changed:
                for job_id in asked & self._running.keys():
                    self._running[job_id].cancel.cancel()
                self._tell()  # jobs of other processes may be over

    def _look_for_work(self) -> None:
        """Fail what a dead process was at; take what waits and nobody began."""
        self.store.fail_interrupted()
        waiting = self.store.waiting_jobs(tuple(self._perform), self._most_waiting)
        with self._changed:
            known = {job_id for queue in self._waiting.values() for job_id in queue}
            for job in waiting:
                if job.id not in known and job.id not in self._running:
                    self._enqueue(job)
