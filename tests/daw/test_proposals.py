"""Proposals from their making to their end."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.daw.songs import ids

from workbench.daw import Project, Proposals, Studio
from workbench.daw.project import ControlChange, Note, Region, Track
from workbench.daw.proposals import NEXT
from workbench.errors import ConflictError, NotFoundError, RequestError


def song(*notes: Note, **events) -> Project:
    region = Region(id="R", name="v", start_beats=0.0, duration_beats=32.0, notes=notes, **events)
    return Project(id="p", tracks=(Track(id="T", name="Keys", regions=(region,)),))


BASE = song(Note(0.0), Note(20.0))
PROPOSED = song(Note(0.0, 60, 2.0), Note(20.0, 62), controls=(ControlChange(1.0, 64, 127),))


@pytest.fixture
def proposals() -> Proposals:
    return Proposals(Studio(BASE, new_id=ids()))


def ready(proposals: Proposals, **begin):
    proposals.begin("v", "make it longer", now_s=0.0, **begin)
    proposals.stream("v", now_s=1.0)
    return proposals.ready("v", PROPOSED, now_s=2.0, explanation="longer notes")


def test_accepting_is_one_step_and_gives_complete_regions(proposals: Proposals) -> None:
    proposal = ready(proposals, base_version=0)
    studio = proposals.studio
    assert studio.project is BASE  # proposing changes nothing
    first, second = (phrase.id for phrase in proposal.phrases)
    answer = proposals.commit("v", [first], now_s=3.0, base_version=0).as_dict()
    assert (answer["newStateId"], answer["appliedPhraseIds"]) == ("1", [first])
    assert answer["undoLabel"] == studio.undo_label == "Accept Variation: make it longer"
    (region,) = answer["updatedRegions"]
    assert (region["regionId"], region["trackId"], region["startBeat"]) == ("R", "T", 0.0)
    assert [note["durationBeats"] for note in region["notes"]] == [2.0, 1.0]
    assert region["ccEvents"] == [{"beat": 1.0, "cc": 64, "value": 127, "channel": 0}]
    assert set(region) >= {"pitchBends", "aftertouch", "durationBeats", "name"}
    assert studio.undo()
    assert studio.project is BASE
    assert proposals.get("v", now_s=4.0).status == "COMMITTED"
    with pytest.raises(ConflictError, match="v is COMMITTED, not READY"):
        proposals.commit("v", [second], now_s=5.0)


def test_discarding_leaves_nothing(proposals: Proposals) -> None:
    ready(proposals)
    version = proposals.studio.version
    for _ in range(2):
        proposals.discard("v", now_s=3.0)
    proposals.discard("never heard of", now_s=3.0)
    left = proposals.get("v", now_s=3.0)
    assert (left.status, left.base, left.variation, left.phrases) == ("DISCARDED", None, None, ())
    assert (proposals.studio.project, proposals.studio.version) == (BASE, version)
    assert proposals.studio.undo_label is None


def test_a_changed_base_is_a_conflict(proposals: Proposals) -> None:
    proposal = ready(proposals)
    proposals.studio.call("stori_set_tempo", {"tempo": 99})
    before = proposals.studio.project
    with pytest.raises(ConflictError, match="at state 1, not 0"):
        proposals.commit("v", [p.id for p in proposal.phrases], now_s=3.0)
    assert proposals.studio.project is before
    with pytest.raises(ConflictError, match="at state 1, not 0"):
        proposals.begin("w", "", now_s=3.0, base_version=0)


def test_unknown_things(proposals: Proposals) -> None:
    ready(proposals)
    with pytest.raises(RequestError, match="no phrase 'x'"):
        proposals.commit("v", ["x"], now_s=3.0)
    assert proposals.get("v", now_s=3.0).status == "READY"
    with pytest.raises(NotFoundError, match="no variation 'w'"):
        proposals.commit("w", [], now_s=3.0)
    with pytest.raises(ConflictError, match="another id"):
        proposals.begin("v", "", now_s=3.0)


def test_waiting_too_long_ends_it(proposals: Proposals) -> None:
    ready(proposals)
    assert proposals.get("v", now_s=3599.9).status == "READY"
    expired = proposals.get("v", now_s=3600.0)
    assert (expired.status, expired.variation) == ("EXPIRED", None)
    with pytest.raises(ConflictError, match="EXPIRED"):
        proposals.commit("v", [], now_s=3601.0)
    with pytest.raises(ConflictError, match="EXPIRED and cannot become DISCARDED"):
        proposals.discard("v", now_s=3601.0)


MOVES = {
    "STREAMING": lambda p: p.stream("v", now_s=1.0),
    "READY": lambda p: p.ready("v", PROPOSED, now_s=1.0),
    "COMMITTED": lambda p: p.commit("v", [], now_s=1.0),
    "DISCARDED": lambda p: p.discard("v", now_s=1.0),
    "FAILED": lambda p: p.fail("v", "no model", now_s=1.0),
    "EXPIRED": lambda p: p.expire(5000.0),
}


@given(st.lists(st.sampled_from(tuple(MOVES)), max_size=6))
def test_only_the_moves_of_the_table_are_made(moves) -> None:
    proposals = Proposals(Studio(BASE, new_id=ids()))
    proposals.begin("v", "", now_s=0.0)
    status = "CREATED"
    for move in moves:
        allowed = move in NEXT[status]
        idle = (move == "EXPIRED" and not allowed) or move == status == "DISCARDED"
        if allowed or idle:
            MOVES[move](proposals)
            status = move if allowed else status
        else:
            with pytest.raises(ConflictError):
                MOVES[move](proposals)
        assert proposals.get("v", now_s=1.0).status == status


def test_what_failed_says_why(proposals: Proposals) -> None:
    proposals.begin("v", "", now_s=0.0)
    assert proposals.fail("v", "no model", now_s=1.0).error == "no model"


def test_a_new_track_is_among_the_updated_regions(proposals: Proposals) -> None:
    numbers = itertools.count()
    region = replace(next(BASE.regions), id="N", name=f"new {next(numbers)}")
    proposals.begin("v", "", now_s=0.0)
    proposals.stream("v", now_s=0.0)
    proposed = BASE.with_track(Track(id="T2", name="Bass", regions=(region,)))
    made = proposals.ready("v", proposed, now_s=0.0)
    answer = proposals.commit("v", [p.id for p in made.phrases], now_s=0.0).as_dict()
    assert [(r["trackId"], r["regionId"]) for r in answer["updatedRegions"]] == [("T2", "N")]
    assert proposals.studio.project == proposed
