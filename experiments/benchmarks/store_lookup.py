"""How soon things are found among 10,000 artifacts: a list by tag, a finished job, each over HTTP too.

    python experiments/benchmarks/store_lookup.py [--artifacts 10000]

The store is filled as jobs fill it, a variation set of four a job. Beside the times: `SELECT 1` on the same
connection, and the smallest answer of the same service, which nothing over them can undercut.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy
from machine import commit, machine

from workbench.service import LocalService, ServiceClient, ToolsClient
from workbench.store import NewArtifact, Store, owner_name

TIMES = 200
PAGE = 100  # artifacts a list shows


def main() -> None:
    """Fill, measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--artifacts", type=int, default=10_000)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        with closing(Store.open(folder=Path(home) / "store")) as store:
            job_id = filled(store, asked.artifacts)
            engine = sqlalchemy.create_engine(f"sqlite:///{home}/store/workbench.sqlite")
            with engine.connect() as connection:
                one = sqlalchemy.text("SELECT 1")
                here = {
                    "list by tag": timed(
                        lambda: store.artifacts(tag="tool:orpheus_loops", limit=PAGE)
                    ),
                    "job": timed(lambda: store.job(job_id)),
                    "SELECT 1": timed(lambda: connection.execute(one).scalar()),
                }
            engine.dispose()
        with LocalService("mcp", "--runner", "grammar", "--http", "0", home=Path(home)) as service:
            tools, plain = ToolsClient(service.url), ServiceClient(service.url)
            over_http = {
                "artifact_list": timed(
                    lambda: tools.call("artifact_list", tag="tool:orpheus_loops", limit=PAGE)
                ),
                "job_poll": timed(lambda: tools.call("job_poll", job_ids=[job_id], timeout_ms=0)),
                "openapi.json": timed(lambda: plain.get("/openapi.json")),
            }
    result = {
        "commit": commit(),
        "machine": machine(),
        "artifacts": asked.artifacts,
        "shown": PAGE,
        "in process": here,
        "over HTTP": over_http,
    }
    asked.out.mkdir(exist_ok=True)
    (asked.out / "store_lookup.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


def filled(store: Store, artifacts: int) -> str:
    """Jobs with four artifacts each; the id of one in the middle."""
    owner, middle = owner_name(), ""
    content = store.blobs.put(b"the same loop", "audio/midi")
    tools = ("orpheus_loops", "orpheus_generate", "orpheus_continue", "orpheus_bridge")
    for number in range(artifacts // 4):
        job = store.add_job(tools[number % 4], {"seed": number})
        store.claim_job(job.id, owner)
        new = NewArtifact(
            content_hash=content,
            variation_set_id=f"set {number}",
            tags=("type:midi", "phase:generation", f"tool:{job.tool}"),
            creator=f"creator {number % 50}",
            metadata={"params": {"temperature": 1.0, "top_p": 0.95}, "job_id": job.id},
        )
        store.complete_job(job.id, owner, {"status": "success"}, [new] * 4, {"runner": "none"})
        if number == artifacts // 8:
            middle = job.id
    return middle


def timed(work: Callable[[], Any]) -> dict[str, float]:
    """Milliseconds of many calls: the median and the 95th of a hundred."""
    work()
    times = []
    for _ in range(TIMES):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
    return {
        "median_ms": round(statistics.median(times), 2),
        "p95_ms": round(statistics.quantiles(times, n=20)[-1], 2),
    }


if __name__ == "__main__":
    main()
