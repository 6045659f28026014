"""Our services: their ports, and what each of the Orpheus family asks of its runner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from workbench.models import CancelToken, GenerationRequest, GenerationResult, Runner, bridge
from workbench.models.requests import OnProgress
from workbench.score import Score


@dataclass(frozen=True, slots=True)
class Variant:
    """One of the family."""

    span: str
    """What its work is called in traces."""
    parts: Mapping[str, Any]
    """Request fields for runners that know parts; the released checkpoints learned theirs."""


PORTS: Mapping[str, int] = MappingProxyType({
    "base": 2000, "classifier": 2001, "bridge": 2002, "loops": 2003, "children": 2004, "mono": 2005,
    "generator": 10002,  # the one that Maestro asks
})  # fmt: skip
ELSEWHERE: Mapping[str, str] = MappingProxyType(
    {
        "base": "orpheus",
        "loops": "orpheus-loops",
        "bridge": "orpheus-bridge",
        "classifier": "orpheus-classifier",
    }
)
"""Services that may work for the tools, and what their options begin with."""

VARIANTS: Mapping[str, Variant] = MappingProxyType(
    {
        "base": Variant("generate", {"roles": ("drums", "bass", "chords", "melody")}),
        "bridge": Variant("generate_bridge", {}),
        "loops": Variant("generate_loops", {"roles": ("drums",)}),
        "children": Variant("generate", {"roles": ("chords", "melody")}),
        "mono": Variant("generate", {"roles": ("melody",), "max_polyphony": 1}),
    }
)

DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {"temperature": 1.0, "top_p": 0.95, "max_tokens": 1024, "num_variations": 1, "seed": 0}
)
"""Where a caller names nothing."""
SAMPLING = ("temperature", "top_p", "max_tokens")


def effective(runner: Runner, given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that count: those given, and the services' own where nothing is.

    A runner without a network has no sampling to set.
    """
    network = runner.info.context_tokens is not None
    own = {name: DEFAULTS[name] for name in DEFAULTS if network or name not in SAMPLING}
    return {**own, **given}


def compose(
    service: str,
    runner: Runner,
    sections: Sequence[Score],
    params: Mapping[str, Any],
    *,
    cancel: CancelToken,
    on_progress: OnProgress | None = None,
) -> GenerationResult:
    """What a service makes of the music that it is given, and of `params` for a request.

    Two sections are the ends of a bridge; one is what to go on from.
    """
    if service == "bridge":
        first, second = (*sections, None)[:2]
        assert first is not None
        request = GenerationRequest(**params)
        return bridge(runner, first, second, request, cancel=cancel, on_progress=on_progress)
    prime = sections[0] if sections else None
    parts = VARIANTS[service].parts if runner.info.roles and prime is None else {}
    request = GenerationRequest(prime=prime, **params, **parts)
    return runner.generate(request, cancel=cancel, on_progress=on_progress)
