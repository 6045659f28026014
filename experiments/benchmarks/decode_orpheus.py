"""How fast an Orpheus network composes: ours against two peers, in one process, rounds interleaved.

    python experiments/benchmarks/decode_orpheus.py

All three compute the same: `variations` continuations of SOS by `tokens` tokens, nucleus .96 at
temperature .9, random weights of the released sizes. Ours goes the whole way of a runner: a `.pth`
in the released layout, `load_checkpoint`, prefill, the decoding loop with its grammar and draws.
Peers: (i) x-transformers' `generate` in bfloat16, called once a variation, which is how the
author's and others' services call it; (ii) transformers' `generate` of a GPT-NeoX of equal shape in
bfloat16, all variations as one batch. The result is written as JSON with the machine, the commit,
and two physical limits: reading every weight once a step at the memory's measured bandwidth, and
doing the arithmetic of a step at the measured rate of large float32 products.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor
from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of torch.jit.script, at its import
    from x_transformers import AutoregressiveWrapper, Decoder, TransformerWrapper

from machine import commit, machine

from workbench.models.checkpoints import load_checkpoint
from workbench.models.decoding.engine import Engine
from workbench.models.decoding.orpheus import OrpheusBatch
from workbench.models.decoding.rules import Limits
from workbench.models.nets.orpheus import OrpheusDecoding
from workbench.models.requests import GenerationRequest
from workbench.models.runners import composing
from workbench.models.vocabulary import PAD, SOS, VOCABULARY_SIZE

TEMPERATURE, TOP_P = 0.9, 0.96  # of the author's application
CONTEXT = 8192
Compose = Callable[[int], int]  # seed -> tokens composed


def main() -> None:
    """Measure, print a table, write JSON."""
    asked = _arguments()
    torch.set_num_threads(asked.threads)
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        contestants, load_s, parameters = _contestants(asked, Path(folder))
        for compose in contestants.values():  # warm up, not counted
            compose(10_000)
        rates: dict[str, list[float]] = {name: [] for name in contestants}
        for round_ in range(asked.rounds):
            names = list(contestants)
            turn = round_ % len(names)
            for name in names[turn:] + names[:turn]:
                began = time.perf_counter()
                composed = contestants[name](round_)
                rates[name].append(composed / (time.perf_counter() - began))
                print(f"round {round_}  {name:40s} {rates[name][-1]:8.1f} tokens/s", flush=True)
    limits = _limits(asked, parameters["read a step"])
    result = {
        "question": "tokens a second, all variations together",
        "machine": machine(),
        "commit": commit(),
        "settings": vars(asked) | {"out": str(asked.out)},
        "parameters": parameters,
        "load_checkpoint_s": load_s,
        "tokens_per_s": rates,
        "median_tokens_per_s": {name: statistics.median(r) for name, r in rates.items()},
        "ratios": _ratios(rates),
        "limits": limits,
    }
    print(
        json.dumps(
            {key: result[key] for key in ("median_tokens_per_s", "ratios", "limits")}, indent=1
        )
    )
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(result, indent=1) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--width", type=int, default=2048)
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--heads", type=int, default=32)
    parser.add_argument("--variations", type=int, default=8)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument(
        "--dtypes", nargs="*", default=[], help="more precisions of ours, such as float32 bfloat16"
    )
    default = Path(__file__).parent / "results" / "decode_orpheus.json"
    parser.add_argument("--out", type=Path, default=default)
    return parser.parse_args()


# ---------------------------------------------------------------------- the contestants


def _contestants(
    asked: argparse.Namespace, folder: Path
) -> tuple[dict[str, Compose], float, dict[str, int]]:
    """By name; with the seconds ours took to load, and parameter counts."""
    peer = _x_transformers(asked)
    file = folder / "random.pth"
    torch.save(peer.state_dict(), file)
    began = time.perf_counter()
    net = load_checkpoint(file)
    decoding = net.decoding()
    load_s = time.perf_counter() - began
    total = sum(tensor.numel() for tensor in net.parameters())
    parameters = {"total": total, "read a step": total - net.tokens.weight.numel()}
    ours = f"ours, {_name(decoding.dtype)}"
    contestants = {ours: _compose_ours(decoding, asked)}
    for dtype in asked.dtypes:
        contestants[f"also ours, {dtype}"] = _compose_ours(
            net.decoding(getattr(torch, dtype)), asked
        )
    contestants["x-transformers, bfloat16, one by one"] = _compose_x_transformers(
        peer.to(torch.bfloat16), asked
    )
    contestants["GPT-NeoX, bfloat16, one batch"] = _compose_neox(_neox(asked), asked)
    return contestants, load_s, parameters


def _x_transformers(asked: argparse.Namespace) -> AutoregressiveWrapper:
    layers = Decoder(
        dim=asked.width,
        depth=asked.layers,
        heads=asked.heads,
        rotary_pos_emb=True,
        attn_flash=True,
    )
    wrapper = TransformerWrapper(
        num_tokens=VOCABULARY_SIZE, max_seq_len=CONTEXT, attn_layers=layers
    )
    return AutoregressiveWrapper(wrapper, ignore_index=PAD, pad_value=PAD).eval()


def _neox(asked: argparse.Namespace) -> GPTNeoXForCausalLM:
    config = GPTNeoXConfig(
        vocab_size=VOCABULARY_SIZE,
        hidden_size=asked.width,
        num_hidden_layers=asked.layers,
        num_attention_heads=asked.heads,
        intermediate_size=4 * asked.width,
        rotary_pct=0.5,
        max_position_embeddings=CONTEXT,
        use_parallel_residual=False,
        tie_word_embeddings=False,
        bos_token_id=SOS,
        eos_token_id=None,
        pad_token_id=PAD,
    )
    return GPTNeoXForCausalLM(config).to(torch.bfloat16).eval()


def _compose_ours(decoding: OrpheusDecoding, asked: argparse.Namespace) -> Compose:
    engine = Engine(threads=asked.threads)

    def compose(seed: int) -> int:
        request = GenerationRequest(
            num_variations=asked.variations, max_tokens=asked.tokens, seed=seed
        )
        how = composing.sampling(request, composing.Tuning(temperature=TEMPERATURE, top_p=TOP_P))
        rows = composing.rows(request, Limits(), how, [SOS])
        engine.write(lambda: OrpheusBatch(decoding, [SOS]).select([0] * len(rows)), rows)
        return sum(len(row.tokens) for row in rows)  # a row that drew EOS counts what it has

    return compose


def _compose_x_transformers(peer: AutoregressiveWrapper, asked: argparse.Namespace) -> Compose:
    def compose(seed: int) -> int:
        torch.manual_seed(seed)
        composed = 0
        for _ in range(asked.variations):
            with torch.inference_mode():
                tokens: Tensor = peer.generate(
                    torch.tensor([[SOS]]),
                    asked.tokens,
                    temperature=TEMPERATURE,
                    filter_logits_fn="top_p",
                    filter_kwargs={"thres": TOP_P},
                )
            composed += tokens.numel()
        return composed

    return compose


def _compose_neox(peer: GPTNeoXForCausalLM, asked: argparse.Namespace) -> Compose:
    def compose(seed: int) -> int:
        torch.manual_seed(seed)
        prompt = torch.full((asked.variations, 1), SOS)
        tokens: Tensor = peer.generate(
            prompt,
            attention_mask=torch.ones_like(prompt),
            max_new_tokens=asked.tokens,
            do_sample=True,
            temperature=TEMPERATURE,
            top_p=TOP_P,
            top_k=0,
        )
        return tokens[:, 1:].numel()

    return compose


# ---------------------------------------------------------------------- what to compare with


def _ratios(rates: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    """Ours (the first) over each other contestant: of the medians, and the extremes of rounds."""
    (_, ours), *others = rates.items()
    ratios = {}
    for name, theirs in others:
        rounds = [a / b for a, b in zip(ours, theirs, strict=True)]
        ratios[name] = {
            "of medians": statistics.median(ours) / statistics.median(theirs),
            "least of rounds": min(rounds),
            "most of rounds": max(rounds),
        }
    return ratios


def _limits(asked: argparse.Namespace, parameters: int) -> dict[str, float]:
    """Tokens a second that no batch of this size can exceed on this machine."""
    numbers = torch.zeros(64 << 20)
    bytes_per_s = numbers.nbytes / _best(numbers.sum)
    square = torch.zeros(2048, 2048)
    flops_per_s = 2 * 2048**3 / _best(lambda: square @ square)
    by_width = {
        f"bandwidth, {name}: tokens_per_s": asked.variations * bytes_per_s / (size * parameters)
        for name, size in (("float32", 4), ("16 bits", 2))
    }
    return {
        "memory read GB/s": bytes_per_s / 1e9,
        "float32 products GFLOP/s": flops_per_s / 1e9,
        **by_width,
        "arithmetic in float32: tokens_per_s": flops_per_s / (2 * parameters),
    }


def _best(work: Callable[[], object], times: int = 7) -> float:
    """Seconds of the fastest of several runs."""
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


if __name__ == "__main__":
    main()
