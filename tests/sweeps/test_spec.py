import math

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.sweeps.sweeping import SMALL

from workbench.errors import SweepError
from workbench.models import load_runner
from workbench.models.grammar import compose_loop, loop_score
from workbench.models.requests import RunnerInfo
from workbench.sweeps.cells import make_cell
from workbench.sweeps.spec import Spec, expand, read_spec

NETWORK = RunnerInfo(name="network", family="", description="", licence="", sha256="ab" * 32)


def rows_of(content, folder="."):
    spec, base = read_spec(content)
    return expand(spec, base)


@given(
    temperatures=st.lists(st.floats(0, 2), min_size=1, max_size=4, unique=True),
    top_ps=st.lists(st.floats(0, 1), min_size=1, max_size=3, unique=True),
    seeds=st.integers(1, 4),
)
def test_a_grid_is_every_combination_with_every_seed(temperatures, top_ps, seeds):
    grid = {"runner": ["grammar"], "temperature": temperatures, "top_p": top_ps}
    rows = rows_of({"grid": grid, "seeds": seeds})
    assert len(rows) == len(temperatures) * len(top_ps) * seeds
    assert [(r["temperature"], r["top_p"], seed) for r, seed in rows] == [
        (t, p, seed) for t in temperatures for p in top_ps for seed in range(seeds)
    ]
    ids = {make_cell(params, seed, NETWORK).id for params, seed in rows}
    assert len(ids) == len(rows)


def test_rows_that_cannot_differ_share_a_cell():
    info = load_runner("grammar").info
    cells = [make_cell(params, seed, info).id for params, seed in rows_of(SMALL)]
    assert len(cells) == 12
    assert len(set(cells)) == 6  # two temperatures, one cell


def test_an_id_is_of_content_alone():
    params = {"bars": 2, "runner": {"name": "grammar"}}
    again = dict(reversed(params.items()))
    assert make_cell(params, 1, NETWORK).id == make_cell(again, 1, NETWORK).id
    others = [
        make_cell(params | {"bars": 4}, 1, NETWORK),
        make_cell(params, 2, NETWORK),
        make_cell(params, 1, RunnerInfo(name="", family="", description="", licence="")),
    ]
    assert len({cell.id for cell in others} | {make_cell(params, 1, NETWORK).id}) == 4


def test_a_list_is_taken_row_by_row():
    rows = rows_of(
        {
            "list": [{"runner": "grammar", "bars": 1}, {"runner": "grammar", "style": "funk"}],
            "seeds": [7, 3],
        }
    )
    assert [(row.get("bars"), row.get("style"), seed) for row, seed in rows] == [
        (1, None, 7), (1, None, 3), (None, "funk", 7), (None, "funk", 3),
    ]  # fmt: skip


def test_random_draws_are_the_same_again_and_fill_their_range():
    content = {
        "settings": {"runner": "grammar"},
        "random": {
            "draws": 400,
            "seed": 5,
            "factors": {"temperature": {"low": 0.5, "high": 1.5}, "top_p": [0.8, 1.0]},
        },
    }
    rows = [row for row, _ in rows_of(content)]
    assert rows == [row for row, _ in rows_of(content)]
    drawn = sorted(row["temperature"] for row in rows)
    # Kolmogorov–Smirnov against the even distribution; 1.95/√n is the 0.1 % point.
    distance = max(abs((i + 1) / 400 - (value - 0.5)) for i, value in enumerate(drawn))
    assert distance < 1.95 / math.sqrt(400)
    assert 140 < sum(row["top_p"] == 0.8 for row in rows) < 260


def test_a_file_prime_travels_with_its_cell(tmp_path):
    import random

    music = loop_score(compose_loop(random.Random(1), style="funk", bars=4, roles=["drums"]))
    (tmp_path / "groove.mid").write_bytes(music.to_midi())
    content = {"list": [{"runner": "grammar", "prime": {"file": "groove.mid", "bars": 1}}]}
    (tmp_path / "sweep.yaml").write_text(yaml.safe_dump(content))
    ((params, _),) = rows_of(tmp_path)
    assert params["prime"]["label"] == "groove"
    assert bytes.fromhex(params["prime"]["midi"]) == music.to_midi()


