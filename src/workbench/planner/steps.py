"""The steps of a plan as people follow them: labels, order, title, and how each one ends."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal

from workbench.daw import Project
from workbench.planner.tracks import label_of
from workbench.prompt import Prompt

Status = Literal["pending", "active", "completed", "failed", "skipped"]
INSTRUMENTS = "instruments"
LONGEST_TITLE = 80


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A `stori_*` tool and its parameters, in camel case as they travel."""

    name: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStep:
    """One line of the checklist."""

    step_id: str
    label: str
    status: Status = "pending"
    tool: str | None = None
    detail: str | None = None
    group: str | None = None
    """Steps of one group run side by side."""
    result: str | None = None
    calls: tuple[int, ...] = ()
    """Which calls of the plan it stands for, from 0."""

    def as_dict(self) -> dict[str, Any]:
        """As events carry it, without what it does not say."""
        said = {
            "stepId": self.step_id, "label": self.label, "status": self.status,
            "toolName": self.tool, "detail": self.detail, "parallelGroup": self.group,
            "result": self.result,
        }  # fmt: skip
        return {name: value for name, value in said.items() if value is not None}


def steps_of_calls(calls: Sequence[ToolCall]) -> tuple[PlanStep, ...]:
    """The steps that a list of calls makes, in the order of the calls, each call in one of them."""
    steps: list[PlanStep] = []
    open_steps: dict[Hashable, int] = {}
    created: set[str] = set()
    for at, call in enumerate(calls):
        track = str(call.params.get("trackName") or call.params.get("name") or "")
        key, step = _step_of(call, at, track, created=track in created)
        if call.name == "stori_add_midi_track":
            created.add(track)
        if key in open_steps:
            place = open_steps[key]
            steps[place] = _joined(steps[place], call, at)
            continue
        open_steps[key] = len(steps)
        steps.append(_joined(replace(step, step_id=str(len(steps) + 1)), call, at))
    return tuple(steps)


# Tools that open or join a step: the step's kind, its label (formatted with the call's parameters and
# `track`), the tool it shows, and whether it belongs to an instrument.
_STEPS: Mapping[str, tuple[str, str, str, bool]] = MappingProxyType(
    {
        "stori_set_tempo": ("tempo", "Set tempo to {tempo:g} BPM", "stori_set_tempo", False),
        "stori_set_key": ("key", "Set key signature to {key}", "stori_set_key", False),
        "stori_ensure_bus": ("bus", "Set up shared {name} bus", "stori_ensure_bus", False),
        "stori_add_send": ("bus", "Set up shared {busName} bus", "stori_ensure_bus", False),
        "stori_set_track_volume": ("mix", "Adjust mix", "stori_set_track_volume", False),
        "stori_set_track_pan": ("mix", "Adjust mix", "stori_set_track_pan", False),
        "stori_add_midi_track": ("create", "Create {track} track", "stori_add_midi_track", True),
        **dict.fromkeys(
            (
                "stori_add_midi_region", "stori_generate_midi", "stori_add_notes",
                "stori_set_track_color", "stori_set_track_icon",
            ),
            ("content", "Add content to {track}", "stori_add_notes", True),
        ),
        "stori_add_insert_effect": (
            "effects", "Add effects to {track}", "stori_add_insert_effect", True,
        ),
        "stori_add_midi_cc": ("cc", "Add MIDI CC to {track}", "stori_add_midi_cc", True),
        "stori_add_pitch_bend": ("bend", "Add pitch bend to {track}", "stori_add_pitch_bend", True),
        "stori_add_aftertouch": ("touch", "Add aftertouch to {track}", "stori_add_aftertouch", True),
        "stori_add_automation": (
            "automation", "Write automation for {track}", "stori_add_automation", True,
        ),
    }
)  # fmt: skip
_EACH_ITS_OWN = ("cc", "bend", "touch", "automation")
_LOOKS = ("stori_set_track_color", "stori_set_track_icon")


def _step_of(call: ToolCall, at: int, track: str, *, created: bool) -> tuple[Hashable, PlanStep]:
    """The step that a call opens or joins: its key, and its first form."""
    tool = "stori_add_midi_track" if created and call.name in _LOOKS else call.name
    if tool not in _STEPS:
        step = PlanStep(
            step_id="", label=human(tool), tool=tool, group=INSTRUMENTS if track else None
        )
        return (tool, track), step
    kind, label, shown, of_instrument = _STEPS[tool]
    params = {"name": "", "busName": call.params.get("busId", ""), **call.params, "track": track}
    step = PlanStep(
        step_id="",
        label=label.format(**params),
        tool=shown,
        group=INSTRUMENTS if of_instrument else None,
    )
    return (step.label, at if kind in _EACH_ITS_OWN else 0), step


