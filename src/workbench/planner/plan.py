"""A plan: what to generate, which tracks and regions it needs, how to mix it; and its repair."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from workbench.errors import PlanError
from workbench.planner.mix import MixStep
from workbench.planner.tracks import Role, label_of

MOST_BARS, SLOWEST, FASTEST, LONGEST_NAME = 64, 30, 300, 100
Bars = Annotated[int, Field(ge=1, le=MOST_BARS)]
Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Generation(_Part):
    """Music for one role."""

    role: Role
    style: Name
    tempo: Annotated[int, Field(ge=SLOWEST, le=FASTEST)]
    bars: Bars
    key: str | None = None
    constraints: dict[str, Any] = Field(default_factory=dict)
    track: Name | None = None
    """The track it goes to, where that is not called as the role is."""

    @field_validator("style")
    @classmethod
    def _folded(cls, style: str) -> str:
        return style.lower().replace("_", " ")

    @property
    def track_name(self) -> str:
        """The name of the track it goes to."""
        return self.track or label_of(self.role)


class AddTrack(_Part):
    """A track to create."""

    action: Literal["add_track"] = "add_track"
    name: Name


class AddRegion(_Part):
    """A region to create; `barStart` from 0."""

    action: Literal["add_region"] = "add_region"
    track: Name
    bar_start: Annotated[int, Field(ge=0, le=10_000, alias="barStart")] = 0
    bars: Bars

    model_config = ConfigDict(frozen=True, populate_by_name=True)


class AddInsert(_Part):
    """An effect on a track."""

    action: Literal["add_insert"] = "add_insert"
    track: Name
    type: Name


class AddSend(_Part):
    """A send to a bus."""

    action: Literal["add_send"] = "add_send"
    track: Name
    bus: Name


class SetValue(_Part):
    """A volume or a pan, in any of the units that chat models use."""

    action: Literal["set_volume", "set_pan"]
    track: Name
    value: Annotated[float, Field(allow_inf_nan=False)]


Edit = Annotated[AddTrack | AddRegion, Field(discriminator="action")]
Mix = Annotated[AddInsert | AddSend | SetValue, Field(discriminator="action")]


class Plan(_Part):
    """What to generate, edit and mix."""

    generations: tuple[Generation, ...] = ()
    edits: tuple[Edit, ...] = ()
    mix: tuple[Mix, ...] = ()
    explanation: str | None = None

    @property
    def mix_steps(self) -> tuple[MixStep, ...]:
        """The mix with volumes linear and pans 0 to 1."""
        return tuple(map(_mix_step, self.mix))

    def as_dict(self) -> dict[str, Any]:
        """The plan as JSON, in the names that chat models write."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


def _mix_step(mix: AddInsert | AddSend | SetValue) -> MixStep:
    if isinstance(mix, AddInsert):
        return MixStep(action="add_insert", track=mix.track, type=mix.type.lower())
    if isinstance(mix, AddSend):
        return MixStep(action="add_send", track=mix.track, bus=mix.bus)
    value = mix.value
    if mix.action == "set_pan" and not 0 <= value <= 1:  # −100 to 100, as some write it
        value = (min(max(value, -100.0), 100.0) + 100) / 200
    elif mix.action == "set_volume" and not 0 <= value <= 1.5:  # decibels
        value = min(10 ** (min(value, 3.5) / 20), 1.5)
    return MixStep(action=mix.action, track=mix.track, value=round(value, 4))


# ---------------------------------------------------------------------- from a chat model's text


def plan_from_text(text: str) -> Plan:
    """The plan in a chat model's reply, repaired and completed.

    Looks into fenced blocks first, then for objects that look like a plan; trailing commas are
    forgiven. Raises `PlanError` with one line a fault, such as
    "generations → 0 → bars: Input should be less than or equal to 64".
    """
    for candidate in _objects(text):
        if isinstance(candidate, dict) and candidate.keys() & {"generations", "edits", "mix"}:
            plan = completed(_validated(candidate))
            if not plan.generations and not plan.mix:
                raise PlanError("the plan is empty: it generates nothing and mixes nothing")
            return plan
    raise PlanError("No valid JSON object found in LLM response")


def _validated(candidate: dict[str, Any]) -> Plan:
    try:
        return Plan.model_validate(candidate)
    except ValidationError as error:
        told = error.errors(include_url=False, include_context=False, include_input=False)
        raise PlanError("; ".join(f"{_path(it['loc'])}: {it['msg']}" for it in told)) from error


def _path(place: tuple[int | str, ...]) -> str:
    return " → ".join(str(step) for step in place)


_FENCE_JSON = re.compile(r"```json\s*(.*?)```", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"```[^\n`]*\n(.*?)```", re.DOTALL)
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
LONGEST = 200_000


def _objects(text: str) -> Iterator[Any]:
    """What parses as JSON in a text, the likeliest places first."""
    text = text[:LONGEST]
    places = [*_FENCE_JSON.findall(text), *_FENCE.findall(text), text]
    decoder = json.JSONDecoder()
    for place in places:
        at, tries = place.find("{"), 0
        while at != -1 and tries < 50:
            found, end = _decoded(decoder, place, at)
            if found is not None:
                yield found
            at, tries = place.find("{", end if found is not None else at + 1), tries + 1
    outermost = text[text.find("{") : text.rfind("}") + 1]
    if outermost:
        try:
            yield json.loads(_TRAILING_COMMA.sub(r"\1", outermost))
        except (ValueError, RecursionError):
            return


def _decoded(decoder: json.JSONDecoder, text: str, at: int) -> tuple[Any, int]:
    try:
        return decoder.raw_decode(text, at)
    except (ValueError, RecursionError):
        return None, at


def completed(plan: Plan) -> Plan:
    """The plan with a track and a region for every generation, and without tracks that stay empty.

    A generation's track is one whose name is or holds its role, else a new one; its region is one as
    long as it is, else a new one at bar 0.
    """
    tracks = [edit.name for edit in plan.edits if isinstance(edit, AddTrack)]
    regions = [edit for edit in plan.edits if isinstance(edit, AddRegion)]
    generations, used = [], list[str]()
    for generation in plan.generations:
        name = _track_for(generation, tracks)
        if name not in tracks:
            tracks.append(name)
        if name not in used:
            used.append(name)
        if not any(it.track == name and it.bars == generation.bars for it in regions):
            regions.append(AddRegion(track=name, bars=generation.bars))
        own = None if name == label_of(generation.role) else name
        generations.append(generation.model_copy(update={"track": own}))
    edits: list[AddTrack | AddRegion] = []
    for name in tracks:
        if name in used:
            edits.append(AddTrack(name=name))
            edits += [region for region in regions if region.track == name]
    kept = tuple(step for step in plan.mix if step.track in used or step.track not in tracks)
    return plan.model_copy(
        update={"generations": tuple(generations), "edits": tuple(edits), "mix": kept}
    )


def _track_for(generation: Generation, tracks: list[str]) -> str:
    if generation.track is not None:
        return generation.track
    role = generation.role
    return next(
        (name for name in tracks if name.lower() == role),
        next((name for name in tracks if role in name.lower()), label_of(role)),
    )
