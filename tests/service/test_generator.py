"""Maestro's generator over a real socket: what is asked for comes, and controls move it."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from statistics import fmean
from typing import Any

import httpx
import pytest
from tests.service.conftest import serving

from workbench.errors import RunnerError
from workbench.evals import METRICS
from workbench.evals.critic import critique
from workbench.models import load_runner
from workbench.models.controls import GOALS
from workbench.models.vocabulary import length_id, note_id
from workbench.score import DRUM_CHANNEL, Note, Score, Track
from workbench.service import generator
from workbench.service.generator import GenerateBody, composed, generator_app

BAND = ["drums", "bass", "piano", "lead"]
FLAT = {"notes", "ccEvents", "pitchBends", "aftertouch"}
Ask = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def url():
    with serving(generator_app(load_runner("grammar"))) as address:
        yield address


@pytest.fixture(scope="module")
def ask(url):
    with httpx.Client(timeout=120) as client:

        def asked(**fields):
            answer = client.post(f"{url}/generate", json=fields)
            assert answer.status_code == 200, answer.text
            return answer.json()

        yield asked


def as_score(answer: dict[str, Any], bars: int = 4) -> Score:
    """The answer's notes, a track an instrument."""
    parts: dict[str, list[Note]] = {}
    for note in answer["notes"]:
        parts.setdefault(note["instrument"], []).append(
            Note(
                round(480 * note["startBeat"]),
                note["pitch"],
                round(480 * note["durationBeats"]),
                note["velocity"],
                note["channel"],
            )
        )
    tracks = tuple(Track(name, tuple(notes)) for name, notes in parts.items())
    return Score(tracks=tracks, length_ticks=bars * 1920)


