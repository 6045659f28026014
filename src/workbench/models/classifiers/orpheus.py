"""The Orpheus classifier: the released checkpoint's verdict on a piece as its tokens tell it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch

from workbench.models.checkpoints import load_classifier_checkpoint
from workbench.models.hub import checkpoint_of
from workbench.models.judging import Verdict, check_length
from workbench.models.vocabulary import encode_score
from workbench.score import Score


class CheckpointClassifier:
    """Judges with a released classifier's file, on the CPU in float32; thread-safe.

    Class 1 is taken for "human", as the service of the original reads it. Its author's own account
    of the classes could not be consulted: were it the other way round, so were every verdict.

    Args:
        checkpoint: a `.pth` or `.safetensors` file; the pulled one by default.
    """

    name = "orpheus-classifier"

    def __init__(self, checkpoint: str | Path | None = None) -> None:
        path = checkpoint_of(self.name, checkpoint)
        self._net = load_classifier_checkpoint(path)
        file = path / "model.safetensors" if path.is_dir() else path
        with file.open("rb") as stream:
            self.weights_sha256 = hashlib.file_digest(stream, "sha256").hexdigest()

    def classify(self, score: Score) -> Verdict:
        """Judge the first 1024 tokens of a piece, in real time. Raises `RequestError` below 10."""
        tokens = encode_score(score, grid_time=False)[: self._net.config.context]
        check_length(len(tokens))
        with torch.inference_mode():
            log_odds = self._net(torch.tensor([tokens])).logits[0, 0]
        return Verdict.of(float(log_odds.double().sigmoid()), len(tokens))
