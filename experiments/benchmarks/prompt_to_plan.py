"""How soon a prompt is a plan, and what edits of a long song cost.

    python experiments/benchmarks/prompt_to_plan.py

A prompt of six roles: parsed, planned, announced as steps. A song of 10,000 notes: one `stori_add_notes`
of 128 validated and applied, undone; two such songs compared. The peers: PyYAML's own reading of the same
prompt, and a JSON round trip of the song, which is what a DAW without values that share their parts would
pay for each undo.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml
from machine import commit, machine

from workbench.daw import Project, Studio, diff
from workbench.planner import plan_prompt, steps_of_prompt
from workbench.prompt import parse_prompt

TIMES = 100
NOTES, REGIONS, ADDED = 10_000, 20, 128
PROMPT = """STORI PROMPT
Mode: compose
Section: verse
Style: neo soul
Key: F#m
Tempo: 92
Energy: medium
Role: [drums, bass, chords, melody, pads, tenor sax]
Constraints: {bars: 16, density: medium}
Vibe: [warm x3, intimate x2, laid-back]
Effects:
  drums: {compression: slow, room: small}
  bass: {saturation: tube}
  pads: {reverb: plate, chorus: wide}
MidiExpressiveness:
  sustain_pedal: {changes_per_bar: 2}
  cc_curves:
    - {cc: 74, from: 30, to: 100, position: bars 1-8, track: pads}
Automation:
  - {track: pads, param: volume, events: [{beat: 0, value: 0.3}, {beat: 32, value: 0.9}]}
Request: A late groove that opens up slowly.
"""


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    asked = parser.parse_args()
    body = PROMPT.partition("\n")[2]
    song = long_song(random.Random(1))
    region = next(song.regions).id
    notes = [
        {"pitch": 60, "startBeat": at / 4, "durationBeats": 0.25, "velocity": 90}
        for at in range(ADDED)
    ]
    studio = Studio(song)
    other = changed(song)
    result = {
        "commit": commit(),
        "machine": machine(),
        "prompt, six roles": {
            "parse, plan, steps": timed(planned),
            "yaml.CSafeLoader alone": timed(lambda: yaml.load(body, yaml.CSafeLoader)),
            "yaml.SafeLoader alone": timed(lambda: yaml.safe_load(body)),
        },
        f"song, {NOTES} notes": {
            f"add_notes of {ADDED}": timed(
                lambda: studio.call("stori_add_notes", {"regionId": region, "notes": notes}),
                after=studio.undo,
            ),
            "undo": timed(
                studio.undo,
                before=lambda: studio.call("stori_add_notes", {"regionId": region, "notes": notes}),
            ),
            "diff with a changed one": timed(lambda: diff(song, other, variation_id="v"), times=20),
            "JSON and back": timed(lambda: json.loads(json.dumps(song.as_dict())), times=20),
        },
    }
    asked.out.mkdir(exist_ok=True)
    (asked.out / "prompt_to_plan.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


def planned() -> None:
    """From text to steps."""
    prompt = parse_prompt(PROMPT)
    assert prompt is not None
    assert steps_of_prompt(prompt)
    assert plan_prompt(prompt) is not None


def long_song(rng: random.Random) -> Project:
    """A song of so many notes, in regions of equal size on four tracks."""
    studio = Studio()
    each = NOTES // REGIONS
    for number in range(REGIONS):
        if number % (REGIONS // 4) == 0:
            track = studio.call("stori_add_midi_track", {"name": f"Part {number}"}).answer[
                "trackId"
            ]
        placed = {"trackId": track, "startBeat": number * each / 4, "durationBeats": each / 4}
        region = studio.call("stori_add_midi_region", placed).answer["regionId"]
        notes = [
            {
                "pitch": rng.randint(36, 84), "startBeat": at / 4, "durationBeats": 0.25,
                "velocity": rng.randint(40, 110),
            }
            for at in range(each)
        ]  # fmt: skip
        assert studio.call("stori_add_notes", {"regionId": region, "notes": notes}).ok
    return studio.project


def changed(song: Project) -> Project:
    """The song with every tenth note a step higher."""
    for track in song.tracks:
        for region in track.regions:
            notes = tuple(
                replace(note, pitch=note.pitch + 1) if at % 10 == 0 else note
                for at, note in enumerate(region.notes)
            )
            song = song.with_region(replace(region, notes=notes), track.id)
    return song


def timed(
    work: Callable[[], Any],
    *,
    before: Callable[[], Any] = lambda: None,
    after: Callable[[], Any] = lambda: None,
    times: int = TIMES,
) -> dict[str, float]:
    """Milliseconds: the median and the 95th of a hundred; what comes before and after does not count."""
    taken = []
    for _ in range(times):
        before()
        began = time.perf_counter()
        work()
        taken.append((time.perf_counter() - began) * 1000)
        after()
    return {
        "median_ms": round(statistics.median(taken), 3),
        "p95_ms": round(statistics.quantiles(taken, n=20)[-1], 3),
    }


if __name__ == "__main__":
    main()
