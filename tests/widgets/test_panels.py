"""The loop panel without a browser: what its controls ask for, what it shows, stops and says."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.widgets.pieces import band

from workbench.errors import RequestError
from workbench.models import (
    CancelToken,
    GenerationRequest,
    Progress,
    RunnerInfo,
    load_runner,
)
from workbench.models.runners.grammar import GrammarRunner
from workbench.score import Score
from workbench.widgets import LoopPanel

HOUSE = GenerationRequest(style="house", bars=2, num_variations=3, tempo_bpm=124.0, seed=4)


@pytest.fixture
def headless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_STATIC", "1")


@pytest.fixture
def alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_STATIC", "0")


class Held(GrammarRunner):
    """The grammar, holding each request after its first progress until it may go on or is cancelled."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.may_go_on = threading.Event()

    def stream(
        self, request: GenerationRequest, *, cancel: CancelToken | None = None
    ) -> Iterator[Progress]:
        assert cancel is not None
        steps = super().stream(request, cancel=cancel)
        yield next(steps)
        self.begun.release()
        while not self.may_go_on.wait(0.01) and not cancel.cancelled:
            pass
        yield from steps


@pytest.mark.usefixtures("headless")
def test_it_composes_once_where_it_is_made() -> None:
    panel = LoopPanel(load_runner("grammar"), HOUSE)
    expected = load_runner("grammar").generate(HOUSE)
    assert [s.to_midi() for s in panel.wait().scores] == [s.to_midi() for s in expected.scores]
    assert panel.request == HOUSE
    assert panel.grid is not None
    assert panel.grid.scores == panel.wait().scores
    assert list(panel.measures.index) == [1, 2, 3]
    assert "3 variations" in panel.status.value


@pytest.mark.usefixtures("headless")
def test_each_control_is_its_field() -> None:
    panel = LoopPanel(load_runner("grammar"), HOUSE)
    grid = panel.grid
    for name, value in {
        "bars": 4,
        "tempo_bpm": 90.0,
        "num_variations": 2,
        "seed": 9,
        "style": "trap",
    }.items():
        panel.controls[name].value = value
        assert getattr(panel.wait().request, name) == value
    assert panel.grid is grid
    assert [len(score.bar_starts_ticks) for score in panel.grid.scores] == [4, 4]
    assert {round(score.tempo_bpm, 2) for score in panel.grid.scores} == {90.0}
    panel.roles["bass"].value = True
    assert panel.wait().request.roles == ("drums", "bass")
    panel.roles["drums"].value = False
    assert panel.wait().request.roles == ("bass",)
    panel.controls["bars"].value = "auto"
    assert panel.wait().request.bars is None


@pytest.mark.usefixtures("headless")
def test_what_has_no_control_stays_and_what_means_nothing_has_none() -> None:
    asked = replace(HOUSE, instruments=(128,), seed=1234)
    panel = LoopPanel(load_runner("grammar"), asked)
    assert panel.request == asked
    assert "temperature" not in panel.controls
    assert "top_p" not in panel.controls


@pytest.mark.usefixtures("headless")
def test_an_error_is_a_sentence_in_the_panel() -> None:
    panel = LoopPanel(load_runner("grammar"), replace(HOUSE, scale=(0, 2)))
    assert "scale means nothing to the grammar runner" in panel.status.value
    assert panel.grid is None
    with pytest.raises(RequestError):
        panel.wait()


class Broken(GrammarRunner):
    def stream(
        self, request: GenerationRequest, *, cancel: CancelToken | None = None
    ) -> Iterator[Progress]:
        raise ZeroDivisionError("a <bug>")


@pytest.mark.usefixtures("headless")
def test_a_bug_of_a_runner_is_told_too() -> None:
    panel = LoopPanel(Broken(), HOUSE)
    assert "ZeroDivisionError: a &lt;bug&gt;" in panel.status.value
    with pytest.raises(ZeroDivisionError):
        panel.wait()


def uploaded(name: str, content: bytes) -> tuple[dict[str, object]]:
    """What the browser says of a file."""
    about = {"type": "audio/midi", "size": len(content), "last_modified": datetime.now(UTC)}
    return ({"name": name, "content": content, **about},)


@pytest.mark.usefixtures("headless")
def test_a_prime_file_is_gone_on_from() -> None:
    panel = LoopPanel(load_runner("grammar"), replace(HOUSE, style=None, bars=4))
    panel.upload.value = uploaded("mine.mid", band(bars=2).to_midi())
    assert panel.wait().request.prime is not None
    assert not panel.forget_button.disabled
    panel.upload.value = uploaded("bad.mid", b"bad")
    assert "bad.mid: " in panel.seed_says.value
    assert panel.request.prime is not None
    panel.upload.value = uploaded("empty.mid", Score(length_ticks=1920).to_midi())
    assert "empty.mid: the file has no notes" in panel.seed_says.value
    assert "Going on from Band: 2 bars" in panel.seed_says.value
    assert panel.upload.value[0]["name"] == "mine.mid"
    assert panel.request.prime == band(bars=2)
    panel.forget_button.click()
    assert panel.wait().request.prime is None


