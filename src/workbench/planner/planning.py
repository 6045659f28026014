"""From a prompt to an ordered list of tool calls, without a chat model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from workbench.daw import Project, Track
from workbench.errors import PlanError, RequestError
from workbench.planner.blocks import Blocks, Part, Unread, blocks_of
from workbench.planner.mix import MixStep, effects_of, steps_of
from workbench.planner.plan import (
    FASTEST,
    LONGEST_NAME,
    MOST_BARS,
    SLOWEST,
    AddRegion,
    AddTrack,
    Generation,
    Plan,
)
from workbench.planner.steps import PlanStep, ToolCall, steps_of_calls, title_of
from workbench.planner.tracks import label_of, role_of, tracks_for_roles
from workbench.prompt import Prompt, start_beats
from workbench.score import program_named

# Looks of a role's track: colour and icon (of Maestro's names).
_LOOKS: Mapping[str, tuple[str, str]] = {
    "drums": ("red", "instrument.drum"),
    "bass": ("green", "guitars.fill"),
    "chords": ("purple", "pianokeys"),
    "melody": ("pink", "music.note"),
    "pads": ("blue", "waveform"),
    "arp": ("cyan", "music.note"),
    "lead": ("orange", "music.note"),
    "fx": ("teal", "sparkles"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A prompt's plan: what it is called, its calls in order, its steps, and what nobody understood."""

    title: str
    plan: Plan
    calls: tuple[ToolCall, ...]
    steps: tuple[PlanStep, ...]
    unread: tuple[Unread, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "title": self.title,
            "plan": self.plan.as_dict(),
            "calls": [{"name": call.name, "params": dict(call.params)} for call in self.calls],
            "steps": [step.as_dict() for step in self.steps],
            "notUnderstood": [{"path": it.path, "reason": it.reason} for it in self.unread],
        }


def plan_prompt(prompt: Prompt, project: Project | None = None) -> Planned | None:
    """The deterministic plan of a prompt for a project (an empty one by default).

    None where style, tempo, a role or a whole number of bars is not given: then a chat model has to
    plan. Raises `PlanError` for bars beyond 64, tempi beyond 30 to 300 and names beyond 100 characters.
    """
    if lacking(prompt):
        return None
    assert prompt.tempo is not None
    bars = prompt.constraints["bars"]
    if bars > MOST_BARS:
        raise PlanError(f"Constraints.bars must be 1 to {MOST_BARS}, got {bars}")
    if not SLOWEST <= prompt.tempo <= FASTEST:
        raise PlanError(f"Tempo must be {SLOWEST} to {FASTEST}, got {prompt.tempo}")
    for what, said in (("Style", prompt.style or ""), *(("a role", role) for role in prompt.roles)):
        if len(said) > LONGEST_NAME:
            raise PlanError(f"{what} must be at most {LONGEST_NAME} characters, got {len(said)}")
    song = project or Project(id="new")
    chairs = _chairs(prompt.roles, song.tracks)
    start = _start(prompt, song)
    parts = [Part(chair.said, chair.track, chair.role == "drums", start, bars) for chair in chairs]
    blocks = blocks_of(prompt, parts, song.bar_beats)
    plan = _plan(prompt, chairs, bars, blocks)
    expression = _expression(blocks)
    calls = (*_setup(prompt, song), *calls_of(plan, chairs, song, start, expression))
    return Planned(
        title=title_of(calls, prompt),
        plan=plan,
        calls=calls,
        steps=steps_of_calls(calls),
        unread=tuple(blocks.unread),
    )


def lacking(prompt: Prompt) -> tuple[str, ...]:
    """What a prompt would have to say too, to be planned without a chat model."""
    bars = prompt.constraints.get("bars")
    said = {
        "Style": prompt.style,
        "Tempo": prompt.tempo is not None,
        "Role": prompt.roles,
        "Constraints: {bars: 8}": isinstance(bars, int) and not isinstance(bars, bool) and bars > 0,
    }
    return tuple(name for name, value in said.items() if not value)


@dataclass(frozen=True, slots=True)
class Chair:
    """A role of the prompt, the role of a plan that plays it, and its track, reused or new."""

    said: str
    role: str
    track: str
    reused: Track | None = None


