"""Blobs: what is put is got, whatever is killed, damaged, full or asked for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.store.disks import kinds, run_on

from workbench.errors import NotFoundError, RequestError, StoreError
from workbench.store import Blobs, owner_name
from workbench.store.values import utc_now

HELLO = b"Hello, World!"
HASH = "288a86a79f20a3d6dccdca7713beaed1"


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path)


def temporaries(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.name.startswith("writing")]


def test_where_a_blob_is(blobs: Blobs) -> None:
    assert blobs.put(HELLO, "text/plain") == HASH
    path = blobs.root / "objects" / "28" / "8a86a79f20a3d6dccdca7713beaed1"
    assert path.read_bytes() == HELLO
    described = blobs.root / "metadata" / "28" / "8a86a79f20a3d6dccdca7713beaed1.json"
    assert json.loads(described.read_text()) == {"mime_type": "text/plain", "size": 13}
    info = blobs.about(HASH)
    assert (info.hash, info.size_bytes, info.mime_type, info.path) == (HASH, 13, "text/plain", path)


@settings(max_examples=25)
@given(contents=st.lists(st.tuples(st.binary(max_size=2000), st.text()), max_size=4))
def test_what_is_put_is_got(
    tmp_path_factory: pytest.TempPathFactory, contents: list[tuple[bytes, str]]
) -> None:
    blobs = Blobs(tmp_path_factory.mktemp("blobs"))
    first: dict[bytes, str] = {}
    for content, mime_type in contents:
        first.setdefault(content, mime_type)
        name = blobs.put(content, mime_type)
        assert name in blobs
        assert name in Blobs(blobs.root)
    for content, mime_type in first.items():
        name = blobs.put(content, "other/type")
        assert blobs.get(name) == content
        assert blobs.about(name).size_bytes == len(content)
        assert blobs.about(name).mime_type == mime_type
    files = [path for path in blobs.root.rglob("*") if path.is_file()]
    assert len(files) == 2 * len(first)


def test_a_blob_that_is_not_there(blobs: Blobs) -> None:
    assert HASH not in blobs
    for ask in (blobs.get, blobs.about):
        with pytest.raises(NotFoundError, match=f"^no blob {HASH} is in {blobs.root}$"):
            ask(HASH)
    assert list(blobs.root.iterdir()) == []


@pytest.mark.parametrize(
    "name",
    [
        "../../secret",
        "../secret" + "/" * 23,
        "..//" + "." * 21 + "/secret",
        "/etc/passwd",
        "",
        ".",
        HASH[:-1],
        HASH + "0",
        HASH + "\n",
        HASH.upper(),
        HASH[:-1] + "g",
        HASH[:-1] + "\0",
        "\N{ARABIC-INDIC DIGIT THREE}" * 32,
        "\N{FULLWIDTH DIGIT THREE}" * 32,
        None,
        HASH.encode(),
    ],
)
def test_a_name_that_is_no_hash_becomes_no_path(tmp_path: Path, name: str) -> None:
    blobs = Blobs(tmp_path / "blobs")
    blobs.put(HELLO, "text/plain")
    for place in (tmp_path, blobs.root, blobs.root / "objects"):
        (place / "secret").write_text("not for you")
    assert name not in blobs
    for ask in (blobs.get, blobs.about):
        with pytest.raises(RequestError, match="a content hash is 32 digits of 0-9 and a-f"):
            ask(name)


@pytest.mark.parametrize("damage", [b"", b"Hello", b"Hello, world!", HELLO + b"\0"])
def test_damaged_content_is_told_and_mended(blobs: Blobs, damage: bytes) -> None:
    path = blobs.about(blobs.put(HELLO, "text/plain")).path
    path.write_bytes(damage)
    with pytest.raises(
        StoreError, match=f"^blob {HASH} is damaged: the {len(damage)} bytes"
    ) as told:
        blobs.get(HASH)
    assert not isinstance(told.value, NotFoundError)
    assert blobs.put(HELLO, "text/plain") == HASH
    assert blobs.get(HASH) == HELLO


@pytest.mark.parametrize(
    "damage", [None, "", "{", "[]", '{"mime_type": "a/b"}', '{"mime_type": "a/b", "size": 1e999}']
)
def test_damaged_metadata_is_told_and_mended(blobs: Blobs, damage: str | None) -> None:
    blobs.put(HELLO, "text/plain")
    (path,) = (blobs.root / "metadata").rglob("*.json")
    path.unlink() if damage is None else path.write_text(damage)
    assert blobs.get(HASH) == HELLO
    with pytest.raises(StoreError, match=r"\.json is missing or damaged; store the content of"):
        blobs.about(HASH)
    blobs.put(HELLO, "text/other")
    assert blobs.about(HASH).mime_type == "text/other"


def test_a_blob_that_cannot_be_read(blobs: Blobs) -> None:
    path = blobs.about(blobs.put(HELLO, "text/plain")).path
    path.unlink()
    path.mkdir()
    with pytest.raises(StoreError, match=f"^blob {HASH} cannot be read: .* Is a directory"):
        blobs.get(HASH)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot store 13 bytes in .*file/blobs: Not a directory"):
        Blobs(tmp_path / "file" / "blobs").put(HELLO, "text/plain")


def test_many_writers_of_the_same_content_do_no_harm(blobs: Blobs) -> None:
    contents = [bytes([number]) * 5000 for number in range(10)]
    start = threading.Barrier(6)
    names: list[list[str]] = []

    def put(mime_type: str) -> None:
        start.wait()
        names.append([blobs.put(content, mime_type) for content in contents])

    threads = [threading.Thread(target=put, args=(f"type/{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names) == 6
    assert all(given == names[0] for given in names)
    assert [blobs.get(name) for name in names[0]] == contents
    assert {blobs.about(name).size_bytes for name in names[0]} == {5000}
    assert not temporaries(blobs.root)


KILLED = """
import os, signal, sys
from pathlib import Path
from workbench.store import Blobs

