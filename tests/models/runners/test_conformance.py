"""What every runner must do, whatever is inside it."""

import json
import threading
from dataclasses import replace

import numpy as np
import pytest
from safetensors.torch import save_file
from tests.models.released import released_weights
from tests.service.conftest import serving

from workbench.errors import RequestError, RunnerError
from workbench.models import CancelToken, GenerationRequest, load_runner, runner_names
from workbench.models.runners.scripted import FOUR_KICKS
from workbench.score import TICKS_PER_QUARTER, Score
from workbench.service.predict import predict_app

REQUEST = GenerationRequest(num_variations=3, bars=2, seed=5, max_tokens=160)


@pytest.fixture(scope="session")
def small_orpheus(tmp_path_factory):
    path = tmp_path_factory.mktemp("orpheus") / "Orpheus_Loops_3441_steps.safetensors"
    save_file(released_weights(), path)
    return load_runner("orpheus-loops", checkpoint=path)


@pytest.fixture(scope="session")
def remote_pocket(small_pocket):
    with serving(predict_app("loops", small_pocket)) as url:
        runner = load_runner("remote", url=url)
        yield runner
        runner.close()


@pytest.fixture(params=["pocket", "shipped pocket", "orpheus", "grammar", "scripted", "remote"])
def runner(request):
    return {
        "pocket": lambda: request.getfixturevalue("small_pocket"),
        "shipped pocket": lambda: load_runner("pocket"),
        "orpheus": lambda: request.getfixturevalue("small_orpheus"),
        "grammar": lambda: load_runner("grammar"),
        "scripted": lambda: load_runner("scripted"),
        "remote": lambda: request.getfixturevalue("remote_pocket"),
    }[request.param]()


def same(first, second, atol=0.0):
    return all(
        a.tokens == b.tokens
        and a.score == b.score
        and np.allclose(a.logprobs, b.logprobs, rtol=0, atol=atol, equal_nan=True)
        for a, b in zip(first.variations, second.variations, strict=True)
    )


def test_info_says_what_it_is(runner):
    info = runner.info
    assert info.name in runner_names()
    assert info.family
    assert info.licence
    assert (info.parameters > 0) == bool(info.sha256)


def test_gives_the_variations_asked_for_as_valid_scores(runner):
    result = runner.generate(REQUEST)
    assert [variation.index for variation in result.variations] == [0, 1, 2]
    for variation in result.variations:
        assert (
            Score.from_midi(variation.score.to_midi()).length_ticks == variation.score.length_ticks
        )
        assert len(variation.logprobs) in (0, len(variation.tokens))
        assert all(len(taken) == len(variation.tokens) for taken in variation.removed.values())


def test_same_request_same_result_other_seed_other_result(runner):
    again = runner.generate(REQUEST)
    assert same(runner.generate(REQUEST), again)
    if runner.info.family != "scripted":
        other = runner.generate(GenerationRequest(num_variations=3, bars=2, seed=6, max_tokens=160))
        assert not same(again, other)


def test_score_is_the_prime_and_then_the_continuation(runner):
    loop = load_runner("grammar").generate(
        GenerationRequest(style="rock", bars=2, num_variations=1, tempo_bpm=120)
    )
    prime = loop.variations[0].score
    for bars in (3, 4):
        asked = replace(REQUEST, prime=prime, bars=bars)
        for variation in runner.generate(asked).variations:
            if runner.info.family == "scripted":  # knows no prime
                assert variation.continuation == variation.score
                continue
            begins = variation.score.length_ticks - variation.continuation.length_ticks
            assert begins == prime.length_ticks or runner.info.family == "orpheus"
            assert begins % (4 * TICKS_PER_QUARTER) == 0
            new = starts(variation.continuation, begins)
            assert sorted(starts(variation.score)) == sorted((*starts(prime), *new))


def starts(score, later_ticks=0):
    """Where what is struck: (ticks, channel, pitch)."""
    return [(note.start_ticks + later_ticks, note.channel, note.pitch) for note in score.notes]


def test_is_thread_safe(runner):
    alone = runner.generate(REQUEST)
    results = [None] * 3

    def run(place):
        results[place] = runner.generate(REQUEST)

    threads = [threading.Thread(target=run, args=(place,)) for place in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    atol = 1e-5 if runner.info.family == "orpheus" else 0.0  # its products differ with their size
    assert all(same(alone, result, atol) for result in results)


def test_stream_ends_with_the_result(runner):
    *before, last = runner.stream(REQUEST)
    assert all(progress.result is None for progress in before)
    assert all(last.done)
    assert same(last.result, runner.generate(REQUEST))


def test_cancelled_before_it_began_keeps_nothing_and_says_so(runner):
    cancel = CancelToken()
    cancel.cancel()
    result = runner.generate(REQUEST, cancel=cancel)
    assert {variation.stop_reason for variation in result.variations} == {"stopped"}


def test_record_is_json_and_names_weights_and_seed(runner):
    record = json.loads(json.dumps(dict(runner.generate(REQUEST).record)))
    assert record["runner"] == runner.info.name
    assert record["weights_sha256"] == runner.info.sha256
    assert record["seed"] == 5


def test_score_gives_a_logprob_a_token_or_says_it_cannot(runner):
    tokens = [18816, *FOUR_KICKS]
    if runner.info.family == "grammar":  # rules have no probabilities
        with pytest.raises(RunnerError, match="probabilit"):
            runner.score(tokens)
        return
    scores = runner.score(tokens)
    assert scores.logprobs.shape == (len(tokens) - 1,)
    assert (scores.logprobs <= 0).all()
    assert len(scores.alternatives) == len(tokens) - 1
    for logprob, token, ranked in zip(
        scores.logprobs, tokens[1:], scores.alternatives, strict=True
    ):
        best = [value for _, value in ranked]
        assert best == sorted(best, reverse=True)
        for candidate, value in ranked:
            if candidate == token:
                assert value == pytest.approx(float(logprob), abs=1e-4)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("temperature", 2.5),
        ("temperature", float("nan")),
        ("top_p", -0.1),
        ("top_p", 1.1),
        ("top_k", 0),
        ("min_p", 2.0),
        ("bars", 0),
        ("num_variations", 0),
        ("num_variations", 33),
        ("max_tokens", 0),
        ("tempo_bpm", 5.0),
        ("seed", -1),
        ("grid", 7),
        ("scale", ()),
        ("scale", (12,)),
        ("pitch_range", (60, 50)),
        ("instruments", (129,)),
        ("roles", ()),
        ("max_polyphony", 0),
    ],
)
def test_values_out_of_range_are_refused_with_the_fields_name(field, value):
    with pytest.raises(RequestError, match=field):
        GenerationRequest(**{field: value})


def test_an_unknown_runner_gets_a_suggestion():
    with pytest.raises(RunnerError, match="did you mean pocket"):
        load_runner("poket")


def test_unknown_options_are_refused():
    with pytest.raises(RunnerError, match="options"):
        load_runner("grammar", colour="blue")
