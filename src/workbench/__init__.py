"""Workbench: a Jupyter-first research workbench for symbolic music generation.

In a notebook: `import workbench as wb`, then `wb.generate(style="funk")`, and listen.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.evals import metrics
    from workbench.facade import compose, generate, load_runner, play, sweep
    from workbench.models import GenerationRequest
    from workbench.score import Score

    __version__: str

# Where each name is; resolved when first used, so that `import workbench` costs next to nothing.
_LAZY = {
    "GenerationRequest": "workbench.facade",
    "Score": "workbench.facade",
    "compose": "workbench.facade",
    "generate": "workbench.facade",
    "load_runner": "workbench.facade",
    "metrics": "workbench.facade",
    "play": "workbench.facade",
    "sweep": "workbench.facade",
}

__all__ = [
    "GenerationRequest",
    "Score",
    "compose",
    "generate",
    "load_runner",
    "metrics",
    "play",
    "sweep",
]

if not TYPE_CHECKING:

    def __getattr__(name):
        if name in _LAZY:
            return getattr(import_module(_LAZY[name]), name)
        if name == "__version__":
            return import_module("importlib.metadata").version("workbench")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__():
        return sorted(__all__)
