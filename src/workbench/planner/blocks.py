"""The blocks `Effects`, `MidiExpressiveness` and `Automation` of a prompt as tool calls.

Every entry is accounted for: it becomes a call, or it is reported with its path as not understood.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from workbench.daw import CURVES, LANES, Lane
from workbench.planner.mix import MixStep, steps_of
from workbench.prompt import Prompt


@dataclass(frozen=True, slots=True)
class Unread:
    """An entry that nothing was made of: its path in the prompt, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the plan as blocks address it."""

    role: str
    """As the prompt calls it, lower-case."""
    track: str
    is_drums: bool
    start_beats: float
    bars: int


@dataclass(frozen=True, slots=True)
class ControlWish:
    """Controller events for a part's new region; beats from its start."""

    track: str
    cc: int
    events: tuple[tuple[float, int], ...]


@dataclass(frozen=True, slots=True)
class BendWish:
    """Pitch bends for a part's new region; beats from its start, −8192 to 8191."""

    track: str
    events: tuple[tuple[float, int], ...]


@dataclass(frozen=True, slots=True)
class AutomationWish:
    """A lane of a track: points of beat, value and curve."""

    track: str
    parameter: str
    points: tuple[tuple[float, float, str | None], ...]


@dataclass(slots=True)
class Blocks:
    """What the three blocks ask for."""

    effects: list[MixStep] = field(default_factory=list)
    controls: list[ControlWish] = field(default_factory=list)
    bends: list[BendWish] = field(default_factory=list)
    automation: list[AutomationWish] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)

    def miss(self, path: str, reason: str) -> None:
        """Report an entry that nothing is made of."""
        self.unread.append(Unread(path, reason))


def blocks_of(prompt: Prompt, parts: Sequence[Part], beats_per_bar: float) -> Blocks:
    """What a prompt's blocks ask of these parts."""
    blocks = Blocks()
    readers: dict[str, tuple[str, Callable[..., None]]] = {
        "effects": ("Effects", _effects),
        "midiexpressiveness": ("MidiExpressiveness", _expressiveness),
        "automation": ("Automation", _automation),
    }
    for name, (label, read) in readers.items():
        if name in prompt.extensions:
            read(label, prompt.extensions[name], parts, beats_per_bar, blocks)
    return blocks


def _part(name: Any, parts: Sequence[Part]) -> Part | None:
    """The part a name means: its role or its track, singular or plural."""
    said = str(name).strip().lower()
    for part in parts:
        known = {part.role, part.track.lower()}
        if said in known or said.rstrip("s") in {it.rstrip("s") for it in known}:
            return part
    return None


# ---------------------------------------------------------------------- Effects

_EFFECTS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("compression", "compressor", "comp", "glue"), "compressor"),
        **dict.fromkeys(("reverb", "room", "hall", "plate", "spring"), "reverb"),
        **dict.fromkeys(("saturation", "tape", "tube", "overdrive", "cranked", "drive"), "overdrive"),
        **dict.fromkeys(("distortion", "fuzz"), "distortion"),
        **dict.fromkeys(("eq", "equalizer", "equaliser"), "eq"),
        **dict.fromkeys(("delay", "echo"), "delay"),
        "chorus": "chorus", "tremolo": "tremolo", "filter": "filter", "phaser": "phaser",
        "flanger": "flanger", "modulation": "modulation",
    }
)  # fmt: skip
_OFF = (False, None, "no", "none", "off", 0)


def _effects(
    label: str, block: Any, parts: Sequence[Part], _beats_per_bar: float, blocks: Blocks
) -> None:
    if not isinstance(block, Mapping):
        blocks.miss(label, "expected tracks with their effects, as in {drums: {compression: slow}}")
        return
    for name, wishes in block.items():
        part, path = _part(name, parts), f"{label}.{name}"
        if part is None:
            known = ", ".join(part.role for part in parts)
            blocks.miss(path, f"no such part; there are {known or 'none'}")
            continue
        wanted = [
            effect
            for where, word, value in _entries(path, wishes)
            if (effect := _effect(where, word, value, blocks)) is not None
        ]
        blocks.effects += steps_of(part.track, wanted)


