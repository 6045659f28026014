"""The classifier as a service, and as the tool's judge from elsewhere."""

import base64

import pytest
from tests.service.conftest import serving

from workbench.errors import RequestError
from workbench.models import GenerationRequest, load_runner
from workbench.service.classifying import classifier_app
from workbench.service.client import RemoteClassifier


@pytest.fixture(scope="module")
def service(classifier):
    with serving(classifier_app(classifier)) as url:
        yield url


@pytest.fixture(scope="module")
def melody():
    request = GenerationRequest(style="jazz", roles=("melody",), bars=4, num_variations=1)
    return load_runner("grammar").generate(request).variations[0].score


def test_it_answers_as_the_contract_shows(service, call, melody, classifier):
    midi = base64.b64encode(melody.to_midi()).decode()
    answer = call.post(f"{service}/predict?client_job_id=mine", json={"midi_input": midi}).json()
    assert set(answer) == {"classification", "num_tokens", "metadata"}
    verdict = classifier.classify(melody)
    assert answer["classification"] == {
        "is_human": verdict.is_human,
        "confidence": verdict.confidence,
        "probabilities": dict(verdict.probabilities),
    }
    assert answer["num_tokens"] == verdict.num_tokens
    assert answer["metadata"]["client_job_id"] == "mine"
    assert len(answer["metadata"]["trace_id"]) == 32


def test_elsewhere_is_as_here(service, melody, classifier):
    there = RemoteClassifier(service)
    assert (there.name, there.weights_sha256) == (classifier.name, classifier.weights_sha256)
    assert there.classify(melody) == classifier.classify(melody)


def test_what_cannot_be_judged_is_refused_with_the_reason(service, call):
    request = GenerationRequest(style="funk", roles=("drums",), bars=2, num_variations=1)
    drums = load_runner("grammar").generate(request).variations[0].score
    with pytest.raises(RequestError, match="has heard no human drums"):
        RemoteClassifier(service).classify(drums)
    answer = call.post(f"{service}/predict", json={"midi_input": "AAAA"})
    assert answer.status_code == 422
    assert "MThd" in answer.json()["detail"]
