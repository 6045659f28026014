"""The loop panel in JupyterLab: progress while it composes, Stop, sliders, primes, what went wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.browser import Deck, Lab
from tests.widgets.pieces import band
from tests.widgets.test_notebook import run_cell, write_notebook

pytestmark = pytest.mark.browser

IMPORTS = """\
import threading
from math import inf
from tests.widgets.pieces import BarByBar
from workbench.models import GenerationRequest
from workbench.score import slice_bars
from workbench.widgets import LoopPanel
"""
PANEL = """\
runner = BarByBar({bars})
panel = LoopPanel(runner, GenerationRequest({asked}))
panel"""
HOUSE = "style='house', bars=2, num_variations=3, tempo_bpm=60.0, seed=4"
DONE = re.compile(r"^3 variations in \d+\.\d s$")


@dataclass(frozen=True)
class Shown:
    """A panel on a page, as a listener meets it, and the notebook it stands in."""

    root: Locator
    page: Page

    @property
    def status(self) -> Locator:
        return self.root.locator(".wb-status")

    @property
    def progress(self) -> Locator:
        return self.root.locator(".wb-progress")

    @property
    def rows(self) -> Locator:
        return self.root.get_by_role("option", name="Variation")

    @property
    def deck(self) -> Deck:
        return Deck(self.root.locator(".wb-player"), self.page)

    def button(self, label: str) -> Locator:
        return self.root.locator("button.jupyter-button", has_text=label)

    def play(self) -> None:
        """Round and round, so that it still sounds however slow the machine looks at it."""
        loop = self.deck.button("Loop")
        if loop.get_attribute("aria-pressed") != "true":
            loop.click()
        self.deck.play()

    def filled(self) -> list[float]:
        """How much of each variation's bar is drawn full, 0 to 1."""
        return self.progress.evaluate(_FILLED)

    def move(self, slider: str, key: str) -> None:
        handle = self.root.locator(".widget-hslider", has_text=slider).locator(".noUi-handle")
        handle.focus()
        handle.press(key)

    def upload(self, path: Path) -> None:
        with self.page.expect_file_chooser() as chooser:
            self.button("Prime MIDI").click()
        chooser.value.set_files(path)

    def says(self, cell: int, text: str) -> None:
        """Run a cell of the notebook and wait until it prints `text`."""
        notebook = "window.jupyterapp.shell.currentWidget.content"
        self.page.evaluate(f"cell => {notebook}.widgets[cell].model.clearExecution()", cell)
        run_cell(self.page, cell)
        output = self.page.locator(".jp-Cell").nth(cell).locator(".jp-OutputArea-output")
        expect(output).to_have_text(text)


_FILLED = """e => [...e.children].map((cell) => {
  const track = cell.lastElementChild;
  const width = (element) => element.getBoundingClientRect().width;
  return Math.round(100 * width(track.firstElementChild) / width(track)) / 100;
})"""


def open_panel(lab: Lab, page: Page, name: str, *cells: str) -> Shown:
    """A notebook whose cells 1 and 2 have run; cell 2 is a panel."""
    write_notebook(lab.folder / name, (IMPORTS, *cells))
    lab.open(page, name)
    for cell in range(3):
        run_cell(page, cell)
    shown = Shown(page.locator(".wb-panel"), page)
    shown.root.wait_for()
    return shown