def _effect(path: str, word: Any, value: Any, blocks: Blocks) -> str | None:
    if value in _OFF and not isinstance(value, float):
        return None
    effect = _EFFECTS.get(re.sub(r"[\s_-]+", " ", str(word)).strip().lower())
    if effect is None:
        blocks.miss(path, f"no effect is called {str(word)[:40]!r}")
    return effect


def _entries(path: str, wishes: Any) -> Iterator[tuple[str, Any, Any]]:
    """Path, word and value of the effects under a track: a mapping, a list or a text."""
    if isinstance(wishes, Mapping):
        for word, value in wishes.items():
            yield f"{path}.{word}", word, value
    elif isinstance(wishes, Sequence) and not isinstance(wishes, str):
        for at, item in enumerate(wishes):
            if isinstance(item, Mapping):
                yield from _entries(f"{path}[{at}]", item)
            else:
                yield f"{path}[{at}]", str(item).split(":")[0], True
    elif isinstance(wishes, str):
        for word in wishes.split(","):
            yield path, word.split(":")[0], True
    elif wishes not in _OFF:
        yield path, wishes, True


# ---------------------------------------------------------------------- MidiExpressiveness

RAMP_STEP_BEATS = 0.25  # between two values of a curve: 8 a second at 120
_RANGE = re.compile(r"(-?[0-9]{1,5})\s*(?:-|–|—|to|→|\.\.+)\s*(-?[0-9]{1,5})")
_BARS = re.compile(r"(?:bars?\s*)?([0-9]{1,4})(?:\s*(?:-|–|—|to)\s*([0-9]{1,4}))?")
_BENDS: tuple[tuple[str, int], ...] = (
    ("quarter", 1024), ("subtle", 1024), ("blues", 2048), ("half", 4096), ("semitone", 4096),
    ("whole", 8191), ("full", 8191), ("dive", -8192), ("fall", -4096), ("drop", -4096),
)  # fmt: skip
_BEND = 4096  # a semitone at the usual range of two


def _expressiveness(
    label: str, block: Any, parts: Sequence[Part], beats_per_bar: float, blocks: Blocks
) -> None:
    if not isinstance(block, Mapping):
        blocks.miss(
            label, "expected cc_curves, sustain_pedal, expression, modulation or pitch_bend"
        )
        return
    default = next((part for part in parts if not part.is_drums), None)
    for name, wish in block.items():
        path = f"{label}.{name}"
        read = _EXPRESSIONS.get(str(name).strip().lower())
        if read is None:
            part = _part(name, parts)
            if part is not None and isinstance(wish, Mapping):  # by part, then by kind
                _expressiveness(path, wish, [part], beats_per_bar, blocks)
                continue
            blocks.miss(path, "no such kind of expression")
            continue
        wishes = wish if isinstance(wish, list) else [wish]
        for at, one in enumerate(wishes):
            where = f"{path}[{at}]" if isinstance(wish, list) else path
            part = default
            if isinstance(one, Mapping):
                named = next((one[it] for it in ("track", "role", "part") if it in one), None)
                part = _part(named, parts) if named is not None else default
            if part is None:
                blocks.miss(where, "no part to write it for")
            else:
                read(where, one, part, beats_per_bar, blocks)


def _cc_curve(path: str, wish: Any, part: Part, beats_per_bar: float, blocks: Blocks) -> None:
    cc = _whole(wish.get("cc"), 0, 127) if isinstance(wish, Mapping) else None
    if cc is None:
        blocks.miss(path, "expected a controller 0–127, as in {cc: 74, from: 20, to: 100}")
        return
    constant = _whole(wish.get("value"), 0, 127)
    low, high = (_whole(wish.get(name), 0, 127) for name in ("from", "to"))
    span = _span(wish.get("position"), part, beats_per_bar)
    if span is None:
        blocks.miss(f"{path}.position", f"expected bars within 1–{part.bars}, as in bars 1-4")
    elif constant is not None:
        blocks.controls.append(ControlWish(part.track, cc, ((span[0], constant),)))
    elif low is not None and high is not None:
        blocks.controls.append(ControlWish(part.track, cc, _ramp(*span, low, high)))
    else:
        blocks.miss(path, "expected a value, or from and to, 0–127")


