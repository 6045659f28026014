"""The `remote` runner: the same request on another machine, the same result."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from tests.service.conftest import serving

from workbench.errors import RequestError, RunnerError
from workbench.models import CancelToken, GenerationRequest, load_runner
from workbench.service.predict import predict_app


@pytest.fixture(scope="module")
def service(pocket):
    with serving(predict_app("loops", pocket)) as url:
        yield url


@pytest.fixture(scope="module")
def remote(service):
    runner = load_runner("remote", url=service)
    yield runner
    runner.close()


PRIME = GenerationRequest(style="rock", bars=1, num_variations=1)


def test_it_says_what_composes_there(remote, pocket):
    assert remote.info == pocket.info


@pytest.mark.parametrize("primed", [False, True])
def test_the_result_is_the_same_to_the_last_bit(remote, pocket, primed):
    band = replace(PRIME, roles=("drums", "bass", "rhodes"))
    prime = load_runner("grammar").generate(band).variations[0].score if primed else None
    request = GenerationRequest(
        style="funk", roles=("drums", "bass", "rhodes"), key="Dm", bars=2, tempo_bpm=97.5,
        num_variations=3, seed=4, pitch_range=(30, 80), temperature=1.1, prime=prime,
    )  # fmt: skip
    here, there = pocket.generate(request), remote.generate(request)
    assert there.record == here.record
    for one, other in zip(here.variations, there.variations, strict=True):
        assert one.tokens == other.tokens
        assert one.score == other.score
        assert one.continuation == other.continuation
        assert one.stop_reason == other.stop_reason
        assert np.array_equal(one.logprobs, other.logprobs)
        assert set(one.removed) == set(other.removed)
        assert all(np.array_equal(one.removed[name], other.removed[name]) for name in one.removed)


def test_progress_is_told_and_stopping_keeps_whole_bars(remote):
    cancel, heard = CancelToken(), []

    def hear(progress):
        heard.append(progress)
        if max(progress.bars) >= 2:
            cancel.cancel()

    request = GenerationRequest(
        style="jazz", roles=("drums", "bass", "piano"), bars=64, num_variations=2
    )
    result = remote.generate(request, cancel=cancel, on_progress=hear)
    assert len(heard) > 2
    assert {variation.stop_reason for variation in result.variations} == {"stopped"}
    for variation in result.variations:
        assert variation.score.length_ticks % 1920 == 0
        assert 0 < variation.score.length_ticks < 64 * 1920


def test_its_refusals_are_the_runners_own(remote):
    with pytest.raises(RequestError, match="style must be one of"):
        remote.generate(GenerationRequest(style="polka"))
    with pytest.raises(RequestError, match="score takes 2 to"):
        remote.score([1])


def test_it_scores_as_the_runner_there(remote, pocket):
    tokens = [18816, *pocket.generate(PRIME).variations[0].tokens]
    here, there = pocket.score(tokens), remote.score(tokens)
    assert np.array_equal(here.logprobs, there.logprobs)
    assert here.alternatives == there.alternatives


def test_many_callers_at_once_get_what_they_would_get_alone(remote, pocket):
    requests = [
        GenerationRequest(style="samba", bars=2, num_variations=2, seed=s) for s in range(6)
    ]
    got = [None] * len(requests)

    def ask(place):
        got[place] = remote.generate(requests[place])

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(len(requests))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for request, there in zip(requests, got, strict=True):
        here = pocket.generate(request)
        assert [v.tokens for v in here.variations] == [v.tokens for v in there.variations]


def test_nobody_there_is_said_in_a_sentence(monkeypatch):
    with pytest.raises(RunnerError, match=r"nothing answers at http://127\.0\.0\.1:9: .* running"):
        load_runner("remote", url="http://127.0.0.1:9")
    monkeypatch.delenv("WORKBENCH_REMOTE_URL", raising=False)
    with pytest.raises(RunnerError, match="WORKBENCH_REMOTE_URL"):
        load_runner("remote")