def unsaid(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer without what is different every time."""
    return {**answer, "metadata": {**answer["metadata"], "trace_id": ""}}


def test_answers_flat_and_says_how_it_came_about(ask: Ask) -> None:
    answer = ask(
        genre="lo-fi", tempo=82, bars=4, instruments=BAND, key="Gm", quality_preset="quality",
        musical_goals=["dark", "wistful"], complexity=0.75, seed=7,
    )  # fmt: skip
    assert set(answer) == {"success", "error", "metadata", *FLAT}
    assert (answer["success"], answer["error"]) == (True, None)
    assert {note["instrument"] for note in answer["notes"]} == set(BAND)
    assert set(answer["notes"][0]) == {
        "instrument", "channel", "pitch", "startBeat", "durationBeats", "velocity",
    }  # fmt: skip
    assert set(answer["ccEvents"][0]) == {"instrument", "channel", "cc", "beat", "value"}
    assert {event["cc"] for event in answer["ccEvents"]} >= {1, 11, 64, 74}
    assert set(answer["pitchBends"][0]) == {"instrument", "channel", "beat", "value"}
    for note in answer["notes"]:
        assert 0 <= note["startBeat"] < note["startBeat"] + note["durationBeats"] <= 16.0001
        assert (note["channel"] == DRUM_CHANNEL) == (note["instrument"] == "drums")
    told = answer["metadata"]
    assert told["policy_version"]
    assert (told["genre"], told["style"], told["key"], told["seed"]) == (
        "lo-fi",
        "hip-hop",
        "Gm",
        7,
    )
    assert told["goals_understood"] == ["dark"]
    assert told["goals_not_understood"] == ["wistful"]
    assert told["controls_used"] == {"creativity": 0.625, "density": 0.5, "complexity": 0.75}
    assert set(told["quality_metrics"]) == {"drums", "bass", "chords", "melody"}
    assert len(told["trace_id"]) == 32


def test_events_are_the_chosen_score(ask: Ask) -> None:
    fields = {"genre": "trap", "instruments": BAND, "seed": 4, "tone_warmth": 0.5}
    made = composed(load_runner("grammar"), GenerateBody(**fields)).chosen.score
    answer = ask(**fields)
    assert list(as_score(answer).notes) == list(made.notes)
    controls = [event for track in made.tracks for event in track.controls]
    assert [
        (round(480 * e["beat"]), e["cc"], e["value"], e["channel"]) for e in answer["ccEvents"]
    ] == [(event.ticks, event.control, event.value, event.channel) for event in controls]
    bends = [event for track in made.tracks for event in track.bends]
    assert bends
    assert [(round(480 * e["beat"]), e["value"]) for e in answer["pitchBends"]] == [
        (event.ticks, event.value) for event in bends
    ]


def test_the_same_request_has_the_same_answer_and_another_seed_another(ask: Ask) -> None:
    first, again, other = (
        unsaid(ask(instruments=BAND, energy_excitement=0.5, seed=seed)) for seed in (4, 4, 5)
    )
    assert first == again
    assert first["notes"] != other["notes"]


@pytest.mark.parametrize(("preset", "count"), [("fast", 1), ("balanced", 2), ("quality", 4)])
def test_the_critic_chooses_among_the_presets_candidates(ask: Ask, preset: str, count: int) -> None:
    choices = set()
    for seed in range(8):
        told = ask(quality_preset=preset, seed=seed)["metadata"]
        assert len(told["candidates"]) == count
        assert told["candidates"][told["chosen"]] == max(told["candidates"])
        choices.add(told["chosen"])
    assert len(choices) == 1 if count == 1 else len(choices) > 1
    body = GenerateBody(quality_preset=preset)
    made = composed(load_runner("grammar"), body)
    assert [loop.critique.value for loop in made.loops] == [
        critique(loop.score).value for loop in made.loops
    ]


def test_a_genre_nobody_knows_is_composed_without_a_style(ask: Ask) -> None:
    answer = ask(genre="klezmer")
    assert answer["notes"]
    assert answer["metadata"]["style"] is None


def test_what_is_left_out_is_boom_bap_drums_and_bass(ask: Ask) -> None:
    answer = ask()
    told = answer["metadata"]
    assert (told["genre"], told["style"], told["tempo"], told["bars"]) == (
        "boom_bap",
        "hip-hop",
        90,
        4,
    )
    assert told["quality_preset"] == "balanced"
    assert {note["instrument"] for note in answer["notes"]} == {"drums", "bass"}
    assert told["controls_used"] == {"creativity": 0.5, "density": 0.5, "complexity": 0.5}


# ---------------------------------------------------------------------- controls matter


def pitch(answer: dict[str, Any]) -> float:
    return fmean(n["pitch"] for n in answer["notes"] if n["instrument"] != "drums")


def velocity(answer: dict[str, Any]) -> float:
    return fmean(note["velocity"] for note in answer["notes"])


def notes(answer: dict[str, Any]) -> float:
    return len(answer["notes"])


def beats(answer: dict[str, Any]) -> float:
    return fmean(n["durationBeats"] for n in answer["notes"] if n["instrument"] != "drums")


def syncopation(answer: dict[str, Any]) -> float:
    return METRICS["syncopation"](as_score(answer))


def cutoff(answer: dict[str, Any]) -> float:
    values = [event["value"] for event in answer["ccEvents"] if event["cc"] == 74]
    return fmean(values) if values else 64


@pytest.mark.parametrize(
    ("field", "levels", "measure", "sign"),
    [
        ("tone_brightness", (-1, 0, 1), pitch, 1),
        ("tone_brightness", (-1, 0, 1), cutoff, 1),
        ("tone_warmth", (-1, 0, 1), beats, 1),
        ("tone_warmth", (-1, 0, 1), velocity, -1),
        ("energy_intensity", (-1, 0, 1), velocity, 1),
        ("energy_intensity", (-1, 0, 1), notes, 1),
        ("energy_excitement", (-1, 0, 1), syncopation, 1),
        ("complexity", (0, 0.5, 1), notes, 1),
    ],
)
def test_more_of_a_control_moves_its_measure(
    ask: Ask, field: str, levels: tuple[float, ...], measure: Any, sign: int
) -> None:
    fast = {"instruments": BAND, "quality_preset": "fast"}
    values = [
        [
            sign * measure(ask(**{field: level}, **fast, genre=genre, seed=seed))
            for genre in ("house", "jazz")
            for seed in range(3)
        ]
        for level in levels
    ]
    low, neutral, high = map(fmean, values)
    assert low < neutral < high
    assert all(one < other for one, other in zip(values[0], values[2], strict=True))


@pytest.mark.parametrize("goal", GOALS)
def test_every_goal_is_heard(ask: Ask, goal: str) -> None:
    fields = {"genre": "house", "instruments": BAND, "seed": 2}
    with_it, without = ask(musical_goals=[goal], **fields), ask(**fields)
    assert any(with_it[name] != without[name] for name in FLAT)


def test_pocket_composes_in_style_key_and_bars_as_the_controls_say(pocket, call) -> None:
    asked = {
        "genre": "techno", "tempo": 130, "bars": 2, "instruments": ["drums", "acid bass"],
        "key": "Em", "complexity": 1, "quality_preset": "fast", "seed": 10,
    }  # fmt: skip
    with serving(generator_app(pocket)) as address:
        answer = call.post(f"{address}/generate", json=asked).json()
        health = call.get(f"{address}/health").json()
    assert answer["success"]
    told = answer["metadata"]
    assert told["temperature"] == pytest.approx(1.025)
    assert told["top_p"] == pytest.approx(0.9)
    assert told["weights_sha256"] == health["weights_sha256"] == pocket.info.sha256
    bass = [note for note in answer["notes"] if note["instrument"] == "acid bass"]
    assert bass
    assert {note["pitch"] % 12 for note in bass} <= {4, 6, 7, 9, 11, 0, 2, 3}  # E minor, its D#
    score = as_score(answer, bars=2)
    assert {note.start_ticks // 1920 for note in score.notes} == {0, 1}
    assert max(note.end_ticks for note in score.notes) <= 2 * 1920


# ---------------------------------------------------------------------- at the door


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"tempo": 19}, "tempo: Input should be greater than or equal to 20; got 19"),
        ({"bars": 0}, "bars: "),
        ({"bars": 2.5}, "bars: "),
        ({"instruments": []}, "instruments: "),
        ({"instruments": ["drums", "kazzoo"]}, "no part is called 'kazzoo'"),
        ({"key": "H minor"}, "expected a key such as"),
        ({"tone_brightness": 1.2}, "tone_brightness: "),
        ({"complexity": -1}, "complexity: "),
        ({"quality_preset": "best"}, "quality_preset: "),
        ({"temperature": 0.9}, "temperature means nothing to the grammar runner"),
        ({"musical_goals": "dark"}, "musical_goals: "),
        ({"seed": -1}, "seed: "),
        ({"style_hints": []}, "style_hints: Extra inputs are not permitted"),
        ({"emotionVector": {}}, "emotionVector: Extra inputs are not permitted"),
        ([], "the body: "),
    ],
)
def test_bad_input_gets_a_sentence(url: str, call: httpx.Client, asked: Any, says: str) -> None:
    answer = call.post(f"{url}/generate", json=asked)
    assert answer.status_code == 422, answer.text
    assert says in answer.json()["detail"]


def test_two_parts_of_one_role_are_refused_by_a_runner_that_plays_one(pocket, call) -> None:
    with serving(generator_app(pocket)) as address:
        answer = call.post(f"{address}/generate", json={"instruments": ["piano", "pads"]})
    assert answer.status_code == 422
    assert "second chords part" in answer.json()["detail"]


class Failing:
    """A runner that cannot."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.info = load_runner("scripted").info

    def generate(self, request, *, cancel):
        raise self.error


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [
        (RunnerError("the weights are gone; pull them again"), 503, "the weights are gone"),
        (ZeroDivisionError("secret"), 500, "the service's log says more"),
    ],
)
def test_a_failed_generation_is_no_success(
    call: httpx.Client, error: Exception, status: int, says: str
) -> None:
    with serving(generator_app(Failing(error))) as address:
        answer = call.post(f"{address}/generate", json={})
    assert answer.status_code == status
    body = answer.json()
    assert body["success"] is False
    assert says in body["error"]
    assert "secret" not in body["error"]
    assert all(body[name] == [] for name in FLAT)


