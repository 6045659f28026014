"""What a text wants and what is to be done about it: intents, and the way each is carried out."""

from workbench.planner.blocks import Unread
from workbench.planner.carrying import Carried, carry_out
from workbench.planner.composing import (
    Composition,
    compose_prompt,
    planned_or_why_not,
    read_prompt,
)
from workbench.planner.intent import (
    Execution,
    Intent,
    Message,
    classify,
    execution_mode,
)
from workbench.planner.intent_report import evaluate_intents, labelled_utterances
from workbench.planner.mix import MixStep, infer_mix_steps
from workbench.planner.plan import Plan, plan_from_text
from workbench.planner.planning import Planned, plan_prompt
from workbench.planner.steps import PlanStep, ToolCall, steps_of_calls, steps_of_prompt
from workbench.planner.tracks import infer_track_role

__all__ = [
    "Carried",
    "Composition",
    "Execution",
    "Intent",
    "Message",
    "MixStep",
    "Plan",
    "PlanStep",
    "Planned",
    "ToolCall",
    "Unread",
    "carry_out",
    "classify",
    "compose_prompt",
    "evaluate_intents",
    "execution_mode",
    "infer_mix_steps",
    "infer_track_role",
    "labelled_utterances",
    "plan_from_text",
    "plan_prompt",
    "planned_or_why_not",
    "read_prompt",
    "steps_of_calls",
    "steps_of_prompt",
]
