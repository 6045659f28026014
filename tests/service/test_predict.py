"""The family's HTTP contract, asked over a real socket."""

import base64
import gzip
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from tests.service.conftest import serving

from workbench.models import GenerationRequest, load_runner
from workbench.score import Note, Score, Tempo, TimeSignature, Track
from workbench.service import predict
from workbench.service.predict import predict_app


@pytest.fixture(scope="module")
def loops(pocket):
    with serving(predict_app("loops", pocket)) as url:
        yield url


@pytest.fixture(scope="module")
def base(pocket):
    with serving(predict_app("base", pocket)) as url:
        yield url


@pytest.fixture(scope="module")
def seed(pocket):
    request = GenerationRequest(style="house", bars=2, num_variations=1, seed=1)
    midi = pocket.generate(request).variations[0].score.to_midi()
    return base64.b64encode(midi).decode()


def score_of(variation):
    return Score.from_midi(base64.b64decode(variation["midi_base64"]))


def test_answers_as_the_contract_shows(loops, call):
    asked = {"temperature": 1.0, "max_tokens": 512, "num_variations": 3, "client_job_id": "a.b:c-1"}
    answer = call.post(f"{loops}/predict", json=asked)
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"task", "variations", "metadata"}
    assert body["task"] == "loops"
    assert len(body["variations"]) == 3
    for variation in body["variations"]:
        score = score_of(variation)
        assert all(track.is_drums for track in score.tracks)
        assert score.length_ticks == 4 * 1920
        assert 20 < variation["num_tokens"] <= 512
    metadata = body["metadata"]
    assert metadata["client_job_id"] == "a.b:c-1"
    assert int(metadata["trace_id"], 16) > 0
    assert int(metadata["span_id"], 16) > 0
    assert (len(metadata["trace_id"]), len(metadata["span_id"])) == (32, 16)


def test_a_seed_repeats_the_answer_and_another_does_not(loops, call):
    first, again, other = (
        call.post(f"{loops}/predict", json={"seed": seed}).json()["variations"]
        for seed in (4, 4, 5)
    )
    assert first == again != other


def test_exactly_what_is_new_comes_back(loops, call, seed):
    (variation,) = call.post(f"{loops}/predict", json={"seed_midi": seed}).json()["variations"]
    assert score_of(variation).length_ticks == 2 * 1920  # four bars, two of them given


def test_health_says_what_is_loaded(loops, call, pocket):
    assert call.get(f"{loops}/health").json() == {
        "status": "ok",
        "service": "orpheus-loops",
        "version": "0.1.0",
        "runner": "pocket",
        "weights_sha256": pocket.info.sha256,
        "device": "cpu",
    }


def test_base_knows_its_tasks(base, call, seed):
    made = call.post(f"{base}/predict", json={"task": "generate", "seed": 2}).json()
    assert {track.name for track in score_of(made["variations"][0]).tracks} >= {"Bass", "Chords"}
    for task in ("continue", "generate_seeded"):
        answer = call.post(f"{base}/predict", json={"task": task, "midi_input": seed}).json()
        assert answer["task"] == task
        refused = call.post(f"{base}/predict", json={"task": task})
        assert refused.status_code == 422
        assert f"{task} requires midi_input" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"temperature": 2.1}, "temperature: Input should be less than or equal to 2; got 2.1"),
        ({"temperature": "1.0"}, "temperature: Input should be a valid number; got '1.0'"),
        ({"num_variations": 0}, "num_variations: "),
        ({"num_variations": True}, "num_variations: "),
        ({"tempo": 90}, "tempo: Extra inputs are not permitted"),
        ({"seed_midi": "=A="}, "seed_midi is not base64"),
        ({"seed_midi": "aGVsbG8="}, "MThd"),
        ({"client_job_id": "a b"}, "client_job_id: "),
        ([], "the body: "),
    ],
)
def test_bad_input_gets_a_sentence(loops, call, asked, says):
    answer = call.post(f"{loops}/predict", json=asked)
    assert answer.status_code == 422, answer.text
    assert says in answer.json()["detail"]


@pytest.mark.parametrize(
    "content", [b'{"temperature": NaN}', b'{"temperature": 1e999}', b"{", b"[" * 100_000, b"\xff"]
)
def test_json_that_is_none_is_refused(loops, call, content):
    headers = {"content-type": "application/json"}
    answer = call.post(f"{loops}/predict", content=content, headers=headers)
    assert 400 <= answer.status_code < 500
    assert json.loads(answer.content)["detail"]


