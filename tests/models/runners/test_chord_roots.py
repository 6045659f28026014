"""A progression that is asked for is the one that is played, and parts composed apart share it."""

import pytest

from workbench.errors import RequestError
from workbench.models import GenerationRequest, load_runner

BAR = 4 * 480


@pytest.fixture(scope="module", params=["pocket", "grammar"])
def runner(request):
    return load_runner(request.param)


def asked(**fields):
    given = {"style": "house", "roles": ("bass",), "bars": 8, "num_variations": 2, "seed": 3}
    return GenerationRequest(**{**given, **fields})


def first_pitch_classes(score):
    """Of the first note of each bar, None in a silent one."""
    notes = sorted(score.notes)
    firsts = {note.start_ticks // BAR: note.pitch % 12 for note in reversed(notes)}
    return [firsts.get(bar) for bar in range(8)]


@pytest.mark.parametrize(
    ("key", "roots"), [("Am", (9, 5, 0, 7)), ("D", (2, 7, 9, 2)), ("Fm", (5, 1, 8, 3))]
)
def test_a_bass_begins_its_bars_on_the_roots(runner, key, roots):
    result = runner.generate(asked(key=key, chord_roots=roots))
    for score, told in zip(result.scores, result.record["variations"], strict=True):
        assert told["chord_roots"] == [*roots, *roots]
        played = zip(first_pitch_classes(score), told["chord_roots"], strict=True)
        assert sum(note in (None, root) for note, root in played) >= 7


def test_parts_composed_apart_agree_on_the_chords_of_the_first(runner):
    first = runner.generate(asked(roles=("chords",), key="Em", bars=4, num_variations=1))
    roots = tuple(first.record["variations"][0]["chord_roots"])
    bass = runner.generate(asked(key="Em", chord_roots=roots, bars=4, num_variations=1, seed=99))
    assert tuple(bass.record["variations"][0]["chord_roots"]) == roots


def test_drums_have_no_chords(runner):
    result = runner.generate(asked(roles=("drums",), chord_roots=(0,), num_variations=1))
    assert result.record["variations"][0]["chord_roots"] == []


@pytest.mark.parametrize("roots", [(), (12,), (-1,), (1.5,), "CG"])
def test_roots_are_pitch_classes(roots):
    with pytest.raises(RequestError, match="chord_roots"):
        asked(chord_roots=roots)


def test_the_grammar_knows_the_chords_of_a_key():
    with pytest.raises(RequestError, match="roots of the key's chords"):
        load_runner("grammar").generate(asked(key="C", chord_roots=(1,)))
    with pytest.raises(RequestError, match="needs a key"):
        load_runner("grammar").generate(asked(chord_roots=(0,)))
