"""The notebook's front door: what it takes, and what it says of what it does not."""

import pytest

import workbench as wb
from workbench.errors import RequestError


@pytest.fixture(scope="module")
def loop():
    return wb.generate("grammar", style="rock", bars=1, variations=1)


def test_a_prime_may_be_a_score_its_bytes_or_a_file(loop, tmp_path):
    score = loop.scores[0]
    path = tmp_path / "loop.mid"
    path.write_bytes(score.to_midi())
    asked = {"bars": 2, "variations": 1}
    first, *others = (
        wb.generate("grammar", prime=prime, **asked).scores[0]
        for prime in (score, score.to_midi(), path, str(path))
    )
    assert all(other == first for other in others)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"temprature": 1}, "generate knows no temprature; did you mean temperature?"),
        ({"tempo": 100}, "did you mean tempo_bpm?"),
        ({"num_variations": 1}, "did you mean variations?"),
        ({"colour": "blue"}, "it knows bars, chord_roots, grid, instruments, key"),
        ({"prime": 42}, "prime must be a score, MIDI or Orpheus tokens, got a int"),
        ({"style": "tecno"}, "did you mean techno?"),
    ],
)
def test_what_it_does_not_know_is_said_with_what_was_meant(asked, says):
    with pytest.raises(RequestError) as caught:
        wb.generate("grammar", **asked)
    assert says in str(caught.value)


def test_what_can_be_played(loop):
    score = loop.scores[0]
    assert wb.play(loop).score == wb.play(loop.variations[0]).score == wb.play(score).score == score
    with pytest.raises(RequestError, match="a score, a result or MIDI can be played, got a int"):
        wb.play(42)


def test_the_names_it_shows_are_there():
    assert wb.__version__
    assert wb.GenerationRequest(bars=2).bars == 2