def _chairs(roles: Sequence[str], tracks: Sequence[Track]) -> list[Chair]:
    """One chair a role, each named once; a track that is called so, or plays it, is used again."""
    said = list(dict.fromkeys(role.strip().lower() for role in roles))
    named = {
        role: track
        for role in said
        if (
            track := next(
                (it for it in tracks if it.name.lower() in (role, label_of(role).lower())), None
            )
        )
    }
    others = [track for track in tracks if track not in named.values()]
    played = tracks_for_roles([role for role in said if role not in named], others)
    chairs = []
    for role in said:
        track = named.get(role) or played.get(role)
        chairs.append(Chair(role, role_of(role), track.name if track else label_of(role), track))
    return chairs


def _start(prompt: Prompt, song: Project) -> float:
    if prompt.position is None:
        return 0.0
    return start_beats(prompt.position, song.tracks, song.bar_beats)


def _plan(prompt: Prompt, chairs: Sequence[Chair], bars: int, blocks: Blocks) -> Plan:
    constraints = {name: value for name, value in prompt.constraints.items() if name != "bars"}
    edits: list[AddTrack | AddRegion] = []
    generations, mix = [], list[MixStep]()
    for chair in chairs:
        own = None if chair.track == label_of(chair.role) else chair.track
        generations.append(
            Generation.model_validate(
                {
                    "role": chair.role, "style": prompt.style, "tempo": prompt.tempo, "bars": bars,
                    "key": prompt.key, "constraints": constraints, "track": own,
                }
            )
        )  # fmt: skip
        if chair.reused is None:
            edits.append(AddTrack(name=chair.track))
        edits.append(AddRegion(track=chair.track, bars=bars))
        asked = [step for step in blocks.effects if step.track == chair.track]
        inferred = () if _no_effects(prompt) else effects_of(prompt.style or "", chair.role)
        wanted = {*inferred, *(step.type or "reverb" for step in asked)}
        there = {effect.kind for effect in chair.reused.effects} if chair.reused else set[str]()
        mix += steps_of(chair.track, sorted(wanted - there))
    return Plan.model_validate(
        {
            "generations": generations,
            "edits": edits,
            "mix": [step.as_dict() for step in mix],
        }
    )


def _no_effects(prompt: Prompt) -> bool:
    """Whether the constraints refuse effects: `no_effects`, or `no reverb`."""
    said = {"_".join(name.replace("-", " ").replace("_", " ").split()): value
            for name, value in prompt.constraints.items()}  # fmt: skip
    return any(
        value not in (False, None, 0, "false", "no", "off", "")
        for name, value in said.items()
        if name in ("no_effects", "no_reverb")
    )


def _setup(prompt: Prompt, song: Project) -> list[ToolCall]:
    """Tempo and key, where they are not as asked for already."""
    calls = []
    if prompt.tempo is not None and prompt.tempo != song.tempo_bpm:
        calls.append(ToolCall("stori_set_tempo", {"tempo": prompt.tempo}))
    if prompt.key and prompt.key.lower() != (song.key or "").lower():
        calls.append(ToolCall("stori_set_key", {"key": prompt.key}))
    return calls


def calls_of(
    plan: Plan,
    chairs: Sequence[Chair],
    song: Project,
    start: float = 0.0,
    expression: Mapping[str, Sequence[ToolCall]] | None = None,
) -> tuple[ToolCall, ...]:
    """A plan's tool calls: track by track, then buses, all sends, volumes and pans.

    `expression` is what each track gets beyond its plan: controllers, bends, automation.
    """
    by_track = {chair.track: chair for chair in chairs}
    names = list(dict.fromkeys([g.track_name for g in plan.generations]))
    names += [it.name for it in plan.edits if isinstance(it, AddTrack) and it.name not in names]
    calls: list[ToolCall] = []
    for name in names:
        chair = by_track.get(name)
        calls += _track_calls(plan, name, chair, song, start)
        calls += (expression or {}).get(name, ())
    mix = plan.mix_steps
    buses = sorted({step.bus for step in mix if step.bus})
    calls += [ToolCall("stori_ensure_bus", {"name": bus}) for bus in buses]
    calls += [_mix_call(step, by_track) for step in mix if step.action == "add_send"]
    calls += [_mix_call(step, by_track) for step in mix if step.action.startswith("set_")]
    return tuple(calls)


