"""Roles of tracks, and which tracks a plan uses again."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.planner.vectors_of import VECTORS

from workbench.planner import infer_track_role
from workbench.planner.tracks import ROLES, label_of, role_of, tracks_for_roles


@dataclass(frozen=True)
class Lane:
    id: str
    name: str
    program: int | None = None
    drum_kit: str | None = None


@pytest.mark.parametrize(
    "case", VECTORS["track_roles"], ids=lambda case: f"{case['name']} {case['gm_program']}"
)
def test_a_track_plays_the_role_of_the_reference(case):
    assert infer_track_role(case["name"], case["gm_program"], case["drum_kit_id"]) == case["role"]


@pytest.mark.parametrize("case", VECTORS["role_matching"], ids=lambda case: case["roles"][0])
def test_roles_take_the_tracks_of_the_reference(case):
    lanes = [
        Lane(it["id"], it["name"], it.get("gmProgram"), it.get("drumKitId"))
        for it in case["tracks"]
    ]
    found = tracks_for_roles(case["roles"], lanes)
    assert {role: lane.name for role, lane in found.items()} == case["match"]


names = st.sampled_from(["Organ", "Guitar", "Sub Bass", "Kit", "Synth", "Strings", "Vox", "Thing"])


@given(st.lists(st.sampled_from(ROLES), unique=True), st.lists(names, max_size=8))
def test_a_track_is_claimed_once(roles, tracks):
    lanes = [Lane(str(at), name) for at, name in enumerate(tracks)]
    found = tracks_for_roles(roles, lanes)
    assert set(found) <= set(roles)
    assert len({lane.id for lane in found.values()}) == len(found)


@pytest.mark.parametrize(
    ("name", "role"),
    [("tenor sax", "melody"), ("upright bass", "bass"), ("Pads", "pads"), ("keys", "chords"),
     ("kazoo", "melody"), ("congas", "drums"), ("lead", "lead")],
)  # fmt: skip
def test_what_a_part_is_called_has_a_role(name, role):
    assert role_of(name) == role


def test_labels_keep_what_a_part_is_called():
    assert [label_of(role) for role in ("fx", "tenor sax", "drums")] == ["FX", "Tenor Sax", "Drums"]


def test_drum_words_are_whole_words():
    assert infer_track_role("Upbeat Keys") == "chords"
    assert infer_track_role("Kitchen Piano") == "chords"
