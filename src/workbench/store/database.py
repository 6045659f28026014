"""A database's transactions, the same on SQLite and PostgreSQL. Knows no jobs and no artifacts."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, func, inspect, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as NoConnectionError

from workbench.errors import StoreError
from workbench.store.tables import SCHEMA, metadata, schema_version

T = TypeVar("T")

_TROUBLE = (DBAPIError, NoConnectionError)  # the database's; what else is raised is ours

_WAIT_S = 30  # for another process to finish writing, before it is called an error
_ATTEMPTS = 100  # of a transaction that loses races; each time, another one's succeeded
_SERIALIZATION_FAILURE, _DEADLOCK = "40001", "40P01"  # PostgreSQL's SQLSTATEs
_OPENING = 0x574B42  # "WKB": PostgreSQL's lock for those who make the tables


class Database:
    """Transactions of one database; any thread may run them."""

    def __init__(self, engine: Engine) -> None:
        self._reading = engine
        self._writing = engine.execution_options(workbench_writes=True)

    @classmethod
    def open(cls, url: str | URL) -> Database:
        """Connect, and make the tables unless they are there.

        Raises `StoreError`: not a database that is known or can be reached, or newer than this code.
        """
        checked = _checked(url)
        try:
            engine = _sqlite(checked) if _is_sqlite(checked) else _postgresql(checked)
        except ImportError as error:
            raise StoreError(
                f"{checked.drivername} needs a driver: pip install 'workbench[postgres]'"
            ) from error
        database = cls(engine)
        try:
            if _is_sqlite(checked):
                _use_wal(engine)
            database.write(_make_tables)
        except (*_TROUBLE, sqlite3.Error) as error:
            database.close()
            raise database._refused(error) from error
        except StoreError:
            database.close()
            raise
        return database

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads. Raises `StoreError`."""
        try:
            with self._reading.begin() as connection:
                yield connection
        except _TROUBLE as error:
            raise self._refused(error) from error

    def write(self, work: Callable[[Connection], T]) -> T:
        """Do `work` in one transaction: all of it, or nothing. Raises `StoreError`.

        `work` is called again where another process was quicker to take what it wanted.
        """
        lost: Exception | None = None
        for _ in range(_ATTEMPTS):
            try:
                with self._writing.begin() as connection:
                    return work(connection)
            except _TROUBLE as error:
                if not _lost_race(error):
                    raise self._refused(error) from error
                lost = error
        assert lost is not None
        raise self._refused(lost) from lost

    def close(self) -> None:
        """Let go of all connections."""
        self._reading.dispose()

    def _refused(self, error: Exception) -> StoreError:
        where = self._reading.url.render_as_string(hide_password=True)
        reason = error.orig if isinstance(error, DBAPIError) else error
        first = str(reason).strip().partition("\n")[0]
        return StoreError(f"the database {where} refused: {first}")


def _lost_race(error: Exception) -> bool:
    if isinstance(error, IntegrityError):
        return True
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    return state in (_SERIALIZATION_FAILURE, _DEADLOCK)


def _checked(url: str | URL) -> URL:
    try:
        checked = make_url(url)
    except ArgumentError as error:
        raise StoreError(
            "the database must be a URL such as sqlite:////folder/file.sqlite or "
            "postgresql+psycopg://user:password@host/name; look at WORKBENCH_DATABASE_URL"
        ) from error
    if checked.drivername in ("postgres", "postgresql"):
        return checked.set(drivername="postgresql+psycopg")
    if checked.drivername not in ("sqlite", "postgresql+psycopg"):
        raise StoreError(
            f"the database must be sqlite or postgresql+psycopg, got {checked.drivername}; "
            "look at WORKBENCH_DATABASE_URL"
        )
    if _is_sqlite(checked) and checked.database in (None, "", ":memory:"):
        raise StoreError(
            "SQLite needs a file, which threads and processes can share; got a database in memory"
        )
    return checked


def _is_sqlite(url: URL) -> bool:
    return url.drivername == "sqlite"


def _postgresql(url: URL) -> Engine:
    # Pinged first, because the server may have been restarted in between.
    return create_engine(url, pool_pre_ping=True)


def _sqlite(url: URL) -> Engine:
    assert url.database is not None
    folder = Path(url.database).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"cannot make the database's folder {folder}: {error.strerror}") from error
    engine = create_engine(url, max_overflow=-1, connect_args={"timeout": _WAIT_S})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _record: object) -> None:
    # Or Python's driver would begin transactions when it sees fit, never at a SELECT.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = FULL")  # what is committed outlives a power failure
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that first reads and then writes fails when another wrote in between; one that
    # says from the start that it will write waits instead.
    writes = connection.get_execution_options().get("workbench_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _use_wal(engine: Engine) -> None:
    """Let readers read while one writes. The file remembers it."""
    deadline_s = time.monotonic() + _WAIT_S
    with engine.connect() as connection:
        while True:
            try:
                connection.connection.cursor().execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                # The one statement for which SQLite does not itself wait for another process.
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline_s:
                    raise
                time.sleep(0.01)
            else:
                return


def _make_tables(connection: Connection) -> None:
    """All tables or none, also when two processes open a new database at once."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_OPENING)))
    known = inspect(connection).has_table(schema_version.name)
    found = connection.scalar(select(func.max(schema_version.c.version))) if known else None
    if found is not None and found > SCHEMA:
        raise StoreError(
            f"the database {connection.engine.url.render_as_string(hide_password=True)} has tables "
            f"of version {found}, and this Workbench knows them up to {SCHEMA}; update Workbench, or "
            "use another database"
        )
    if found is None:
        metadata.create_all(connection)
        connection.execute(schema_version.insert().values(version=SCHEMA))