def _joined(step: PlanStep, call: ToolCall, at: int) -> PlanStep:
    detail = step.detail
    if call.name == "stori_generate_midi":
        params = call.params
        detail = f"{params['bars']} bars, {humanised(str(params['style']))}, {params['role']}"
    elif call.name == "stori_add_insert_effect":
        effect = str(call.params["type"]).title()
        detail = f"{detail}, {effect}" if detail else effect
    return replace(step, detail=detail, calls=(*step.calls, at))


def steps_of_prompt(prompt: Prompt, project: Project | None = None) -> tuple[PlanStep, ...]:
    """The steps a prompt announces before any chat model is asked; tempo and key as they are, left out."""
    steps: list[tuple[str, str, str | None]] = []
    tempo = None if project is None else project.tempo_bpm
    key = "" if project is None else project.key or ""
    if prompt.tempo is not None and prompt.tempo != tempo:
        steps.append((f"Set tempo to {prompt.tempo} BPM", "stori_set_tempo", None))
    if prompt.key and prompt.key.lower() != key.lower():
        steps.append((f"Set key signature to {prompt.key}", "stori_set_key", None))
    there = set() if project is None else {track.name.lower() for track in project.tracks}
    effects = prompt.extensions.get("effects")
    effects = effects if isinstance(effects, dict) else {}
    with_effects = {label_of(str(name).lower()) for name in effects}
    labels = list(dict.fromkeys(label_of(role) for role in prompt.roles))
    expressive = _expressive_steps(prompt, [label for label in labels if label != "Drums"])
    for label in labels:
        if label.lower() not in there:
            steps.append((f"Create {label} track", "stori_add_midi_track", INSTRUMENTS))
        steps.append((f"Add content to {label}", "stori_add_notes", INSTRUMENTS))
        if label in with_effects:
            steps.append((f"Add effects to {label}", "stori_add_insert_effect", INSTRUMENTS))
        steps += [step for on, step in expressive if on == label]
    for label in with_effects - set(labels):
        steps.append((f"Add effects to {label}", "stori_add_insert_effect", INSTRUMENTS))
    if labels and not effects:
        steps.append(("Add effects and routing", "stori_add_insert_effect", INSTRUMENTS))
    lanes = prompt.extensions.get("automation")
    if lanes:
        count = len(lanes) if isinstance(lanes, list) else 1
        steps.append((f"Write automation ({count} lanes)", "stori_add_automation", None))
    if sum("reverb" in wishes for wishes in effects.values() if isinstance(wishes, dict)) >= 2:
        steps.append(("Set up shared Reverb bus", "stori_ensure_bus", None))
    return tuple(
        PlanStep(step_id=str(at), label=label, tool=tool, group=group)
        for at, (label, tool, group) in enumerate(steps, 1)
    )


def _expressive_steps(
    prompt: Prompt, pitched: Sequence[str]
) -> list[tuple[str, tuple[str, str, str | None]]]:
    wishes = prompt.extensions.get("midiexpressiveness")
    if not isinstance(wishes, dict) or not pitched:
        return []
    label, said = pitched[0], {str(name).lower() for name in wishes}
    steps: list[tuple[str, tuple[str, str, str | None]]] = []
    if said & {"cc_curves", "sustain_pedal", "expression", "modulation", "filter"}:
        steps.append((label, (f"Add MIDI CC to {label}", "stori_add_midi_cc", INSTRUMENTS)))
    if "pitch_bend" in said:
        steps.append((label, (f"Add pitch bend to {label}", "stori_add_pitch_bend", INSTRUMENTS)))
    return steps


def title_of(calls: Iterable[ToolCall], prompt: Prompt) -> str:
    """What a plan is called: by tracks, style and section."""
    created = sum(call.name == "stori_add_midi_track" for call in calls)
    if created >= 3 and prompt.style:
        return f"Setting Up {created}-Track {humanised(prompt.style)}"
    return title_of_prompt(prompt, created)


def title_of_prompt(prompt: Prompt, tracks: int | None = None) -> str:
    """What a prompt's plan is called before its calls are known; a track a role, unless so many."""
    style, section = humanised(prompt.style or ""), humanised(prompt.section or "")
    tracks = len(prompt.roles) if tracks is None else tracks
    if style or section:
        verb = "Building" if section else "Composing"
        return " ".join(filter(None, (verb, style, section)))
    if tracks >= 2:
        return f"Setting Up {tracks}-Track Arrangement"
    return prompt.request[:LONGEST_TITLE]


def humanised(style: str) -> str:
    """A style for people: "lofi_hip_hop" is "Lofi Hip Hop"."""
    words = style.replace("_", " ").split()
    return " ".join(word[:1].upper() + word[1:] for word in words).replace(", ", " · ")


def human(tool: str) -> str:
    """A tool's name for people: "stori_quantize_notes" is "Quantize notes"."""
    return tool.removeprefix("stori_").replace("_", " ").capitalize()
