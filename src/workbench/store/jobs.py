"""Jobs as rows: how they are read and changed. Knows no artifacts."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, select, update

from workbench.errors import NotFoundError
from workbench.store.tables import jobs, value_of
from workbench.store.values import Job


def select_jobs(*where: ColumnElement[bool]) -> Select[Any]:
    """The query for jobs."""
    return select(jobs).where(*where)


def read_jobs(connection: Connection, query: Select[Any]) -> list[Job]:
    """What the query finds."""
    return [_job(row) for row in connection.execute(query)]


def read_job(connection: Connection, job_id: str) -> Job:
    """The job of that id. Raises `NotFoundError`."""
    return _job(_row(connection, job_id))


def job_number(connection: Connection, job_id: str) -> int:
    """A job's place in the order they came. Raises `NotFoundError`."""
    return int(_row(connection, job_id).number)


def insert_job(connection: Connection, **values: Any) -> Job:
    """Write a job."""
    return _job(connection.execute(jobs.insert().values(values).returning(jobs)).one())


def change_jobs(connection: Connection, where: ColumnElement[bool], **values: Any) -> list[Job]:
    """Set columns of the jobs for which `where` holds, and return those jobs, oldest first."""
    changed = update(jobs).where(where).values(values).returning(jobs)
    return [_job(row) for row in sorted(connection.execute(changed), key=lambda row: row.number)]


def _row(connection: Connection, job_id: str) -> Row[Any]:
    row = connection.execute(select_jobs(jobs.c.id == job_id)).one_or_none()
    if row is None:
        raise NotFoundError(f"no job {job_id!r} is in the store")
    return row


def _job(row: Row[Any]) -> Job:
    return value_of(row, Job, progress=tuple(row.progress))
