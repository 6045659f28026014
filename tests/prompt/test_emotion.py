"""Emotion: Maestro's vectors, our reading of weights by hand, every word's pull, refinements."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import RequestError
from workbench.prompt import (
    Prompt,
    Vibe,
    emotion_vector,
    generation_constraints,
    parse_prompt,
    refine,
)
from workbench.prompt.emotion import _VIBES, REFINEMENTS
from workbench.score import EmotionVector

VECTORS = json.loads((Path(__file__).parent / "vectors" / "maestro.json").read_text())
NEUTRAL = EmotionVector()


def feeling(body: str) -> EmotionVector:
    """Of a prompt with these lines."""
    request = "" if "Request:" in body else "\nRequest: x"
    prompt = parse_prompt(f"STORI PROMPT\nMode: compose\n{body}{request}\n")
    assert prompt is not None
    return emotion_vector(prompt)


def of(**fields: object) -> EmotionVector:
    return emotion_vector(Prompt(mode="compose", request="x", **fields))  # type: ignore[arg-type]


# Vectors with lists or weights, which Maestro split at spaces, brackets and all.
WEIGHED = {"Vibe: [melancholic x3, warm:2]"}
LISTED = {"compose_full_lofi", "vibe_x_space"}


@pytest.mark.parametrize(
    "case",
    [c for c in VECTORS["emotion"] if c["text"] not in WEIGHED],
    ids=lambda c: c["text"][:24],
)
def test_vectors(case: dict) -> None:
    assert asdict(feeling(case["text"])) == pytest.approx(case["vector"], abs=1e-6)


@pytest.mark.parametrize(
    "case",
    [c for c in VECTORS["prompts"] if c["id"] not in LISTED and c["parsed"] is not None],
    ids=lambda case: case["id"],
)
def test_vectors_of_whole_prompts(case: dict) -> None:
    prompt = parse_prompt(case["prompt"])
    assert prompt is not None
    assert asdict(emotion_vector(prompt)) == pytest.approx(case["emotion_vector"], abs=1e-6)


def test_constraint_vectors() -> None:
    for case in VECTORS["constraints_from_emotion"]:
        found = generation_constraints(EmotionVector(**case["vector"]))
        assert found == pytest.approx(case["constraints"], abs=2e-6)
        assert all(type(found[name]) is type(value) for name, value in case["constraints"].items())


def test_weights_count() -> None:
    """`[melancholic x3, warm:2]`: neutral counts 1, then 3, then 2.

    energy (.5·1 + .25·3) / 4; valence ((0·1 − .5·3) / 4 · 4 + .3·2) / 6; intimacy likewise.
    """
    assert asdict(feeling("Vibe: [melancholic x3, warm:2]")) == pytest.approx(
        {
            "energy": 1.25 / 4,
            "valence": (-1.5 + 0.6) / 6,
            "tension": 0.3,
            "intimacy": (0.5 + 2.1 + 1.3) / 6,
            "motion": 0.5,
        }
    )


def test_section_style_vibes_energy_in_this_order() -> None:
    """Bridge 1.5, metal .5, dark 3, haunting 2, eerie 1, medium 1.5: each axis by hand.

    The count goes on over axes that a word leaves alone: energy is not touched by dark (3) or eerie (1),
    yet they count when medium comes.
    """
    after_bridge = {
        "energy": 0.5,
        "valence": -0.06,
        "tension": 0.48,
        "intimacy": 0.56,
        "motion": 0.5,
    }
    metal = {"energy": 0.95, "valence": -0.3, "tension": 0.8, "intimacy": 0.2, "motion": 0.85}
    at = {axis: (value * 2.5 + metal[axis] * 0.5) / 3 for axis, value in after_bridge.items()}
    at["valence"] = (at["valence"] * 3 + -0.45 * 3) / 6  # dark x3
    at["tension"] = (at["tension"] * 3 + 0.5 * 3) / 6
    for axis, target in {"tension": 0.65, "valence": -0.4, "energy": 0.25}.items():  # haunting:2
        at[axis] = (at[axis] * 6 + target * 2) / 8
    for axis, target in {"tension": 0.7, "valence": -0.45}.items():  # very eerie
        at[axis] = (at[axis] * 8 + target) / 9
    for axis in ("energy", "motion"):  # medium
        at[axis] = (at[axis] * 9 + 0.5 * 1.5) / 10.5
    case = next(c for c in VECTORS["prompts"] if c["id"] == "vibe_x_space")
    prompt = parse_prompt(case["prompt"])
    assert prompt is not None
    assert asdict(emotion_vector(prompt)) == pytest.approx(at)


def test_a_full_prompt_by_hand() -> None:
    """Verse 1.5, lofi .5, dusty (no word of ours) 3, warm 2, laid-back 1, low 1.5."""
    case = next(c for c in VECTORS["prompts"] if c["id"] == "compose_full_lofi")
    prompt = parse_prompt(case["prompt"])
    assert prompt is not None
    energy = (0.5 + 0.4 * 1.5 + 0.3 * 0.5) / 3
    energy = (energy * 5 + 0.3) / 6  # laid-back, after warm's 2
    motion = (0.5 + 0.4 * 1.5 + 0.35 * 0.5) / 3
    motion = (motion * 5 + 0.35) / 6
    assert asdict(emotion_vector(prompt)) == pytest.approx(
        {
            "energy": (energy * 6 + 0.2 * 1.5) / 7.5,
            "valence": ((0 + 0 - 0.1 * 0.5) / 3 * 3 + 0.3 * 2) / 5,
            "tension": ((0.3 + 0.3 * 1.5 + 0.2 * 0.5) / 3 * 5 + 0.1) / 6,
            "intimacy": ((0.5 + 0.7 * 1.5 + 0.75 * 0.5) / 3 * 3 + 0.65 * 2) / 5,
            "motion": (motion * 6 + 0.2 * 1.5) / 7.5,
        }
    )


@pytest.mark.parametrize("word", _VIBES)
def test_every_word_pulls_towards_its_targets(word: str) -> None:
    """Half the way with weight 1, further with more, no other axis, and inside a longer vibe too."""
    once, thrice = of(vibes=(Vibe(word),)), of(vibes=(Vibe(word, 3),))
    for axis, neutral in asdict(NEUTRAL).items():
        target = _VIBES[word].get(axis, neutral)
        assert asdict(once)[axis] == pytest.approx((neutral + target) / 2)
        assert asdict(thrice)[axis] == pytest.approx((neutral + 3 * target) / 4)
    assert of(vibes=(Vibe(f"somewhat {word}, really"),)) == once
    assert of(vibes=(Vibe(f"x{word}x"),)) == NEUTRAL


@pytest.mark.parametrize(
    ("energy", "target"),
    [
        ("very low", (0.1, 0.1)), ("low", (0.2, 0.2)), ("medium", (0.5, 0.5)), ("mid", (0.5, 0.5)),
        ("high", (0.8, 0.7)), ("very high", (0.95, 0.9)), ("very-high!", (0.95, 0.9)),
        ("quite high", (0.8, 0.7)),
    ],
)  # fmt: skip
def test_levels_of_energy(energy: str, target: tuple[float, float]) -> None:
    """Weight 1.5 against neutral's 1; "very high" is no "high"."""
    found = of(energy=energy)
    assert (found.energy, found.motion) == pytest.approx(
        tuple((0.5 + 1.5 * t) / 2.5 for t in target)
    )
    assert (found.valence, found.tension, found.intimacy) == (0, 0.3, 0.5)


