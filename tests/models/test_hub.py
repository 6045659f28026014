"""Pulling weights, from a loopback server that speaks as much of the hub as a download needs."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from workbench.errors import RunnerError
from workbench.models.hub import CHECKPOINTS, find_checkpoint, models_folder, pull

CONTENT = bytes(range(256)) * 98_304  # 24 MiB: the hub's client keeps pieces of 10 MiB


class Hub(ThreadingHTTPServer):
    """Serves CONTENT as every file; `script`: how each GET in turn behaves, the last for ever."""

    daemon_threads = True
    script: tuple[str, ...] = ("whole",)

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.ranges: list[str | None] = []

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._send_head(200, 0)

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        script = self.server.script
        behaviour = script[min(len(self.server.ranges), len(script) - 1)]
        self.server.ranges.append(asked)
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        if behaviour == "fail":
            self.send_response(500)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self._send_head(206 if asked else 200, start)
        body = CONTENT[start:]
        self.wfile.write(body if behaviour == "whole" else body[: len(body) // 2])
        self.close_connection = True

    def _send_head(self, status: int, start: int) -> None:
        self.send_response(status if CHECKPOINTS["orpheus-base"] not in self.path else 404)
        self.send_header("ETag", f'"{hashlib.sha256(CONTENT).hexdigest()}"')
        self.send_header("X-Repo-Commit", "0" * 40)
        self.send_header("Accept-Ranges", "bytes")
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path))
    return tmp_path


def test_a_file_is_pulled_once_and_found_afterwards(hub: Hub, home: Path) -> None:
    assert find_checkpoint("orpheus-loops") is None
    path = pull("orpheus-loops", endpoint=hub.endpoint)
    assert path == find_checkpoint("orpheus-loops") == home / "models" / path.name
    assert path.read_bytes() == CONTENT
    assert pull("orpheus-loops", endpoint="http://127.0.0.1:9") == path
    assert len(hub.ranges) == 1


def test_a_dropped_connection_is_taken_up_where_it_broke_off(hub: Hub) -> None:
    hub.script = ("cut", "whole")
    assert pull("orpheus-loops", endpoint=hub.endpoint).read_bytes() == CONTENT
    assert hub.ranges == [None, f"bytes={10 << 20}-"]


def test_an_interrupted_download_leaves_nothing_that_loads_and_can_be_repeated(hub: Hub) -> None:
    hub.script = ("cut", "fail", "whole")
    with pytest.raises(RunnerError, match=r"cannot pull orpheus-loops .* answered 500; try again"):
        pull("orpheus-loops", endpoint=hub.endpoint)
    assert find_checkpoint("orpheus-loops") is None
    assert not list(models_folder().rglob("*.pth"))
    assert pull("orpheus-loops", endpoint=hub.endpoint).read_bytes() == CONTENT


def test_a_file_the_hub_lacks(hub: Hub) -> None:
    with pytest.raises(RunnerError, match=r"cannot pull orpheus-base .* answered 404; .* by hand$"):
        pull("orpheus-base", endpoint=hub.endpoint)


def test_offline_is_one_sentence() -> None:
    with pytest.raises(
        RunnerError, match=r"cannot pull orpheus-mono .* refused; .* by hand$"
    ) as caught:
        pull("orpheus-mono", endpoint="http://127.0.0.1:9")
    assert "\n" not in str(caught.value)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(RunnerError, match=r"'orpheus-jazz'; choose from orpheus-loops, .*-large"):
        pull("orpheus-jazz")


def test_a_folder_that_cannot_be_written(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "file"))
    with pytest.raises(RunnerError, match=r"cannot pull orpheus-loops .* Not a directory"):
        pull("orpheus-loops", endpoint=hub.endpoint)
