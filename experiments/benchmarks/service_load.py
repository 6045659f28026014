"""How the service bears many callers: 32 at once, against one after the other, against no service at all.

    python experiments/benchmarks/service_load.py

Every caller asks for one four-bar loop. Rounds are interleaved: the 32 requests at once, the same in
sequence, and a batch of 32 variations composed in a process of its own without any service. The limit of
the service is that batch: its rate is what the network gives when nobody comes and goes. Afterwards 1,000
more requests, 32 at once: does memory stay flat?
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
from machine import commit, machine

from workbench.service import LocalService, ServiceClient

CALLERS = 32
OFFLINE = """
import json, time
from workbench.models import GenerationRequest, load_runner
runner = load_runner("pocket")
runner.generate(GenerationRequest(roles=("drums",), bars=4, num_variations=1))
began = time.perf_counter()
result = runner.generate(GenerationRequest(
    roles=("drums",), num_variations=32, temperature=1.0, top_p=0.95, max_tokens=1024))
print(json.dumps(sum(len(v.tokens) for v in result.variations) / (time.perf_counter() - began)))
"""


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=1000, help="more, watching memory")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    asked = parser.parse_args()
    at_once: list[float] = []
    in_turn: list[float] = []
    offline: list[float] = []
    latencies: list[float] = []
    with LocalService("serve", "loops", "--port", "0") as service:
        process, client = psutil.Process(service.pid), ServiceClient(service.url)
        list(callers(client, 1, CALLERS))  # connections and caches, not counted
        for number in range(asked.rounds):
            print(f"round {number + 1} of {asked.rounds}", file=sys.stderr)
            rate, times = measured(client, CALLERS)
            at_once.append(rate)
            latencies += times
            in_turn.append(measured(client, 1)[0])
            done = subprocess.run([sys.executable, "-c", OFFLINE], capture_output=True, check=True)
            offline.append(json.loads(done.stdout))
        memory = list(watched(process, client, asked.requests))
        peak = process.memory_info().rss
    result = {
        "commit": commit(),
        "machine": machine(),
        "callers": CALLERS,
        "rounds": asked.rounds,
        "tokens_per_s": {
            name: round(statistics.median(rates))
            for name, rates in (
                ("at once", at_once),
                ("in sequence", in_turn),
                ("offline", offline),
            )
        },
        "at_once_over_offline": ratio(at_once, offline),
        "at_once_over_sequence": ratio(at_once, in_turn),
        "latency_s": {
            "median": round(statistics.median(latencies), 3),
            "p95": round(statistics.quantiles(latencies, n=20)[-1], 3),
        },
        "resident_MiB": round(peak / 2**20),
        "resident_MiB_every_100_requests": [round(size / 2**20, 1) for size in memory],
    }
    asked.out.mkdir(exist_ok=True)
    (asked.out / "service_load.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


def callers(client: ServiceClient, at_once: int, requests: int) -> Iterator[tuple[int, float]]:
    """Tokens and latency of each request, asked by so many callers at once."""

    def ask(seed: int) -> tuple[int, float]:
        began = time.perf_counter()
        answer = client.post("/predict", {"seed": seed})
        return answer["variations"][0]["num_tokens"], time.perf_counter() - began

    with ThreadPoolExecutor(at_once) as pool:
        yield from pool.map(ask, range(requests))


def measured(client: ServiceClient, at_once: int) -> tuple[float, list[float]]:
    """Tokens a second of a round, and the latency of each request."""
    began = time.perf_counter()
    tokens, times = zip(*callers(client, at_once, CALLERS), strict=True)
    return sum(tokens) / (time.perf_counter() - began), list(times)


def watched(process: psutil.Process, client: ServiceClient, requests: int) -> Iterator[int]:
    """Resident memory after every hundred requests."""
    for hundred in range(requests // 100):
        list(callers(client, CALLERS, 100))
        print(f"{hundred + 1}00 of {requests} more requests", file=sys.stderr)
        yield process.memory_info().rss


def ratio(some: list[float], others: list[float]) -> float:
    """The median of the rounds' ratios."""
    return round(statistics.median(a / b for a, b in zip(some, others, strict=True)), 2)


if __name__ == "__main__":
    main()
