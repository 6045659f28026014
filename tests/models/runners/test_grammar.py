"""The grammar runner: keeps what is asked, refuses what it cannot, repeats bit for bit."""

from __future__ import annotations

import json
import random
import subprocess
import sys

import numpy as np
import pytest

from workbench.errors import RequestError, RunnerError
from workbench.models.grammar import ROLES, STYLES, compose_loop, loop_score
from workbench.models.requests import CancelToken, GenerationRequest
from workbench.models.runners.grammar import GrammarRunner
from workbench.score import Key, Score, slice_bars

RUNNER = GrammarRunner()


def compose(**asked: object) -> list[Score]:
    request = GenerationRequest(**{"num_variations": 2, "style": "funk", **asked})
    return [variation.score for variation in RUNNER.generate(request).variations]


def onsets(score: Score) -> set[tuple[int, int]]:
    return {(note.start_ticks, note.pitch) for note in score.notes}


@pytest.mark.parametrize("bars", [1, 2, 3, 4, 8])
@pytest.mark.parametrize("style", STYLES)
def test_style_bars_and_tempo_are_kept(style: str, bars: int) -> None:
    for score in compose(style=style, bars=bars, tempo_bpm=97.5):
        assert score.length_ticks == bars * 1920
        assert score.tempo_bpm == pytest.approx(97.5, abs=1e-3)
        assert [track.name for track in score.tracks] == ["drums"]


def test_roles_map_to_the_nearest_and_keep_their_program() -> None:
    (score, _) = compose(roles=("drums", "tenor sax", "bass"))
    programs = {track.name: track.program for track in score.tracks}
    assert set(programs) == {"drums", "bass", "melody"}
    assert programs["melody"] == 66


@pytest.mark.parametrize("name", ["C", "Am", "F#", "Bbm", "Ebm"])
def test_key_transposes_the_pitched_parts(name: str) -> None:
    key = {
        "C": Key(0),
        "Am": Key(9, "minor"),
        "F#": Key(6),
        "Bbm": Key(10, "minor"),
        "Ebm": Key(3, "minor"),
    }[name]
    for score in compose(style="techno", roles=ROLES, key=name, seed=3):
        pitched = [
            n.pitch % 12 for track in score.tracks if not track.is_drums for n in track.notes
        ]
        inside = sum(pitch in key.pitch_classes for pitch in pitched) / len(pitched)
        assert inside > 0.85
        assert score.key_signatures[0].key == key.signature_name


def test_drums_stay_where_they_are_in_any_key() -> None:
    one, other = compose(roles=ROLES, key="Am"), compose(roles=ROLES, key="C#m")
    drums = [next(t for t in scores[0].tracks if t.is_drums).notes for scores in (one, other)]
    assert drums[0] == drums[1]


def test_equal_seeds_repeat_and_a_variation_does_not_depend_on_its_company() -> None:
    one = RUNNER.generate(GenerationRequest(style="jazz", num_variations=4, seed=5))
    other = RUNNER.generate(GenerationRequest(style="jazz", num_variations=2, seed=5))
    assert [v.tokens for v in one.variations[:2]] == [v.tokens for v in other.variations]
    assert one.scores[:2] == other.scores
    third = RUNNER.generate(GenerationRequest(style="jazz", num_variations=4, seed=6))
    assert len({v.tokens for v in (*one.variations, *third.variations)}) == 8


def prime(style: str = "hip-hop") -> Score:
    return slice_bars(loop_score(compose_loop(random.Random(1), style=style, roles=ROLES)), 0, 1)


