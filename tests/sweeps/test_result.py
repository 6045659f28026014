import math
import random

import pandas as pd
import pytest
from tests.sweeps.sweeping import SMALL

from workbench.errors import SweepError
from workbench.sweeps import SweepResult, sweep, weigh
from workbench.sweeps.heatmaps import COLOURS, colours_of, scale_of
from workbench.sweeps.result import write_atomically
from workbench.sweeps.spec import Spec
from workbench.widgets import VariationGrid, show


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return sweep(SMALL, out=tmp_path_factory.mktemp("small"), workers=1, play=show)


def made(rows, factors=("runner", "temperature", "top_p", "prime", "seed")):
    """A result with measures of our choosing."""
    table = pd.DataFrame(rows).assign(error=pd.array([pd.NA] * len(rows), "string"), weights="")
    table["cell"] = [f"c{i}" for i in range(len(table))]
    spec = Spec.model_validate({"grid": {name: [0] for name in factors if name != "seed"}})
    return SweepResult(table=table, factors=tuple(factors), midi={}, spec=spec, code="")


def grid_rows(adherence, variety, primes=12, runner="pocket"):
    return [
        {
            "runner": runner, "temperature": t, "top_p": p, "prime": f"p{k}", "seed": s,
            "adherence": adherence(t, p) + 0.001 * k, "variety": variety(t, p),
        }
        for t in (0.6, 1.0)
        for p in (0.9, 1.0)
        for k in range(primes)
        for s in range(2)
    ]  # fmt: skip


def test_results_survive_parquet(small, tmp_path):
    small.save(tmp_path / "results.parquet")
    loaded = SweepResult.load(tmp_path, play=show)
    pd.testing.assert_frame_equal(loaded.table, small.table)
    assert loaded.midi == small.midi
    assert (loaded.spec, loaded.factors, loaded.code) == (small.spec, small.factors, small.code)
    assert loaded.factors == ("runner", "temperature", "prime", "seed")


def test_a_row_plays_its_own_loops(small):
    for row in (0, 5, 11):
        assert isinstance(small.play(row), VariationGrid)
        assert small.play(row).scores == small.scores(row)
        assert {score.length_ticks for score in small.scores(row)} == {2 * 1920}
    assert small.scores(0) != small.scores(3)  # another prime
    assert small.scores(0) == small.scores(6)  # another temperature, the same cell


def test_rows_that_are_not_there_are_refused(small, tmp_path):
    with pytest.raises(SweepError, match="rows go from 0 to 11, got 12"):
        small.scores(12)
    silent = SweepResult.load(_saved(small, tmp_path))
    with pytest.raises(SweepError, match="without a player"):
        silent.play(0)


def _saved(result, folder):
    result.save(folder / "results.parquet")
    return folder


@pytest.mark.parametrize("content", [None, b"no parquet"])
def test_what_holds_no_results_is_named(tmp_path, content):
    path = tmp_path / "results.parquet"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SweepError, match=r"results\.parquet"):
        SweepResult.load(path)


def test_another_parquet_file_is_refused(tmp_path):
    path = tmp_path / "other.parquet"
    pd.DataFrame({"a": [1]}).to_parquet(path)
    with pytest.raises(SweepError, match="does not hold a sweep's results"):
        SweepResult.load(path)


def test_intervals_resample_whole_units():
    # Twelve primes, a hundred equal rows each: rows of one prime are no evidence of their own.
    rng = random.Random(1)
    level = [rng.gauss(0, 1) for _ in range(12)]
    rows = [
        {"runner": "a", "prime": k, "seed": s, "m": level[k]} for k in range(12) for s in range(100)
    ]
    result = made(rows, ("runner", "prime", "seed"))
    found = result.intervals("m", "runner", over="prime").iloc[0]
    assert found["n"] == 12
    assert found["value"] == pytest.approx(sum(level) / 12)
    spread = math.sqrt(sum((v - sum(level) / 12) ** 2 for v in level) / 12 / 12)
    assert found["high"] - found["low"] == pytest.approx(2 * 1.96 * spread, rel=0.15)
    again = result.intervals("m", "runner", over="prime")
    pd.testing.assert_frame_equal(again, result.intervals("m", ["runner"], over="prime"))


def test_intervals_of_nothing_are_nothing():
    rows = [
        {"runner": r, "seed": s, "m": m} for r, m in (("a", 1.0), ("b", math.nan)) for s in (0, 1)
    ]
    found = made(rows, ("runner", "seed")).intervals("m", "runner")
    assert list(found["n"]) == [2, 0]
    assert math.isnan(found["value"][1])
    with pytest.raises(SweepError, match="no column 'x'; there are runner"):
        made(rows, ("runner", "seed")).intervals("x", "runner")


def test_squares_hold_the_means_of_their_rows():
    result = made(grid_rows(lambda t, p: t, lambda t, p: 10 * t + p))
    (shown,) = result.heat_maps("variety", x="temperature", y="top_p", by=None)
    assert (shown.xs, shown.ys) == ((0.6, 1.0), (1.0, 0.9))
    assert [[square.value for square in row] for row in shown.squares] == [
        pytest.approx([7.0, 11.0]),
        pytest.approx([6.9, 10.9]),
    ]
    assert {square.n for row in shown.squares for square in row} == {2}