@pytest.mark.parametrize("energy", ["slow", "midnight", "allow", "0.8", "", "thigh"])
def test_words_that_hold_a_level_are_none(energy: str) -> None:
    assert of(energy=energy) == NEUTRAL


@pytest.mark.parametrize(
    ("style", "same_as"),
    [("Lo-Fi beats", "lofi"), ("dark trap", "hip hop"), ("techno, electronic", "edm"), ("hard rock", "metal"),
     ("indie pop", "folk"), ("jazz hip-hop", "hip hop"), ("ambient jazz", "jazz")],
)  # fmt: skip
def test_the_first_genre_of_the_table_counts(style: str, same_as: str) -> None:
    assert of(style=style) == of(style=same_as) != NEUTRAL


def test_a_section_counts_by_its_first_word() -> None:
    assert of(section="verse two") == of(section="verse") != NEUTRAL
    assert of(section="second verse") == of(section="hook") == NEUTRAL


# ---------------------------------------------------------------------- refinement


def test_refinements_by_value() -> None:
    assert refine(NEUTRAL, "darker") == EmotionVector(valence=-0.25)
    assert refine(NEUTRAL, "More  Driving ") == EmotionVector(energy=0.6, motion=0.8)
    assert refine(NEUTRAL, "resolve it") == EmotionVector(tension=0.0, valence=0.1)  # not below 0
    assert refine(refine(NEUTRAL, "sadder"), "happier") == NEUTRAL


