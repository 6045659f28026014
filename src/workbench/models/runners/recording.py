"""The record of a result: what is needed to make it again. Knows no network and no torch."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cache
from importlib.metadata import version

import numpy as np

from workbench.models.requests import GenerationRequest
from workbench.score import Score

PACKAGES = ("workbench", "torch", "transformers", "numpy")


def record(
    runner: str, sha256: str, request: GenerationRequest, **how: object
) -> dict[str, object]:
    """What is needed to make a result again; JSON-ready. A prime is named by the hash of its bytes."""
    asked: dict[str, object] = {}
    for field in fields(request):
        value = getattr(request, field.name)
        if field.name == "prime" and value is not None:
            value = prime_digest(value)
        asked[field.name] = list(value) if isinstance(value, tuple) else value
    return {
        "runner": runner,
        "weights_sha256": sha256,
        "request": asked,
        "seed": request.seed,
        "packages": dict(_versions()),
        "machine": f"{platform.machine()} {platform.system()}, Python {platform.python_version()}",
        **how,
    }


@cache
def _versions() -> Mapping[str, str]:
    """Of the packages that decide a result; read from their metadata once, as that takes milliseconds."""
    return {name: version(name) for name in PACKAGES}


def prime_digest(prime: Score | Sequence[int]) -> str:
    """A short name for a prime's content."""
    content = prime.to_midi() if isinstance(prime, Score) else np.asarray(prime, "<i4").tobytes()
    return "sha256:" + hashlib.sha256(content).hexdigest()[:16]