def test_silence_is_a_failure(call: httpx.Client) -> None:
    with serving(generator_app(load_runner("scripted", scripts=[()]))) as address:
        answer = call.post(f"{address}/generate", json={})
    assert answer.status_code == 500
    assert answer.json()["success"] is False
    assert "composed no notes for drums, bass" in answer.json()["error"]


def test_a_candidate_in_which_an_instrument_is_silent_counts_it_as_nothing() -> None:
    hits = [(36, 6), (42, 3)], [(46, 6)], [(38, 6), (42, 3)], [(46, 6)]
    drums = []
    for eighth in range(8):
        drums.append(16 * (eighth > 0))
        for pitch, bucket in hits[eighth % 4]:
            drums += [note_id(128, pitch), length_id(8, bucket)]
    with_piano = [drums[0], note_id(0, 60), length_id(64, 4), *drums[1:]]
    body = GenerateBody(instruments=["drums", "piano"], quality_preset="balanced")
    made = composed(load_runner("scripted", scripts=[drums, with_piano]), body)
    only_drums, both = made.loops
    assert only_drums.critique.value > both.critique.value  # taken alone
    assert only_drums.value == pytest.approx(only_drums.critique.value / 2)
    assert made.chosen is both
    assert (only_drums.silent, both.silent) == (("piano",), ())


