"""How music shows itself at the end of a notebook cell. Knows IPython; draws nothing itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from IPython import get_ipython

from workbench.models import GenerationResult
from workbench.score import Score
from workbench.widgets.player import Player, VariationGrid

Shown = Score | GenerationResult | Sequence[Score] | bytes | str | Path


def show(music: Shown, **options: Any) -> Player | VariationGrid:
    """A `Player` of a score or a MIDI file, a `VariationGrid` of a result or several scores."""
    if isinstance(music, (bytes, str, Path)):
        music = Score.from_midi(music)
    if isinstance(music, Score):
        return Player(music, **options)
    return VariationGrid(music, **options)


def register_display() -> None:
    """Let scores and results show themselves in the IPython session that runs this; else nothing."""
    shell = get_ipython()
    if shell is None:
        return
    formatter = shell.display_formatter.mimebundle_formatter
    for kind in (Score, GenerationResult):
        formatter.for_type(kind, _mimebundle)


def _mimebundle(music: Score | GenerationResult, **_wanted: Any) -> Any:
    return show(music)._repr_mimebundle_()
