"""Jobs, artifacts and runs, kept where several processes share them and any may be killed.

Every method is one transaction: done or not done, never half. Any thread may call any method.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import URL, Connection, and_, bindparam, case, func, literal, select, update

from workbench.errors import NotFoundError, RequestError
from workbench.settings import read_settings
from workbench.store.artifacts import (
    insert_artifacts,
    insert_run,
    read_artifacts,
    read_run,
    select_artifacts,
)
from workbench.store.blobs import Blobs
from workbench.store.database import Database
from workbench.store.jobs import (
    change_jobs,
    insert_job,
    job_number,
    read_job,
    read_jobs,
    select_jobs,
)
from workbench.store.owners import owner_alive
from workbench.store.tables import Moment, jobs, owners
from workbench.store.tables import artifacts as artifacts_table
from workbench.store.values import (
    LARGEST_INDEX,
    Artifact,
    Job,
    JobState,
    NewArtifact,
    Run,
    check_json,
    check_names,
    utc_now,
)

Record = Mapping[str, Any]
"""JSON."""

Result = Record | Callable[[Sequence[Artifact]], Record]
"""A job's result, or what makes it of the artifacts as they were kept, with ids and indexes."""


class Store:
    """Jobs, artifacts and runs in a database; the content of artifacts in `blobs`.

    Any method raises `StoreError` when the database cannot be reached or is full, `NotFoundError` for
    an id that is not there, and `RequestError` for a value that cannot be kept.
    """

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        *,
        now: Callable[[], datetime] = utc_now,
        new_id: Callable[[], UUID] = uuid4,
    ) -> None:
        self.blobs = blobs
        self._database = database
        self._now = now
        self._new_id = new_id

    @classmethod
    def open(
        cls,
        url: str | None = None,
        folder: Path | None = None,
        *,
        now: Callable[[], datetime] = utc_now,
        new_id: Callable[[], UUID] = uuid4,
    ) -> Store:
        """The store of a database and a folder of blobs, made if they are not there.

        Args:
            url: `sqlite:////path` or `postgresql+psycopg://…`; else `WORKBENCH_DATABASE_URL`, else
                `workbench.sqlite` in the folder.
            folder: of the blobs; `store` under `WORKBENCH_HOME` when left out.
            now: the clock, with a time zone.
            new_id: makes ids.

        Raises `StoreError`: no such database, or one that a newer Workbench has written.
        """
        settings = read_settings()
        folder = folder or settings.home / "store"
        default = URL.create("sqlite", database=str(folder / "workbench.sqlite"))
        database = Database.open(url or settings.database_url or default)
        return cls(database, Blobs(folder), now=now, new_id=new_id)

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    # Jobs

    def add_job(
        self, tool: str, request: Record, *, caller: str = "", client_job_id: str | None = None
    ) -> Job:
        """A new job, pending."""
        check_names(tool=tool, caller=caller, client_job_id=client_job_id)
        check_json("request", request)

        def work(connection: Connection) -> Job:
            return insert_job(
                connection,
                id=str(self._new_id()),
                tool=tool,
                caller=caller,
                client_job_id=client_job_id,
                request=dict(request),
                state="pending",
                progress=[],
                cancel_asked=False,
                created_at=self._now(),
            )

        return self._database.write(work)

    def job(self, job_id: str) -> Job:
        """The job of that id."""
        with self._database.read() as connection:
            return read_job(connection, job_id)

    def jobs(
        self,
        *,
        states: Collection[JobState] | None = None,
        tool: str | None = None,
        caller: str | None = None,
        limit: int = 100,
        before: str | None = None,
    ) -> list[Job]:
        """Jobs that meet all conditions, newest first; `before` is the id of one to go on after."""
        _check_page(limit=limit)
        where = [
            condition
            for wanted, condition in (
                (states, jobs.c.state.in_(states or ())),
                (tool, jobs.c.tool == tool),
                (caller, jobs.c.caller == caller),
            )
            if wanted is not None
        ]
        with self._database.read() as connection:
            if before is not None:
                where.append(jobs.c.number < job_number(connection, before))
            query = select_jobs(*where).order_by(jobs.c.number.desc()).limit(limit)
            return read_jobs(connection, query)

    def count_jobs(self, states: Collection[JobState]) -> int:
        """How many jobs are in one of these states."""
        with self._database.read() as connection:
            query = select(func.count()).select_from(jobs).where(jobs.c.state.in_(states))
            return connection.execute(query).scalar_one()

    def waiting_jobs(self, tools: Collection[str], limit: int) -> list[Job]:
        """Pending jobs of these tools, oldest first."""
        _check_page(limit=limit)
        query = select_jobs(jobs.c.state == "pending", jobs.c.tool.in_(tools))
        with self._database.read() as connection:
            return read_jobs(connection, query.order_by(jobs.c.number).limit(limit))

    def claim_job(self, job_id: str, owner: str) -> Job | None:
        """Take a pending job to run it; None when another has it or it is over."""
        check_names(owner=owner)

        def work(connection: Connection) -> Job | None:
            claimed = change_jobs(
                connection,
                and_(jobs.c.id == job_id, jobs.c.state == "pending"),
                state="running",
                owner=owner,
                started_at=self._now(),
            )
            if not claimed:
                read_job(connection, job_id)
                return None
            self._see(connection, owner)
            return claimed[0]

        return self._database.write(work)

    def complete_job(
        self,
        job_id: str,
        owner: str,
        result: Result,
        artifacts: Sequence[NewArtifact] = (),
        run: Record | None = None,
    ) -> Job | None:
        """End a job with its artifacts, kept together or not at all.

        None, and nothing is kept, when it does not run under this owner any more. A `result` that
        is a function may be called more than once.
        """
        return self._end(job_id, owner, artifacts, run, state="completed", result=result)

    def fail_job(self, job_id: str, owner: str, error: str) -> Job | None:
        """End a job with the sentence that says why; None when it does not run under this owner."""
        return self._end(job_id, owner, (), None, state="failed", error=error)

    def end_cancelled(
        self,
        job_id: str,
        owner: str,
        result: Result | None = None,
        artifacts: Sequence[NewArtifact] = (),
        run: Record | None = None,
    ) -> Job | None:
        """End a job that was asked to stop, with what it has; else as `complete_job`."""
        return self._end(job_id, owner, artifacts, run, state="cancelled", result=result)

    def ask_cancel(self, job_id: str) -> Job:
        """Cancel a pending job; have a running one's owner told; leave one that is over as it is."""

        def work(connection: Connection) -> Job:
            pending = jobs.c.state == "pending"
            changed = change_jobs(
                connection,
                and_(jobs.c.id == job_id, jobs.c.state.in_(("pending", "running"))),
                cancel_asked=True,
                state=case((pending, literal("cancelled")), else_=jobs.c.state),
                completed_at=case((pending, literal(self._now(), Moment)), else_=None),
            )
            return changed[0] if changed else read_job(connection, job_id)

        return self._database.write(work)

    def beat(self, owner: str, progress: Mapping[str, Sequence[int]]) -> set[str]:
        """Say that `owner` lives and how far its jobs are, in tokens per variation.

        To be called every few seconds: after 60 of silence, other hosts take the owner for dead.
        Returns the ids of those of its running jobs that somebody asked to cancel.
        """
        check_names(owner=owner)
        rows = [
            {"job": job_id, "tokens": [int(count) for count in counts]}
            for job_id, counts in progress.items()
        ]
        running = and_(jobs.c.state == "running", jobs.c.owner == owner)

        def work(connection: Connection) -> set[str]:
            self._see(connection, owner)
            if rows:
                told = update(jobs).where(jobs.c.id == bindparam("job"), running)
                connection.execute(told.values(progress=bindparam("tokens")), rows)
            asked = select(jobs.c.id).where(running, jobs.c.cancel_asked)
            return set(connection.scalars(asked))

        return self._database.write(work)

    def fail_interrupted(
        self,
        is_alive: Callable[[str], bool] | None = None,
        reason: str = "interrupted by restart",
    ) -> list[Job]:
        """Fail the running jobs of owners that died, and return them; for a service's start and after.

        `is_alive` says whether the owner of that name lives; `owner_alive` does when it is left out.
        """
        with self._database.read() as connection:
            seen = {
                row.owner: row.seen_at
                for row in connection.execute(
                    select(jobs.c.owner, owners.c.seen_at)
                    .distinct()
                    .outerjoin(owners, owners.c.name == jobs.c.owner)
                    .where(jobs.c.state == "running")
                )
            }
        now = self._now()
        dead = [
            owner
            for owner, seen_at in seen.items()
            if not (is_alive(owner) if is_alive else owner_alive(owner, seen_at, now))
        ]
        if not dead:
            return []

        def work(connection: Connection) -> list[Job]:
            return change_jobs(
                connection,
                and_(jobs.c.state == "running", jobs.c.owner.in_(dead)),
                state="failed",
                error=reason,
                completed_at=now,
            )

        return self._database.write(work)

    # Artifacts and runs

    def add_artifacts(
        self,
        artifacts: Sequence[NewArtifact],
        run: Record | None = None,
        *,
        kind: str = "generation",
    ) -> list[Artifact]:
        """Keep artifacts, and the run of that kind that made them, together or not at all."""
        check_names(kind=kind)
        self._check(artifacts, run)

        def work(connection: Connection) -> list[Artifact]:
            _, made = self._insert(connection, artifacts, run, kind)
            return made

        return self._database.write(work)

    def artifact(self, artifact_id: str) -> Artifact:
        """The artifact of that id."""
        query = select_artifacts(artifacts_table.c.id == artifact_id)
        with self._database.read() as connection:
            found = read_artifacts(connection, query)
        if not found:
            raise NotFoundError(f"no artifact {artifact_id!r} is in the store")
        return found[0]

    def artifacts(
        self,
        *,
        tag: str | None = None,
        creator: str | None = None,
        parent_id: str | None = None,
        variation_set_id: str | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> list[Artifact]:
        """Artifacts that meet all conditions, newest first."""
        _check_page(limit=limit, offset=offset)
        asked = {"creator": creator, "parent_id": parent_id, "variation_set_id": variation_set_id}
        where = [
            artifacts_table.c[name] == value for name, value in asked.items() if value is not None
        ]
        query = select_artifacts(*where, tag=tag).limit(limit).offset(offset)
        with self._database.read() as connection:
            return read_artifacts(connection, query)

    def children(self, artifact_id: str) -> list[Artifact]:
        """The artifacts made from this one, oldest first."""
        query = select_artifacts(artifacts_table.c.parent_id == artifact_id)
        with self._database.read() as connection:
            return read_artifacts(connection, query)[::-1]

    def variation_set(self, set_id: str) -> list[Artifact]:
        """The artifacts of a set in the order of their index; none for a set that is not there."""
        query = select_artifacts(artifacts_table.c.variation_set_id == set_id)
        query = query.order_by(None).order_by(artifacts_table.c.variation_index)
        with self._database.read() as connection:
            return read_artifacts(connection, query)

    def run(self, run_id: str) -> Run:
        """The run of that id."""
        with self._database.read() as connection:
            return read_run(connection, run_id)

    def _end(
        self,
        job_id: str,
        owner: str,
        artifacts: Sequence[NewArtifact],
        run: Record | None,
        **values: Any,
    ) -> Job | None:
        self._check(artifacts, run)
        mine = and_(jobs.c.id == job_id, jobs.c.state == "running", jobs.c.owner == owner)

        def work(connection: Connection) -> Job | None:
            # Locked until the end, so that nobody else ends it while its artifacts are written.
            tool = connection.scalar(select(jobs.c.tool).where(mine).with_for_update())
            if tool is None:
                read_job(connection, job_id)
                return None
            run_id, made = self._insert(connection, artifacts, run, tool)
            result = values.get("result")
            if callable(result):
                result = result(made)
            check_json("result", result)
            ended = values | {"result": result, "run_id": run_id, "completed_at": self._now()}
            (job,) = change_jobs(connection, mine, **ended)
            return job

        return self._database.write(work)

    def _check(self, artifacts: Sequence[NewArtifact], run: Record | None) -> None:
        check_json("run", run)
        for artifact in artifacts:
            if artifact.content_hash not in self.blobs:
                raise NotFoundError(
                    f"no blob {artifact.content_hash} is in {self.blobs.root}; "
                    "put an artifact's content before the artifact"
                )

    def _insert(
        self,
        connection: Connection,
        artifacts: Sequence[NewArtifact],
        run: Record | None,
        kind: str,
    ) -> tuple[str | None, list[Artifact]]:
        now = self._now()
        run_id = None
        if run is not None:
            run_id = insert_run(connection, kind, run, now, self._new_id())
        return run_id, insert_artifacts(connection, artifacts, run_id, now, self._new_id)

    def _see(self, connection: Connection, owner: str) -> None:
        seen = {"seen_at": self._now()}
        if connection.execute(update(owners).where(owners.c.name == owner).values(seen)).rowcount:
            return
        connection.execute(owners.insert().values(name=owner, **seen))


def _check_page(**sizes: int) -> None:
    for name, size in sizes.items():
        if not 0 <= size <= LARGEST_INDEX:
            raise RequestError(f"{name} must be 0 to {LARGEST_INDEX}, got {size}")
