"""The form and its heat maps in JupyterLab: pressed squares are heard, Run and Stop answer."""

from __future__ import annotations

import json

import nbformat
import pytest
from playwright.sync_api import Page, expect
from tests.browser import START_S, Deck, Lab
from tests.sweeps.sweeping import many

pytestmark = pytest.mark.browser

SPEC = many(2)
CELLS = (
    "from workbench.sweeps import SweepPanel\nfrom workbench.widgets import show",
    f"panel = SweepPanel({json.dumps(SPEC)}, play=show, metric='variety', out='sweep', workers=1)\npanel",
    "print('FIRST', panel.wait().caption)",
)


def write_notebook(lab: Lab, name: str) -> None:
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in CELLS],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    nbformat.write(notebook, lab.folder / name)


def test_squares_are_heard_and_the_form_runs(jupyter_lab: Lab, page: Page) -> None:
    write_notebook(jupyter_lab, "sweep.ipynb")
    jupyter_lab.open(page, "sweep.ipynb")
    jupyter_lab.run_all(page)
    patient = START_S * 1000
    form = page.locator(".wb-sweep")
    expect(form).to_contain_text("8 rows from 4 cells: 4 done", timeout=patient)
    explorer = form.locator(".wb-explorer")
    player = explorer.locator(".wb-player")
    expect(player).to_have_count(1, timeout=patient)

    explorer.get_by_title("Hear temperature 1, prime jazz 2").click()
    expect(explorer).to_contain_text(
        "temperature 1, prime jazz 2, seed 0: variety", timeout=patient
    )
    expect(player).to_have_count(1)
    Deck(player, page).play()

    handle = explorer.locator(".widget-hslider .noUi-handle").first
    handle.focus()
    handle.press("ArrowRight")
    expect(explorer).to_contain_text("temperature 1, prime jazz 2, seed 1", timeout=patient)
    Deck(player, page).play()

    seeds = form.locator(".widget-text", has_text="seeds").locator("input")
    seeds.fill("3")
    seeds.press("Enter")
    form.get_by_role("button", name="Run").click()
    expect(form).to_contain_text("12 rows from 6 cells: 6 done", timeout=patient)
    expect(form.locator("button.widget-button[title=Stop]")).to_be_disabled()
    expect(player).to_have_count(1, timeout=patient)
