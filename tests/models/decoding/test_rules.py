"""Constraints as masks: whatever is drawn at random under them, the music obeys them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import RequestError
from workbench.models.decoding.rules import CONSTRAINTS, GRID_PLACES, Limits, Place
from workbench.models.vocabulary import (
    DELTAS,
    DRUM_PATCH,
    EOS,
    LENGTH,
    NOTE,
    OUTRO,
    SOS,
    UNITS_PER_BAR,
    VOCABULARY_SIZE,
    duration_bucket,
    patch_pitch,
)


def wander(limits, seed, steps=120, prime=()):
    """A row that takes any allowed token, kinds equally often; the tokens, and whether it ended."""
    rng = np.random.default_rng(seed)
    place = Place(limits).read(prime)
    out = np.empty((len(CONSTRAINTS), VOCABULARY_SIZE), bool)
    tokens = []
    for _ in range(steps):
        place.allowed(out)
        assert len(tokens) % 16 or not (out[1:] & ~out[:-1]).any(), "masks are cumulative"
        ids = out[-1].nonzero()[0]
        assert len(ids), "a dead end"
        kinds = [ids[ids < DELTAS], ids[(ids >= NOTE) & (ids < LENGTH)], ids[ids >= LENGTH]]
        chosen = rng.choice(kinds[rng.choice([i for i, kind in enumerate(kinds) if len(kind)])])
        if place.ends_with(int(chosen)) or chosen == EOS:
            return tokens, True
        tokens.append(int(chosen))
        place.read((int(chosen),))
    return tokens, False


def notes_of(tokens):
    """(onset, patch, pitch, duration) of strict-grammar tokens; fails on anything else."""
    time, note, notes, state = 0, None, [], "start"
    for token in tokens:
        if token < DELTAS:
            assert state in ("start", "length")
            assert token > 0 or state == "start"
            time, state = time + token, "delta"
        elif token < LENGTH:
            assert state in ("delta", "length")
            note, state = patch_pitch(token), "note"
        elif token < SOS:
            assert state == "note"
            duration, _ = duration_bucket(token)
            assert duration >= 1
            notes.append((time, *note, duration))
            state = "length"
        else:
            assert token == OUTRO
            assert state == "length"
    return notes


LIMITS = st.builds(
    Limits,
    patches=st.sampled_from([None, frozenset({128}), frozenset({33, 128}), frozenset({0, 33, 80})]),
    pitch_range=st.sampled_from([None, (40, 60), (60, 60)]),
    scale=st.sampled_from([None, frozenset({0, 2, 4, 5, 7, 9, 11})]),
    max_polyphony=st.sampled_from([None, 1, 3]),
    grid=st.sampled_from([None, 4, 8, 12, 16, 24, 32]),
    bars=st.sampled_from([None, 1, 2, 4]),
    outro=st.booleans(),
)


@settings(deadline=None, max_examples=40)
@given(LIMITS, st.integers(0, 10_000))
def test_whatever_is_drawn_obeys_every_limit(limits, seed):
    tokens, ended = wander(limits, seed)
    if not ended:
        while tokens and not LENGTH <= tokens[-1] < SOS:
            tokens.pop()
    notes = notes_of(tokens)
    assert len({(time, patch, pitch) for time, patch, pitch, _ in notes}) == len(notes)
    pitched = [note for note in notes if note[1] != DRUM_PATCH]
    if limits.patches is not None:
        assert {note[1] for note in notes} <= limits.patches
    if limits.pitch_range is not None:
        low, high = limits.pitch_range
        assert all(low <= pitch <= high for _, _, pitch, _ in pitched)
    if limits.scale is not None:
        assert all(pitch % 12 in limits.scale for _, _, pitch, _ in pitched)
    if limits.grid is not None:
        assert all(time % UNITS_PER_BAR in GRID_PLACES[limits.grid] for time, *_ in notes)
    if limits.max_polyphony is not None:
        for time in {note[0] for note in pitched}:
            sounding = [n for n in pitched if n[0] <= time < n[0] + n[3]]
            assert len(sounding) <= limits.max_polyphony
    if limits.bars is not None:
        assert all(time < limits.bars * UNITS_PER_BAR for time, *_ in notes)


@settings(deadline=None, max_examples=12)
@given(st.sampled_from([1, 2, 4, 8]), st.integers(0, 10_000))
def test_a_loop_reaches_its_last_bar_and_never_passes_it(bars, seed):
    tokens, ended = wander(Limits(bars=bars, grid=4, patches=frozenset({128})), seed, steps=1500)
    assert ended
    assert notes_of(tokens)


def test_an_early_end_is_not_allowed_before_the_last_bar():
    place = Place(Limits(bars=4)).read([0, NOTE, LENGTH + 8])
    out = np.empty((len(CONSTRAINTS), VOCABULARY_SIZE), bool)
    place.allowed(out)
    assert not out[-1, EOS]
    place.read([255, NOTE, LENGTH + 8, 140, NOTE, LENGTH + 8])
    place.allowed(out)
    assert out[-1, EOS]


def test_nothing_new_sounds_within_the_prime():
    limits = Limits(bars=4, from_units=128)
    prime = [0, NOTE + 128 * 128 + 36, LENGTH + 64, 96, NOTE + 128 * 128 + 38, LENGTH + 64]
    for seed in range(40):
        tokens, _ = wander(limits, seed, prime=prime)
        assert tokens[0] >= 32


@pytest.mark.parametrize(
    ("limits", "name"),
    [
        ({"patches": frozenset({0}), "instruments": frozenset({128})}, "instruments"),
        ({"patches": frozenset({0}), "pitch_range": (60, 60), "scale": frozenset({1})}, "scale"),
    ],
)
def test_constraints_that_leave_no_note_are_refused_by_name(limits, name):
    with pytest.raises(RequestError, match=f"^{name} .* leaves no note"):
        Limits(**limits)


def test_tempo_places_of_triplets_are_the_nearest_units():
    assert sorted(GRID_PLACES[12])[:4] == [0, 11, 21, 32]
