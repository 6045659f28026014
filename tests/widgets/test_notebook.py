"""Players in JupyterLab, and executed notebooks as pages."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Page
from tests.browser import START_S, Deck, Lab

from workbench.widgets import export_page

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
CELLS = (
    "from tests.widgets.pieces import band, tones\nfrom workbench.widgets import *\nregister_display()",
    "first = show(tones(bars=16))\nfirst",
    "grid = show([band(seed) for seed in range(3)], folder='kept')\ngrid",
    "tones(name='By itself')",
)
LATER = "print('HEARD', first.playing, first.position > 0, first.muted, grid.selected, grid.kept)"


def write_notebook(path: Path, cells: tuple[str, ...]) -> None:
    paths = f"import sys\nsys.path[:0] = {[str(ROOT), str(ROOT / 'src')]}\n"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in (paths, *cells)],
        metadata={"kernelspec": kernel},
    )
    nbformat.write(notebook, path)


def run_cell(page: Page, index: int) -> None:
    page.evaluate(
        "index => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = index;"
        " void window.jupyterapp.commands.execute('notebook:run-cell'); }",
        index,
    )


def test_players_in_jupyterlab(jupyter_lab: Lab, page: Page) -> None:
    write_notebook(jupyter_lab.folder / "players.ipynb", (*CELLS, LATER))
    jupyter_lab.open(page, "players.ipynb")
    jupyter_lab.run_all(page)
    players = page.locator(".wb-player")
    players.nth(2).wait_for(timeout=START_S * 1000)
    first, grid, _itself = (Deck(players.nth(i), page) for i in range(3))

    first.play()
    (clock, time), *_, (last_clock, last_time) = first.samples(1.0)
    assert last_time - time == pytest.approx(last_clock - clock, abs=0.06)
    first.button("Mute Strings – String Ensemble 1").click()
    first.until_silence()

    grid.play()  # one context a page: the first stops
    first.until("e.dataset.state === 'paused'")
    grid.root.focus()
    for key in ("2", "k"):  # JupyterLab would make a heading of the cell
        grid.root.press(key)
    grid.until("e.dataset.piece === '1'")
    grid.root.press(" ")
    grid.until("e.dataset.state === 'paused'")
    kinds = "window.jupyterapp.shell.currentWidget.content.widgets.map(c => c.model.type)"
    assert set(page.evaluate(kinds)) == {"code"}
    assert page.evaluate("globalThis[Symbol.for('workbench.audio')].players.size") == 3

    grid.root.get_by_text("Save kept").click()
    grid.root.get_by_text("Saved 1 to kept").wait_for()
    assert (jupyter_lab.folder / "kept" / "variation-02.mid").exists()

    run_cell(page, 5)
    page.get_by_text("HEARD False True [0] 1 [1]").wait_for(timeout=START_S * 1000)


def test_python_drives_the_player(jupyter_lab: Lab, page: Page) -> None:
    steps = (
        "first.position = 4.0\nfirst.tempo = 2.0\nfirst.playing = True",
        "first.score = band()",
    )
    write_notebook(jupyter_lab.folder / "driven.ipynb", (*CELLS[:2], *steps))
    jupyter_lab.open(page, "driven.ipynb")
    for index in range(3):
        run_cell(page, index)
    page.locator(".wb-player").wait_for(timeout=START_S * 1000)
    deck = Deck(page.locator(".wb-player"), page)
    deck.root.locator(".wb-place").click()  # browsers want one gesture before any sound
    run_cell(page, 3)
    deck.until("e.dataset.state === 'playing' && Number(e.dataset.time) > 4.5")
    (clock, time), *_, (last_clock, last_time) = deck.samples(1.0)
    assert (last_time - time) / (last_clock - clock) == pytest.approx(2.0, rel=0.06)
    run_cell(page, 4)
    deck = Deck(page.locator(".wb-player"), page)
    deck.root.get_by_text("Lead", exact=True).wait_for()
    deck.until("e.dataset.state === 'idle' && Number(e.dataset.time) === 0")
    deck.play()
    run_cell(page, 2)  # what a cell showed before must not sound on unseen
    page.wait_for_function(
        "() => { const players = [...globalThis[Symbol.for('workbench.audio')].players];"
        " return players.length === 2 && players.every(p => p.state !== 'playing'); }"
    )


def test_an_executed_notebook_plays_from_a_file(page: Page, tmp_path: Path) -> None:
    write_notebook(tmp_path / "piece.ipynb", CELLS)
    unseen = {
        k: v for k, v in os.environ.items() if k not in ("JPY_SESSION_NAME", "WORKBENCH_STATIC")
    }
    subprocess.run(
        [sys.executable, "-m", "papermill", "--no-progress-bar", "piece.ipynb", "done.ipynb"],
        cwd=tmp_path,
        env=unseen,
        check=True,
    )
    executed = nbformat.read(tmp_path / "done.ipynb", as_version=4)
    assert "widgets" not in executed.metadata
    html = export_page(tmp_path / "done.ipynb", tmp_path / "page" / "piece.html")
    page.goto(html.as_uri())
    decks = []
    for i in range(3):
        page.locator("iframe.wb-frame").nth(i).scroll_into_view_if_needed()
        root = page.frame_locator("iframe.wb-frame").nth(i).locator(".wb-player")
        root.wait_for()
        decks.append(Deck(root, page))
    for deck in decks:
        deck.play()
    assert [deck.state for deck in decks[:2]] == ["paused", "paused"]
    assert page.locator("script[src], link[href^='http']").count() == 0
