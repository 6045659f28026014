"""Players that work in a saved page: one sandboxed frame each, everything inside, no network.

Knows HTML; knows no kernel.
"""

from __future__ import annotations

import base64
import gzip
import html
import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

from workbench.score import Score
from workbench.widgets.bank import gm_bank, sounds_of, trim_bank

PLAYER_JS = Path(__file__).parent / "static" / "player.js"
ENGINE_JS = Path(__file__).parent / "static" / "engine.js"
Theme = Literal["light", "dark", "auto"]

_COLOURS: Mapping[str, Mapping[str, str]] = {  # what JupyterLab's own themes say
    "light": {
        "--jp-layout-color0": "#ffffff",
        "--jp-layout-color1": "#ffffff",
        "--jp-layout-color2": "#eef0f3",
        "--jp-ui-font-color1": "#1f2328",
        "--jp-ui-font-color2": "#6b7280",
        "--jp-border-color2": "#dfe3e8",
        "--jp-brand-color1": "#1976d2",
    },
    "dark": {
        "--jp-layout-color0": "#111418",
        "--jp-layout-color1": "#1a1e24",
        "--jp-layout-color2": "#2a3038",
        "--jp-ui-font-color1": "#e6e9ee",
        "--jp-ui-font-color2": "#98a1ad",
        "--jp-border-color2": "#333a44",
        "--jp-brand-color1": "#4aa3ff",
    },
}
# Scripts run, and nothing else: no cookies, no storage, no access to the page around. With
# allow-same-origin, Chromium refuses the audio worklet in a page opened from a file.
_SANDBOX = "allow-scripts"

# The program and the piece are gzip in base64: a third of their size, and nothing to escape.
_DOCUMENT = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>html,body{{margin:0;background:transparent}}{colours}</style></head>
<body><div id="player"></div><script>
const text = async (base64) => {{
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}};
(async () => {{
  const program = new Blob([await text("{program}")], {{ type: "text/javascript" }});
  const {{ mountStatic }} = await import(URL.createObjectURL(program));
  mountStatic(document.getElementById("player"), JSON.parse(await text("{piece}")));
}})().catch(() => {{
  document.getElementById("player").textContent =
    "This page is damaged and its player cannot be read; export the page again.";
}});
</script></body></html>"""

_FRAME = """<!--
{notice}-->
<iframe class="wb-frame" title="{title}" sandbox="{sandbox}" allow="autoplay" loading="lazy" \
style="width:100%;height:{height}px;border:0;display:block;color-scheme:normal" \
srcdoc="{document}"></iframe>
<script>
window.workbenchFrames ??= addEventListener("message", ({{ data, source }}) => {{
  if (data?.kind !== "workbench:height") return;
  for (const frame of document.querySelectorAll("iframe.wb-frame")) {{
    if (frame.contentWindow === source) frame.style.height = `${{Math.min(4000, +data.height)}}px`;
  }}
}}) ?? true;
</script>"""
_HEIGHT = 440  # until the frame says how tall it is


@cache
def licence_notice() -> str:
    """What a page with sounds of the bank in it must say."""
    licence = Path(__file__).parent / "bank" / "LICENSE.FluidR3.txt"
    return (
        'Sounds: "Workbench GM (from Fluid R3 GM)", cut down to this piece.\n'
        f"{licence.read_text('utf-8').strip()}\n"
        "Player: Workbench, with spessasynth_core and stb-vorbis (Apache License 2.0).\n"
    ).replace("--", "–")  # would end an HTML comment


def sound_of(scores: Sequence[Score]) -> tuple[bytes, list[bytes]]:
    """The trimmed sound bank and the MIDI file of each score: what an engine plays."""
    uses = sounds_of(scores) or {(0, 0): {(60, 64)}}  # an empty bank is no bank to a synth
    return trim_bank(gm_bank(), uses), [score.to_midi() for score in scores]


def frame(view: Mapping[str, Any], scores: Sequence[Score], *, theme: Theme = "light") -> str:
    """The frame of a view as `player_view` makes it, with the sound of its scores."""
    bank, midis = sound_of(scores)
    engine = ENGINE_JS.read_text("utf-8")
    sound = {"engine": engine, "bank": _base64(bank), "midis": [_base64(midi) for midi in midis]}
    document = _DOCUMENT.format(
        title=html.escape(view["title"]),
        colours=_style(theme),
        program=_packed_program(),
        piece=_packed(json.dumps({"view": view, "sound": sound}, separators=(",", ":"))),
    )
    return _FRAME.format(
        notice=licence_notice(),
        title=html.escape(f"Player {view['title']}".strip(), quote=True),
        sandbox=_SANDBOX,
        height=_HEIGHT,
        document=html.escape(document, quote=True),
    )


@cache
def _packed_program() -> str:
    return _packed(PLAYER_JS.read_text("utf-8"))


def _packed(text: str) -> str:
    return _base64(gzip.compress(text.encode(), mtime=0))


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _style(theme: Theme) -> str:
    """Theme variables as JupyterLab sets them, for a page that has none."""
    rules = {name: ";".join(f"{k}:{v}" for k, v in row.items()) for name, row in _COLOURS.items()}
    if theme == "auto":
        dark = f"@media (prefers-color-scheme:dark){{:root{{{rules['dark']}}}}}"
        return f":root{{{rules['light']}}}{dark}"
    return f":root{{{rules[theme]}}}"
