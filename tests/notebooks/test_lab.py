"""Every notebook in a real JupyterLab: run, heard, a slider moved, nothing fetched, no errors."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page
from tests.browser import Deck, Lab

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PICTURES = ROOT / "build" / "screenshots"
RUN_MS = 600_000  # all cells, on a machine that does other things too

ALL_RAN = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .filter((cell) => cell.model.type === 'code')
  .every((cell) => cell.model.executionCount)"""
ERRORS = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .filter((cell) => cell.model.type === 'code')
  .flatMap((cell) => cell.model.outputs.toJSON())
  .filter((output) => output.output_type === 'error' || output.name === 'stderr')"""
# What an output says, but for the sliders' own numbers and the words about work that goes on.
SAYS = """(area) => {
  const copy = area.cloneNode(true);
  copy.querySelectorAll('.widget-readout, .wb-progress, .wb-status').forEach((e) => e.remove());
  return copy.textContent;
}"""


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_in_jupyterlab(path: Path, jupyter_lab: Lab, page: Page) -> None:
    shutil.copy(path, jupyter_lab.folder / path.name)
    page.set_viewport_size({"width": 1280, "height": 1000})
    page.set_default_timeout(180_000)
    jupyter_lab.open(page, path.name)
    page.evaluate("window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    jupyter_lab.run_all(page)
    page.wait_for_function(ALL_RAN, timeout=RUN_MS)
    assert page.evaluate(ERRORS) == []

    hear(page, page.locator(".wb-player").first)
    picture(page, path.stem)
    move_a_slider(page)
    hear(page, page.locator(".wb-player").last)


def hear(page: Page, root: Locator) -> None:
    """Press Play, see sound and a clock that runs, and stop."""
    root.scroll_into_view_if_needed()
    deck = Deck(root, page)
    deck.play()
    before = deck.time_s
    deck.until(f"Number(e.dataset.time) > {before} + 0.2", timeout_s=120)
    deck.button("Stop").click()


def move_a_slider(page: Page) -> None:
    """Push a slider to its end; its output must come to say something else."""
    slider = page.locator(".jp-OutputArea-output .noUi-handle").first
    slider.scroll_into_view_if_needed()
    area = slider.locator("xpath=ancestor::*[contains(@class, 'jp-OutputArea-output')][1]")
    before = area.evaluate(SAYS)
    slider.focus()
    slider.press("End")
    element = area.element_handle()
    page.wait_for_function(f"([area, before]) => ({SAYS})(area) !== before", arg=[element, before])


def picture(page: Page, name: str) -> None:
    """The whole notebook as it looks, for people."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.evaluate("window.jupyterapp.commands.execute('application:toggle-left-area')")
    cells = page.locator(".jp-Notebook .jp-Cell")
    top, bottom = cells.first.bounding_box(), cells.last.bounding_box()
    assert top is not None
    assert bottom is not None
    height = bottom["y"] + bottom["height"] - top["y"] + 160  # menu, tabs and toolbar
    page.set_viewport_size({"width": 1280, "height": min(int(height), 12_000)})
    cells.first.scroll_into_view_if_needed()
    page.evaluate("() => new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)))")
    page.screenshot(path=PICTURES / f"{name}.png")
    page.set_viewport_size({"width": 1280, "height": 1000})
