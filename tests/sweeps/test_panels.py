import pytest
from tests.sweeps.sweeping import SMALL, many

from workbench.errors import SweepError
from workbench.sweeps import SweepPanel, explore, sweep
from workbench.widgets import show


@pytest.fixture(autouse=True)
def somebody_looks(monkeypatch):
    monkeypatch.setenv("WORKBENCH_STATIC", "0")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return sweep(SMALL, out=tmp_path_factory.mktemp("small"), workers=1, play=show)


def buttons(widget):
    """Every square of the heat maps, in the order drawn."""
    found = [widget] if type(widget).__name__ == "Button" else []
    for child in getattr(widget, "children", ()):
        found += buttons(child)
    return found


def test_a_player_is_there_at_once_and_a_square_changes_it(small):
    explorer = explore(small, "variety")
    assert explorer.player.scores == small.scores(0)
    squares = buttons(explorer)
    assert len(squares) == 4  # two temperatures, two primes
    rows = small.table
    for square in squares:
        square.click()
        wanted = rows[
            (rows["temperature"] == explorer.pressed["temperature"])
            & (rows["prime"] == explorer.pressed["prime"])
            & (rows["seed"] == 0)
        ].index[0]
        assert explorer.player.scores == small.scores(wanted)
        assert explorer.pressed["prime"] in square.tooltip


def test_the_seed_slider_chooses_the_row(small):
    explorer = explore(small, "variety")
    explorer.press(temperature=1.0, prime="jazz 2")
    before = explorer.player
    explorer.choices["seed"].value = 2
    assert explorer.player is not before
    assert explorer.player.scores == small.scores(11)
    assert before.comm is None  # the replaced player is gone from the page


def test_the_colour_follows_the_metric(small):
    explorer = explore(small, "variety")
    before = [(b.description, b.style.button_color) for b in buttons(explorer)]
    explorer.metric.value = "new_tokens"
    assert [(b.description, b.style.button_color) for b in buttons(explorer)] != before


def test_a_square_without_music_says_so(tmp_path):
    spec = {
        "settings": {
            "runner": "grammar",
            "prime": {"style": "funk"},
            "style": "prime",
            "num_variations": 2,
        },
        "grid": {"bars": [1, 2], "roles": [["drums"], ["drums", "bass"]]},
    }
    result = sweep(spec, out=tmp_path, workers=1, play=show)
    explorer = explore(result, "variety")
    before = explorer.player
    explorer.press(bars=1, roles="drums")
    assert "no music for bars 1, roles drums" in explorer.children[2].value
    assert explorer.player is before


def test_names_in_a_result_cannot_become_markup(small):
    explorer = explore(small, "variety")
    explorer.press(prime="<b>x</b>")
    assert "<b>" not in explorer.children[2].value


def test_the_form_runs_what_it_shows(tmp_path):
    panel = SweepPanel(SMALL, play=show, out=tmp_path, workers=1, metric="variety")
    assert panel.spec == SMALL
    assert panel.wait().caption == "12 rows from 6 cells: 6 done"
    before = {path.name for path in (tmp_path / "cells").iterdir()}
    panel.factors["temperature"].field.value = [0.5]
    panel.factors["prime"].field.value = ["funk 1", "samba 9"]
    panel.run_button.click()
    again = panel.wait()
    assert list(again.table["prime"].unique()) == ["funk 1", "samba 9"]
    assert before < {path.name for path in (tmp_path / "cells").iterdir()}
    assert len(set(again.table["cell"])) == 6
    panel.numbers["seeds"].value = 1
    panel.numbers["bars"].value = 4
    panel.run()
    assert set(panel.wait().table["bars"]) == {4}
    assert len(panel.wait().table) == 2


def test_the_form_rests_after_a_run(tmp_path):
    panel = SweepPanel(SMALL, play=show, out=tmp_path, workers=1)
    panel.wait()
    assert not panel.run_button.disabled
    assert panel.stop_button.disabled
    assert "6 done" in panel.status.value


def test_the_form_says_what_is_wrong(tmp_path):
    panel = SweepPanel(SMALL, play=show, out=tmp_path, workers=1)
    panel.wait()
    panel.factors["prime"].field.value = ["polka 1"]
    panel.run()
    with pytest.raises(SweepError, match="polka"):
        panel.wait()
    assert "grid.prime" in panel.status.value
    assert not panel.run_button.disabled


def test_stop_keeps_what_is_done(tmp_path):
    panel = SweepPanel(many(200), play=show, out=tmp_path, workers=1)
    panel.stop_button.click()
    result = panel.wait()
    assert result.stopped
    assert len(result.midi) < 400
    panel.run()
    panel.progress.observe(lambda change: panel.stop(), "value")
    again = panel.wait()
    assert again.stopped
    assert len(result.midi) < len(again.midi) < 400


def test_the_form_is_for_grids():
    with pytest.raises(SweepError, match="for grids"):
        SweepPanel({"list": [{"runner": "grammar"}]}, play=show)
