import json
import os
import signal

import pandas as pd
import pytest
from tests.sweeps.sweeping import SMALL, many, start

from workbench.errors import SweepError
from workbench.models import CancelToken
from workbench.sweeps import SweepResult, sweep


def same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(one.drop(columns="seconds"), other.drop(columns="seconds"))


def stored(folder):
    return {path.name: path.stat().st_mtime_ns for path in (folder / "cells").glob("*.json")}


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return sweep(SMALL, out=tmp_path_factory.mktemp("small"), workers=1)


def test_processes_give_what_this_process_gives(small, tmp_path):
    result = sweep(SMALL, out=tmp_path, workers=2)
    same(result.table, small.table)
    assert result.midi == small.midi
    assert result.caption == "12 rows from 6 cells: 6 done"


def test_a_dask_cluster_gives_what_this_process_gives(small, tmp_path):
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        result = sweep(SMALL, out=tmp_path, scheduler=cluster.scheduler_address)
    same(result.table, small.table)
    assert result.midi == small.midi


def test_no_scheduler_is_said_in_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr("workbench.sweeps.run._CONNECT_S", 0.5)
    with pytest.raises(SweepError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        sweep(SMALL, out=tmp_path, scheduler="tcp://127.0.0.1:9")


def test_a_second_run_does_nothing_and_says_the_same(small, tmp_path):
    first = sweep(SMALL, out=tmp_path, workers=1)
    before = stored(tmp_path)
    told = []
    again = sweep(SMALL, out=tmp_path, workers=1, on_progress=told.append)
    assert [(p.done, p.total) for p in told] == [(6, 6)]
    assert stored(tmp_path) == before
    pd.testing.assert_frame_equal(again.table, first.table)


def test_a_larger_sweep_in_the_same_folder_runs_only_what_is_new(tmp_path):
    sweep(SMALL, out=tmp_path, workers=1)
    before = stored(tmp_path)
    told = []
    sweep(many(4), out=tmp_path, workers=1, on_progress=told.append)
    assert [p.done for p in told] == [6, 7, 8]
    assert before.items() <= stored(tmp_path).items()


KILLED = """
import json, sys
from pathlib import Path
from workbench.sweeps import sweep
if __name__ == "__main__":
    sweep(json.loads({spec!r}), out={out!r}, workers=2,
          on_progress=lambda p: print(p.done, flush=True))
"""


def test_a_killed_sweep_goes_on_without_loss_or_repetition(tmp_path):
    spec, out = many(40), tmp_path / "out"
    process = start(KILLED.format(spec=json.dumps(spec), out=str(out)), tmp_path)
    for line in process.stdout:
        if int(line) >= 5:
            break
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=120)  # ends only when its workers, too, have gone
    before = stored(out)
    assert 5 <= len(before) < 80
    assert not (out / "results.parquet").exists()
    for path in (out / "cells").glob("*.json"):
        assert json.loads(path.read_text())["midi"]
    told = []
    resumed = sweep(spec, out=out, workers=1, on_progress=told.append)
    assert [p.done for p in told] == list(range(len(before), 81))
    assert before.items() <= stored(out).items()
    same(resumed.table, sweep(spec, out=tmp_path / "whole", workers=1).table)


INTERRUPTED = """
import json, os, signal
from workbench.sweeps import sweep

def interrupt(progress):
    if progress.done == 3:
        os.killpg(0, signal.SIGINT)  # what a terminal's Ctrl-C does: everyone gets it

if __name__ == "__main__":
    result = sweep(json.loads({spec!r}), out={out!r}, workers={workers}, on_progress=interrupt)
    print(result.stopped, len(result.midi), result.caption)
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_keeps_what_is_done(tmp_path, workers):
    spec, out = many(40), tmp_path / "out"
    script = INTERRUPTED.format(spec=json.dumps(spec), out=str(out), workers=workers)
    process = start(script, tmp_path, start_new_session=True)
    said, complained = process.communicate(timeout=120)
    assert complained == ""
    assert process.returncode == 0
    stopped, done, *caption = said.split()
    assert stopped == "True"
    assert 3 <= int(done) < 80
    assert "stopped; run again to go on" in " ".join(caption)
    loaded = SweepResult.load(out)
    assert loaded.stopped
    assert len(loaded.midi) == int(done) == len(stored(out))
    assert len(loaded.table) == 160


EARLY = """
import json, os, pathlib, signal
if __name__ == "__mp_main__":  # a worker that is still starting
    try:
        pathlib.Path({once!r}).touch(exist_ok=False)
    except FileExistsError:
        pass
    else:
        os.killpg(0, signal.SIGINT)
from workbench.sweeps import sweep

if __name__ == "__main__":
    result = sweep(json.loads({spec!r}), out={out!r}, workers=2)
    print(result.stopped, len(result.midi))