def _sustain(path: str, wish: Any, part: Part, beats_per_bar: float, blocks: Blocks) -> None:
    said = wish.get("changes_per_bar") if isinstance(wish, Mapping) else wish
    changes = 1 if said is True else _whole(said, 1, 16)
    if changes is None:
        blocks.miss(path, "expected changes_per_bar 1–16")
        return
    each = beats_per_bar / changes
    events = []
    for at in range(part.bars * changes):
        events += [(at * each, 127), ((at + 1) * each - min(0.125, each / 4), 0)]
    blocks.controls.append(ControlWish(part.track, 64, tuple(events)))


def _swelling(cc: int, name: str) -> Callable[..., None]:
    """A reader of a controller that rises to the middle of the part and falls again."""

    def read(path: str, wish: Any, part: Part, beats_per_bar: float, blocks: Blocks) -> None:
        said = wish
        while isinstance(said, Mapping) and set(said) & {name, "cutoff", "sweep"}:
            said = next(said[it] for it in (name, "cutoff", "sweep") if it in said)
        span = _limits(said)
        if span is None:
            blocks.miss(path, f"expected {name} as two values 0–127, as in 40-110")
            return
        half = part.bars * beats_per_bar / 2
        up, down = _ramp(0.0, half, *span), _ramp(half, 2 * half, span[1], span[0])
        blocks.controls.append(ControlWish(part.track, cc, (*up, *down[1:])))

    return read


def _pitch_bend(path: str, wish: Any, part: Part, beats_per_bar: float, blocks: Blocks) -> None:
    style = wish.get("style", "") if isinstance(wish, Mapping) else wish
    if not isinstance(style, str) or not style.strip():
        blocks.miss(path, "expected a style, as in slides, half-step bends, dives")
        return
    text = style.lower()
    size = next((size for word, size in _BENDS if word in text), _BEND)
    events: list[tuple[float, int]] = []
    for bar in range(0, part.bars, 2):  # into every second bar
        start = bar * beats_per_bar
        if size < 0:  # away from the note, at the end of the two bars
            end = min(bar + 2, part.bars) * beats_per_bar
            events += [(beat, value) for beat, value in _ramp(end - 0.5, end - 0.0625, 0, size)]
            events.append((end - 0.03125, 0))
        else:  # into the note from below
            events += list(_ramp(start, start + 0.5, -size, 0))
    blocks.bends.append(BendWish(part.track, tuple(events)))


_EXPRESSIONS: Mapping[str, Callable[..., None]] = MappingProxyType(
    {
        "cc_curves": _cc_curve,
        "sustain_pedal": _sustain,
        "expression": _swelling(11, "range"),
        "modulation": _swelling(1, "depth"),
        "filter": _swelling(74, "sweep"),
        "pitch_bend": _pitch_bend,
    }
)


def _ramp(start: float, end: float, low: int, high: int) -> tuple[tuple[float, int], ...]:
    """Values from one to the other, each where it changes, at most four a beat."""
    steps = max(1, min(round((end - start) / min(RAMP_STEP_BEATS, (end - start) / 4 or 1)), 512))
    points = [
        (start + (end - start) * at / steps, round(low + (high - low) * at / steps))
        for at in range(steps + 1)
    ]
    return tuple(
        point for at, point in enumerate(points) if not at or point[1] != points[at - 1][1]
    )


def _limits(said: Any) -> tuple[int, int] | None:
    """Two controller values: "40-110", [40, 110], {from: 40, to: 110}, or a height from 0."""
    low: Any
    high: Any
    if isinstance(said, Mapping):
        low, high = said.get("from", said.get("low")), said.get("to", said.get("high"))
    elif isinstance(said, list) and len(said) == 2:
        low, high = said
    elif isinstance(said, str) and (found := _RANGE.search(said)):
        low, high = int(found[1]), int(found[2])
    else:
        low, high = 0, said
    lowest, highest = _whole(low, 0, 127), _whole(high, 0, 127)
    return None if lowest is None or highest is None else (lowest, highest)


def _span(said: Any, part: Part, beats_per_bar: float) -> tuple[float, float] | None:
    """Where bars A to B of a part begin and end, in beats from its start; all of it by default."""
    if said is None:
        return 0.0, part.bars * beats_per_bar
    found = _BARS.fullmatch(str(said).strip().lower())
    if found is None:
        return None
    first, last = int(found[1]), int(found[2] or found[1])
    if not 1 <= first <= last <= part.bars:
        return None
    return (first - 1) * beats_per_bar, last * beats_per_bar


