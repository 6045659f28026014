"""The card of a trained pocket model: data, licence, recipe, seed, loss, gates, limits. Text from facts.

`training.json` beside the weights says how they were made, `gates.json` what they were measured to do.
"""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Any

from workbench.models.grammar import EVALUATION_STYLES, STYLES, grooves_of
from workbench.models.runners.asking import LARGEST_PRIME_BARS

CARD = """\
# The pocket model

A transformer of {parameters:.2f} M parameters on the 18,820 ids of the Orpheus vocabulary, which composes
loops of drums, bass, chords and melody. It knows meter: musical time is computed from the ids, two of
three attention heads turn by it, the Δt head points at a place in the bar, and parts are known by role.
It plans a chord root for each bar, and knows pitches as intervals above that root too.
Nothing of the Orpheus weights is in it, only the meaning of the ids.

Licence: Apache-2.0, like the code. Weights: `model.safetensors`, sha256 `{sha256}`.

## Data

Only loops composed by Workbench's own grammar (`workbench.models.grammar`), fresh ones at every step: no
recording, no file of anybody else, no dataset. {styles} styles with {grooves} grooves that it trained on,
a band of four parts with progressions, comping patterns and motifs by rule, programs drawn anew for the
parts, parts left out at random. One groove of each style was held out, and two styles
({evaluation}) exist for evaluation only.

So "right" means "as the grammar does". It makes no claim of musical value, and nobody has rated it by ear.

## Recipe

{recipe}

Trained for {steps:,} steps, {tokens:,} tokens, in {minutes:.0f} minutes on {device} ({threads} thread(s)),
torch {torch}. Final loss {loss:.3f} nats a token (mean of the last steps).
`workbench train pocket --out DIR --seed {seed} --tokens {budget}` makes it again.

## Gates

{gates}

## Limits

- 4/4 only. Loops of 1, 2, 4 and 8 bars whole; other lengths are chained from them, and a section sees at
  most {prime_bars} bars before it.
- A context of {context} tokens, of which a prime may take {prime_tokens}.
- Four roles, one part each; it transposes to other keys from C major and A minor.
- A prime is gone on with by the parts it has; a part that comes in later was never taught.
- Now and then a part asked for does not play (see "all parts alive" above), more often where a range leaves
  it few pitches.
- Expressive timing of a prime is rounded to 1/32 of a quarter note; velocities have eight steps.
- It repeats what the grammar knows: styles other than those it names come out as the nearest of them.
"""

_RECIPE_ROWS = (
    ("width, layers, heads (of which turn by musical time)", "{width}, {layers}, {heads} ({metrical_heads})"),
    ("padded tokens a step", "{batch_tokens}"),
    ("share of band loops; the rest is drums", "{band_share}"),
    ("bars, with weights", "{bars}, {bars_weights}"),
    ("not told style, length, mode, programs, chords",
     "{no_style}, {no_bars}, {no_mode}, {no_programs}, {no_roots}"),
    ("learning rates: Muon (blocks' matrices), AdamW (the rest)", "{muon_rate}, {adam_rate}"),
    ("warm-up steps; falls linearly with tokens to", "{warm_up_steps}; {last_rate} of the first"),
    ("weight of the losses on chord roots: reading, planning", "{root_weight}"),
    ("roots of loops that the progression head sees at the end", "{progressions}"),
    ("seed", "{seed}"),
)  # fmt: skip


def write_card(folder: Path) -> None:
    """Write CARD.md from what lies in a folder of weights: what they are, how they came, what they do."""
    weights = (folder / "model.safetensors").read_bytes()
    context = json.loads((folder / "config.json").read_text())["context"]
    training = json.loads((folder / "training.json").read_text())
    recipe = training["recipe"]
    rows = [f"| {says} | {form.format(**recipe)} |" for says, form in _RECIPE_ROWS]
    text = CARD.format(
        parameters=_parameters(weights) / 1e6,
        sha256=hashlib.sha256(weights).hexdigest(),
        styles=len(STYLES),
        grooves=sum(not groove.held_out for style in STYLES for groove in grooves_of(style)),
        evaluation=", ".join(EVALUATION_STYLES),
        recipe="\n".join(("| | |", "|---|---|", *rows)),
        steps=training["steps"],
        tokens=training["tokens"],
        minutes=training["elapsed_s"] / 60,
        device=training["device"],
        threads=training["threads"],
        torch=training["torch"],
        loss=training["loss"][-1][1],
        seed=recipe["seed"],
        budget=recipe["tokens"],
        gates=_gates(folder / "gates.json"),
        prime_bars=LARGEST_PRIME_BARS,
        context=context,
        prime_tokens=context // 2,
    )
    (folder / "CARD.md").write_text(text)


def _parameters(weights: bytes) -> int:
    """Numbers in a safetensors file, from its header: eight bytes of length, then JSON."""
    header = json.loads(weights[8 : 8 + int.from_bytes(weights[:8], "little")])
    return sum(
        math.prod(entry["shape"]) for name, entry in header.items() if name != "__metadata__"
    )


def _gates(path: Path) -> str:
    if not path.exists():
        return (
            "Not measured yet: `workbench eval pocket --weights DIR` measures and writes them here."
        )
    report = json.loads(path.read_text())
    rows = [
        f"| {gate['name']} | {_number(gate['value'])} | {bounds(gate)} | {_number(gate['truth'])} | "
        f"{'pass' if gate['passed'] else '**fail**'} |"
        for gate in report["gates"]
    ]
    passed = sum(gate["passed"] for gate in report["gates"])
    return "\n".join(
        (
            f"{passed} of {len(rows)} passed, by `workbench eval pocket`; `gates.json` holds all of it.",
            "",
            "| gate | value | must be | truth | |",
            "|---|---|---|---|---|",
            *rows,
        )
    )


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def bounds(gate: dict[str, Any]) -> str:
    """What a gate of `gates.json` must be, in words."""
    low, high = gate["low"], gate["high"]
    if high is None:
        return f"≥ {low:.3f}"
    return f"≤ {high:.3f}" if low is None else f"{low:.3f} to {high:.3f}"