"""


def test_ctrl_c_while_workers_start_is_no_traceback(tmp_path):
    once = tmp_path / "interrupted"
    script = EARLY.format(spec=json.dumps(many(40)), out=str(tmp_path / "out"), once=str(once))
    process = start(script, tmp_path, start_new_session=True)
    said, complained = process.communicate(timeout=120)
    assert complained == ""
    assert process.returncode == 0
    stopped, done = said.split()
    assert stopped == "True"
    assert int(done) < 80
    assert once.exists()


def test_a_cancelled_sweep_keeps_what_is_done(tmp_path):
    cancel = CancelToken()

    def stop(progress):
        if progress.done == 2:
            cancel.cancel()

    result = sweep(SMALL, out=tmp_path, workers=1, cancel=cancel, on_progress=stop)
    assert result.stopped
    assert result.caption.startswith("12 rows from 6 cells: 2 done, 4 not run")
    assert len(result.done) == 4  # two temperatures share each cell
    whole = sweep(SMALL, out=tmp_path, workers=1)
    assert not whole.stopped


def test_a_failed_cell_is_told_and_the_rest_goes_on(tmp_path):
    spec = {
        "settings": {"runner": "grammar", "prime": {"style": "funk"}},
        "grid": {"bars": [1, 2, 3]},
    }
    told = []
    result = sweep(spec, out=tmp_path, workers=1, on_progress=told.append)
    assert (told[-1].done, told[-1].failed, told[-1].total) == (2, 1, 3)
    assert list(result.failures["bars"]) == [1]
    assert "ask for more than 1" in result.failures["error"].iloc[0]
    assert result.caption == "3 rows from 3 cells: 2 done, 1 failed"
    with pytest.raises(SweepError, match="row 0 has no music: bars counts"):
        result.scores(0)
    loaded = SweepResult.load(tmp_path)
    pd.testing.assert_frame_equal(loaded.table, result.table)


PLUGIN = """
import os
from workbench.models.requests import RunnerInfo

class Runner:
    info = RunnerInfo(name="boom", family="", description="", licence="")
    def generate(self, request, **_):
        if request.seed == 1:
            os._exit(3)
        raise ZeroDivisionError("far out")
"""
WITH_PLUGIN = """
from workbench.sweeps import sweep
from workbench.errors import SweepError
if __name__ == "__main__":
    calm = sweep({{"list": [{{"runner": "boom", "bars": 1}}, {{"runner": "boom", "bars": 2}}]}},
                 out={out!r}, workers=2)
    print(list(calm.table["error"]))
    try:
        sweep({{"list": [{{"runner": "boom"}}], "seeds": [0, 1]}}, out={out!r}, workers=2)
    except SweepError as error:
        print(error)
"""


def test_other_peoples_runners_may_raise_and_even_die(tmp_path):
    about = tmp_path / "boom-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: boom\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[workbench.runners]\nboom = boom_runner:Runner\n")
    (tmp_path / "boom_runner.py").write_text(PLUGIN)
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    process = start(WITH_PLUGIN.format(out=str(tmp_path / "out")), tmp_path, env=environment)
    said, complained = process.communicate(timeout=120)
    assert process.returncode == 0, complained
    calm, died = said.splitlines()
    assert calm == "['ZeroDivisionError: far out', 'ZeroDivisionError: far out']"
    assert died.startswith("a worker process died: ")


def test_nothing_is_shown_in_a_pipe(tmp_path):
    script = (
        f"from workbench.sweeps import sweep\nsweep({SMALL!r}, out={str(tmp_path)!r}, workers=1)"
    )
    said, complained = start(script, tmp_path).communicate(timeout=120)
    assert (said, complained) == ("", "")


def test_without_a_folder_results_are_kept_at_home(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path))
    result = sweep(SMALL, workers=1)
    (table,) = (tmp_path / "sweeps").glob("*.parquet")
    pd.testing.assert_frame_equal(SweepResult.load(table).table, result.table)
    assert len(list((tmp_path / "sweeps" / "cells").glob("*.json"))) == 6


def test_a_damaged_cell_is_named(tmp_path):
    sweep(SMALL, out=tmp_path, workers=1)
    path = next((tmp_path / "cells").glob("*.json"))
    path.write_text("{")
    with pytest.raises(SweepError, match=f"{path.name} is damaged .*delete it"):
        sweep(SMALL, out=tmp_path, workers=1)


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(SweepError, match=r"cannot write to .*choose another `out`"):
        sweep(SMALL, out=tmp_path / "out", workers=1)


@pytest.mark.parametrize(
    ("options", "says"),
    [({"workers": 0}, "at least 1, got 0"), ({"workers": 1, "scheduler": "x"}, "give one")],
)
def test_impossible_workers_are_refused(tmp_path, options, says):
    with pytest.raises(SweepError, match=says):
        sweep(SMALL, out=tmp_path, **options)
