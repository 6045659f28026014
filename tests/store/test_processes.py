"""Real processes that share a store, and are killed."""

from __future__ import annotations

import multiprocessing
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.store import workers

from workbench.store import Store

SPAWN = multiprocessing.get_context("spawn")
# Processes of their own as well, from one that has imported everything: many can start.
FORKSERVER = multiprocessing.get_context("forkserver")
FORKSERVER.set_forkserver_preload(["workbench.store", "psycopg"])


@contextmanager
def processes(
    number: int,
    work: Callable[..., None],
    url: str,
    folder: Path,
    context: SpawnContext | ForkServerContext = SPAWN,
) -> Iterator[list[tuple[BaseProcess, Connection]]]:
    """Processes that start to work at the same moment, and what they tell."""
    start = context.Barrier(number, timeout=120)  # if one dies, the others need not wait for ever
    running = []
    for _ in range(number):
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=work, args=(url, folder, start, theirs), daemon=True)
        process.start()
        theirs.close()
        running.append((process, ours))
    try:
        yield running
    except BaseException:
        for process, _ in running:
            process.kill()
        raise
    finally:
        for process, ours in running:
            process.join()
            ours.close()
            process.close()


def test_a_new_store_may_be_opened_by_several_at_once(url: str, folder: Path) -> None:
    with processes(4, workers.open_store, url, folder, FORKSERVER) as running:
        ids = {tell.recv() for _, tell in running}
    store = Store.open(url, folder)
    assert {job.id for job in store.jobs()} == ids
    assert len(ids) == 4
    store.close()


def test_two_processes_run_each_job_once(store: Store, url: str, folder: Path) -> None:
    ids = [store.add_job("loops", {"n": n}).id for n in range(200)]
    with processes(2, workers.claim_all, url, folder) as running:
        told = [tell.recv() for _, tell in running]
    ran = [job_id for _, mine in told for job_id in mine]
    assert len(ran) == 200
    assert set(ran) == set(ids)
    assert all(mine for _, mine in told), "both had some"
    for owner, mine in told:
        for job_id in mine:
            job = store.job(job_id)
            assert (job.state, job.owner, job.result) == ("completed", owner, {"by": owner})
    assert store.count_jobs(["completed"]) == 200


def test_two_processes_fill_a_variation_set_without_gap_or_repetition(
    store: Store, url: str, folder: Path
) -> None:
    with processes(2, workers.add_to_set, url, folder) as running:
        told = [indexes for _, tell in running for indexes in tell.recv()]
    total = 2 * 30 * (1 + workers.TOGETHER)
    assert sorted(index for indexes in told for index in indexes) == list(range(total))
    assert all(list(indexes) == list(range(indexes[0], indexes[-1] + 1)) for indexes in told)
    kept = store.variation_set("set")
    assert [artifact.variation_index for artifact in kept] == list(range(total))
    assert len({artifact.id for artifact in kept}) == total


def test_a_process_killed_at_any_moment_leaves_nothing_half_done(
    store: Store, url: str, folder: Path
) -> None:
    choice = random.Random(20)
    cut_short = []
    for _ in range(20):
        started = processes(1, workers.run_jobs_for_ever, url, folder, FORKSERVER)
        with started as [(process, tell)]:
            steps = [tell.recv() for _ in range(choice.randint(1, 12))]
            process.kill()
        cut_short.append(steps[-1])
        interrupted = store.fail_interrupted()
        assert len(interrupted) <= 1
        assert all(job.error == "interrupted by restart" for job in interrupted)
    store.blobs.sweep_temporaries()
    assert list(folder.rglob("writing*")) == []
    assert {"add", "claim", "put", "complete"} == set(cut_short)
    states = {"pending": 0, "completed": 0, "failed": 0}
    for job in store.jobs(limit=10_000):
        states[job.state] += 1
        artifacts = store.artifacts(creator=job.id)
        assert store.artifacts(tag="type:midi", creator=job.id) == artifacts
        if job.state != "completed":
            assert artifacts == []
            assert job.run_id is None
            continue
        assert job.result == {"ok": True}
        assert [artifact.variation_index for artifact in artifacts] == [1, 0]
        assert {artifact.run_id for artifact in artifacts} == {job.run_id}
        assert job.run_id is not None
        assert store.run(job.run_id).record == job.request
        for artifact in artifacts:
            name = f"{job.id} {artifact.variation_index} ".encode()
            assert store.blobs.get(artifact.content_hash) == name * 1000
    assert states["completed"] > 0
    assert states["failed"] > 0
