"""What survives when a service is killed, again and again, while it works.

    python experiments/faults/kill_service.py [--kills 20] [--seed 0]

Starts `workbench mcp --http`, keeps handing it jobs, and kills it (SIGKILL) after a random number of
answers; starts it anew on the same store, `--kills` times. At the end one last service finishes what
waits. Then: is every job that was reported completed there, with its artifacts and intact blobs? Is every
job over, and none lost? Are there temporary files? Prints its figures; exits 1 when anything is amiss.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from mcp import Client, MCPError

from workbench.errors import StoreError
from workbench.service import LocalService
from workbench.store import Store

JOBS_AT_ONCE = 6


def main() -> int:
    """Kill, look, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    rng = random.Random(asked.seed)
    with tempfile.TemporaryDirectory() as home:
        told = Told()
        for _ in range(asked.kills):
            asyncio.run(killed(Path(home), told, rng))
        asyncio.run(finished(Path(home), told))
        figures = looked(Path(home), told)
    print(json.dumps({"kills": asked.kills, "seed": asked.seed, **figures}, indent=1))
    return 1 if figures["amiss"] else 0


class Told:
    """What the services said: the jobs they took, and the results of those they called completed."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.completed: dict[str, dict[str, Any]] = {}

    def hear(self, polled: dict[str, Any]) -> int:
        """Note what a poll said; how many jobs are over."""
        for job in polled["results"]:
            if job["status"] == "completed":
                self.completed[job["job_id"]] = job["result"]
        return len(polled["results"])


async def call(client: Client, tool: str, **arguments: object) -> dict[str, Any]:
    """A tool's answer."""
    answer = await client.call_tool(tool, arguments)
    assert answer.structured_content is not None, answer.content
    return answer.structured_content


async def killed(home: Path, told: Told, rng: random.Random) -> None:
    """Hand jobs to a service until it is killed, after some of its jobs are over."""
    service = LocalService("mcp", "--http", "0", home=home)
    over, enough = 0, rng.randint(1, 12)
    try:
        async with Client(f"{service.url}/mcp") as client:
            mine: list[str] = []
            while over < enough:
                while len(mine) < JOBS_AT_ONCE:
                    started = await call(
                        client,
                        "orpheus_loops",
                        seed=len(told.taken),
                        num_variations=rng.randint(1, 4),
                    )
                    mine.append(started["job_id"])
                    told.taken.append(started["job_id"])
                polled = await call(client, "job_poll", job_ids=mine, timeout_ms=2000)
                over += told.hear(polled)
                mine = polled["pending"]
            await asyncio.sleep(rng.random() * 0.3)  # somewhere in a step, a write, an answer
            os.kill(service.pid, signal.SIGKILL)
    except (MCPError, OSError, ExceptionGroup):
        if over < enough:
            raise
    finally:
        service.stop()


async def finished(home: Path, told: Told) -> None:
    """Let a last service do what still waits."""
    with LocalService("mcp", "--http", "0", home=home) as service:
        async with Client(f"{service.url}/mcp") as client:
            waiting = list(told.taken)
            while waiting:
                polled = await call(
                    client, "job_poll", job_ids=waiting[:500], timeout_ms=5000, mode="all"
                )
                told.hear(polled)
                waiting = polled["pending"] + waiting[500:]


def looked(home: Path, told: Told) -> dict[str, Any]:
    """What the store holds, against what was said."""
    store = Store.open(folder=home / "store")
    states: Counter[str] = Counter()
    amiss = []
    for job_id in told.taken:
        try:
            job = store.job(job_id)
        except StoreError as error:
            amiss.append(str(error))
            continue
        states[job.state] += 1
        if job.state in ("pending", "running"):
            amiss.append(f"{job_id} is {job.state} for ever")
    artifacts = 0
    for job_id, result in told.completed.items():
        try:
            if store.job(job_id).state != "completed":
                amiss.append(f"{job_id} was completed, and is {store.job(job_id).state}")
            for artifact_id, content in zip(
                result["artifact_ids"], result["output_hashes"], strict=True
            ):
                assert store.artifact(artifact_id).content_hash == content
                store.blobs.get(content)
                artifacts += 1
        except StoreError as error:
            amiss.append(str(error))
    leftover = [path.name for path in (home / "store").rglob("writing~*")]
    store.close()
    return {
        "jobs": len(told.taken),
        "states": dict(states),
        "reported_completed": len(told.completed),
        "artifacts_intact": artifacts,
        "temporary_files": leftover,
        "amiss": amiss + [f"temporary file {name}" for name in leftover],
    }


if __name__ == "__main__":
    raise SystemExit(main())