@pytest.mark.usefixtures("headless")
@pytest.mark.parametrize(
    ("begun", "own", "asked", "raised"),
    [
        (2, [1, 2, 4, 8], 2, 4),
        (2, [1, 2, 4, 8], 3, 3),
        (8, [1, 2, 4, 8], 2, 12),
        (2, 64, 2, 6),
        (6, 64, 2, 12),
        (14, 64, 2, 16),
        (16, 64, 2, "auto"),
        (2, 64, None, "auto"),
    ],
)
def test_a_prime_gets_room_for_new_bars(
    begun: int, own: object, asked: int | None, raised: int | str
) -> None:
    panel = LoopPanel(Sized(own), replace(HOUSE, style=None, bars=asked, num_variations=1))
    panel.upload.value = uploaded("mine.mid", band(bars=begun).to_midi())
    assert panel.controls["bars"].value == raised
    moved = f"Bars went from {asked} to {raised} to leave room for new ones."
    assert (moved in panel.seed_says.value) == (raised != (asked or "auto"))
    assert len(panel.wait().scores[0].bar_starts_ticks) > begun
    assert panel.runner.composed == 2  # once before there was a prime, once after


class Sized(GrammarRunner):
    """The grammar with other native lengths; counts what it composed."""

    def __init__(self, bars: object) -> None:
        self._bars, self.composed = bars, 0

    @property
    def info(self) -> RunnerInfo:
        info = super().info
        return replace(info, details={**info.details, "bars": self._bars})

    def stream(
        self, request: GenerationRequest, *, cancel: CancelToken | None = None
    ) -> Iterator[Progress]:
        self.composed += 1
        return super().stream(request, cancel=cancel)


def lit(panel: LoopPanel) -> list[str]:
    return [name for name, toggle in panel.roles.items() if toggle.value]


@pytest.mark.usefixtures("headless")
def test_the_parts_that_play_are_lit() -> None:
    panel = LoopPanel(load_runner("grammar"), replace(HOUSE, bars=4))
    assert lit(panel) == ["drums"]
    panel.upload.value = uploaded("mine.mid", band(bars=2).to_midi())
    assert lit(panel) == ["drums", "bass", "chords", "melody"]
    assert panel.request.roles is None
    panel.roles["melody"].value = False
    assert panel.wait().request.roles == ("drums", "bass", "chords")
    panel.forget_button.click()
    assert lit(panel) == ["drums", "bass", "chords"]


@pytest.mark.usefixtures("headless")
def test_without_a_part_nothing_is_composed() -> None:
    panel = LoopPanel(Sized(64), replace(HOUSE, roles=("drums",)))
    panel.roles["drums"].value = False
    assert "a loop needs a part and none is lit; press one of drums, bass" in panel.status.value
    assert panel.runner.composed == 1
    with pytest.raises(RequestError, match="needs a part"):
        panel.wait()
    panel.roles["bass"].value = True
    assert panel.wait().request.roles == ("bass",)


@pytest.mark.usefixtures("headless")
def test_a_prime_is_no_seed() -> None:
    panel = LoopPanel(load_runner("grammar"), HOUSE)
    assert panel.controls["seed"].description == "seed"
    said = (panel.upload.description, panel.forget_button.description, panel.seed_says.value)
    assert not any("seed" in text.lower() for text in said)


@pytest.mark.usefixtures("headless")
def test_saving_twice_keeps_both(tmp_path: Path) -> None:
    panel = LoopPanel(load_runner("grammar"), HOUSE, folder=tmp_path)
    saved = []
    for seed in (4, 5):
        panel.controls["seed"].value = seed
        panel.grid.kept = [2]
        saved += panel.grid.save()
    assert [path.name for path in saved] == ["variation-03.mid", "variation-03-2.mid"]
    assert saved[0].read_bytes() != saved[1].read_bytes()


@pytest.mark.usefixtures("alive")
def test_stop_keeps_what_there_is() -> None:
    runner = Held()
    panel = LoopPanel(runner, HOUSE)
    assert runner.begun.acquire(timeout=60)
    assert not panel.stop_button.disabled
    panel.stop_button.click()
    stopped = [variation.stop_reason for variation in panel.wait().variations]
    assert stopped == ["eos", "stopped", "stopped"]
    assert panel.stop_button.disabled
    assert "2 stopped early" in panel.status.value
    assert [row["label"] for row in panel.grid.view["rows"]][1:] == [
        "Variation 2 (stopped)",
        "Variation 3 (stopped)",
    ]


@pytest.mark.usefixtures("alive")
def test_a_newer_setting_takes_the_place_of_what_runs() -> None:
    runner = Held()
    panel = LoopPanel(runner, HOUSE)
    assert runner.begun.acquire(timeout=60)
    panel.controls["bars"].value = 1
    assert runner.begun.acquire(timeout=60)
    runner.may_go_on.set()
    result = panel.wait()
    assert result.request.bars == 1
    assert {variation.stop_reason for variation in result.variations} == {"eos"}
    assert panel.grid.scores == result.scores


def test_headless_it_shows_what_plays(headless: None) -> None:
    bundle, _ = LoopPanel(load_runner("grammar"), HOUSE)._repr_mimebundle_()
    assert "wb-frame" in bundle["text/html"]
    assert "wb-measures" in bundle["text/html"]
    assert bundle["image/png"]
