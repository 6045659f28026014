import json
import math
import random

import numpy as np
import pytest

from workbench.models import load_runner
from workbench.models.grammar import compose_loop, loop_score
from workbench.score import Score, slice_bars
from workbench.sweeps.cells import (
    MEASURES,
    Cell,
    Outcome,
    make_cell,
    measures,
    outcome_json,
    outcome_of_json,
    prime_of,
    request_of,
    run_cell,
)

PRIMED = {
    "runner": {"name": "grammar"},
    "prime": {"label": "funk 1", "style": "funk", "seed": 1, "bars": 1},
    "roles": ["drums"],
    "bars": 4,
    "num_variations": 3,
}


def cell_of(params, seed=0):
    return make_cell(params, seed, load_runner(params["runner"]["name"]).info)


def measured(params):
    outcome = run_cell(cell_of(params))
    assert outcome.error is None, outcome.trace
    return outcome.measures


def test_repeating_the_prime_is_all_adherence_and_no_variety():
    found = measured(PRIMED)  # without a style, the grammar repeats
    assert found["prime_f1"] == 1
    assert found["copies"] == 1
    assert found["variety"] == 0
    assert found["distinct"] == pytest.approx(1 / 3)
    assert found["adherence"] == pytest.approx(1 - found["own_f1"])
    assert found["ended"] == 1
    assert found["length_error"] == 0
    assert math.isnan(found["surprise_nats"])


def test_own_likeness_is_that_of_the_bars_that_were_cut_off():
    params = PRIMED | {"prime": {"style": "funk", "seed": 1, "bars": 1}}
    loop = compose_loop(random.Random("prime funk 1"), style="funk", bars=4, roles=["drums"])
    whole = loop_score(loop)

    def hits(bar, end=1920):
        notes = [
            (note.start_ticks, note.pitch)
            for note in slice_bars(whole, bar, bar + 1).notes
            if note.start_ticks < end
        ]
        return {((start + 60) // 120 % 16, pitch) for start, pitch in notes}

    first = hits(0, end=1920 - 30)  # an early hit of bar two is not the prime's
    shares = [2 * len(first & hits(b)) / (len(first) + len(hits(b))) for b in (1, 2, 3)]
    assert measured(params)["own_f1"] == pytest.approx(np.mean(shares))


def test_without_a_prime_nothing_is_said_about_one():
    found = measured({"runner": {"name": "grammar"}, "style": "funk", "bars": 2})
    assert all(math.isnan(found[name]) for name in ("prime_f1", "own_f1", "adherence", "copies"))
    assert 0 < found["variety"] <= 1


def test_a_style_makes_the_grammar_compose():
    found = measured(PRIMED | {"style": "prime"})
    assert found["variety"] > 0
    assert found["copies"] == 0


def test_surprise_is_of_the_new_tokens():
    params = {"runner": {"name": "scripted", "logprob": -2.5}, "num_variations": 2}
    runner = load_runner("scripted", logprob=-2.5)
    found = measures(runner.generate(request_of(params | {"seed": 0}, None)), None)
    assert found["surprise_nats"] == 2.5
    assert found["variety"] == 0


def test_a_cell_is_a_pure_function():
    one, other = (run_cell(cell_of(PRIMED | {"style": "prime"}, seed=4)) for _ in range(2))
    assert one.midi == other.midi
    assert one.measures == pytest.approx(other.measures, nan_ok=True)
    different = run_cell(cell_of(PRIMED | {"style": "prime"}, seed=5))
    assert different.midi != one.midi


def test_every_own_measure_is_explained():
    names = set(measured(PRIMED))
    assert set(MEASURES) <= names


def test_what_workbench_says_becomes_the_cells_sentence():
    outcome = run_cell(cell_of(PRIMED | {"bars": 1}))
    assert outcome.error is not None
    assert "bars counts the prime's 1 too" in outcome.error
    assert outcome.trace is None


def test_what_nobody_expected_is_kept_with_its_trace():
    outcome = run_cell(Cell("x", {}))
    assert outcome.error == "KeyError: 'code'"
    assert "run_cell" in outcome.trace


@pytest.mark.parametrize("name", ["code", "weights"])
def test_a_worker_with_other_code_or_weights_refuses(name):
    cell = cell_of(PRIMED)
    outcome = run_cell(Cell(cell.id, {**cell.params, name: "other"}))
    assert "this worker" in outcome.error


def test_outcomes_survive_their_file():
    cell = cell_of(PRIMED | {"style": "prime"})
    outcome = run_cell(cell)
    text = outcome_json(cell, outcome)
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    again = outcome_of_json(text)
    assert again.midi == outcome.midi
    assert again.measures == pytest.approx(outcome.measures, nan_ok=True)
    assert [Score.from_midi(midi).length_ticks for midi in again.midi] == [4 * 1920] * 3
    failed = Outcome(error="no", trace="there")
    assert outcome_of_json(outcome_json(cell, failed)).error == "no"


def test_a_primes_parts_are_those_asked_for():
    band = prime_of(PRIMED | {"roles": ["drums", "bass"]})
    assert [track.name for track in band.score.tracks] == ["drums", "bass"]
    assert band.bars == 1
    assert len(band.whole.bar_starts_ticks) == 4
