import math
from dataclasses import FrozenInstanceError, asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import RequestError
from workbench.score import EmotionVector

LOWEST = {"energy": 0.0, "valence": -1.0, "tension": 0.0, "intimacy": 0.0, "motion": 0.0}
vectors = st.builds(
    EmotionVector, **{axis: st.floats(lowest, 1.0) for axis, lowest in LOWEST.items()}
)
deltas = st.dictionaries(st.sampled_from(sorted(LOWEST)), st.floats(allow_nan=False))


def test_neutral_is_the_default() -> None:
    assert asdict(EmotionVector()) == {
        "energy": 0.5, "valence": 0.0, "tension": 0.3, "intimacy": 0.5, "motion": 0.5
    }  # fmt: skip


@pytest.mark.parametrize("axis", LOWEST)
def test_ranges(axis: str) -> None:
    for value in (LOWEST[axis], 1, 1.0):
        assert getattr(EmotionVector(**{axis: value}), axis) == value
    for value in (
        math.nextafter(LOWEST[axis], -2), math.nextafter(1, 2), 2, -2, math.nan, math.inf, -math.inf,
    ):  # fmt: skip
        with pytest.raises(
            RequestError, match=f"{axis} must be {LOWEST[axis]:g} to 1, got {value}"
        ):
            EmotionVector(**{axis: value})


def test_a_vector_stands() -> None:
    with pytest.raises(FrozenInstanceError):
        EmotionVector().energy = 1.0  # type: ignore[misc]
    assert len({EmotionVector(), EmotionVector(energy=0.5), EmotionVector(energy=0.6)}) == 2


@given(vectors, deltas)
def test_moves_add_and_stay_within_range(vector: EmotionVector, by: dict[str, float]) -> None:
    before, after = asdict(vector), asdict(vector.moved(by))
    for axis, lowest in LOWEST.items():
        wanted = before[axis] + by.get(axis, 0.0)
        assert after[axis] == (lowest if wanted < lowest else 1.0 if wanted > 1 else wanted)


@given(vectors)
def test_no_move_is_none(vector: EmotionVector) -> None:
    assert vector.moved({}) == vector
    assert vector.moved({"energy": 0.0}) == vector


def test_moves_that_mean_nothing_are_refused() -> None:
    with pytest.raises(RequestError, match="no axis mood; they are energy, valence, tension"):
        EmotionVector().moved({"mood": 0.1})
    with pytest.raises(RequestError, match="motion must be 0 to 1, got nan"):
        EmotionVector().moved({"motion": math.nan})


def test_distances_by_hand() -> None:
    lowest = EmotionVector(**LOWEST)
    highest = EmotionVector(energy=1, valence=1, tension=1, intimacy=1, motion=1)
    assert lowest.distance(highest) == pytest.approx(math.sqrt(8))
    assert EmotionVector().distance(EmotionVector(energy=0.2, motion=0.9)) == pytest.approx(0.5)


@given(vectors, vectors, vectors)
def test_distance_is_a_distance(a: EmotionVector, b: EmotionVector, c: EmotionVector) -> None:
    assert a.distance(a) == 0
    assert a.distance(b) == b.distance(a) >= 0
    assert a.distance(c) <= a.distance(b) + b.distance(c) + 1e-12
