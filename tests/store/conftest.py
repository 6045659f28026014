"""Stores on SQLite and on PostgreSQL; every test that takes `store` or `url` runs on both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.store.postgres import address, cluster

from workbench.store import Store


@pytest.fixture(scope="session")
def postgres() -> Iterator[Path]:
    """The folder of a server's socket."""
    with cluster() as socket:
        yield socket


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'database' / 'store.sqlite'}"
    socket = request.getfixturevalue("postgres")
    with psycopg.connect(host=str(socket), user="workbench", dbname="postgres") as connection:
        number = connection.execute("SELECT count(*) FROM pg_namespace").fetchone()
        assert number is not None
        schema = f"test_{number[0]}"
        connection.execute(f"CREATE SCHEMA {schema}")
    return address(socket, schema)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where blobs are kept."""
    return tmp_path / "blobs"


@pytest.fixture
def store(url: str, folder: Path) -> Iterator[Store]:
    store = Store.open(url, folder)
    yield store
    store.close()
