"""From a prompt to a song: plan it, carry the plan out, keep everything that led there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from workbench.daw import Caller, Project, Studio
from workbench.errors import PlanError
from workbench.models.requests import CancelToken, Runner
from workbench.planner.carrying import Carried, carry_out
from workbench.planner.planning import Planned, lacking, plan_prompt
from workbench.planner.steps import PlanStep
from workbench.prompt import Prompt, emotion_vector, parse_prompt
from workbench.score import EmotionVector, Score


@dataclass(frozen=True, kw_only=True)
class Composition:
    """A song and how it came about. At the end of a cell it shows its player and its plan."""

    prompt: Prompt
    emotion: EmotionVector
    carried: Carried

    @property
    def project(self) -> Project:
        return self.carried.project

    @property
    def planned(self) -> Planned:
        return self.carried.planned

    @property
    def steps(self) -> tuple[PlanStep, ...]:
        """The plan's steps as they ended."""
        return self.carried.steps

    @cached_property
    def score(self) -> Score:
        """What sounds of the song."""
        return self.project.to_score()

    @property
    def effects(self) -> dict[str, list[str]]:
        """By track: its inserts, then "→ bus" for each send."""
        buses = {bus.id: bus.name for bus in self.project.buses}
        return {
            track.name: [
                *(effect.kind for effect in track.effects),
                *(f"→ {buses[send.bus_id]}" for send in track.sends),
            ]
            for track in self.project.tracks
        }

    def as_dict(self) -> dict[str, Any]:
        """How the song came about, as JSON: prompt, emotion, plan with its steps as they ended, effects."""
        planned = self.planned.as_dict()
        planned["steps"] = [step.as_dict() for step in self.steps]
        return {
            "prompt": self.prompt.as_dict(),
            "emotion": asdict(self.emotion),
            **planned,
            "effects": self.effects,
        }


def compose_prompt(  # noqa: PLR0913 - a door, keywords only
    prompt: Prompt | str,
    runner: Runner,
    *,
    project: Project | None = None,
    emotion: EmotionVector | None = None,
    seed: int = 0,
    cancel: CancelToken | None = None,
    on_step: Callable[[PlanStep], None] | None = None,
) -> Composition:
    """Plan a prompt without a chat model and compose it, into a project where one is given.

    `emotion` takes the place of the prompt's own. The same prompt, project, runner and seed give the
    same song. Raises `PromptError`, and `PlanError` for a prompt that cannot be planned so.
    """
    asked = read_prompt(prompt)
    studio = Studio(project, runner=runner, caller=Caller(), seed=seed)
    planned = planned_or_why_not(asked, studio.project)
    felt = emotion or emotion_vector(asked)
    carried = carry_out(planned, studio, emotion=felt, cancel=cancel, on_step=on_step)
    return Composition(prompt=asked, emotion=felt, carried=carried)


def read_prompt(text: Prompt | str) -> Prompt:
    """A prompt as it is, or parsed. Raises `PromptError`, and `PlanError` for text that is none."""
    prompt = parse_prompt(text) if isinstance(text, str) else text
    if prompt is None:
        raise PlanError("not a structured prompt: the first line must be STORI PROMPT")
    return prompt


def planned_or_why_not(prompt: Prompt, project: Project | None = None) -> Planned:
    """The deterministic plan of a prompt. Raises `PlanError` naming what it would take."""
    if prompt.mode != "compose":
        raise PlanError(f"Mode must be compose to be planned as music, got {prompt.mode}")
    planned = plan_prompt(prompt, project)
    if planned is None:
        missing = ", ".join(lacking(prompt))
        raise PlanError(f"planning without a chat model takes {missing} too")
    return planned
