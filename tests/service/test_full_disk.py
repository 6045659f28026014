"""A service whose disk is full: the job says so, and the next one is done once there is room."""

import json
from pathlib import Path

import pytest
from tests.store.disks import kinds, run_on

SERVICE = """
import json, sys, threading
from contextlib import ExitStack
from pathlib import Path
from workbench.models import load_runner
from workbench.service.generation import performers
from workbench.service.jobs import Jobs
from workbench.store import Store

folder = Path(sys.argv[1])
store = Store.open(folder=folder / "store")
compose = performers(store, dict.fromkeys(("base", "loops", "bridge"), load_runner("grammar")))
room = ExitStack()
full = threading.Event()

def filled(job, cancel, tell):
    if job.request["seed"] == 2:
        fill()
        full.set()
    return compose["orpheus_loops"](job, cancel, tell)

def fill():
    if sys.argv[2] == "limit":
        room.enter_context(files_up_to(512))
        return
    with (folder / "junk").open("wb", buffering=0) as junk:
        try:
            while True:
                junk.write(bytes(4096))
        except OSError:
            pass
    room.callback((folder / "junk").unlink)

with Jobs(store, {"orpheus_loops": filled}) as jobs:
    def done(seed):
        job = jobs.submit("orpheus_loops", {"seed": seed})
        if seed == 2:
            full.wait()
            jobs.poll([job.id], timeout_s=1)
            room.close()
        (job,) = jobs.poll([job.id], timeout_s=60).over
        return job.state, job.error
    print(json.dumps([done(seed) for seed in (1, 2, 3)]))
left = [str(path) for path in folder.rglob("writing~*")]
assert not left, left
"""


@pytest.mark.parametrize("kind", kinds())
def test_a_full_disk_fails_the_job_and_not_the_service(tmp_path: Path, kind: str) -> None:
    (before, _), (state, error), (after, _) = json.loads(run_on(kind, tmp_path, SERVICE))
    assert (before, state, after) == ("completed", "failed", "completed")
    assert "cannot store" in error
    assert {"limit": "File too large", "disk": "No space left"}[kind] in error