def _whole(value: Any, low: int, high: int) -> int | None:
    fits = isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
    return round(value) if fits else None


# ---------------------------------------------------------------------- Automation

_PARAMETERS: Mapping[str, str] = MappingProxyType(
    {
        **{name.lower(): name for name in LANES},
        **dict.fromkeys(("fader", "level", "gain", "tremolo rate", "delay feedback"), "Volume"),
        **dict.fromkeys(("panning", "stereo"), "Pan"),
        **dict.fromkeys(("filter cutoff", "cutoff", "filter"), "Synth Cutoff"),
        **dict.fromkeys(("resonance", "filter resonance"), "Synth Resonance"),
        **dict.fromkeys(("mod wheel", "modulation"), "Mod Wheel (CC1)"),
        "expression": "Expression (CC11)", "sustain": "Sustain (CC64)", "low": "EQ Low",
        "mid": "EQ Mid", "high": "EQ High", "attack": "Synth Attack", "release": "Synth Release",
    }
)  # fmt: skip
_BEAT = re.compile(r"(?:beat\s*)?([0-9]{1,6}(?:\.[0-9]{1,6})?)")
_BAR = re.compile(r"bar\s*([0-9]{1,5}(?:\.[0-9]{1,4})?)")


def _automation(
    label: str, block: Any, parts: Sequence[Part], beats_per_bar: float, blocks: Blocks
) -> None:
    for at, wish in enumerate(block if isinstance(block, list) else [block]):
        path = f"{label}[{at}]" if isinstance(block, list) else label
        if not isinstance(wish, Mapping):
            blocks.miss(path, "expected {track, param, events}")
            continue
        part = _part(wish.get("track", wish.get("target")), parts)
        said = wish.get("param", wish.get("parameter"))
        parameter = _PARAMETERS.get(re.sub(r"[\s_-]+", " ", str(said)).strip().lower())
        if part is None:
            blocks.miss(f"{path}.track", f"no such part: {str(wish.get('track'))[:40]!r}")
        elif parameter is None:
            blocks.miss(f"{path}.param", f"no parameter is called {str(said)[:40]!r}")
        else:
            events = wish.get("events", wish.get("points"))
            points = _points(path, events, LANES[parameter], beats_per_bar, blocks)
            if points:
                blocks.automation.append(AutomationWish(part.track, parameter, points))


def _points(
    path: str, events: Any, lane: Lane, beats_per_bar: float, blocks: Blocks
) -> tuple[tuple[float, float, str | None], ...]:
    if not isinstance(events, list) or not events:
        blocks.miss(f"{path}.events", "expected [{beat: 0, value: 0.5}, …]")
        return ()
    points = []
    for at, event in enumerate(events):
        where = f"{path}.events[{at}]"
        beat = _beat(event, beats_per_bar) if isinstance(event, Mapping) else None
        value = event.get("value") if isinstance(event, Mapping) else None
        if beat is None or not isinstance(value, int | float) or isinstance(value, bool):
            blocks.miss(where, "expected {beat: number, value: number}")
            continue
        if not lane.low <= value <= lane.high:
            blocks.miss(f"{where}.value", f"expected {lane.low:g} to {lane.high:g}, got {value:g}")
            continue
        curve = event.get("curve")
        if curve is not None and curve not in CURVES:
            blocks.miss(f"{where}.curve", f"expected one of {', '.join(CURVES)}")
            curve = None
        points.append((beat, float(value), curve))
    return tuple(sorted(points, key=lambda point: point[0]))


def _beat(event: Mapping[str, Any], beats_per_bar: float) -> float | None:
    said = event.get("beat")
    if said is None and "bar" in event:
        said = f"bar {event['bar']}"
    if isinstance(said, int | float) and not isinstance(said, bool):
        return float(said) if said >= 0 else None
    text = str(said).strip().lower()
    if found := _BAR.fullmatch(text):
        return (float(found[1]) - 1) * beats_per_bar if float(found[1]) >= 1 else None
    found = _BEAT.fullmatch(text)
    return float(found[1]) if found else None
