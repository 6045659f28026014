"""Effects by role and style, against the reference's matrix."""

import pytest
from tests.planner.vectors_of import PROMPTS, VECTORS

from workbench.planner import infer_mix_steps
from workbench.prompt import parse_prompt

ROLES = ("drums", "bass", "chords", "melody", "arp", "pads", "fx", "lead")
# Design: by role, melody goes to the Reverb bus too; the reference's code forgot it.
MELODY = {"action": "add_send", "track": "Melody", "bus": "Reverb"}


def steps(style, roles):
    return [step.as_dict() for step in infer_mix_steps(style, roles)]


@pytest.mark.parametrize("style", VECTORS["mix_full_matrix"])
def test_a_style_gives_each_role_the_effects_of_the_matrix(style):
    expected = VECTORS["mix_full_matrix"][style]
    found = steps(style, ROLES)
    assert [step for step in found if step != MELODY] == [
        step for step in expected if step != MELODY
    ]
    assert MELODY in found


@pytest.mark.parametrize("name", [name for name, case in PROMPTS.items() if case.get("mix_steps")])
def test_prompts_get_the_effects_of_the_reference(name):
    case = PROMPTS[name]
    prompt = parse_prompt(case["prompt"])
    found = steps(prompt.style, prompt.roles)
    assert [s for s in found if s != MELODY] == [s for s in case["mix_steps"] if s != MELODY]


def test_the_architectures_own_styles_add_what_it_says():
    assert {"action": "add_insert", "track": "Lead", "type": "chorus"} in steps("lo-fi", ["lead"])
    assert {"action": "add_insert", "track": "Pads", "type": "chorus"} in steps("chill", ["pads"])
    assert {"action": "add_insert", "track": "Drums", "type": "filter"} in steps("chill", ["drums"])


@pytest.mark.parametrize("style", ["", "rock", "metal shoegaze lofi jazz ambient"])
def test_reverb_is_a_send_and_never_an_insert(style):
    for step in steps(style, ROLES):
        assert step.get("type") != "reverb"


def test_unknown_roles_get_nothing():
    assert steps("rock", ["kazoo"]) == []