def test_a_square_without_rows_is_blank():
    rows = grid_rows(lambda t, p: t, lambda t, p: t)
    result = made([row for row in rows if (row["temperature"], row["top_p"]) != (0.6, 1.0)])
    (shown,) = result.heat_maps("variety", x="temperature", y="top_p", by=None)
    assert (shown.squares[0][0].text, shown.squares[0][0].interval) == ("–", "")
    assert colours_of(math.nan, scale_of([shown]))[0] not in {
        colours_of(value, scale_of([shown]))[0] for value in shown.values
    }


def test_ink_can_be_read_on_every_paper():
    def luminance(colour):  # WCAG 2
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    (shown,) = made(grid_rows(lambda t, p: t, lambda t, p: t)).heat_maps(
        "variety", x="temperature", y="top_p", by=None
    )
    scale = scale_of([shown])
    low, high = min(shown.values), max(shown.values)
    for step in range(101):
        paper, ink = colours_of(low + (high - low) * step / 100, scale)
        dark, light = sorted((luminance(paper), luminance(ink)))
        assert (light + 0.05) / (dark + 0.05) >= 4.5, f"{COLOURS} at {step} %"  # level AA


def test_the_figure_says_every_value_and_interval(small):
    figure = small.heatmap("variety", x="temperature", y="prime")
    texts = [text.get_text() for text in figure.axes[0].texts]
    (shown,) = small.heat_maps("variety", x="temperature", y="prime", by=None)
    wanted = [part for row in shown.squares for s in row for part in (s.text, s.interval)]
    assert texts == wanted
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["jazz 2", "funk 1"]


def test_axes_are_chosen_by_what_varies():
    two = grid_rows(lambda t, p: t, lambda t, p: t) + grid_rows(
        lambda t, p: t, lambda t, p: t, runner="grammar"
    )
    figure = made(two).heatmap("variety")
    assert [panel.get_title() for panel in figure.axes[:2]] == ["grammar", "pocket"]
    assert figure.axes[0].get_xlabel() == "temperature"
    assert figure.axes[0].get_ylabel() == "top_p"
    assert made([two[0]]).heatmap("variety").axes[0].get_xlabel() == "runner"
    with pytest.raises(SweepError, match="needs two settings, the sweep has seed"):
        made([two[0]], ("seed",)).heatmap("variety")
    with pytest.raises(SweepError, match="must differ"):
        made(two).heatmap("variety", x="top_p", y="top_p")


def test_it_shows_itself(small):
    assert repr(small) == "SweepResult(12 rows from 6 cells: 6 done)"
    assert "funk 1" in small._repr_html_()
    assert "variety" in small.measures
    assert not {"seed", "cell", "error", "seconds", "bars", "surprise_nats"} & set(small.measures)


def test_the_verdict_is_the_most_varied_setting_that_keeps():
    result = made(
        grid_rows(
            lambda t, p: 0.0 if t == 0.6 else -0.3 if p == 1.0 else -0.05,
            lambda t, p: t + p / 10,
        )
    )
    verdict = weigh(result)
    assert verdict.settings == (("temperature", 1.0), ("top_p", 0.9))
    assert verdict.keeps
    assert list(verdict.table["keeps"]) == [True, True, True, False]
    assert "at 3 of 4 settings" in verdict.sentence
    assert "over 12 primes" in verdict.sentence


def test_the_verdict_says_when_nothing_keeps():
    result = made(grid_rows(lambda t, p: -0.5 + t / 10, lambda t, p: 0.5))
    verdict = weigh(result)
    assert not verdict.keeps
    assert verdict.settings[0] == ("temperature", 1.0)
    assert "is not shown to keep" in verdict.sentence


def test_the_verdict_needs_evidence():
    # A mean of −0.04 that could as well be −0.12 has not been shown to be within 0.1.
    rows = grid_rows(lambda t, p: 0, lambda t, p: 0.5)
    rows = [row | {"adherence": 0.36 if row["prime"] in ("p0", "p1") else -0.12} for row in rows]
    assert not weigh(made(rows)).keeps
    with pytest.raises(SweepError, match="no verdict on orpheus"):
        weigh(made(rows), runner="orpheus")


def test_the_verdict_tells_the_baseline():
    rows = grid_rows(lambda t, p: 0, lambda t, p: 0.5)
    rows += grid_rows(lambda t, p: -0.4, lambda t, p: 0.8, runner="grammar")
    assert "(grammar: -0.39 [-0.40, -0.39] and 0.80 [0.80, 0.80])" in weigh(made(rows)).sentence


def test_a_file_is_whole_or_not_there(tmp_path):
    path = tmp_path / "new" / "file"
    write_atomically(path, b"one")
    write_atomically(path, b"two")
    assert path.read_bytes() == b"two"
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]
    with pytest.raises(TypeError):
        write_atomically(path, "text")
    assert path.read_bytes() == b"two"
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]


def test_small_differences_do_not_look_large():
    (near,) = made(grid_rows(lambda t, p: t, lambda t, p: 0.85 + t / 1000)).heat_maps(
        "variety", x="temperature", y="top_p", by=None
    )
    scale = scale_of([near])
    assert scale.vmax - scale.vmin == pytest.approx(0.0851)
    (far,) = made(grid_rows(lambda t, p: t, lambda t, p: t)).heat_maps(
        "variety", x="temperature", y="top_p", by=None
    )
    assert (scale_of([far]).vmin, scale_of([far]).vmax) == pytest.approx((0.6, 1.0))