def test_a_prime_may_be_written_short():
    content = {"grid": {"runner": ["grammar"], "prime": ["funk 3", {"style": "funk", "seed": 4}]}}
    primes = [row["prime"] for row, _ in rows_of(content)]
    assert primes[0] == {"label": "funk 3", "style": "funk", "seed": 3, "bars": 1}
    assert primes[1]["label"] == "funk 4"


GOOD = {"grid": {"runner": ["grammar"], "bars": [1]}}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({}, "expected one of grid, list and random, got 0"),
        (GOOD | {"list": [{"runner": "grammar"}]}, "got 2"),
        (GOOD | {"grids": {}}, "grids: Extra inputs"),
        (GOOD | {"seeds": 0}, "seeds"),
        (GOOD | {"seeds": []}, "seeds"),
        (GOOD | {"seeds": [1, 1]}, "seeds: a number occurs twice"),
        (GOOD | {"seeds": [-1]}, "seeds: must not be negative, got -1"),
        (GOOD | {"settings": {"bars": 2}}, "grid.bars: it stands in settings too"),
        (GOOD | {"settings": {"temperature": 3}}, "settings.temperature: temperature must be 0.0"),
        (GOOD | {"settings": {"temperature": "hot"}}, "settings.temperature: Input should be"),
        (GOOD | {"settings": {"temprature": 1}}, "settings.temprature: no such setting"),
        (GOOD | {"settings": {"seed": 1}}, "settings.seed: seeds stand in the field `seeds`"),
        (GOOD | {"settings": {"style": "polka"}}, "settings.style: "),
        (GOOD | {"settings": {"style": "prime"}}, "grid.style: `prime` needs a prime"),
        (GOOD | {"settings": {"prime": {"style": "polka"}}}, "settings.prime: "),
        (GOOD | {"settings": {"prime": {"style": "funk", "bar": 1}}}, "settings.prime.bar: "),
        (GOOD | {"settings": {"prime": "funk"}}, "settings.prime: expected a style and a seed"),
        (GOOD | {"settings": {"prime": "nowhere.mid"}}, "settings.prime: there is no file"),
        ({"grid": {"runner": ["grammer"]}}, "grid.runner: expected one of pocket, grammar"),
        ({"grid": {"runner": ["grammar"], "bars": [2.5]}}, "grid.bars: "),
        ({"grid": {"runner": ["grammar"], "bars": []}}, "grid.bars: "),
        ({"grid": {"runner": ["grammar"], "bars": [2, 2]}}, "grid.bars: 2 occurs twice"),
        ({"grid": {"bars": [1]}}, "a row has no runner"),
        ({"grid": {"runner": ["grammar"], "bars": [1]}, "seeds": 200_000}, "more than 100000"),
        (
            {"random": {"draws": 1, "factors": {"top_p": {"low": 1, "high": 0}}}},
            "low 1.0 lies above high 0.0",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_field(content, says):
    with pytest.raises(SweepError) as raised:
        rows_of(content)
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [("grid: [", "is not YAML"), ("- 1", "must hold fields"), ("seeds: x", "seeds")],
)
def test_a_bad_file_is_named(tmp_path, text, says):
    path = tmp_path / "sweep.yaml"
    path.write_text(text)
    with pytest.raises(SweepError, match=says) as raised:
        read_spec(tmp_path)
    assert str(path) in str(raised.value)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(SweepError, match=r"no sweep at .*nothing"):
        read_spec(tmp_path / "nothing")


def test_the_spec_prints_back():
    spec = Spec.model_validate(SMALL)
    assert Spec.model_validate(spec.model_dump(mode="json", by_alias=True)) == spec