def _track_calls(
    plan: Plan, name: str, chair: Chair | None, song: Project, start: float
) -> list[ToolCall]:
    calls: list[ToolCall] = []
    generations = [it for it in plan.generations if it.track_name == name]
    role = generations[0].role if generations else role_of(name)
    at = _address(name, chair)
    if chair is None or chair.reused is None:
        calls.append(ToolCall("stori_add_midi_track", _new_track(name, chair, role)))
        color, icon = _LOOKS[role]
        calls.append(ToolCall("stori_set_track_color", {**at, "color": color}))
        calls.append(ToolCall("stori_set_track_icon", {**at, "icon": icon}))
    calls += [
        ToolCall("stori_add_midi_region", _region(it, at, song, start))
        for it in plan.edits
        if isinstance(it, AddRegion) and it.track == name
    ]
    calls += [ToolCall("stori_generate_midi", _generation(it, at)) for it in generations]
    inserts = (it for it in plan.mix_steps if it.action == "add_insert" and it.track == name)
    return [
        *calls,
        *(ToolCall("stori_add_insert_effect", {**at, "type": it.type}) for it in inserts),
    ]


def _region(
    region: AddRegion, at: Mapping[str, Any], song: Project, start: float
) -> dict[str, Any]:
    return {
        "name": region.track,
        **at,
        "startBeat": region.bar_start * song.bar_beats + start,
        "durationBeats": region.bars * song.bar_beats,
    }


def _generation(it: Generation, at: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "role": it.role,
        "style": it.style,
        "tempo": it.tempo,
        "bars": it.bars,
        "key": it.key or "",
        **at,
        "constraints": it.constraints,
    }


def _new_track(name: str, chair: Chair | None, role: str) -> dict[str, Any]:
    """A new track; what names an instrument beyond the roles gets its program."""
    program = None
    if chair is not None and chair.said != role:
        try:
            program = program_named(chair.said)
        except RequestError:
            program = None
    return {"name": name} if program is None else {"name": name, "gmProgram": program}


def _address(name: str, chair: Chair | None) -> dict[str, Any]:
    if chair is None or chair.reused is None:
        return {"trackName": name}
    return {"trackName": name, "trackId": chair.reused.id}


def _mix_call(step: MixStep, by_track: Mapping[str, Chair]) -> ToolCall:
    at = _address(step.track, by_track.get(step.track))
    if step.action == "add_send":
        return ToolCall("stori_add_send", {**at, "busName": step.bus})
    name = step.action.removeprefix("set_")
    return ToolCall(f"stori_set_track_{name}", {**at, name: step.value})


def _expression(blocks: Blocks) -> dict[str, list[ToolCall]]:
    """By track: controllers and bends for the region just made, and automation."""
    calls: dict[str, list[ToolCall]] = {}

    def add(track: str, tool: str, **params: Any) -> None:
        calls.setdefault(track, []).append(ToolCall(tool, {"trackName": track, **params}))

    for control in blocks.controls:
        add(control.track, "stori_add_midi_cc", cc=control.cc, events=_events(control.events))
    for bend in blocks.bends:
        add(bend.track, "stori_add_pitch_bend", events=_events(bend.events))
    for wish in blocks.automation:
        points = [
            {"beat": beat, "value": value, **({"curve": curve} if curve else {})}
            for beat, value, curve in wish.points
        ]
        add(wish.track, "stori_add_automation", parameter=wish.parameter, points=points)
    return calls


def _events(events: Iterable[tuple[float, int]]) -> list[dict[str, float]]:
    return [{"beat": beat, "value": value} for beat, value in events]


def runnable(calls: Sequence[ToolCall]) -> tuple[ToolCall, ...]:
    """The calls as one batch: what goes into a region refers to the call that makes it (`$N.regionId`)."""
    regions: dict[str, int] = {}
    batch = []
    for at, call in enumerate(calls):
        params = {name: value for name, value in call.params.items() if value != ""}
        track = str(params.get("trackName"))
        if call.name == "stori_add_midi_region":
            regions[track] = at
        elif call.name in _IN_REGION and track in regions:
            params["regionId"] = f"${regions[track]}.regionId"
            if call.name != "stori_generate_midi":
                del params["trackName"]
        batch.append(replace(call, params=params))
    return tuple(batch)


_IN_REGION = ("stori_generate_midi", "stori_add_midi_cc", "stori_add_pitch_bend")
