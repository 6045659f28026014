"""The widgets as Python sees them: traits, saving, and what they leave in a notebook."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import ipywidgets
import pytest
import traitlets
from IPython.core.interactiveshell import InteractiveShell
from tests.widgets.pieces import band, tones

from workbench.errors import RequestError
from workbench.score import Score
from workbench.widgets import Player, VariationGrid, register_display, roll_png, show, static_html
from workbench.widgets.picture import rolls_png

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(params=["1", "0"], ids=["headless", "live"])
def headless(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setenv("WORKBENCH_STATIC", request.param)
    return request.param == "1"


def test_a_cell_shows_what_its_place_can_run(headless: bool) -> None:
    player = show(band())
    shown, _ = player._repr_mimebundle_()
    assert base64.b64decode(shown["image/png"]).startswith(PNG)
    assert shown["text/plain"] == "<Player: 1 score, 8.0 s>"
    alive = "application/vnd.jupyter.widget-view+json"
    assert ("text/html" in shown, alive in shown) == (headless, not headless)
    assert (player.comm is None) == headless  # without a comm no state is saved with the notebook


def test_a_box_may_hold_players(headless: bool) -> None:
    player = show(band())
    assert ipywidgets.VBox([player]).children == (player,)


def test_show_reads_files_and_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(band().to_midi())
    for music in (tmp_path / "a.mid", str(tmp_path / "a.mid"), band().to_midi()):
        player = show(music)
        assert isinstance(player, Player)
        assert player.score == band()
    assert isinstance(show([band(), tones()]), VariationGrid)


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def test_scores_show_themselves_once_registered(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_STATIC", "1")
    before, _ = shell.display_formatter.format(band())
    assert "text/html" not in before
    register_display()
    after, _ = shell.display_formatter.format(band())
    assert "wb-frame" in after["text/html"]


def test_traits_have_their_ranges() -> None:
    player = Player(band(), tempo=0.5, muted=[1])
    assert player.muted == [1]
    for name, value in (("tempo", 3.0), ("volume", 2.0), ("loop_region", [1.0])):
        with pytest.raises(traitlets.TraitError):
            setattr(player, name, value)


def test_a_player_takes_another_score() -> None:
    player = Player(band())
    player.score = tones()
    assert player.view["title"] == "Tones"
    assert player.score == tones()


def test_grid_saves_what_is_kept(tmp_path: Path) -> None:
    scores = [band(seed) for seed in range(4)]
    grid = VariationGrid(scores, folder=tmp_path / "default")
    assert grid.save(tmp_path / "none") == []
    grid.kept = [3, 1]
    paths = grid.save(tmp_path / "out")
    assert [path.name for path in paths] == ["variation-02.mid", "variation-04.mid"]
    assert [Score.from_midi(path) for path in paths] == [scores[1], scores[3]]
    assert grid.save()[0].parent == tmp_path / "default"


def test_saving_keeps_other_music_that_is_there(tmp_path: Path) -> None:
    def save(score: Score) -> Path:
        (path,) = VariationGrid([score], folder=tmp_path, kept=[0]).save()
        return path

    names = [save(band(seed)).name for seed in (0, 1, 2, 1, 0)]
    assert names == [f"variation-01{end}.mid" for end in ("", "-2", "-3", "-2", "")]
    assert {path.read_bytes() for path in tmp_path.iterdir()} == {
        band(seed).to_midi() for seed in range(3)
    }
    (tmp_path / "variation-01-4.mid").mkdir()
    assert save(tones()).name == "variation-01-5.mid"


def test_grid_says_what_does_not_fit() -> None:
    with pytest.raises(RequestError, match="at least one"):
        VariationGrid([])
    with pytest.raises(RequestError, match="2 variations came with 1 labels"):
        VariationGrid([band(), tones()], labels=["a"])
    with pytest.raises(traitlets.TraitError, match="rows 0 to 0, got"):
        VariationGrid([band()]).kept = [1]


def test_measures_that_are_missing_are_not_zero() -> None:
    rows = [{"groove": 0.5, "key": float("nan")}, {"groove": None}]
    view = VariationGrid([band(), tones()], measures=rows).view
    assert view["measures"] == ["groove", "key"]
    assert [row["measures"] for row in view["rows"]] == [
        {"groove": 0.5, "key": None},
        {"groove": None},
    ]


def test_a_frame_is_sealed_and_repeatable() -> None:
    frame = static_html(Player(band()))
    assert 'sandbox="allow-scripts"' in frame
    assert "Frank Wen" in frame.split("-->")[0]
    assert "https://" not in frame.split("-->", 1)[1]
    assert static_html(Player(band())) == frame


def test_a_grid_is_one_frame_with_one_bank() -> None:
    one = static_html(Player(band()))
    eight = static_html(VariationGrid([band(seed) for seed in range(8)]))
    assert eight.count("<iframe") == 1
    assert len(eight) < 1.25 * len(one)


@pytest.mark.parametrize("score", [Score(), tones(), band(name="$x_1$ _hidden")])
def test_pictures_of_anything(score: Score) -> None:
    assert roll_png(score).startswith(PNG)
    assert roll_png(score) == roll_png(score)
    assert rolls_png([score, score, band()], ["a", "_b", "$"]).startswith(PNG)
