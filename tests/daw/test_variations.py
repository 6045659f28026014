"""Differences of songs, and accepting all, some or none of them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.daw.songs import edited, projects

from workbench.daw import Project, commit, diff
from workbench.daw.project import (
    Aftertouch,
    ControlChange,
    Note,
    PitchBend,
    Region,
    Track,
    in_order,
)
from workbench.errors import ConflictError, RequestError

VECTORS = json.loads((Path(__file__).parent / "vectors" / "maestro.json").read_text())


def song(notes=(), start_beats=0.0, **events) -> Project:
    region = Region(
        id="R",
        name="verse",
        start_beats=start_beats,
        duration_beats=48.0,
        notes=in_order(notes),
        **events,
    )
    return Project(id="p", tracks=(Track(id="T", name="Keys", regions=(region,)),))


def as_notes(rows) -> list[Note]:
    return [Note(r["start_beat"], r["pitch"], r["duration_beats"], r["velocity"]) for r in rows]


@settings(max_examples=60)
@given(projects(), projects(), st.data())
def test_all_phrases_make_the_proposed_song_none_the_base(base, other, data) -> None:
    proposed = data.draw(st.just(other) | edited(base))
    variation = diff(base, proposed, variation_id="v")
    assert commit(base, variation) == proposed
    assert commit(base, variation, [phrase.id for phrase in variation.phrases]) == proposed
    assert commit(base, variation, []) is base
    assert (not variation.phrases) == (base == proposed)


@settings(max_examples=40)
@given(projects(), st.data())
def test_some_phrases_change_what_they_say_and_nothing_else(base, data) -> None:
    proposed = data.draw(edited(base))
    variation = diff(base, proposed, variation_id="v")
    accepted = {p.id for p in variation.phrases if data.draw(st.booleans())}
    half = commit(base, variation, accepted)
    rest = diff(half, proposed, variation_id="w")
    assert commit(half, rest) == proposed  # what is left leads to the proposed song
    touched = {phrase.region_id for phrase in variation.phrases if phrase.id in accepted}
    for region in base.regions:
        if region.id not in touched:
            assert half.region(region.id) == region
    assert rest.total_changes <= variation.total_changes


def test_the_reference_case() -> None:
    """Where Maestro differs: it takes 0.0 and 0.04 for the same note, so commit was not exact; here that
    is a change, which brings one modified note, its tag and an earlier beginning of the range."""
    case = VECTORS["variation_diff"]
    base = song(as_notes(case["base"]), case["region_start_beat"])
    proposed = song(
        as_notes(case["proposed"]),
        case["region_start_beat"],
        controls=tuple(ControlChange(e["beat"], e["cc"], e["value"]) for e in case["cc_events"]),
        bends=tuple(PitchBend(e["beat"], e["value"]) for e in case["pitch_bends"]),
        aftertouch=tuple(Aftertouch(e["beat"], e["value"], e["pitch"]) for e in case["aftertouch"]),
    )
    variation = diff(base, proposed, variation_id="v", intent="test")
    got, expected = variation.as_dict(), case["result"]
    nudged = got["phrases"][0]["noteChanges"].pop(0)
    assert (nudged["changeType"], nudged["before"]["startBeat"]) == ("modified", 0.0)
    assert nudged["after"]["startBeat"] == 0.04
    assert variation.note_counts == {**case["note_counts"], "modified": 2}
    assert variation.total_changes == case["total_changes"] + 1
    got["phrases"][0]["tags"].remove("rhythmChange")
    assert got.pop("beatRange") == [8.0, expected.pop("beatRange")[1]]
    assert got.pop("variationId") == "v"
    for phrase, wanted in zip(got.pop("phrases"), expected.pop("phrases"), strict=True):
        for change in phrase["noteChanges"]:
            change.pop("noteId")
        by_start = [
            sorted(side.pop("noteChanges"), key=lambda c: (c["before"] or c["after"])["startBeat"])
            for side in (phrase, wanted)
        ]
        assert by_start[0] == by_start[1]
        phrase.pop("phraseId")
        assert phrase == wanted
    assert got == expected


def test_no_difference_has_no_phrases() -> None:
    case = VECTORS["variation_noop"]
    base = song(as_notes(case["base"]))
    variation = diff(base, song(as_notes(case["base"])), variation_id="v")
    assert len(variation.phrases) == case["phrases"]
    assert list(variation.beat_range) == case["beat_range"]


def test_controllers_that_vanish_vanish() -> None:
    base = song(controls=(ControlChange(0.0, 64, 127), ControlChange(0.0, 64, 127)))
    proposed = song(controls=(ControlChange(0.0, 64, 127),))
    variation = diff(base, proposed, variation_id="v")
    (change,) = variation.as_dict()["phrases"][0]["controllerChanges"]
    assert change == {"kind": "cc", "cc": 64, "beat": 0.0, "value": 127, "changeType": "removed"}
    assert commit(base, variation) == proposed


def test_a_new_region_and_its_track_come_with_their_first_accepted_phrase() -> None:
    base = song([Note(0.0)])
    region = Region(
        id="N", name="new", start_beats=8.0, duration_beats=32.0, notes=(Note(0.0), Note(20.0))
    )
    fresh = Track(id="T2", name="Bass", program=33, regions=(region,))
    proposed = replace(base.with_track(fresh), tempo_bpm=90.0)
    variation = diff(base, proposed, variation_id="v")
    settings_phrase, first, second = variation.phrases
    assert (settings_phrase.label, settings_phrase.region_id) == ("Settings", "")
    assert (first.label, first.start_beats, first.end_beats) == ("Bars 3-6", 8.0, 24.0)
    half = commit(base, variation, [second.id])
    assert half.tempo_bpm == base.tempo_bpm
    assert [r.notes for t in half.tracks for r in t.regions] == [(Note(0.0),), (Note(20.0),)]
    assert half.track("T2").program == 33


def test_a_song_that_has_changed_is_a_conflict() -> None:
    base, proposed = song([Note(0.0), Note(4.0)]), song([Note(4.0)])
    variation = diff(base, proposed, variation_id="v")
    with pytest.raises(ConflictError, match="'verse' has changed"):
        commit(song([Note(4.0)]), variation)
    with pytest.raises(RequestError, match="no phrase 'x' in variation v; it has v-1"):
        commit(base, variation, ["x"])


@given(
    st.lists(st.integers(0, 400), max_size=30, unique=True),
    st.lists(st.integers(0, 400), max_size=30, unique=True),
)
def test_pairs_are_near_and_greedy_in_time(before, after) -> None:
    base, proposed = (song([Note(n / 50) for n in starts]) for starts in (before, after))
    changes = [c for p in diff(base, proposed, variation_id="v").phrases for c in p.note_changes]
    modified = [c for c in changes if c.kind == "modified"]
    for change in modified:
        assert abs(change.before.start_beats - change.after.start_beats) <= 0.05 + 1e-9
    left = [c.before.start_beats for c in changes if c.kind == "removed"]
    right = [c.after.start_beats for c in changes if c.kind == "added"]
    # Nothing left over could still be paired with anything left over.
    assert all(abs(one - other) > 0.05 - 1e-9 for one in left for other in right)