def test_progress_is_live_and_stop_keeps_whole_bars(jupyter_lab: Lab, page: Page) -> None:
    told = (
        "print(*[(v.stop_reason, v.score.length_ticks // 1920) for v in panel.wait().variations])"
    )
    cells = (PANEL.format(bars=1, asked=HOUSE), "runner.let(3)", told, "runner.let(inf)")
    panel = open_panel(jupyter_lab, page, "stopped.ipynb", *cells)
    expect(panel.progress).to_contain_text("1: 1/2 bars")
    assert panel.filled() == [0.5, 0, 0]
    expect(panel.status).to_have_text("composing …")
    run_cell(page, 3)
    expect(panel.progress).to_contain_text("2: 1/2 bars")
    assert panel.filled() == [1, 0.5, 0]

    expect(panel.button("Stop")).to_be_enabled()
    panel.button("Stop").click()
    expect(panel.status).to_have_text(
        re.compile(r"^3 variations in \d+\.\d s, 2 stopped early and cut to whole bars$")
    )
    expect(panel.button("Stop")).to_be_disabled()
    expect(panel.progress).to_have_count(0)
    panel.says(4, "('eos', 2) ('stopped', 1) ('stopped', 0)")
    panel.play()
    panel.rows.nth(1).click()
    panel.deck.until("e.dataset.piece === '1' && e.dataset.state === 'playing'")
    panel.deck.until_sound()

    run_cell(page, 5)
    panel.button("Generate").click()
    expect(panel.status).to_have_text(DONE)
    expect(panel.rows.filter(has_text="stopped")).to_have_count(0)
    expect(panel.rows).to_have_count(3)
    panel.play()


def test_an_interrupt_while_a_cell_waits_is_stop(jupyter_lab: Lab, page: Page) -> None:
    told = "print('waiting')\nprint(*[v.stop_reason for v in panel.wait().variations])"
    cells = (PANEL.format(bars=1, asked=HOUSE), told)
    panel = open_panel(jupyter_lab, page, "waiting.ipynb", *cells)
    run_cell(page, 3)
    expect(panel.progress).to_contain_text("1: 1/2 bars")
    output = page.locator(".jp-Cell").nth(3).locator(".jp-OutputArea-output")
    expect(output).to_have_text("waiting")  # an interrupt before the cell runs would be lost
    page.evaluate("void window.jupyterapp.commands.execute('notebook:interrupt-kernel')")
    expect(output).to_contain_text("stopped stopped stopped")


def test_a_moved_slider_takes_the_place_of_what_is_composed(jupyter_lab: Lab, page: Page) -> None:
    watched = """\
shown = []
panel.grid.observe(lambda _: shown.append([s.length_ticks // 1920 for s in panel.grid.scores]), "view")
runner.let(1)"""
    dropped = """\
*older, latest = [thread for thread in threading.enumerate() if thread.name == "panel"]
for thread in older:
    thread.join()
print("still composing", latest.is_alive())"""
    told = """\
runner.let(inf)
latest.join()
print("shown", *shown)"""
    cells = (PANEL.format(bars="inf", asked=HOUSE), watched, dropped, told)
    panel = open_panel(jupyter_lab, page, "moved.ipynb", *cells)
    expect(panel.status).to_have_text(DONE)
    panel.play()
    (clock, time), *_, (last_clock, last_time) = panel.deck.samples(1.0)
    assert (last_time - time) % 8.0 == pytest.approx(last_clock - clock, abs=0.06)

    run_cell(page, 3)
    panel.move("bars", "ArrowRight")
    expect(panel.progress).to_contain_text("1: 1/3 bars")
    panel.move("bars", "ArrowRight")
    expect(panel.progress).to_contain_text("1: 1/4 bars")
    assert panel.deck.state == "playing"  # what was composed before, until there is something new
    panel.says(4, "still composing True")
    panel.says(5, "shown [4, 4, 4]")
    expect(panel.status).to_have_text(DONE)
    expect(panel.root.locator(".wb-time")).to_contain_text("/ 0:16.0")
    panel.play()


