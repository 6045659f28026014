"""Effects that a style and its roles ask for: inserts on the track, reverb always by a send."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

REVERB_BUS = "Reverb"


@dataclass(frozen=True, slots=True, kw_only=True)
class MixStep:
    """One thing to do to a track's sound: an insert, a send, a volume (0–1.5) or a pan (0–1)."""

    action: Literal["add_insert", "add_send", "set_volume", "set_pan"]
    track: str
    type: str | None = None
    bus: str | None = None
    value: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """As JSON, without what it does not say."""
        said = {
            "action": self.action, "track": self.track, "type": self.type, "bus": self.bus,
            "value": self.value,
        }  # fmt: skip
        return {name: value for name, value in said.items() if value is not None}


_BY_ROLE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "drums": ("compressor",), "bass": ("compressor",), "pads": ("reverb",),
        "melody": ("reverb",), "lead": ("reverb",), "arp": ("reverb",), "fx": ("reverb", "delay"),
        "chords": (),
    }
)  # fmt: skip
# What a style adds where its name is part of the style asked for. The architecture's own rules first
# (rock to jazz), then what Maestro's table has beyond them.
_BY_STYLE: tuple[tuple[str, Mapping[str, tuple[str, ...]]], ...] = (
    ("rock", {"lead": ("distortion",), "drums": ("compressor",)}),
    ("metal", {"lead": ("distortion",), "drums": ("compressor",)}),
    (
        "shoegaze",
        {"lead": ("distortion", "chorus", "reverb"), "drums": ("compressor",)},
    ),
    *(
        (name, {"drums": ("filter",), "lead": ("chorus",), "pads": ("chorus",)})
        for name in ("lofi", "lo-fi", "lo fi", "chill")
    ),
    ("jazz", {"chords": ("reverb",), "drums": ("compressor",)}),
    ("rock", {"lead": ("reverb",), "bass": ("overdrive",)}),
    ("metal", {"bass": ("distortion",)}),
    ("prog", {"pads": ("reverb", "chorus"), "lead": ("reverb", "distortion")}),
    ("psychedel", {"pads": ("reverb", "flanger"), "lead": ("reverb", "phaser")}),
    (
        "house",
        {"drums": ("compressor",), "bass": ("compressor", "filter"), "pads": ("reverb", "chorus")},
    ),
    ("techno", {"drums": ("compressor",), "bass": ("distortion", "filter")}),
    ("trap", {"drums": ("compressor",), "bass": ("filter",)}),
    ("dubstep", {"bass": ("distortion", "filter"), "drums": ("compressor",)}),
    (
        "edm",
        {"drums": ("compressor",), "pads": ("reverb", "chorus"), "lead": ("reverb", "delay")},
    ),
    (
        "ambient",
        {"pads": ("reverb", "chorus"), "melody": ("reverb", "delay"), "lead": ("reverb", "delay")},
    ),
    ("cinematic", {"pads": ("reverb",), "melody": ("reverb", "delay")}),
    ("post rock", {"pads": ("reverb", "delay"), "lead": ("reverb", "delay")}),
    ("post-rock", {"pads": ("reverb", "delay"), "lead": ("reverb", "delay")}),
    ("shoegaze", {"pads": ("reverb", "flanger")}),
    ("jazz", {"melody": ("reverb",), "drums": ("reverb",)}),
    ("blues", {"lead": ("overdrive", "reverb"), "chords": ("reverb",)}),
    ("funk", {"bass": ("compressor",), "drums": ("compressor",), "chords": ("chorus",)}),
    *(
        (name, {"drums": ("compressor",), "chords": ("reverb", "chorus")})
        for name in ("lofi", "lo-fi", "lo fi")
    ),
    ("vintage", {"chords": ("chorus", "reverb"), "melody": ("reverb",)}),
    ("tape", {"drums": ("compressor",), "pads": ("reverb",)}),
    ("soul", {"chords": ("reverb", "chorus"), "melody": ("reverb",)}),
    ("r&b", {"chords": ("reverb",), "bass": ("compressor",)}),
    *(
        (name, {"chords": ("reverb", "chorus"), "pads": ("reverb",), "drums": ("compressor",)})
        for name in ("neosoul", "neo soul", "neo-soul")
    ),
    ("classical", {"pads": ("reverb",), "melody": ("reverb",), "chords": ("reverb",)}),
    ("orchestral", {"pads": ("reverb",), "melody": ("reverb",), "chords": ("reverb",)}),
    ("pop", {"drums": ("compressor",), "chords": ("reverb",), "melody": ("reverb",)}),
    ("synth", {"pads": ("chorus", "reverb"), "lead": ("reverb", "delay")}),
)


def effects_of(style: str, role: str) -> tuple[str, ...]:
    """The effects of a role in a style, each once, in the alphabet's order; none for unknown roles."""
    if role not in _BY_ROLE:
        return ()
    found, text = set(_BY_ROLE[role]), style.lower().replace("_", " ")
    for name, additions in _BY_STYLE:
        if name in text:
            found.update(additions.get(role, ()))
    return tuple(sorted(found))


def infer_mix_steps(style: str, roles: Iterable[str]) -> list[MixStep]:
    """What to do for each role, in their order: inserts by the alphabet, then the send to Reverb."""
    return [
        step
        for role in roles
        for step in steps_of(role.capitalize(), effects_of(style, role.lower()))
    ]


def steps_of(track: str, effects: Iterable[str]) -> list[MixStep]:
    """Effects on a track as steps: inserts in the order given, reverb last and as a send."""
    names = list(dict.fromkeys(effects))
    steps = [
        MixStep(action="add_insert", track=track, type=name) for name in names if name != "reverb"
    ]
    if "reverb" in names:
        steps.append(MixStep(action="add_send", track=track, bus=REVERB_BUS))
    return steps
