"""The ten prompts: what they ask for, by a table of our own; every entry of them is understood."""

import json
from pathlib import Path

import pytest

from workbench.prompt import example_prompts, parse_prompt

ASKED = json.loads((Path(__file__).parent / "vectors" / "examples.json").read_text())
BLOCKS = {"effects", "midiexpressiveness", "automation"}


def test_there_are_ten_in_their_order():
    assert list(example_prompts()) == list(ASKED)
    assert len(ASKED) == 10
    with pytest.raises(TypeError):
        example_prompts()["mine"] = "STORI PROMPT"  # nobody can change them for others


@pytest.mark.parametrize("slug", ASKED)
def test_what_it_says_is_read(slug):
    prompt, asked = parse_prompt(example_prompts()[slug]), ASKED[slug]
    assert prompt.mode == "compose"
    assert (prompt.style, prompt.key, prompt.tempo) == (
        asked["style"],
        asked["key"],
        asked["tempo"],
    )
    assert prompt.constraints["bars"] == asked["bars"]
    assert [role.title() for role in prompt.roles] == list(asked["plays"])
    assert prompt.remarks == ()
    assert set(prompt.extensions) <= BLOCKS
    assert parse_prompt(prompt.to_text()) == prompt


def test_together_they_use_everything():
    prompts = [parse_prompt(text) for text in example_prompts().values()]
    for values in ("style", "key", "tempo", "roles"):
        assert len({getattr(prompt, values) for prompt in prompts}) == 10
    assert set().union(*(prompt.extensions for prompt in prompts)) == BLOCKS
    assert {len(prompt.roles) for prompt in prompts} == {2, 3, 4, 5, 6}
    assert {prompt.constraints["bars"] for prompt in prompts} == {4, 8, 12, 16}
    assert any(prompt.section for prompt in prompts)
    assert any(vibe.weight > 1 for prompt in prompts for vibe in prompt.vibes)
    assert all(prompt.energy and prompt.vibes for prompt in prompts)
