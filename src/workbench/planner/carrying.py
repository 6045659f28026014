"""Carrying a plan out in a studio: its calls in order, each step seen to begin and to end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from workbench.daw import Project, Studio, ToolResult
from workbench.models.requests import CancelToken
from workbench.planner.planning import Planned, runnable
from workbench.planner.steps import PlanStep
from workbench.score import EmotionVector


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What came of a plan: the song, its steps as they ended, the results of its calls."""

    planned: Planned
    project: Project
    steps: tuple[PlanStep, ...]
    results: tuple[ToolResult, ...]

    @property
    def failures(self) -> tuple[tuple[PlanStep, str], ...]:
        """Every step that failed, and why."""
        return tuple((step, step.result or "") for step in self.steps if step.status == "failed")


def carry_out(
    planned: Planned,
    studio: Studio,
    *,
    emotion: EmotionVector | None = None,
    cancel: CancelToken | None = None,
    on_step: Callable[[PlanStep], None] | None = None,
) -> Carried:
    """Do a plan's calls; together one step to undo.

    `on_step` hears of each step as it begins and ends. A step of which a call failed is failed, the
    others go on; after a cancel, steps that are not over are skipped.
    """
    board = _Board(planned.steps, on_step)
    calls = runnable(planned.calls)

    def asked() -> Iterator[tuple[str, Mapping[str, Any]]]:
        for at, call in enumerate(calls):
            if cancel is not None and cancel.cancelled:
                return
            board.begin(at)
            yield call.name, call.params

    def ended(at: int, result: ToolResult) -> None:
        if result.ok or cancel is None or not cancel.cancelled:
            board.end(at, result)

    caller = replace(studio.caller, emotion=emotion or studio.caller.emotion, cancel=cancel)
    results = studio.batch(asked(), caller=caller, on_result=ended)
    return Carried(
        planned=planned,
        project=studio.project,
        steps=board.closed(),
        results=tuple(results),
    )


class _Board:
    """The steps of a plan while it is carried out."""

    def __init__(
        self, steps: tuple[PlanStep, ...], on_step: Callable[[PlanStep], None] | None
    ) -> None:
        self._steps, self._on_step = list(steps), on_step
        self._of_call = {call: at for at, step in enumerate(steps) for call in step.calls}
        self._errors: dict[int, list[str]] = {}

    def begin(self, call: int) -> None:
        at = self._of_call[call]
        if self._steps[at].status == "pending":
            self._set(at, replace(self._steps[at], status="active"))

    def end(self, call: int, result: ToolResult) -> None:
        at = self._of_call[call]
        if not result.ok:
            self._errors.setdefault(at, []).append(_sentence(result))
        elif result.answer.get("notesAdded"):
            said = f"{result.answer['notesAdded']} notes"
            self._steps[at] = replace(self._steps[at], result=said)
        if call == self._steps[at].calls[-1]:
            errors = self._errors.get(at)
            step = self._steps[at]
            if errors:
                self._set(at, replace(step, status="failed", result="; ".join(errors)))
            else:
                self._set(at, replace(step, status="completed"))

    def closed(self) -> tuple[PlanStep, ...]:
        for at, step in enumerate(self._steps):
            if step.status in ("pending", "active"):
                self._set(at, replace(step, status="skipped"))
        return tuple(self._steps)

    def _set(self, at: int, step: PlanStep) -> None:
        self._steps[at] = step
        if self._on_step is not None:
            self._on_step(step)


def _sentence(result: ToolResult) -> str:
    return "; ".join(str(error["message"]) for error in result.answer["errors"])
