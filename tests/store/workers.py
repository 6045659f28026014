"""What the processes of the tests do; in a module, because a spawned process imports it."""

from __future__ import annotations

from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path

from workbench.store import NewArtifact, Store, owner_name

TOGETHER = 5  # artifacts added in one go


def open_store(url: str, folder: Path, start: Barrier, tell: Connection) -> None:
    """Open a store together with others."""
    start.wait()
    store = Store.open(url, folder)
    tell.send(store.add_job("loops", {}).id)
    store.close()


def claim_all(url: str, folder: Path, start: Barrier, tell: Connection) -> None:
    """Run every job that nobody else has, and tell which those were."""
    store = Store.open(url, folder)
    owner = owner_name()
    start.wait()
    ran = []
    while waiting := store.waiting_jobs(["loops"], 10):
        for job in waiting:
            if store.claim_job(job.id, owner) is not None:
                ran.append(job.id)
                if len(ran) == 1:
                    start.wait()  # until the other has one too
                assert store.complete_job(job.id, owner, {"by": owner}) is not None
    tell.send((owner, ran))
    store.close()


def add_to_set(url: str, folder: Path, start: Barrier, tell: Connection) -> None:
    """Add artifacts to one set, singly and a few at a time, and tell the indexes."""
    store = Store.open(url, folder)
    new = NewArtifact(
        content_hash=store.blobs.put(b"loop", "audio/midi"),
        creator=owner_name(),
        variation_set_id="set",
    )
    start.wait()
    indexes = []
    for _ in range(30):
        for number in (1, TOGETHER):
            made = store.add_artifacts([new] * number)
            indexes.append([artifact.variation_index for artifact in made])
    tell.send(indexes)
    store.close()


def run_jobs_for_ever(url: str, folder: Path, start: Barrier, tell: Connection) -> None:
    """Add, claim, put, complete, again and again, telling before each what it is about to do."""
    store = Store.open(url, folder)
    owner = owner_name()
    start.wait()
    turn = 0
    while True:
        turn += 1
        tell.send("add")
        job = store.add_job("loops", {"turn": turn})
        tell.send("claim")
        assert store.claim_job(job.id, owner) is not None
        new = []
        for variation in range(2):
            tell.send("put")
            content = f"{job.id} {variation} ".encode() * 1000
            new.append(
                NewArtifact(
                    content_hash=store.blobs.put(content, "audio/midi"),
                    variation_set_id=job.id,
                    creator=job.id,
                    tags=("type:midi",),
                )
            )
        tell.send("complete")
        assert store.complete_job(job.id, owner, {"ok": True}, new, {"turn": turn}) is not None