def test_a_prime_from_a_file(jupyter_lab: Lab, page: Page, tmp_path: Path) -> None:
    seed = band(bars=2)
    (tmp_path / "mine.mid").write_bytes(seed.to_midi())
    (tmp_path / "bad.mid").write_text("not music")
    places = sorted((note.start_ticks, note.pitch) for note in seed.notes)
    told = f"""\
def begins_with_the_prime(score):
    notes = slice_bars(score, 0, 2).notes
    return sorted((note.start_ticks, note.pitch) for note in notes) == {places}
print(*map(begins_with_the_prime, panel.wait().scores))"""
    asked = "style='house', bars=4, num_variations=3, tempo_bpm=120.0"
    panel = open_panel(jupyter_lab, page, "seed.ipynb", PANEL.format(bars="inf", asked=asked), told)
    expect(panel.status).to_have_text(DONE)
    panel.says(3, "False False False")
    expect(panel.button("No prime")).to_be_disabled()
    going_on = f"Going on from Band: 2 bars, {len(places)} notes."

    panel.upload(tmp_path / "mine.mid")
    expect(panel.root).to_contain_text(going_on)
    expect(panel.button("Prime MIDI")).to_have_text("Prime MIDI (1)")
    panel.says(3, "True True True")

    for _ in range(2):  # the same bad file again is told of again
        panel.upload(tmp_path / "bad.mid")
        expect(panel.root).to_contain_text(
            "bad.mid: not a MIDI file: expected 'MThd' at byte 0, got b'not '"
        )
        expect(panel.root).to_contain_text(going_on)
        expect(panel.rows).to_have_count(3)
        panel.button("Generate").click()
        expect(panel.status).to_have_text(DONE)
        panel.says(3, "True True True")

    panel.button("No prime").click()
    expect(panel.root).to_contain_text("From the style alone")
    expect(panel.button("Prime MIDI")).to_have_text("Prime MIDI (0)")
    expect(panel.button("No prime")).to_be_disabled()
    panel.says(3, "False False False")

    panel.upload(tmp_path / "mine.mid")  # the same good file, once it was forgotten
    expect(panel.root).to_contain_text(going_on)
    panel.says(3, "True True True")
    expect(panel.root.locator(".wb-part")).to_have_count(4)
    panel.play()


@pytest.mark.parametrize(
    ("asked", "sentence", "mend"),
    [
        (
            "style='polka', bars=2",
            r"style must be one of .*house.*, got 'polka'",
            lambda panel: panel.root.locator("select").first.select_option("house"),
        ),
        (
            "style='house', bars=100",
            "bars must be 1 to 64 for the grammar, got 100",
            lambda panel: panel.move("bars", "Home"),
        ),
    ],
    ids=["unknown style", "too many bars"],
)
def test_what_cannot_be_composed_is_a_sentence(
    jupyter_lab: Lab, page: Page, asked: str, sentence: str, mend: Callable[[Shown], object]
) -> None:
    cell = PANEL.format(bars="inf", asked=f"{asked}, num_variations=3")
    panel = open_panel(jupyter_lab, page, "refused.ipynb", cell)
    expect(panel.status).to_have_text(re.compile(f"^{sentence}$"))
    expect(page.locator(".jp-OutputArea-output")).to_have_count(1)  # the panel, no traceback
    expect(panel.button("Stop")).to_be_disabled()
    expect(panel.rows).to_have_count(0)

    mend(panel)
    expect(panel.status).to_have_text(DONE)
    expect(panel.rows).to_have_count(3)
    panel.play()


def test_a_narrow_panel_is_not_cut(jupyter_lab: Lab, page: Page) -> None:
    asked = "style='house', bars=2, num_variations=16, tempo_bpm=60.0"
    page.set_viewport_size({"width": 800, "height": 900})
    panel = open_panel(jupyter_lab, page, "narrow.ipynb", PANEL.format(bars="inf", asked=asked))
    expect(panel.rows).to_have_count(16)
    page.evaluate("window.jupyterapp.commands.execute('application:toggle-left-area')")
    expect(panel.root.locator(".wb-measures")).to_be_attached()
    page.wait_for_function("e => e.clientWidth > 500", arg=panel.root.element_handle())
    assert panel.root.evaluate("e => e.scrollWidth - e.clientWidth") == 0
    tops = [
        toggle.bounding_box()["y"] for toggle in panel.root.locator(".widget-toggle-button").all()
    ]
    assert len(set(tops)) == 1  # the parts break as one
    table = panel.root.locator(".wb-measures")
    table.locator("th").last.scroll_into_view_if_needed()
    expect(table.locator("th").last).to_be_in_viewport()