def test_a_prime_without_a_style_is_repeated() -> None:
    (score, other) = compose(style=None, prime=prime(), bars=3)
    assert score == other
    assert score.length_ticks == 3 * 1920
    given = onsets(prime())
    for bar in range(3):
        assert {(t - 1920 * bar, p) for t, p in onsets(score) if t // 1920 == bar} == given
    assert score.tempo_bpm == pytest.approx(prime().tempo_bpm, abs=1e-3)


def test_a_prime_with_a_style_is_kept_and_gone_on_from() -> None:
    given = prime()
    for score in compose(style="hip-hop", prime=given, bars=4):
        assert {spot for spot in onsets(score) if spot[0] < 1920} == onsets(given)
        assert {t // 1920 for t, _ in onsets(score)} == {0, 1, 2, 3}
        assert [t.program for t in score.tracks] == [t.program for t in given.tracks]


def test_new_tokens_are_exactly_what_came_after_the_prime() -> None:
    result = RUNNER.generate(GenerationRequest(style="rock", prime=prime(), bars=2))
    for variation in result.variations:
        units = sum(token for token in variation.tokens if token < 256)
        notes = sum(256 <= token < 16_768 for token in variation.tokens)
        new = [note for note in variation.score.notes if note.start_ticks >= 1920]
        assert notes == len(new)
        last = max(note.start_ticks for note in prime().notes)
        assert 15 * units + last == max(note.start_ticks for note in new)
        assert variation.tokens[-1] == 18_818
        assert np.isnan(variation.logprobs).all()
        assert len(variation.logprobs) == len(variation.tokens)


def test_too_few_tokens_cut_at_a_whole_bar() -> None:
    result = RUNNER.generate(
        GenerationRequest(style="samba", roles=ROLES, bars=8, max_tokens=500, num_variations=3)
    )
    for variation in result.variations:
        assert variation.stop_reason == "max_tokens"
        assert 0 < len(variation.tokens) <= 500
        assert variation.score.length_ticks % 1920 == 0
        assert variation.score.length_ticks < 8 * 1920


def test_instruments_limit_parts_and_programs() -> None:
    (score, _) = compose(roles=ROLES, instruments=(128, 34, 11, 73))
    assert {track.program for track in score.tracks if not track.is_drums} == {34, 11, 73}
    (score, _) = compose(roles=("drums", "bass"), instruments=(33,))
    assert [track.name for track in score.tracks] == ["bass"]


def test_cancelled_variations_hold_only_the_prime() -> None:
    cancel = CancelToken()
    cancel.cancel()
    request = GenerationRequest(prime=prime(), style="hip-hop", num_variations=2)
    result = RUNNER.generate(request, cancel=cancel)
    for variation in result.variations:
        assert variation.stop_reason == "stopped"
        assert variation.tokens == ()
        assert variation.score.length_ticks == 1920


def test_progress_ends_with_the_result() -> None:
    request = GenerationRequest(style="disco", num_variations=3)
    steps = list(RUNNER.stream(request))
    assert [sum(step.done) for step in steps] == [1, 2, 3]
    assert [step.result is not None for step in steps] == [False, False, True]
    assert steps[-1].bars == (4, 4, 4)


def test_the_record_is_json_and_names_the_prime() -> None:
    result = RUNNER.generate(GenerationRequest(style="house", prime=prime(), seed=9))
    record = json.loads(json.dumps(result.record))
    assert record["runner"] == "grammar"
    assert record["request"]["seed"] == 9
    assert record["request"]["prime"].startswith("sha256:")
    assert {"workbench", "numpy"} <= set(record["packages"])


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"style": "polka"}, "style must be one of"),
        ({"temperature": 0.9}, "temperature means nothing to the grammar"),
        ({"grid": 16}, "grid means nothing"),
        ({"time_signature": (3, 4)}, "4/4 only, got 3/4"),
        ({"bars": 65}, "bars must be 1 to 64"),
        ({"roles": ("drums", "gargling")}, "no part is called 'gargling'"),
        ({"roles": ("drums",), "instruments": (33,)}, "instruments allows no drums"),
        ({"roles": ROLES, "instruments": (128, 33)}, "no program for the chords"),
        ({"prime": prime(), "bars": 1}, "bars counts the prime's 1 too"),
        ({"prime": Score()}, "prime has no notes"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(asked: dict[str, object], message: str) -> None:
    with pytest.raises(RequestError, match=message):
        compose(**asked)


def test_a_part_the_prime_lacks_needs_a_style() -> None:
    given = slice_bars(
        loop_score(compose_loop(random.Random(2), style="rock", roles=("drums",))), 0, 1
    )
    with pytest.raises(RequestError, match="prime has no bass; name a style"):
        compose(style=None, prime=given, roles=("drums", "bass"))


def test_rules_have_no_probabilities() -> None:
    with pytest.raises(RunnerError, match="no probabilities"):
        RUNNER.score([18_816, 0])


def test_grammar_and_evals_load_no_torch() -> None:
    code = (
        "import sys, workbench.evals, workbench.models.runners.grammar as g; g.GrammarRunner();"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
