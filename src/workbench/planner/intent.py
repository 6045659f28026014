"""What a sentence wants: its intent, how the server answers it, which tools may be used.

A structured prompt is routed by its mode; plain words by rules, then idioms, then a chat model if one is
handed in. Knows no project beyond the names of its tracks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, Protocol

from workbench.errors import WorkbenchError
from workbench.planner.intent_clauses import (
    LONGEST_CHARACTERS,
    clause_of,
    clauses_of,
    is_affirmative,
)
from workbench.planner.intent_idioms import idiom_in
from workbench.planner.intent_rules import UNKNOWN, Found, asked, find
from workbench.planner.intent_spelling import spelt, tokens_of
from workbench.prompt import Prompt, parse_prompt

State = Literal["reasoning", "editing", "composing"]
ToolChoice = Literal["required", "auto", "none"]

MIXING = (
    "add_aftertouch", "add_automation", "add_insert_effect", "add_midi_cc", "add_pitch_bend", "add_send",
    "ensure_bus", "set_track_pan", "set_track_volume",
)  # fmt: skip
REGION = ("add_midi_region", "add_notes", "apply_swing", "clear_notes", "quantize_notes")
FX = ("add_insert_effect", "add_send", "ensure_bus")
TRACK = (
    "add_midi_track", "mute_track", "set_midi_program", "set_track_color", "set_track_icon", "set_track_name",
    "set_track_pan", "set_track_volume", "solo_track",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """How an intent is answered: in which state, with which tools, whether one call is all."""

    state: State
    tools: tuple[str, ...]
    tool_choice: ToolChoice
    stop_after_first: bool


def _edit(*tools: str) -> Answer:
    return Answer("editing", _named(tools), "required", stop_after_first=True)


def _edits(*tools: str) -> Answer:
    return Answer("editing", _named(tools), "auto", stop_after_first=False)


def _named(tools: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({f"stori_{tool}" for tool in tools}))


_MIX = Answer("editing", _named(MIXING), "required", stop_after_first=False)
_SAY = Answer("reasoning", (), "none", stop_after_first=True)

INTENTS: Mapping[str, Answer] = MappingProxyType(
    {
        "transport.play": _edit("play"),
        "transport.stop": _edit("stop"),
        "transport.seek": _edit("set_playhead"),
        "ui.show_panel": _edit("show_panel"),
        "ui.set_zoom": _edit("set_zoom"),
        "project.set_tempo": _edit("set_tempo"),
        "project.set_key": _edit("set_key"),
        "track.add": _edit("add_midi_track"),
        "track.rename": _edit("set_track_name"),
        "track.mute": _edit("mute_track"),
        "track.solo": _edit("solo_track"),
        "track.set_volume": _edit("set_track_volume"),
        "track.set_pan": _edit("set_track_pan"),
        "track.set_color": _edit("set_track_color"),
        "track.set_icon": _edit("set_track_icon"),
        "region.add": _edits(*REGION),
        "notes.add": _edits("add_midi_region", "add_notes"),
        "notes.clear": _edit("clear_notes"),
        "notes.quantize": _edit("quantize_notes"),
        "notes.swing": _edit("apply_swing"),
        "fx.add_insert": _edits(*FX),
        "route.create_bus": _edit("ensure_bus"),
        "route.add_send": _edits("add_send", "ensure_bus"),
        "automation.add": _edit("add_automation"),
        "midi_cc.add": _edit("add_midi_cc"),
        "pitch_bend.add": _edit("add_pitch_bend"),
        "aftertouch.add": _edit("add_aftertouch"),
        "mix.tonality": _MIX,
        "mix.dynamics": _MIX,
        "mix.space": _MIX,
        "mix.energy": _MIX,
        "compose.generate_music": Answer("composing", (), "auto", stop_after_first=True),
        "ask.stori_docs": _SAY,
        "ask.general": _SAY,
        "control.needs_clarification": _SAY,
        "control.unknown": Answer("reasoning", (), "auto", stop_after_first=True),
    }
)
"""Every intent and its answer (reference §2)."""

_CATEGORIES: Mapping[str, str] = MappingProxyType(
    {
        "transport": "transport.play",
        "track_edit": "track.add",
        "region_edit": "region.add",
        "effects": "fx.add_insert",
        "mix_vibe": "mix.energy",
        "generation": "compose.generate_music",
        "clarify": "control.needs_clarification",
    }
)
_QUESTION = (
    "You are a classifier for a music workstation. Answer with one category only: transport, track_edit, "
    "region_edit, effects, mix_vibe, generation, question, clarify, other.\n\nRequest: {}"
)
_EFFECTS = frozenset({"compressor", "eq", "reverb", "delay", "chorus", "distortion"})
_OFFERS = ("?", "would you like", "should i", "want me to")


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of the conversation so far."""

    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What a text wants and how the server answers it; `confidence` 0 to 1."""

    intent: str
    state: State
    confidence: float
    reasons: tuple[str, ...]
    slots: Mapping[str, object]
    """By name: action, target_type, target_name, amount, amount_unit, direction, value_str, idiom, extras."""
    tools: tuple[str, ...]
    """The tools allowed, by full name, sorted."""
    tool_choice: ToolChoice
    stop_after_first: bool
    requires_planner: bool
    prompt: Prompt | None = None
    """The structured prompt, where the text is one."""


def classify(
    text: str, *, history: Sequence[Message] = (), ask: Callable[[str], str] | None = None
) -> Intent:
    """What `text` wants. Raises `PromptError` for a structured prompt with something wrong in it.

    Of plain words the first 1000 characters are looked at. `ask`, a chat model, is given a question and
    answers with a category; it is asked only where the rules find nothing.
    """
    prompt = parse_prompt(text)
    if prompt is not None:
        return _routed(prompt)
    if history and is_affirmative(text) and _was_offered(history):
        return _intent(Found("compose.generate_music", 0.85, "affirmative_reply", 3), text)
    found = _best(text)
    if found is UNKNOWN and ask is not None:
        found = _categorised(text, ask)
    return _intent(found, text)


def _best(text: str) -> Found:
    """What the plainest clause of a text wants, the first of equals; all of it together if none is plain."""
    clauses = clauses_of(text)
    found = max(
        (find(clause) for clause in clauses), key=lambda found: found.weight, default=UNKNOWN
    )
    if found.weight < 2 and len(clauses) > 1:
        whole = find(clause_of(spelt(tokens_of(text[:LONGEST_CHARACTERS])), asked=False))
        return max(found, whole, key=lambda found: found.weight)
    return found


def _was_offered(history: Sequence[Message]) -> bool:
    said = [message.text.lower() for message in history if message.role == "assistant"]
    return bool(said) and any(offer in said[-1] for offer in _OFFERS)


def _categorised(text: str, ask: Callable[[str], str]) -> Found:
    try:
        reply = ask(_QUESTION.format(text[:LONGEST_CHARACTERS]))
    except WorkbenchError as error:
        return Found("control.unknown", 0.30, f"llm_error: {error}", 0)
    category = reply.strip().lower()
    if category == "question":
        return Found(
            asked(" ".join(tokens_of(text[:LONGEST_CHARACTERS]))).intent, 0.75, "llm:question", 1
        )
    if category in _CATEGORIES:
        return Found(_CATEGORIES[category], 0.75, f"llm:{category}", 1)
    return Found("control.unknown", 0.40, "llm:other", 0)


def _routed(prompt: Prompt) -> Intent:
    """A structured prompt goes where its mode says (reference §1, "Routing by Mode")."""
    name = {"compose": "compose.generate_music", "ask": "ask.general"}.get(prompt.mode) or _edited(
        prompt
    )
    target = prompt.target
    slots = _slots(
        target_type=target.kind if target else None, target_name=target.name if target else None
    )
    return _answered(name, 0.99, "structured_prompt", slots, prompt)


def _edited(prompt: Prompt) -> str:
    """The idiom of the heaviest vibe that has one, the first of equals; else effects; else energy."""
    idioms = [
        (vibe.weight, idiom)
        for vibe in prompt.vibes
        if (idiom := idiom_in(tokens_of(vibe.vibe))) is not None
    ]
    if idioms:
        return max(idioms, key=lambda pair: pair[0])[1].intent
    return "fx.add_insert" if _EFFECTS & prompt.constraints.keys() else "mix.energy"


def _intent(found: Found, text: str) -> Intent:
    return _answered(found.intent, found.confidence, found.reason, _said(found, text), None)


def _answered(
    name: str, confidence: float, reason: str, slots: Mapping[str, object], prompt: Prompt | None
) -> Intent:
    answer = INTENTS[name]
    return Intent(
        intent=name,
        state=answer.state,
        confidence=confidence,
        reasons=(reason,),
        slots=slots,
        tools=answer.tools,
        tool_choice=answer.tool_choice,
        stop_after_first=answer.stop_after_first,
        requires_planner=name == "compose.generate_music",
        prompt=prompt,
    )


def _slots(**said: object) -> Mapping[str, object]:
    names = (
        "action",
        "target_type",
        "target_name",
        "amount",
        "amount_unit",
        "direction",
        "value_str",
        "idiom",
    )
    return MappingProxyType({**dict.fromkeys(names), "extras": {}, **said})


def _said(found: Found, text: str) -> Mapping[str, object]:
    """The slots that reference §2's rules fill."""
    if found.idiom is not None:
        extras = {"target": found.idiom.target, "matched_phrase": found.idiom.phrase}
        return _slots(
            direction=found.idiom.direction, idiom=found.idiom.phrase, value_str=text, extras=extras
        )
    words = spelt(tokens_of(text[:LONGEST_CHARACTERS]))
    numbers = [int(word.split(".")[0]) for word in words if word.split(".")[0].isdecimal()]
    match found.intent:
        case "project.set_tempo":
            tempos = [number for number in numbers if 10 <= number <= 999]
            return _slots(
                action="set_tempo", target_type="project", amount_unit="bpm",
                amount=float(tempos[-1]) if tempos else None,
                value_str=str(tempos[-1]) if tempos else text,
            )  # fmt: skip
        case "ui.set_zoom" if numbers:
            return _slots(
                action="zoom", target_type="ui", amount=float(numbers[0]), amount_unit="percent",
                value_str=str(numbers[0]),
            )  # fmt: skip
        case "ui.set_zoom":
            direction = "out" if "out" in words else "in"
            return _slots(action="zoom", target_type="ui", direction=direction, value_str=text)
        case "ui.show_panel":
            return _slots(value_str=text, extras={"visible": _is_shown(words)})
        case "track.add":
            return _slots(action="add", target_type="track", value_str=text)
        case "notes.add":
            return _slots(action="add", target_type="notes", value_str=text)
    return _slots(value_str=text)


