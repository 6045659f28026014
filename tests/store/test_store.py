"""Opening stores: where they are, what is refused, what a full disk and lost servers do."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, event, text
from tests.store.disks import kinds, run_on
from tests.store.postgres import address, cluster

from workbench.errors import StoreError
from workbench.store import NewArtifact, Store, owner_name


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("WORKBENCH_DATABASE_URL", raising=False)
    return tmp_path / "home"


def stored(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.iterdir()}


def test_a_store_lies_at_home_unless_told_otherwise(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Store.open()) as store:
        store.blobs.put(b"loop", "audio/midi")
        store.add_job("loops", {})
        assert store.blobs.root == home / "store"
        assert stored(home / "store") >= {"workbench.sqlite", "objects", "metadata"}
    with closing(Store.open(folder=tmp_path / "mine? 100%20#")):
        assert stored(tmp_path / "mine? 100%20#") >= {"workbench.sqlite"}
    monkeypatch.setenv("WORKBENCH_DATABASE_URL", f"sqlite:///{tmp_path / 'set' / 'there.sqlite'}")
    with closing(Store.open()) as store:
        assert store.jobs() == []
        assert store.blobs.root == home / "store"
        assert stored(tmp_path / "set") >= {"there.sqlite"}
    with closing(Store.open(f"sqlite:///{home / 'store' / 'workbench.sqlite'}")) as store:
        assert len(store.jobs()) == 1


def test_what_was_kept_is_there_after_reopening(url: str, folder: Path) -> None:
    with closing(Store.open(url, folder)) as store:
        job = store.add_job("loops", {"bars": 4})
        new = NewArtifact(content_hash=store.blobs.put(b"loop", "audio/midi"), creator="me")
        made = store.add_artifacts([new])
    with closing(Store.open(url, folder)) as store:
        assert store.jobs() == [job]
        assert store.artifacts() == made


def test_sqlite_is_set_up_to_be_shared(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    with closing(Store.open(f"sqlite:///{path}")), closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_tables_of_a_newer_workbench_are_refused_and_left_alone(url: str) -> None:
    Store.open(url).close()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE schema_version SET version = 99"))
        connection.execute(text("DROP TABLE artifact_tags"))
    with pytest.raises(StoreError, match=r"has tables of version 99, .* up to 1; update Workbench"):
        Store.open(url)
    with engine.begin() as connection:
        assert "artifact_tags" not in engine.dialect.get_table_names(connection)
    engine.dispose()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("nonsense", "must be a URL such as sqlite:////.* look at WORKBENCH_DATABASE_URL"),
        ("mysql://me:secret@host/name", "must be sqlite or postgresql.psycopg, got mysql; look"),
        ("sqlite://", "SQLite needs a file, .* got a database in memory"),
        ("sqlite:///:memory:", "SQLite needs a file"),
        (
            "postgresql://me:secret@127.0.0.1:9/name",
            r"the database postgresql\+psycopg://me:\*\*\*@127.0.0.1:9/name refused: .*refused",
        ),
        ("sqlite:////proc/none/store.sqlite", "cannot make the database's folder /proc/none: "),
    ],
)
def test_databases_that_cannot_be_opened(url: str, says: str) -> None:
    with pytest.raises(StoreError, match=says) as told:
        Store.open(url)
    assert "secret" not in str(told.value)
    assert "\n" not in str(told.value)


def test_files_that_are_no_database(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to be taken for the start of one " * 20)
    with pytest.raises(StoreError, match=r"notes\.txt refused: file is not a database"):
        Store.open(f"sqlite:///{path}")
    with pytest.raises(StoreError, match="refused: unable to open database file"):
        Store.open(f"sqlite:///{tmp_path}")


def test_a_file_that_another_program_keeps_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.store.database._WAIT_S", 0.1)
    path = tmp_path / "store.sqlite"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE notes (note)")
        for lock in ("BEGIN EXCLUSIVE", "BEGIN; SELECT * FROM notes"):
            other.executescript(lock)
            with pytest.raises(StoreError, match=r"store\.sqlite refused: database is locked$"):
                Store.open(f"sqlite:///{path}")
            other.rollback()
        with closing(Store.open(f"sqlite:///{path}")) as store:
            job = store.add_job("loops", {})
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match=r"store\.sqlite refused: database is locked$"):
                store.ask_cancel(job.id)
            assert store.job(job.id) == job
            other.rollback()
            assert store.ask_cancel(job.id).state == "cancelled"


def test_a_missing_driver_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)  # as if it were not installed
    with pytest.raises(StoreError, match=r"needs a driver: pip install 'workbench\[postgres\]'"):
        Store.open("postgresql://localhost/name")


def test_other_spellings_of_postgresql_are_understood(postgres: Path) -> None:
    with psycopg.connect(host=str(postgres), user="workbench", dbname="postgres") as connection:
        connection.execute("CREATE SCHEMA spelling")
    for scheme in ("postgres", "postgresql"):
        url = address(postgres, "spelling").replace("postgresql+psycopg", scheme)
        with closing(Store.open(url)) as store:
            store.add_job("loops", {"spelled": scheme})
            assert store.jobs(limit=1)[0].request == {"spelled": scheme}


def test_a_server_that_stops_is_told_and_one_that_comes_back_is_used(tmp_path: Path) -> None:
    with cluster() as socket:
        store = Store.open(address(socket, "public"))
        job = store.add_job("loops", {})
        with psycopg.connect(host=str(socket), user="workbench", dbname="postgres") as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
        assert store.job(job.id) == job
    with pytest.raises(StoreError, match=r"the database .* refused: .*No such file or directory"):
        store.job(job.id)
    store.close()


FULL = """
import json, sys
from contextlib import nullcontext
from pathlib import Path
from workbench.errors import StoreError
from workbench.store import Store

