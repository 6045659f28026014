"""The services of the Orpheus family, as plain facts: the command line reads them too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any


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
