"""Players in a page opened from a file: every control, by what it does to sound and clock."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page
from tests.browser import Deck
from tests.widgets.pieces import band, tones

from workbench.score import Score, Track
from workbench.widgets import Player, VariationGrid, static_html

pytestmark = pytest.mark.browser

BAR_S = 2.0  # at 120 BPM


def open_decks(page: Page, folder: Path, *frames: str) -> list[Deck]:
    """A page of frames on disk, opened; the decks in them."""
    file = folder / "page.html"
    file.write_text("<!doctype html><meta charset='utf-8'>" + "\n".join(frames), "utf-8")
    page.goto(file.as_uri())
    decks = []
    for i in range(len(frames)):
        page.locator("iframe").nth(i).scroll_into_view_if_needed()
        root = page.frame_locator("iframe").nth(i).locator(".wb-player")
        root.wait_for()
        decks.append(Deck(root, page))
    return decks


@pytest.fixture
def deck(page: Page, tmp_path: Path) -> Deck:
    """A long tone: it is never silent unless something makes it so."""
    return open_decks(page, tmp_path, static_html(Player(tones(bars=16))))[0]


@pytest.fixture
def band_deck(page: Page, tmp_path: Path) -> Deck:
    return open_decks(page, tmp_path, static_html(Player(band())))[0]


def slope(deck: Deck, seconds: float = 1.2) -> float:
    """How fast data-time runs against the audio clock."""
    (clock, time), *_, (last_clock, last_time) = deck.samples(seconds)
    return (last_time - time) / (last_clock - clock)


def set_range(deck: Deck, label: str, value: float) -> None:
    deck.button(label).evaluate(
        "(e, value) => { e.value = value; e.dispatchEvent(new Event('input', {bubbles: true})); }",
        value,
    )


def roll_x(deck: Deck, time_s: float, duration_s: float) -> dict[str, float]:
    """Where a time is on the roll, for the mouse, in its ruler."""
    box = deck.root.locator(".wb-roll").bounding_box()
    assert box is not None
    gutter = 46.0 if deck.root.get_by_text("Strings").count() else 116.0
    return {"x": gutter + (box["width"] - gutter) * time_s / duration_s, "y": 14.0}


def test_play_sounds_and_the_clock_runs(deck: Deck) -> None:
    assert deck.state == "idle"
    deck.play()
    assert slope(deck) == pytest.approx(1.0, abs=0.06)
    assert deck.button("Pause").is_visible()


def test_pause_holds_and_is_silent(deck: Deck) -> None:
    deck.play()
    deck.button("Pause").click()
    deck.until("e.dataset.state === 'paused'")
    held = deck.time_s
    assert held > 0
    deck.until_silence()
    assert deck.time_s == held
    deck.play()
    assert held <= deck.time_s < held + 10.0


def test_stop_returns_to_the_start(deck: Deck) -> None:
    deck.play()
    deck.button("Stop").click()
    deck.until("e.dataset.state === 'stopped' && Number(e.dataset.time) === 0")
    deck.until_silence()


@pytest.mark.parametrize(("octaves", "ratio"), [(1, 2.0), (-1, 0.5)])
def test_tempo_changes_the_slope(deck: Deck, octaves: int, ratio: float) -> None:
    deck.play()
    set_range(deck, "Tempo", octaves)
    assert slope(deck) == pytest.approx(ratio, rel=0.06)
    assert f"{120 * ratio:.0f} BPM" in deck.root.locator(".wb-bpm").inner_text()


def test_mute_of_the_only_part_is_silence(deck: Deck) -> None:
    deck.play()
    mute = deck.button("Mute Strings – String Ensemble 1")
    mute.click()
    assert mute.get_attribute("aria-pressed") == "true"
    deck.until_silence()
    assert deck.state == "playing"
    mute.click()
    deck.until_sound()


def test_solo_of_an_empty_part_is_silence(page: Page, tmp_path: Path) -> None:
    score = tones()
    with_rest = Score(tracks=(*score.tracks, Track("Rest")), length_ticks=score.length_ticks)
    (deck,) = open_decks(page, tmp_path, static_html(Player(with_rest)))
    set_range(deck, "Tempo", -2)
    deck.play()
    deck.button("Solo Rest – Acoustic Grand Piano").click()
    deck.until_silence()


def test_volumes(deck: Deck) -> None:
    deck.play()
    for label in ("Volume", "Volume of Strings – String Ensemble 1"):
        set_range(deck, label, 0)
        deck.until_silence()
        set_range(deck, label, 1)
        deck.until_sound()


def test_a_click_seeks_where_it_says(deck: Deck) -> None:
    target = 10.3
    deck.root.locator(".wb-roll").click(position=roll_x(deck, target, 16 * BAR_S))
    deck.until("Number(e.dataset.time) > 0")
    assert deck.time_s == pytest.approx(target, abs=0.05)
    deck.play()
    assert target <= deck.time_s < target + 10.0


def test_a_drag_loops_and_returns_to_its_start(band_deck: Deck) -> None:
    deck = band_deck
    roll = deck.root.locator(".wb-roll")
    box = roll.bounding_box()
    assert box is not None
    start, end = (roll_x(deck, t, 4 * BAR_S) for t in (1.03, 2.04))  # beats 3 of bar 1, 1 of bar 2
    deck.page.mouse.move(box["x"] + start["x"], box["y"] + start["y"])
    deck.page.mouse.down()
    deck.page.mouse.move(box["x"] + end["x"], box["y"] + end["y"], steps=5)
    deck.page.mouse.up()
    assert deck.button("Loop").get_attribute("aria-pressed") == "true"
    deck.play()
    times = [time for _, time in deck.samples(3.5)]
    returns = [(before, after) for before, after in pairwise(times) if after < before - 0.5]
    assert len(returns) >= 2
    for before, after in returns:
        assert before == pytest.approx(2.0, abs=0.12)
        assert after == pytest.approx(1.0, abs=0.12)
    assert max(times) <= 2.02
    deck.button("Loop").click()  # off: it goes on past the end of the region
    deck.until("Number(e.dataset.time) > 2.2")


def test_without_loop_it_stops_at_the_end(band_deck: Deck) -> None:
    band_deck.root.locator(".wb-roll").click(position=roll_x(band_deck, 7.2, 8.0))
    band_deck.play()
    band_deck.until("e.dataset.state === 'stopped' && Number(e.dataset.time) === 0")


def test_keys(band_deck: Deck) -> None:
    deck = band_deck
    deck.root.focus()
    deck.root.press("ArrowRight")
    deck.root.press("ArrowRight")
    deck.until("Number(e.dataset.time) === 1")
    deck.root.press("Shift+ArrowRight")
    deck.until("Number(e.dataset.time) === 2")
    deck.root.press("ArrowLeft")
    deck.until("Number(e.dataset.time) === 1.5")
    deck.root.press(" ")
    deck.until_sound()
    deck.root.press(" ")
    deck.until("e.dataset.state === 'paused'")
    deck.root.press("Home")
    deck.until("Number(e.dataset.time) === 0")
    deck.root.press("l")
    assert deck.button("Loop").get_attribute("aria-pressed") == "true"


def test_zoom_shows_less_of_the_piece(band_deck: Deck) -> None:
    right_end = roll_x(band_deck, 7.9, 8.0)
    band_deck.button("Zoom in").click()  # 1.6 times, around the playhead at the start
    band_deck.root.locator(".wb-roll").click(position=right_end)
    band_deck.until("Number(e.dataset.time) > 0")
    assert band_deck.time_s == pytest.approx(7.9 / 1.6, abs=0.05)
    band_deck.button("Show the whole piece").click()
    band_deck.root.locator(".wb-roll").click(position=right_end)
    band_deck.until("Number(e.dataset.time) > 7.5")


def test_hovering_names_the_note(band_deck: Deck) -> None:
    roll = band_deck.root.locator(".wb-roll")
    box = roll.bounding_box()
    assert box is not None
    tip = band_deck.root.locator(".wb-tip")
    seen = set()
    roll.hover()
    for y in range(30, int(box["height"]), 3):
        band_deck.page.mouse.move(box["x"] + 121, box["y"] + y)
        if tip.is_visible():
            seen.add(tip.inner_text())
    texts = "\n".join(seen)
    assert "C4 · velocity 80" in texts
    assert "bar 1, beat 1" in texts
    drum = {36: "Bass Drum 1", 38: "Acoustic Snare", 42: "Closed Hi-Hat", 46: "Open Hi-Hat"}
    first = next(note for note in band().tracks[0].notes if note.start_ticks == 0)
    assert f"{drum[first.pitch]} ({first.pitch}) · velocity {first.velocity}" in texts


def test_every_control_has_a_name(band_deck: Deck) -> None:
    nameless = band_deck.root.locator("button, input").evaluate_all(
        "all => all.filter(e => !(e.getAttribute('aria-label') || e.textContent.trim())).length"
    )
    assert nameless == 0
    assert band_deck.root.get_attribute("tabindex") == "0"
    roll = band_deck.root.locator(".wb-roll")
    assert roll.get_attribute("aria-valuetext") == "bar 1, beat 1"


def test_starting_one_stops_the_other(page: Page, tmp_path: Path) -> None:
    frames = [static_html(Player(tones(name=name))) for name in ("First", "Second")]
    first, second = open_decks(page, tmp_path, *frames)
    first.play()
    second.play()
    first.until("e.dataset.state === 'paused'")
    first.until_silence()
    assert second.state == "playing"


def test_switching_in_a_grid_keeps_the_place(page: Page, tmp_path: Path) -> None:
    grid = VariationGrid(
        [band(seed, bars=32) for seed in range(3)], measures=[{"notes": i} for i in range(3)]
    )
    (deck,) = open_decks(page, tmp_path, static_html(grid))
    deck.play()
    *_, (clock, time) = deck.samples(0.2)
    deck.root.press("2")
    deck.until("e.dataset.piece === '1'")
    *_, (last_clock, last_time) = deck.samples(0.5)
    assert last_time - time == pytest.approx(
        last_clock - clock, abs=0.06
    )  # nothing lost or skipped
    deck.until_sound()
    deck.root.press("ArrowDown")
    deck.until("e.dataset.piece === '2'")
    deck.root.press("k")
    assert deck.button("Keep Variation 3").get_attribute("aria-pressed") == "true"
    deck.root.get_by_role("option", name="Variation 1").click()
    deck.until("e.dataset.piece === '0' && e.dataset.state === 'playing'")
    assert deck.root.get_by_text("1 of 3 kept").is_visible()


def test_names_in_a_file_stay_text(page: Page, tmp_path: Path) -> None:
    evil = "</script><img src=x onerror=\"document.title='caught'\">--><b>'&"
    score = tones(name=evil)
    named = Score(
        tracks=(Track(evil, score.tracks[0].notes),), name=evil, length_ticks=score.length_ticks
    )
    (deck,) = open_decks(page, tmp_path, static_html(Player(named)))
    assert deck.root.locator(".wb-title").inner_text() == evil
    assert deck.root.locator(".wb-part-name").inner_text() == evil
    assert deck.root.locator("img, b").count() == 0
    assert page.title() != "caught"


def test_without_worklets_it_says_so_and_still_plays(page: Page, tmp_path: Path) -> None:
    page.add_init_script("delete globalThis.AudioWorkletNode;")
    (deck,) = open_decks(page, tmp_path, static_html(Player(tones())))
    assert "not served over https" in deck.root.locator(".wb-problem").inner_text()
    deck.play()
    deck.until("Number(e.dataset.time) > 0.5")


def packed(frame: str) -> list[str]:
    """The program and the piece of a frame, as they are packed in it."""
    return re.findall(r"await text\(&quot;([A-Za-z0-9+/=]+)&quot;\)", frame)


def with_sound(frame: str, change: Callable[[dict[str, Any]], None]) -> str:
    """The frame with what it carries to play, {engine, bank, midis}, changed."""
    _program, whole = packed(frame)
    piece = json.loads(gzip.decompress(base64.b64decode(whole)))
    change(piece["sound"])
    repacked = base64.b64encode(gzip.compress(json.dumps(piece).encode())).decode()
    return frame.replace(whole, repacked)


def blank(bank: bytes) -> bytes:
    return bytes(len(bank))


def cut_off(bank: bytes) -> bytes:
    return bank[: len(bank) // 2]


def with_torn_tables(bank: bytes) -> bytes:
    tables = bank.index(b"inst")
    return bank[:tables] + bytes(64) + bank[tables + 64 :]


def with_torn_samples(bank: bytes) -> bytes:
    start, end = bank.index(b"OggS"), bank.index(b"LIST", bank.index(b"OggS"))
    return bank[:start] + bytes(end - start) + bank[end:]


@pytest.mark.parametrize("damaged", [cut_off, with_torn_tables, with_torn_samples, blank])
def test_a_damaged_bank_is_told_in_a_sentence(
    damaged: Callable[[bytes], bytes], page: Page, tmp_path: Path
) -> None:
    def damage(sound: dict[str, Any]) -> None:
        bank = damaged(base64.b64decode(sound["bank"]))
        sound["bank"] = base64.b64encode(bank).decode()

    sick, well = open_decks(
        page,
        tmp_path,
        with_sound(static_html(Player(tones())), damage),
        static_html(Player(tones())),
    )
    for _ in range(2):  # trying again is told again
        sick.button("Play").click()
        sick.until("e.dataset.state === 'error'")
        assert sick.root.get_by_role("alert").inner_text() == (
            "No sound: the sound bank of this player is damaged: "
            "run its cell, or export its page, again"
        )
    well.play()


FALTERING = """
  const register = globalThis.registerProcessor;
  let engines = 0;
  globalThis.registerProcessor = (name, Engine) => register(name, class extends Engine {
    number = engines++;
    process(inputs, outputs) {
      const goesOn = super.process(inputs, outputs);
      if (this.number === 0 && outputs[0][0].some(Boolean)) throw new Error("it falters");
      return goesOn;
    }
  });
