"""The tables, for SQLite and PostgreSQL alike, and the version of their shape."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator

from workbench.store.values import JOB_STATES, Artifact, Job, Run, writable

V = TypeVar("V", Artifact, Job, Run)

SCHEMA = 1  # raised with every change of the tables


class Words(TypeDecorator[str]):
    """Text, made `writable`; what is looked for, too."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - as SQLAlchemy calls it
        return None if value is None else writable(value)


class Moment(TypeDecorator[datetime]):
    """A time in UTC to the microsecond; SQLite's columns know no zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - as above
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - as above
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _number() -> Column[int]:
    """Rows in the order they came, also where clocks of two processes disagree."""
    return Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True)


def _json(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, JSON(none_as_null=True), nullable=nullable)


metadata = MetaData()

schema_version = Table("schema_version", metadata, Column("version", Integer, primary_key=True))

runs = Table(
    "runs",
    metadata,
    _number(),
    Column("id", Words, nullable=False, unique=True),
    Column("kind", Words, nullable=False),
    _json("record"),
    Column("created_at", Moment, nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    _number(),
    Column("id", Words, nullable=False, unique=True),
    Column("tool", Words, nullable=False),
    Column("caller", Words, nullable=False),
    Column("client_job_id", Words),
    _json("request"),
    Column("state", Words, CheckConstraint(f"state IN {JOB_STATES}"), nullable=False),
    Column("owner", Words),
    _json("progress"),
    _json("result", nullable=True),
    Column("error", Words),
    Column("cancel_asked", Boolean, nullable=False),
    Column("run_id", Words, ForeignKey("runs.id")),
    Column("created_at", Moment, nullable=False),
    Column("started_at", Moment),
    Column("completed_at", Moment),
    Index("jobs_by_state", "state", "number"),
    Index("jobs_by_tool", "tool", "number"),
    Index("jobs_by_caller", "caller", "number"),
)

owners = Table(
    "owners",
    metadata,
    Column("name", Words, primary_key=True),
    Column("seen_at", Moment, nullable=False),
)

artifacts = Table(
    "artifacts",
    metadata,
    _number(),
    Column("id", Words, nullable=False, unique=True),
    Column("content_hash", Words, nullable=False),
    Column("variation_set_id", Words),
    Column("variation_index", Integer),
    Column("parent_id", Words, ForeignKey("artifacts.id")),
    Column("run_id", Words, ForeignKey("runs.id")),
    _json("tags"),
    Column("creator", Words, nullable=False),
    _json("metadata"),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("variation_set_id", "variation_index"),
    Index("artifacts_by_parent", "parent_id", "number"),
    Index("artifacts_by_creator", "creator", "number"),
)

# What finds artifacts by tag; their tags in order are in `artifacts.tags`.
artifact_tags = Table(
    "artifact_tags",
    metadata,
    Column("tag", Words, primary_key=True),
    Column("artifact_number", ForeignKey("artifacts.number"), primary_key=True),
    sqlite_with_rowid=False,
)


def value_of(row: Row[Any], kind: type[V], **changed: object) -> V:
    """The value that a row keeps, its number left out."""
    values = row._asdict() | changed
    del values["number"]
    return kind(**values)
