"""Chromium and JupyterLab for tests: fixtures that open pages, run notebooks and keep a log.

`tests/conftest.py` makes the fixtures known everywhere: one Chromium, one JupyterLab a session.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Frame, Locator, Page, expect, sync_playwright

LOCAL = ("file:", "blob:", "data:", "about:", "http://127.0.0.1:", "ws://127.0.0.1:")
START_S = 180.0  # a machine with much else to do needs a minute to bring JupyterLab up
expect.set_options(timeout=START_S * 1000)


@dataclass
class Log:
    """What a page asked of the network and complained about."""

    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        def on_console(message):  # a 404 of the server's own extras is not an error of ours
            if message.type == "error" and "status of 404" not in message.text:
                self.errors.append(message.text)

        page.on("console", on_console)
        page.on("pageerror", lambda error: self.errors.append(f"uncaught: {error}"))
        page.on(
            "request",
            lambda r: None if r.url.startswith(LOCAL) else self.outside.append(r.url),
        )


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The distribution's Chromium, headless and silent."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    assert program, "these tests need Chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            headless=True,
            args=[
                "--no-sandbox",  # root may not have one
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--mute-audio",
            ],
        )
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A fresh page; the test fails if it reaches the network or logs an error."""
    context = chromium.new_context(viewport={"width": 1100, "height": 900})
    context.set_default_timeout(START_S * 1000)
    opened = context.new_page()
    log = Log()
    log.watch(opened)
    yield opened
    context.close()
    assert not log.outside, log.outside
    assert not log.errors, log.errors


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab over a folder of notebooks."""

    url: str
    folder: Path

    def open(self, page: Page, notebook: str) -> None:
        """Open a notebook and wait until its kernel is ready to run cells."""
        page.goto(f"{self.url}/lab/tree/{notebook}?reset", wait_until="domcontentloaded")
        page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=START_S * 1000)
        # The toolbar says "idle" before there is a kernel at all; the session knows.
        page.wait_for_function(
            "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel"
            "?.connectionStatus === 'connected' &&"
            " window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'",
            timeout=START_S * 1000,
        )

    def run_all(self, page: Page) -> None:
        """Start all cells of the notebook in front."""
        page.evaluate("void window.jupyterapp.commands.execute('notebook:run-all-cells')")


@pytest.fixture(scope="session")
def jupyter_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab on loopback with settings, workspaces and home of its own."""
    home = tmp_path_factory.mktemp("lab")
    notebooks = home / "notebooks"
    notebooks.mkdir()
    settings = home / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    news_off = {"fetchNews": "false", "checkForUpdates": False}
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(news_off))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (home / "lab.log").open("w") as log:
        server = subprocess.Popen(
            _lab_command(port, notebooks),
            env=_lab_environment(home),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_up(url, server, home / "lab.log")
        yield Lab(url, notebooks)
    finally:
        server.terminate()  # it shuts its kernels down
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _lab_command(port: int, folder: Path) -> list[str]:
    return [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
        f"--port={port}",
        "--ServerApp.ip=127.0.0.1",
        "--IdentityProvider.token=",
        "--ServerApp.password=",
        f"--ServerApp.root_dir={folder}",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.expose_app_in_browser=True",
    ]


def _lab_environment(home: Path) -> dict[str, str]:
    folders = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
        "HOME": ".",
    }
    own = {name: str(home / folder) for name, folder in folders.items()}
    return {**os.environ, **own}


def _wait_until_up(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/api/status", timeout=1).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
        else:
            return
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")


@dataclass(frozen=True)
class Deck:
    """A player on a page, as a listener meets it."""

    root: Locator
    page: Page

    def button(self, label: str) -> Locator:
        return self.root.get_by_label(label, exact=True)

    @property
    def state(self) -> str:
        return str(self.root.get_attribute("data-state"))

    @property
    def time_s(self) -> float:
        return float(self.root.get_attribute("data-time") or "nan")

    @property
    def rms(self) -> float:
        return float(self.root.get_attribute("data-rms") or "nan")

    def play(self) -> None:
        """Press Play and wait until it sounds and its clock runs."""
        self.button("Play").click()
        self.until("e.dataset.state === 'playing'")
        self.until_sound()

    def until(self, condition: str, timeout_s: float = 120.0) -> None:
        """Wait until a JavaScript condition on the player's element `e` holds."""
        handle = self.root.element_handle()
        assert handle is not None
        frame = handle.owner_frame()
        assert isinstance(frame, Frame)
        frame.wait_for_function(f"e => {condition}", arg=handle, timeout=timeout_s * 1000)

    def until_sound(self) -> None:
        self.until("Number(e.dataset.rms) > 0.001")

    def until_silence(self) -> None:
        """Wait for a second without sound: between two drum hits there is none either."""
        self.root.evaluate("e => { e.quietSince = performance.now(); }")
        self.until(
            "(Number(e.dataset.rms) > 0.001 ? (e.quietSince = performance.now(), false)"
            " : performance.now() - e.quietSince > 1000)"
        )

    def samples(self, seconds: float) -> list[tuple[float, float]]:
        """(audio clock, data-time) pairs over some seconds of the audio clock."""
        return self.root.evaluate(_SAMPLE, seconds)


_SAMPLE = """(e, seconds) => new Promise((resolve) => {
  const context = globalThis[Symbol.for("workbench.audio")].context;
  const start = context.currentTime;
  const pairs = [];
  const take = () => {
    pairs.push([context.currentTime, Number(e.dataset.time)]);
    if (context.currentTime - start < seconds) requestAnimationFrame(take);
    else resolve(pairs);
  };
  requestAnimationFrame(take);
})"""