"""  # the first engine of a page dies with its first sound


@pytest.mark.parametrize("part", [0, 1], ids=["program", "piece"])
def test_a_damaged_page_is_told_in_a_sentence(part: int, page: Page, tmp_path: Path) -> None:
    frame = static_html(Player(band()))
    whole = packed(frame)[part]
    middle = len(whole) // 2
    file = tmp_path / "page.html"
    file.write_text(
        frame.replace(whole, whole[:middle] + "AAAAAAAA" + whole[middle + 8 :]), "utf-8"
    )
    page.goto(file.as_uri())
    page.locator("iframe").scroll_into_view_if_needed()
    inside = page.frame_locator("iframe")
    inside.get_by_text("This page is damaged and its player cannot be read").wait_for()


def test_after_the_engine_died_play_starts_a_new_one(page: Page, tmp_path: Path) -> None:
    def falter(sound: dict[str, Any]) -> None:
        sound["engine"] = f"{{{FALTERING}}}\n{sound['engine']}"

    (deck,) = open_decks(page, tmp_path, with_sound(static_html(Player(tones())), falter))
    deck.button("Play").click()
    deck.until("e.dataset.state === 'error'")
    assert "the audio engine stopped" in deck.root.get_by_role("alert").inner_text()
    deck.play()
    assert slope(deck) == pytest.approx(1.0, abs=0.06)
