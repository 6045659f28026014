"""Music model runners: what can be asked of them, by name. Torch is loaded only by the runners that need it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from workbench.models.bridging import bridge
from workbench.models.judging import Classifier, Verdict, load_classifier
from workbench.models.registry import load_runner, runner_names
from workbench.models.requests import (
    CancelToken,
    GenerationRequest,
    GenerationResult,
    Progress,
    Runner,
    RunnerInfo,
    TokenScores,
    Variation,
)
from workbench.models.vocabulary import decode_tokens, encode_midi, encode_score

if TYPE_CHECKING:
    from workbench.models.checkpoints import load_checkpoint

# Names that need torch, resolved when first used.
_LAZY = {"load_checkpoint": "workbench.models.checkpoints"}

__all__ = [
    "CancelToken",
    "Classifier",
    "GenerationRequest",
    "GenerationResult",
    "Progress",
    "Runner",
    "RunnerInfo",
    "TokenScores",
    "Variation",
    "Verdict",
    "bridge",
    "decode_tokens",
    "encode_midi",
    "encode_score",
    "load_checkpoint",
    "load_classifier",
    "load_runner",
    "runner_names",
]

if not TYPE_CHECKING:

    def __getattr__(name):
        if name in _LAZY:
            return getattr(import_module(_LAZY[name]), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__():
        return sorted(__all__)
