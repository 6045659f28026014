"""The prompt editor in JupyterLab: diagnostics as one types, songs that sound, versions, Stop."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.browser import Deck, Lab
from tests.widgets.test_notebook import run_cell, write_notebook

from workbench.planner import plan_prompt
from workbench.prompt import parse_prompt

pytestmark = pytest.mark.browser

TEXT = """\
STORI PROMPT
Mode: compose
Style: funk
Key: Em
Tempo: 60
Role: [drums, bass, rhodes]
Constraints: {bars: 2}
Request: <b>Tight</b>.
"""
IMPORTS = f"""\
from math import inf
from tests.widgets.pieces import BarByBar
from workbench.widgets import PromptEditor
text = {TEXT!r}"""
EDITOR = """\
runner = BarByBar({bars})
editor = PromptEditor(runner, text)
editor"""
STEPS = len(plan_prompt(parse_prompt(TEXT)).steps)
DONE = rf"{STEPS} of {STEPS} steps, \d+ notes$"


@dataclass(frozen=True)
class Shown:
    """An editor on a page, as a writer meets it."""

    root: Locator
    page: Page

    @property
    def area(self) -> Locator:
        return self.root.locator(".wb-prompt textarea")

    @property
    def says(self) -> Locator:
        return self.root.locator(".wb-says")

    @property
    def plan(self) -> Locator:
        return self.root.locator(".wb-plan")

    @property
    def status(self) -> Locator:
        return self.root.locator(".wb-status")

    @property
    def rows(self) -> Locator:
        return self.root.get_by_role("option", name="seed")

    @property
    def deck(self) -> Deck:
        return Deck(self.root.locator(".wb-player"), self.page)

    def button(self, label: str) -> Locator:
        return self.root.locator("button.jupyter-button", has_text=label)

    def steps(self, status: str) -> Locator:
        return self.plan.locator(f".wb-step[data-status={status}]")

    def play(self) -> None:
        """Round and round, so that it still sounds however slow the machine looks at it."""
        loop = self.deck.button("Loop")
        if loop.get_attribute("aria-pressed") != "true":
            loop.click()
        self.deck.play()


def open_editor(lab: Lab, page: Page, name: str, *cells: str) -> Shown:
    """A notebook whose cells 1 and 2 have run; cell 2 is an editor."""
    write_notebook(lab.folder / name, (IMPORTS, *cells))
    lab.open(page, name)
    for cell in range(3):
        run_cell(page, cell)
    shown = Shown(page.locator(".wb-editor"), page)
    shown.root.wait_for()
    return shown


def test_from_a_mistake_to_two_songs(jupyter_lab: Lab, page: Page) -> None:
    editor = open_editor(jupyter_lab, page, "prompt.ipynb", EDITOR.format(bars="inf"))
    expect(editor.says).to_have_text("Every entry is understood.")
    expect(editor.button("darker")).to_be_disabled()
    expect(editor.root.locator(".wb-fields")).to_contain_text("<b>Tight</b>.")

    editor.area.click()
    for key in ("Control+Home", "ArrowDown", "End", "Backspace"):
        page.keyboard.press(key)
    expect(editor.says).to_contain_text(
        "line 2, column 7: Mode must be compose, edit or ask, got 'compos' (did you mean compose?)"
    )
    expect(editor.says.locator("pre")).to_have_text("Mode: compos\n      ^")
    expect(editor.button("Compose")).to_be_disabled()
    expect(editor.plan).to_have_text("")

    page.keyboard.type("e")
    expect(editor.says).to_have_text("Every entry is understood.")
    expect(editor.plan).to_contain_text("Setting Up 3-Track Funk")
    expect(editor.steps("pending")).to_have_count(STEPS)
    page.keyboard.press("Control+End")
    page.keyboard.type("Energy: high\nabcdjkxz: 1\n")  # letters that are commands of JupyterLab
    expect(editor.root.locator(".wb-fields")).to_contain_text("energyhigh")
    assert editor.area.input_value().endswith("Energy: high\nabcdjkxz: 1\n")

    editor.button("Compose").click()
    expect(editor.status).to_have_text(re.compile(f"^seed 0: {DONE}"))
    expect(editor.steps("completed")).to_have_count(STEPS)
    expect(editor.rows).to_have_count(1)
    editor.play()

    editor.button("darker").click()
    expect(editor.status).to_have_text(re.compile(f"^seed 0, darker: {DONE}"))
    expect(editor.rows).to_have_count(2)
    expect(editor.rows.nth(1)).to_have_attribute("aria-selected", "true")
    if editor.deck.state != "playing":
        editor.play()
    editor.rows.nth(0).click()
    editor.deck.until("e.dataset.piece === '0' && e.dataset.state === 'playing'")
    editor.deck.until_sound()


def test_it_answers_while_it_composes_and_stops(jupyter_lab: Lab, page: Page) -> None:
    cells = (EDITOR.format(bars=2), "runner.let(inf)")  # the drums stay half done
    editor = open_editor(jupyter_lab, page, "stopped.ipynb", *cells)
    editor.button("Compose").click()
    expect(editor.steps("active")).to_have_count(1)
    expect(editor.status).to_have_text(re.compile(rf"^composing: step \d+ of {STEPS} …$"))
    expect(editor.button("Stop")).to_be_enabled()
    editor.area.press("Control+End")
    editor.area.press_sequentially("Enrgy: high")
    expect(editor.says).to_contain_text("no field is called Enrgy (did you mean Energy?)")
    editor.button("Stop").click()
    expect(editor.button("Stop")).to_be_disabled()
    expect(editor.status).to_have_text("stopped before there was anything to keep")
    expect(editor.steps("active")).to_have_count(0)

    run_cell(page, 3)
    editor.button("Compose").click()
    expect(editor.status).to_have_text(re.compile(f"^seed 0: {DONE}"))
    editor.play()


def test_a_narrow_editor_is_not_cut(jupyter_lab: Lab, page: Page) -> None:
    page.set_viewport_size({"width": 760, "height": 900})
    editor = open_editor(jupyter_lab, page, "narrow.ipynb", EDITOR.format(bars="inf"))
    page.evaluate("window.jupyterapp.commands.execute('application:toggle-left-area')")
    editor.button("Compose").click()
    expect(editor.rows).to_have_count(1)
    page.wait_for_function("e => e.clientWidth > 500", arg=editor.root.element_handle())
    assert editor.root.evaluate("e => e.scrollWidth - e.clientWidth") <= 0
    font = editor.area.evaluate("e => getComputedStyle(e).fontFamily")
    assert "mono" in font.lower()
    assert editor.area.bounding_box()["height"] > 250
