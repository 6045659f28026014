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

    def __getattr__(name):  # when first used, so that `import workbench` costs next to nothing
        if name in __all__:
            return getattr(import_module("workbench.facade"), name)
        if name == "__version__":
            return import_module("importlib.metadata").version("workbench")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__():
        return sorted(__all__)
