from pathlib import Path

import pytest
import yaml
from tests.sweeps.sweeping import SMALL

from workbench.errors import SweepError
from workbench.models import runner_names
from workbench.sweeps import SweepResult, run_experiment
from workbench.sweeps.spec import expand, read_spec

EXPERIMENTS = Path(__file__).parents[2] / "experiments"


def test_an_experiment_leaves_its_results_and_a_summary(tmp_path):
    content = SMALL | {"question": "Does it differ?"}
    content["grid"] = content["grid"] | {"top_p": [0.9, 1.0]}
    (tmp_path / "sweep.yaml").write_text(yaml.safe_dump(content))
    experiment = run_experiment(tmp_path, workers=1)
    results = tmp_path / "results"
    assert (results / "summary.md").read_text() == experiment.summary
    assert experiment.summary.startswith("# Does it differ?\n\n24 rows from 6 cells: 6 done.")
    assert "Verdict" not in experiment.summary  # the settings make no difference to the grammar
    assert len(SweepResult.load(results).table) == 24
    assert (results / "variety.png").read_bytes().startswith(b"\x89PNG")
    assert not (results / "surprise_nats.png").exists()


def test_failures_are_in_the_summary(tmp_path):
    content = {
        "settings": {"prime": {"style": "funk"}, "runner": "grammar"},
        "grid": {"bars": [1, 2], "num_variations": [1, 2]},
    }
    (tmp_path / "sweep.yaml").write_text(yaml.safe_dump(content))
    assert "- 2 cells failed: bars counts" in run_experiment(tmp_path, workers=1).summary


def test_an_experiment_needs_a_sweep(tmp_path):
    with pytest.raises(SweepError, match=r"sweep\.yaml"):
        run_experiment(tmp_path)


def test_loop_temperature_is_as_large_as_it_says():
    spec, folder = read_spec(EXPERIMENTS / "loop-temperature")
    rows = expand(spec, folder)
    assert len(rows) >= 4 * 3 * 2 * 12 * 5
    varied = {name: {str(row[name]) for row, _ in rows} for name in spec.grid}
    assert len(varied["temperature"]) >= 4
    assert len(varied["top_p"]) >= 3
    assert len(varied["prime"]) >= 12
    assert {row["runner"]["name"] for row, _ in rows} == {"pocket", "grammar"} < set(runner_names())
    assert len({seed for _, seed in rows}) >= 5
