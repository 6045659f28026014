"""A whole STORI PROMPT, once read."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from workbench.prompt.model import Mode, Position, Remark, Target, Vibe
from workbench.prompt.writing import written


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A STORI PROMPT: a mode, a request, and whatever else was said."""

    mode: Mode
    request: str
    section: str | None = None
    position: Position | None = None
    target: Target | None = None
    style: str | None = None
    key: str | None = None
    tempo: int | None = None
    """Beats a minute, as asked for: any whole number."""
    energy: str | None = None
    roles: tuple[str, ...] = ()
    constraints: Mapping[str, Any] = field(default_factory=dict)
    vibes: tuple[Vibe, ...] = ()
    extensions: Mapping[str, Any] = field(default_factory=dict)
    """Every other field by its lower-case name, as written and in order: Harmony, Effects, …"""
    remarks: tuple[Remark, ...] = field(default=(), compare=False)

    def as_dict(self) -> dict[str, Any]:
        """The prompt as JSON values; beats of bars are counted four to a bar."""
        place, target = self.position, self.target
        return {
            "mode": self.mode,
            "request": self.request,
            "section": self.section,
            "position": place
            and {
                "kind": place.kind,
                "ref": place.ref,
                "ref2": place.ref2,
                "offset": place.offset.in_beats(),
                "beat": None if place.at is None else place.at.in_beats(),
            },
            "target": target and {"kind": target.kind, "name": target.name},
            "style": self.style,
            "key": self.key,
            "tempo": self.tempo,
            "energy": self.energy,
            "roles": list(self.roles),
            "constraints": deepcopy(dict(self.constraints)),
            "vibes": [{"vibe": vibe.vibe, "weight": vibe.weight} for vibe in self.vibes],
            "extensions": deepcopy(dict(self.extensions)),
        }

    def to_text(self) -> str:
        """The prompt as text, which parses to the same prompt."""
        return written(self)