store = Store.open(folder=Path(sys.argv[1]))
store.add_job("loops", {})
size_bytes = Path(sys.argv[1], "workbench.sqlite-wal").stat().st_size
with files_up_to(size_bytes + 10_000) if sys.argv[2] == "limit" else nullcontext():
    try:
        store.add_job("loops", {"large": "x" * 1_000_000})
    except StoreError as error:
        said = str(error)
store.add_job("loops", {"small": "x"})
print(json.dumps([said, [job.request for job in store.jobs()]]))
"""
REASONS = {"limit": "disk I/O error", "disk": "database or disk is full"}


@pytest.mark.parametrize("kind", kinds())
def test_a_database_that_cannot_grow_says_so_and_keeps_what_it_has(
    tmp_path: Path, kind: str
) -> None:
    said, requests = json.loads(run_on(kind, tmp_path, FULL))
    assert said == f"the database sqlite:///{tmp_path}/workbench.sqlite refused: {REASONS[kind]}"
    assert requests == [{"small": "x"}, {}]


@contextmanager
def statements() -> Iterator[list[tuple[str, Any]]]:
    """Every query that is sent within, with its parameters."""
    sent: list[tuple[str, Any]] = []

    def keep(*arguments: Any) -> None:
        _, _, statement, parameters, _, _ = arguments
        if statement.startswith(("SELECT", "UPDATE")):
            sent.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", keep)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", keep)


def test_what_is_looked_for_is_found_through_an_index(tmp_path: Path) -> None:
    with closing(Store.open(folder=tmp_path)) as store:
        job = store.add_job("loops", {})
        blob = store.blobs.put(b"loop", "audio/midi")
        (artifact,) = store.add_artifacts([NewArtifact(content_hash=blob, creator="me")], {})
        with statements() as sent:
            store.job(job.id)
            store.jobs(states=["running"])
            store.jobs(tool="loops")
            store.jobs(caller="me")
            store.jobs(before=job.id)
            store.count_jobs(["pending"])
            store.waiting_jobs(["loops"], 10)
            store.claim_job(job.id, owner_name())
            store.ask_cancel(job.id)
            store.beat(owner_name(), {job.id: [1]})
            store.fail_interrupted()
            store.end_cancelled(job.id, owner_name())
            store.artifact(artifact.id)
            store.artifacts(tag="type:midi")
            store.artifacts(tag="type:midi", creator="me")
            store.artifacts(creator="me")
            store.artifacts(parent_id=artifact.id)
            store.artifacts(variation_set_id="set")
            store.children(artifact.id)
            store.variation_set("set")
            store.run(str(artifact.run_id))
            store.add_artifacts(
                [NewArtifact(content_hash=blob, creator="me", variation_set_id="set")]
            )
        assert len(sent) >= 22
        with closing(sqlite3.connect(tmp_path / "workbench.sqlite")) as database:
            for statement, parameters in sent:
                given = parameters[0] if isinstance(parameters, list) else parameters
                plan = [
                    row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {statement}", given)
                ]
                scans = [step for step in plan if step.startswith("SCAN")]
                assert not scans, (statement, plan)
