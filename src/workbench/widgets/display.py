"""How music shows itself at the end of a notebook cell. Knows IPython; draws nothing itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ipywidgets
from IPython import get_ipython

from workbench.models import GenerationResult
from workbench.planner import Composition
from workbench.score import Score
from workbench.widgets.host import is_headless
from workbench.widgets.player import Player, VariationGrid
from workbench.widgets.prompting import steps_html

Shown = Score | GenerationResult | Sequence[Score] | bytes | str | Path


def show(music: Shown, **options: Any) -> Player | VariationGrid:
    """A `Player` of a score or a MIDI file, a `VariationGrid` of a result or several scores."""
    if isinstance(music, (bytes, str, Path)):
        music = Score.from_midi(music)
    if isinstance(music, Score):
        return Player(music, **options)
    return VariationGrid(music, **options)


def register_display() -> None:
    """Let scores, results and songs show themselves in the IPython session that runs this; else nothing."""
    shell = get_ipython()
    if shell is None:
        return
    formatter = shell.display_formatter.mimebundle_formatter
    for kind in (Score, GenerationResult):
        formatter.for_type(kind, _mimebundle)
    formatter.for_type(Composition, _song_mimebundle)


def _mimebundle(music: Score | GenerationResult, **_wanted: Any) -> Any:
    return show(music)._repr_mimebundle_()


def _song_mimebundle(song: Composition, **wanted: Any) -> Any:
    """A song's player, and below it the steps of its plan as they ended."""
    title = song.planned.title
    player = Player(song.score, title=title)
    steps = steps_html(title, song.steps)
    bundle, metadata = player._repr_mimebundle_(**wanted)
    if is_headless():
        bundle["text/html"] += steps
    else:
        box = ipywidgets.VBox([player, ipywidgets.HTML(steps)])
        alive = box._repr_mimebundle_(**wanted)
        bundle |= alive[0] if isinstance(alive, tuple) else alive
    lines = [f"{step.status:>9}  {step.label}" for step in song.steps]
    bundle["text/plain"] = "\n".join([title, *lines])
    return bundle, metadata