root, point = Path(sys.argv[1]), 0

def die_at(n):
    steps = iter(range(n))
    def hook(event, arguments):
        # Python tells its audit hooks of these before it does them.
        if event in ("open", "os.mkdir", "os.rename") and next(steps, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(hook)

while True:
    child = os.fork()
    if child == 0:
        blobs = Blobs(root / str(point))
        die_at(point)
        blobs.put(b"Hello, World!", "text/plain")
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    if os.WIFEXITED(status):
        sys.exit(os.WEXITSTATUS(status))
    assert os.WTERMSIG(status) == signal.SIGKILL
    point += 1
"""


def test_a_writer_killed_at_any_step_leaves_nothing_wrong(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, tmp_path], check=True)
    folders = sorted(tmp_path.iterdir(), key=lambda path: int(path.name))
    there, left = [], []
    for blobs in map(Blobs, folders):
        there.append(HASH in blobs)
        left.append(len(temporaries(blobs.root)))
        if there[-1]:
            assert blobs.get(HASH) == HELLO
            assert blobs.about(HASH).mime_type == "text/plain"
        assert blobs.sweep_temporaries() == left[-1]
        assert not temporaries(blobs.root)
        blobs.put(HELLO, "text/after" if not there[-1] else "text/plain")
        assert blobs.get(HASH) == HELLO
        assert blobs.about(HASH).mime_type == ("text/plain" if there[-1] else "text/after")
    assert there == sorted(there), "once there, it stays"
    assert left.count(1) >= 2, "killed before each of the two renames"
    assert set(left) == {0, 1}


def test_only_what_dead_writers_left_is_swept(blobs: Blobs) -> None:
    blobs.put(HELLO, "text/plain")
    host, pid, start = owner_name().split("/")
    shard = blobs.root / "objects" / "28"
    now = utc_now()

    def leave(writer: str, age: timedelta) -> Path:
        path = shard / f"writing~{writer}~0123456789abcdef"
        path.touch()
        os.utime(path, times=((now - age).timestamp(),) * 2)
        return path

    hour, second = timedelta(hours=1), timedelta(seconds=1)
    mine = leave(f"{host}~{pid}~{start}", hour)
    other_start = leave(f"{host}~{pid}~{float(start) - 9:.2f}", second)
    elsewhere_now = leave("elsewhere~1~0.50", second)
    elsewhere_once = leave("nowhere~1~0.50", hour)
    assert blobs.sweep_temporaries(now) == 2
    assert mine.exists()
    assert elsewhere_now.exists()
    assert not other_start.exists()
    assert not elsewhere_once.exists()
    assert blobs.get(HASH) == HELLO
    assert blobs.sweep_temporaries(now) == 0


FULL = """
import json, sys
from contextlib import nullcontext
from pathlib import Path
from workbench.errors import StoreError
from workbench.store import Blobs

blobs = Blobs(Path(sys.argv[1], "blobs"))
small = blobs.put(b"small", "text/plain")
large = bytes(range(256)) * 4096
with files_up_to(5000) if sys.argv[2] == "limit" else nullcontext():
    try:
        blobs.put(large, "audio/midi")
    except StoreError as error:
        said = str(error)
    left = [path.name for path in blobs.root.rglob("writing*")]
    there = [path.name for path in (blobs.root / "objects").rglob("*") if path.is_file()]
    again = blobs.put(b"small too", "text/plain")
assert blobs.get(small) == b"small" and blobs.get(again) == b"small too"
print(json.dumps([said, left, len(there)]))
"""
REASONS = {"limit": "File too large", "disk": "No space left on device"}


@pytest.mark.parametrize("kind", kinds())
def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path, kind: str) -> None:
    said, left, there = json.loads(run_on(kind, tmp_path, FULL))
    root = tmp_path / "blobs"
    assert said.startswith(f"cannot store 1048576 bytes in {root}: {REASONS[kind]}; make room")
    assert left == []
    assert there == 1
