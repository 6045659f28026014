"""Hearing and seeing music: players for notebooks and for saved pages, piano rolls as pictures."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from workbench.widgets.bank import trim_bank
from workbench.widgets.charts import cost_chart, emotion_chart, spread_chart, surprise_chart
from workbench.widgets.display import register_display, show
from workbench.widgets.frame import sound_of
from workbench.widgets.panels import LoopPanel
from workbench.widgets.picture import roll_png
from workbench.widgets.player import Player, VariationGrid, static_html
from workbench.widgets.prompting import PromptEditor

if TYPE_CHECKING:
    from workbench.widgets.export import export_page
    from workbench.widgets.headless import run_notebook

# Resolved when first used: notebook files take seconds to import, and cells that play need none.
_LAZY = {
    "export_page": "workbench.widgets.export",
    "run_notebook": "workbench.widgets.headless",
}

__all__ = [
    "LoopPanel",
    "Player",
    "PromptEditor",
    "VariationGrid",
    "cost_chart",
    "emotion_chart",
    "export_page",
    "register_display",
    "roll_png",
    "run_notebook",
    "show",
    "sound_of",
    "spread_chart",
    "static_html",
    "surprise_chart",
    "trim_bank",
]

if not TYPE_CHECKING:

    def __getattr__(name):
        if name in _LAZY:
            return getattr(import_module(_LAZY[name]), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__():
        return sorted(__all__)