def _is_shown(words: Sequence[str]) -> bool:
    return not {
        "hide",
        "close",
        "dismiss",
        "minimize",
        "minimise",
        "shut",
        "collapse",
        "away",
        "rid",
    } & {*words}


class NamedTrack(Protocol):
    """A track as far as it matters here."""

    @property
    def name(self) -> str: ...


class Tracks(Protocol):
    """A project as far as it matters here."""

    @property
    def tracks(self) -> Sequence[NamedTrack]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """How an intent is carried out: chat, changes applied at once, or a variation proposed."""

    mode: Literal["chat", "apply", "variation"]
    state: State
    """As the stream's `state` event says it."""
    tools: tuple[str, ...]
    tool_choice: ToolChoice
    stop_after_first: bool
    agent_teams: bool = False
    """Whether a team of agents composes: at least two roles, applied at once."""


def execution_mode(intent: Intent, project: Tracks) -> Execution:
    """How `intent` is carried out on `project` (reference §2, "State → execution mode")."""
    composing = intent.state == "composing"
    if composing and (not project.tracks or _is_new(intent.prompt, project)):
        teams = intent.prompt is not None and len(intent.prompt.roles) >= 2
        return Execution(
            mode="apply",
            state="composing" if teams else "editing",
            tools=_named((*TRACK, *REGION, *FX, *MIXING, "set_tempo", "set_key")),
            tool_choice="auto",
            stop_after_first=False,
            agent_teams=teams,
        )
    return Execution(
        mode="variation" if composing else "apply" if intent.state == "editing" else "chat",
        state=intent.state,
        tools=intent.tools,
        tool_choice=intent.tool_choice,
        stop_after_first=intent.stop_after_first,
    )


def _is_new(prompt: Prompt | None, project: Tracks) -> bool:
    """Whether a structured prompt adds to the project rather than varying one of its tracks."""
    if prompt is None:
        return False
    names = {track.name.casefold() for track in project.tracks}
    return (
        len(prompt.roles) >= 2
        or (prompt.position is not None and prompt.position.kind in ("after", "last"))
        or any(role.casefold() not in names for role in prompt.roles)
    )