def test_a_runner_that_knows_programs_only_plays_by_them(call: httpx.Client) -> None:
    with serving(generator_app(load_runner("scripted"))) as address:
        answer = call.post(f"{address}/generate", json={"instruments": ["kit", "tuba"]}).json()
    assert {note["instrument"] for note in answer["notes"]} == {"kit"}
    assert answer["metadata"]["instruments_silent"] == ["tuba"]
    assert [note["startBeat"] for note in answer["notes"]] == [0, 1, 2, 3]


def test_health_says_what_is_loaded(url: str, call: httpx.Client) -> None:
    assert call.get(f"{url}/health").json() == {
        "status": "ok", "service": "orpheus-generator", "version": "0.1.0", "runner": "grammar",
        "weights_sha256": "", "device": "cpu",
    }  # fmt: skip


def test_a_token_is_wanted_when_there_is_one(call: httpx.Client) -> None:
    with serving(generator_app(load_runner("grammar"), token="s3cret")) as address:
        assert call.post(f"{address}/generate", json={}).status_code == 401
        headers = {"authorization": "Bearer s3cret"}
        assert call.post(f"{address}/generate", json={}, headers=headers).status_code == 200


class Patient:
    """A runner that composes until it is told to stop, or the test is over."""

    def __init__(self):
        self.began, self.stopped, self.over = (threading.Event() for _ in range(3))
        self.info = load_runner("scripted").info

    def generate(self, request, *, cancel):
        self.began.set()
        while not cancel.cancelled and not self.over.is_set():
            self.over.wait(0.001)
        if cancel.cancelled:
            self.stopped.set()
        return load_runner("scripted").generate(request)


def test_a_full_house_sends_callers_away_and_who_hangs_up_is_not_composed_for(
    monkeypatch, call: httpx.Client
) -> None:
    monkeypatch.setattr(generator, "AT_ONCE", 1)
    monkeypatch.setattr(generator, "WAITING", 0)
    runner = Patient()
    with serving(generator_app(runner)) as address, ThreadPoolExecutor(1) as callers:
        first = callers.submit(
            httpx.post, f"{address}/generate", json={}, timeout=httpx.Timeout(60, read=2)
        )
        try:
            assert runner.began.wait(60)
            answer = call.post(f"{address}/generate", json={}, timeout=60)
            assert answer.status_code == 429
            assert int(answer.headers["retry-after"]) > 0
            assert isinstance(first.exception(), httpx.ReadTimeout)
            assert runner.stopped.wait(60)
        finally:
            runner.over.set()


def test_a_trace_goes_on(ask: Ask, url: str, call: httpx.Client) -> None:
    trace = f"{random.Random(1).getrandbits(128):032x}"
    headers = {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    answer = call.post(f"{url}/generate", json={}, headers=headers).json()
    assert answer["metadata"]["trace_id"] == trace