def test_too_much_is_refused_told_or_not(loops, call):
    headers = {"content-type": "application/json"}
    much = b'{"seed_midi": "' + b"A" * (9 << 20) + b'"}'
    for content in (much, iter([much])):
        answer = call.post(f"{loops}/predict", content=content, headers=headers)
        assert answer.status_code == 413
        assert "8 MiB" in answer.json()["detail"]


def test_a_trace_goes_on(loops, call):
    trace = "0af7651916cd43dd8448eb211c80319c"
    headers = {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    metadata = call.post(f"{loops}/predict", json={}, headers=headers).json()["metadata"]
    assert metadata["trace_id"] == trace
    assert metadata["span_id"] != "b7ad6b7169203331"


class Patient:
    """A runner that composes until it is told to stop."""

    def __init__(self):
        self.began, self.stopped = threading.Event(), threading.Event()
        self.info = load_runner("scripted").info

    def generate(self, request, *, cancel, on_progress=None):
        self.began.set()
        while not cancel.cancelled:
            self.stopped.wait(0.001)
        self.stopped.set()
        return load_runner("scripted").generate(request, cancel=cancel)


def test_work_stops_when_the_caller_hangs_up(call):
    runner = Patient()
    with serving(predict_app("loops", runner)) as url, httpx.Client() as caller:
        with pytest.raises(httpx.ReadTimeout):
            caller.post(f"{url}/predict", json={}, timeout=httpx.Timeout(60, read=0.2))
        assert runner.began.wait(60)
        assert runner.stopped.wait(60)


def test_a_full_house_sends_callers_away(monkeypatch, call):
    monkeypatch.setattr(predict, "AT_ONCE", 1)
    monkeypatch.setattr(predict, "WAITING", 0)
    runner = Patient()
    with serving(predict_app("loops", runner)) as url, ThreadPoolExecutor(1) as callers:
        first = callers.submit(
            httpx.post, f"{url}/predict", json={}, timeout=httpx.Timeout(60, read=2)
        )
        assert runner.began.wait(60)
        answer = call.post(f"{url}/predict", json={})
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) > 0
        assert isinstance(first.exception(), httpx.ReadTimeout)


def test_spans_reach_a_collector(pocket, call, monkeypatch):
    spans, came = [], threading.Event()

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self):
            content = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                content = gzip.decompress(content)
            for of_resource in ExportTraceServiceRequest.FromString(content).resource_spans:
                spans.extend(
                    (of_resource.resource, span) for span in of_resource.scope_spans[0].spans
                )
            self.send_response(200)
            self.end_headers()
            came.set()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as collector:
        threading.Thread(target=collector.serve_forever).start()
        address = f"http://127.0.0.1:{collector.server_port}"
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "10")
        with serving(predict_app("loops", pocket)) as url:
            metadata = call.post(f"{url}/predict", json={"num_variations": 2}).json()["metadata"]
            assert came.wait(60)
        collector.shutdown()
    ((resource, span),) = spans
    assert span.name == "generate_loops"
    assert span.trace_id.hex() == metadata["trace_id"]
    assert span.span_id.hex() == metadata["span_id"]
    assert {a.key: a.value.int_value for a in span.attributes}["num_variations"] == 2
    assert "orpheus-loops" in {a.value.string_value for a in resource.attributes}


def test_a_token_is_wanted_when_there_is_one(pocket, call):
    with serving(predict_app("loops", pocket, token="s3cret")) as url:
        assert call.post(f"{url}/predict", json={}).status_code == 401
        headers = {"authorization": "Bearer s3cret"}
        assert call.post(f"{url}/predict", json={}, headers=headers).status_code == 200


def test_what_the_runner_refuses_is_its_own_sentence(loops, call):
    waltz = Score(
        tracks=(Track(notes=tuple(Note(beat * 480, 36, 240, 90, 9) for beat in range(6))),),
        tempos=(Tempo.of_bpm(120),),
        time_signatures=(TimeSignature(0, 3, 4),),
    )
    midi = base64.b64encode(waltz.to_midi()).decode()
    answer = call.post(f"{loops}/predict", json={"seed_midi": midi})
    assert answer.status_code == 422
    assert "in 3/4 and only 4/4 is known" in answer.json()["detail"]
