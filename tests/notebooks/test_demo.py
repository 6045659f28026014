"""`workbench demo`: the page it writes plays from a file, and its code can be read."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page
from tests.browser import Deck

from workbench.cli import main

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_the_demo_page_plays_offline(
    page: Page, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "pages" / "demo.html"
    assert main(["demo", "--out", str(target)]) == 0
    out, steps = capfd.readouterr()
    assert out.splitlines() == [str(target.resolve())]
    assert "Eight loops" in steps

    page.context.set_offline(True)
    page.set_default_timeout(180_000)
    page.goto(target.as_uri())
    frames = page.locator("iframe.wb-frame")
    assert frames.count() >= 4
    for i in (0, frames.count() - 1):
        frames.nth(i).scroll_into_view_if_needed()
        root = page.frame_locator("iframe.wb-frame").nth(i).locator(".wb-player")
        root.wait_for()
        deck = Deck(root, page)
        deck.play()
        before = deck.time_s
        deck.until(f"Number(e.dataset.time) > {before} + 0.2", timeout_s=120)
    source = page.locator(".highlight", has_text="wb.generate").first
    assert source.is_visible()
    assert "roles" in source.inner_text()
    assert list((target.parent / "runs" / "tour").glob("*.mid"))