vectors = st.builds(
    EmotionVector,
    energy=st.floats(0, 1), valence=st.floats(-1, 1), tension=st.floats(0, 1),
    intimacy=st.floats(0, 1), motion=st.floats(0, 1),
)  # fmt: skip


@given(vectors, st.sampled_from(sorted(REFINEMENTS)))
def test_a_refinement_moves_its_axes_its_way(vector: EmotionVector, wish: str) -> None:
    before, after = asdict(vector), asdict(refine(vector, wish))
    for axis, value in after.items():
        step = REFINEMENTS[wish].get(axis, 0.0)
        reached = before[axis] + step
        assert value == pytest.approx(min(max(reached, -1.0 if axis == "valence" else 0.0), 1.0))


@pytest.mark.parametrize(
    ("wish", "hint"),
    [("drker", "did you mean 'darker'?"), ("more cowbell", "expected one of sadder")],
)
def test_other_wishes_are_refused(wish: str, hint: str) -> None:
    with pytest.raises(RequestError, match="no refinement is called") as refusal:
        refine(NEUTRAL, wish)
    assert hint in str(refusal.value)


vibes = st.lists(
    st.builds(Vibe, st.sampled_from([*_VIBES, "dusty"]), st.integers(1, 1000)), max_size=6
).map(tuple)


@given(
    vibes,
    st.none() | st.sampled_from(["drop", "outro"]),
    st.none() | st.sampled_from(["edm", "lofi"]),
)
def test_any_prompt_stays_within_range(
    vibes: tuple[Vibe, ...], section: str | None, style: str | None
) -> None:
    """Blends are means: no axis leaves what was said of it and neutral."""
    found = asdict(of(vibes=vibes, section=section, style=style))
    if section is style is None:
        for axis, value in found.items():
            said = [asdict(NEUTRAL)[axis]]
            said += [_VIBES[vibe.vibe][axis] for vibe in vibes if axis in _VIBES.get(vibe.vibe, {})]
            assert min(said) - 1e-9 <= value <= max(said) + 1e-9


@given(vectors)
def test_constraints_stay_in_their_ranges(vector: EmotionVector) -> None:
    found = generation_constraints(vector)
    ranges = {
        "drum_density": (0.2, 1), "swing_amount": (0, 0.25),
        "register_center": (48, 72), "register_spread": (6, 18),
        "rest_density": (0.1, 0.4), "leap_probability": (0.1, 0.4), "borrowed_chord_probability": (0, 0.3),
        "harmonic_rhythm_bars": (0.5, 2), "velocity_floor": (40, 80), "velocity_ceiling": (80, 120),
        "dynamic_range": (10, 40),
    }  # fmt: skip
    for name, (low, high) in ranges.items():
        assert low - 1e-9 <= found[name] <= high + 1e-9, name
    assert found["subdivision"] == (16 if vector.motion > 0.6 else 8)
    assert found["chord_extensions"] == (vector.tension > 0.5)
