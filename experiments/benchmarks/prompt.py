"""How soon a STORI PROMPT is read: a usual one, and the worst of 32,768 characters.

    python experiments/benchmarks/prompt.py [--rounds 5]

Beside each time, in the same round: PyYAML's two safe loaders on the same lines, `yaml.safe_load` (Python
throughout) and `CSafeLoader` (libyaml), which build bare values: no places, no limits, no fields. The bound,
100 ms for any text of the greatest length, holds for us alone; a loader may take as long as it likes, or
fail ("refused"). Deep texts are not given to them: CSafeLoader overflows its stack and takes Python along.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import yaml
from machine import commit, machine

from workbench.prompt import PromptError, parse_prompt
from workbench.prompt.parsing import LONGEST

BOUND_MS = 100
HEADER = "STORI PROMPT\n"
START = HEADER + "Mode: compose\nRequest: A worst case.\n"
USUAL = (
    HEADER
    + """Mode: compose
Section: verse
Position: after intro + 2 bars
Style: deep house
Key: Am
Tempo: 122
Energy: medium
Role: [drums, bass, chords, pads, lead, percussion]
Constraints: {bars: 16, density: medium}
Vibe: [driving x3, warm x2, hypnotic]
Request: |
  Rolling hats under a slowly opening chord, a bass that answers the kick,
  and a lead that waits until the second half.
Harmony: {progression: [Am9, Fmaj7, C, G], rhythm: one chord a bar}
Rhythm: {swing: 0.12, accents: [2, 4]}
Form: [intro, {verse: 8}, {chorus: 8}]
Effects:
  drums: {compression: slow, saturation: tape}
  pads: {reverb: long plate, chorus: wide}
Automation:
  - {track: pads, param: filter_cutoff, events: [{beat: 0, value: 0.2}, {beat: 32, value: 0.9}]}
MidiExpressiveness: {sustain_pedal: {changes_per_bar: 2}, modulation: {depth: light}}
"""
)


def filled(piece: str, before: str = "X: ", after: str = "") -> str:
    """A prompt of the greatest length, made of one piece."""
    room = LONGEST - len(START) - len(before) - len(after)
    return START + before + piece * (room // len(piece)) + after


def nodes(piece: str, many: int) -> str:
    """A prompt of the greatest length with as many values as are read, the last of them long."""
    text = START + "X: [" + piece * many
    return text + "x" * (LONGEST - len(text) - 1) + "]"


TEXTS = {
    "six roles": USUAL,
    "9,900 values in a list": nodes("1,", 9_900),
    "3,300 mappings": nodes("{a: 1},", 3_300),
    "too many values": filled("1,", "X: [", "]"),
    "too many mappings": filled("{a: 1},", "X: [", "]"),
    "automation": filled("- {beat: 1, value: 2}\n", "X:\n"),
    "fields": START
    + "".join(f"{''.join(name)}: 1\n" for name in product("abcdefghijklmno", repeat=3))[:32_000],
    "near misses": START
    + "".join(
        f"{''.join(name)}: 1\n" for name in product("kotrv", "eioymp", "abcdefgh", "aeiouklmnx")
    ),
    "flags": START
    + "Constraints: ["
    + ",".join("".join(name) for name in product("abcdefgh", repeat=4))[:32_000]
    + "]",
    "vibes": filled("a x2,", "Vibe: '", "'"),
    "deep": filled("["),
    "deep, of lines": filled("- ", "X:\n"),
    "one scalar": filled("word "),
    "a block": filled("words\n  ", "X: |\n  "),
    "escapes": filled("\\u00e9", 'X: "', '"'),
    "anchors": filled("- &a x\n", "X:\n"),
    "aliases": filled("- *a\n", "X: &a x\nY:\n"),
    "marks on one letter": filled("\u0301\u0316", "X: a"),
    "letters with marks": filled("a\u0316\u0301", "X: "),
    "emoji": filled("\U0001f3b7"),
    "unseen": filled("\u200b", "X: a"),
    "empty lines": filled("\n"),
}

DEEP = ("deep", "deep, of lines")


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    asked = parser.parse_args()
    times = {name: measured(name, asked.rounds) for name in TEXTS}
    worst = max(times, key=lambda name: times[name]["parse_prompt_ms"])
    result = {
        "commit": commit(),
        "machine": machine(),
        "rounds": asked.rounds,
        "characters": {name: len(text) for name, text in TEXTS.items()},
        "times": times,
        "worst": worst,
        "bound_ms": BOUND_MS,
        "within_bound": times[worst]["parse_prompt_ms"] <= BOUND_MS,
    }
    asked.out.mkdir(exist_ok=True)
    (asked.out / "prompt.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


def measured(name: str, rounds: int) -> dict[str, Any]:
    """Medians in milliseconds of the three, taken in turn; what came of the text."""
    text = TEXTS[name]
    body = text.split("\n", 1)[1]
    readers: dict[str, Callable[[], Any]] = {"parse_prompt_ms": lambda: parse_prompt(text)}
    if name not in DEEP:
        readers["c_safe_loader_ms"] = lambda: yaml.load(body, yaml.CSafeLoader)
        readers["safe_load_ms"] = lambda: yaml.safe_load(body)
    taken: dict[str, list[float]] = {reader: [] for reader in readers}
    outcomes = dict[str, str]()
    for _ in range(rounds):
        for reader, read in readers.items():
            began = time.perf_counter()
            outcomes[reader] = outcome(read)
            taken[reader].append((time.perf_counter() - began) * 1000)
    return {
        **{reader: round(statistics.median(several), 2) for reader, several in taken.items()},
        "outcomes": outcomes,
    }


def outcome(read: Callable[[], Any]) -> str:
    """Whether it reads, and the complaint where it does not."""
    try:
        read()
    except PromptError as error:
        return error.reason
    except (yaml.YAMLError, RecursionError) as error:
        return f"refused: {type(error).__name__}"
    return "read"


if __name__ == "__main__":
    main()
