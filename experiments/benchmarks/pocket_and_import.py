"""How soon a researcher hears the pocket model, and what `import workbench` costs.

    python experiments/benchmarks/pocket_and_import.py

Each round starts new Python processes, interleaved: (a) import, load and compose eight four-bar loops
(drums, then the full band); (b) `import workbench`; beside them what they stand on: `import torch`,
`import transformers.modeling_utils`, a bare `python`. The physical limit beside the composing is the time
that the same steps' matrix products alone take, at this machine's measured rate of small products.
Medians of the rounds are written as JSON with machine and commit.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

from machine import commit, machine

COMPOSE = """
import json, time
began = time.perf_counter()
from workbench.models import GenerationRequest, load_runner
runner = load_runner("pocket")
loaded = time.perf_counter()
runner.generate(GenerationRequest(style="rock", bars=1, num_variations=1))
times = {"import_and_load_s": loaded - began}
for name, roles in (("drums", ("drums",)), ("band", ("drums", "bass", "chords", "melody"))):
    start = time.perf_counter()
    result = runner.generate(GenerationRequest(style="funk", roles=roles, bars=4, seed=1))
    times[f"{name}_s"] = time.perf_counter() - start
    times[f"{name}_tokens"] = sum(len(v.tokens) for v in result.variations)
    times[f"{name}_steps"] = max(len(v.tokens) for v in result.variations)
import torch
torch.set_num_threads(1)
matrices = [p for p in runner._net.parameters() if p.dim() == 2 and p.shape[0] * p.shape[1] > 1000]
x = {m.shape[1]: torch.randn(8, m.shape[1]) for m in runner._net.blocks.parameters() if m.dim() == 2}
with torch.inference_mode():
    start = time.perf_counter()
    for _ in range(50):
        for block in runner._net.blocks:
            for layer in (block.qkv, block.out, block.up, block.down):
                layer(x[layer.in_features])
    times["products_of_a_step_s"] = (time.perf_counter() - start) / 50
print(json.dumps(times))
"""

IMPORTS = {
    "python": "pass",
    "import workbench": "import workbench",
    "import torch": "import torch",
    "import transformers.modeling_utils": "import transformers.modeling_utils",
}
TIMED = """
import json, sys, time
began = time.perf_counter()
{code}
print(json.dumps([time.perf_counter() - began, "torch" in sys.modules]))
"""


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    asked = parser.parse_args()
    composed: list[dict[str, float]] = []
    imports: dict[str, list[float]] = {name: [] for name in IMPORTS}
    for _ in range(asked.rounds):
        composed.append(run(COMPOSE))
        for name, code in IMPORTS.items():
            seconds, has_torch = run(TIMED.format(code=code))
            imports[name].append(seconds)
            if name == "import workbench":
                assert not has_torch, "import workbench imported torch"
    report = {
        "machine": machine(),
        "commit": commit(),
        "rounds": asked.rounds,
        "compose": {key: statistics.median(r[key] for r in composed) for key in composed[0]},
        "imports_s": {name: statistics.median(times) for name, times in imports.items()},
    }
    compose = report["compose"]
    compose["drums_products_limit_s"] = compose["products_of_a_step_s"] * compose["drums_steps"]
    compose["band_products_limit_s"] = compose["products_of_a_step_s"] * compose["band_steps"]
    asked.out.mkdir(exist_ok=True)
    path = asked.out / "pocket_and_import.json"
    path.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report, indent=1))
    print(path)


def run(code: str) -> dict[str, float]:
    """What a new process running `code` prints, as JSON."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
