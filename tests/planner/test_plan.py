"""Plans in a chat model's words: read, repaired, completed."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.planner.vectors_of import VECTORS

from workbench.daw import Project
from workbench.errors import PlanError
from workbench.planner import plan_from_text
from workbench.planner.planning import calls_of

# Design: volume is 0 to 1.5 and pan 0 to 1 everywhere, so −100 to 100 is translated.
OVERRULED = {"empty_tracks_removed": {"stori_set_track_pan": {"pan": 0.55}}}


def calls(plan):
    return [
        {"name": call.name, "params": dict(call.params)}
        for call in calls_of(plan, (), Project(id="song"))
    ]


@pytest.mark.parametrize("case", VECTORS["llm_plans"], ids=lambda case: case["id"])
def test_replies_become_the_calls_of_the_reference(case):
    if not case["is_valid"]:
        with pytest.raises(PlanError) as error:
            plan_from_text(case["llm_text"])
        assert str(error.value) == case["errors"][0]
        return
    for call in case["tool_calls"]:
        call["params"] |= OVERRULED.get(case["id"], {}).get(call["name"], {})
    assert calls(plan_from_text(case["llm_text"])) == case["tool_calls"]


PLAN = {"generations": [{"role": "bass", "style": "Deep_House", "tempo": 122, "bars": 8}]}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(PLAN),
        f"Sure!\n```json\n{json.dumps(PLAN)}\n```\nEnjoy {{it}}.",
        f"```\n{json.dumps(PLAN)}\n```",
        f'First {{"thought": 1}}, then {json.dumps(PLAN)} and more',
        json.dumps(PLAN, indent=1).replace("8\n", "8,\n"),
    ],
    ids=["bare", "fenced as json", "fenced", "among other objects", "trailing comma"],
)
def test_a_plan_is_found_wherever_it_stands(text):
    (generation,) = plan_from_text(text).generations
    assert (generation.role, generation.style, generation.bars) == ("bass", "deep house", 8)


def test_every_generation_gets_a_track_and_a_region_of_its_length():
    plan = plan_from_text(json.dumps(PLAN))
    assert plan.as_dict()["edits"] == [
        {"action": "add_track", "name": "Bass"},
        {"action": "add_region", "track": "Bass", "barStart": 0, "bars": 8},
    ]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"bars": 65}, "generations → 0 → bars: Input should be less than or equal to 64"),
        ({"tempo": 20}, "generations → 0 → tempo: Input should be greater than or equal to 30"),
        ({"style": ""}, "generations → 0 → style: String should have at least 1 character"),
    ],
)
def test_faults_are_named_by_their_place(change, says):
    with pytest.raises(PlanError) as error:
        plan_from_text(json.dumps({"generations": [{**PLAN["generations"][0], **change}]}))
    assert str(error.value) == says


@pytest.mark.parametrize(
    ("action", "said", "linear"),
    [("set_pan", -100, 0.0), ("set_pan", 0.25, 0.25), ("set_volume", -6, 0.5012),
     ("set_volume", 1.2, 1.2), ("set_volume", 40, 1.4962)],
)  # fmt: skip
def test_levels_are_linear(action, said, linear):
    mix = [{"action": action, "track": "Bass", "value": said}]
    (step,) = plan_from_text(json.dumps({**PLAN, "mix": mix})).mix_steps
    assert step.value == pytest.approx(linear, abs=1e-4)


def test_a_plan_of_nothing_is_none():
    with pytest.raises(PlanError, match="the plan is empty"):
        plan_from_text('{"generations": [], "edits": [{"action": "add_track", "name": "Harp"}]}')


@given(st.text(alphabet='{}[]",:`\n abgenrtios0123456789', max_size=400))
def test_any_text_is_a_plan_or_an_error(text):
    with suppress(PlanError):
        plan_from_text(text)


def test_many_braces_take_no_time():
    with pytest.raises(PlanError):
        plan_from_text("{" * 200_000)
