"""The services of the Orpheus family: their ports, and what each asks of its runner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from workbench.models import GenerationRequest, Runner
from workbench.score import Score


@dataclass(frozen=True, slots=True)
class Variant:
    """One of the family."""

    port: int
    span: str
    """What its work is called in traces."""
    parts: Mapping[str, Any]
    """Request fields for runners that know parts; the released checkpoints learned theirs."""


VARIANTS: Mapping[str, Variant] = MappingProxyType(
    {
        "base": Variant(2000, "generate", {"roles": ("drums", "bass", "chords", "melody")}),
        "loops": Variant(2003, "generate_loops", {"roles": ("drums",)}),
        "children": Variant(2004, "generate", {"roles": ("chords", "melody")}),
        "mono": Variant(2005, "generate", {"roles": ("melody",), "max_polyphony": 1}),
    }
)

DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {"temperature": 1.0, "top_p": 0.95, "max_tokens": 1024, "num_variations": 1, "seed": 0}
)
"""Where a caller names nothing."""


def request_for(
    service: str, runner: Runner, prime: Score | None, params: Mapping[str, Any]
) -> GenerationRequest:
    """What a service asks of its runner; `params` has all the names of `DEFAULTS`."""
    parts = VARIANTS[service].parts if runner.info.roles and prime is None else {}
    return GenerationRequest(prime=prime, **params, **parts)
