"""The shared batch: who joins, who waits, who is stopped, and that nobody's music depends on it."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from workbench.models import CancelToken, GenerationRequest
from workbench.models.decoding.draw import Sampling
from workbench.models.decoding.engine import Engine
from workbench.models.decoding.loop import Drawn, Row
from workbench.models.decoding.rules import Limits, Place
from workbench.models.vocabulary import LENGTH, NOTE

PATIENCE_S = 60  # only ever waited for when something is broken
LIMITS = Limits()


class Metronome:
    """A network of one thought: the same note, over and over. Knows which rows it was asked for."""

    def __init__(self, name, rows=1, on_draw=lambda batch: None):
        self.rows, self.on_draw = [name] * rows, on_draw

    def select(self, rows):
        self.rows = [self.rows[row] for row in rows]
        return self

    def join(self, other):
        self.rows += other.rows
        return self

    def advance(self, ids):
        assert len(ids) == len(self.rows)

    def draw(self, allowed, how, uniforms):
        self.on_draw(self)
        assert allowed.shape[1] == len(self.rows) == len(uniforms)
        likely = torch.tensor([4, NOTE + 60, LENGTH + 8 * 4 + 5])
        last = allowed[-1][:, likely]
        ids = likely[last.int().argmax(-1)]
        return Drawn(ids, torch.zeros(len(ids)), torch.ones(allowed.shape[:2]))


def rows(count=1, max_tokens=30):
    return [
        Row(
            LIMITS,
            Sampling.of(1.0, 1.0, None, None),
            np.random.default_rng(i),
            max_tokens,
            Place(LIMITS),
        )
        for i in range(count)
    ]


@pytest.fixture
def engine():
    return Engine(threads=1, most_rows=4)


@pytest.fixture
def callers():
    with ThreadPoolExecutor(8) as pool:
        yield pool


def test_a_caller_joins_who_is_already_writing(engine, callers):
    seen, joined, first_writes = [], threading.Event(), threading.Event()

    def look(batch):
        seen.append(tuple(batch.rows))
        first_writes.set()
        if len(seen) == 10:
            assert joined.wait(PATIENCE_S)

    def second():
        joined.set()
        return Metronome("second", 2)

    long = rows(max_tokens=200)
    first = callers.submit(engine.write, lambda: Metronome("first", 1, look), long)
    assert first_writes.wait(PATIENCE_S)
    short = rows(2, max_tokens=30)
    assert engine.write(second, short) == 3
    assert not first.done()
    assert first.result(PATIENCE_S) == 3
    assert [len(row.tokens) for row in (*long, *short)] == [200, 30, 30]
    assert ("first", "second", "second") in seen
    assert seen[-1] == ("first",)
    assert {row.reason for row in (*long, *short)} == {"max_tokens"}


def test_cancelling_takes_effect_within_one_step(engine):
    cancel, drawn = CancelToken(), []

    def stop(_batch):
        drawn.append(1)
        if len(drawn) == 7:
            cancel.cancel()

    (row,) = asked = rows()
    engine.write(lambda: Metronome("only", 1, stop), asked, cancel=cancel)
    assert row.reason == "stopped"
    assert len(row.tokens) == len(drawn) == 7


def test_one_caller_stops_and_the_others_go_on(engine, callers):
    cancel = CancelToken()
    going = rows(max_tokens=300)
    other = callers.submit(engine.write, lambda: Metronome("goes on"), going)
    (row,) = asked = rows(max_tokens=300)
    engine.write(lambda: Metronome("stops"), asked, cancel=cancel, on_step=cancel.cancel)
    other.result(PATIENCE_S)
    assert row.reason == "stopped"
    assert len(going[0].tokens) == 300


def test_who_does_not_fit_waits_and_may_give_up_waiting(engine, callers):
    free, full = threading.Event(), threading.Event()

    def hold(batch):
        full.set()
        if len(batch.rows) == 3 and not free.is_set():
            assert free.wait(PATIENCE_S)

    callers.submit(engine.write, lambda: Metronome("holds", 3, hold), rows(3))
    assert full.wait(PATIENCE_S)
    cancel = CancelToken()
    gives_up, waits = rows(2), rows(2)
    leaving = callers.submit(engine.write, lambda: Metronome("leaves", 2), gives_up, cancel=cancel)
    waiting = callers.submit(engine.write, lambda: Metronome("waits", 2), waits)
    cancel.cancel()
    free.set()
    leaving.result(PATIENCE_S)
    assert waiting.result(PATIENCE_S) <= 4
    assert {row.reason for row in gives_up} == {"stopped"}
    assert [len(row.tokens) for row in waits] == [30, 30]


def test_a_slow_listener_holds_nobody_up(engine, callers):
    others_done, heard = threading.Event(), threading.Event()

    def listen():
        heard.set()
        assert others_done.wait(PATIENCE_S)

    slow = rows(max_tokens=400)
    first = callers.submit(engine.write, lambda: Metronome("slow"), slow, on_step=listen)
    assert heard.wait(PATIENCE_S)
    engine.write(lambda: Metronome("quick"), rows())
    others_done.set()
    first.result(PATIENCE_S)
    assert len(slow[0].tokens) == 400


def test_reading_a_long_prime_holds_nobody_up(engine, callers):
    reading, others_done, writing = (threading.Event() for _ in range(3))

    def read():
        reading.set()
        assert others_done.wait(PATIENCE_S)
        return Metronome("late")

    def look(_batch):
        writing.set()
        assert reading.wait(PATIENCE_S)

    early = callers.submit(engine.write, lambda: Metronome("early", 1, look), rows(max_tokens=300))
    assert writing.wait(PATIENCE_S)
    late = callers.submit(engine.write, read, rows())
    early.result(PATIENCE_S)
    others_done.set()
    late.result(PATIENCE_S)


def test_what_goes_wrong_reaches_those_it_happened_to_and_nobody_later(engine):
    def broken(*_):
        raise MemoryError("no room for the cache")

    with pytest.raises(MemoryError, match="no room"):
        engine.write(broken, rows())
    with pytest.raises(MemoryError, match="no room"):
        engine.write(lambda: Metronome("breaks", 1, broken), rows())
    with pytest.raises(ZeroDivisionError):
        engine.write(lambda: Metronome("fine"), rows(max_tokens=5000), on_step=lambda: 1 / 0)
    with pytest.raises(ValueError, match="5 rows do not fit a batch of 4"):
        engine.write(lambda: Metronome("many", 5), rows(5))
    fine = rows()
    engine.write(lambda: Metronome("fine"), fine)
    assert len(fine[0].tokens) == 30


def test_its_threads_keep_their_number_and_the_callers_keep_theirs():
    before = torch.get_num_threads()
    engine = Engine(threads=1)
    assert torch.get_num_threads() == before
    assert engine.read(torch.get_num_threads) == 1
    new = []
    thread = threading.Thread(target=lambda: new.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    assert new == [before]


REQUESTS = (
    GenerationRequest(style="funk", bars=2, num_variations=1, seed=3),
    GenerationRequest(style="bossa-nova", roles=("drums", "bass", "piano"), bars=2, num_variations=3),
    GenerationRequest(roles=("piano", "flute"), key="F#m", pitch_range=(50, 70), bars=4, num_variations=2),
    GenerationRequest(style="samba", bars=3, num_variations=5, temperature=1.3, top_p=1.0, seed=8),
    GenerationRequest(style="jazz", bars=1, num_variations=2, temperature=0.0),
    GenerationRequest(style="trap", bars=4, num_variations=6, grid=16, max_tokens=90),
    GenerationRequest(roles=("bass",), bars=2, num_variations=4, top_k=5, scale=(0, 2, 4, 7, 9)),
    GenerationRequest(style="reggae", roles=("drums", "bass", "chords", "melody"), bars=2, num_variations=8),
)  # fmt: skip


def test_the_pocket_model_composes_in_company_what_it_composes_alone(small_pocket, callers):
    """Tokens, probabilities and removed mass, to the last bit, whoever else is in the batch."""
    alone = [small_pocket.generate(request) for request in REQUESTS]
    for order in (REQUESTS, REQUESTS[::-1]):
        together = dict(zip(order, callers.map(small_pocket.generate, order), strict=True))
        for request, expected in zip(REQUESTS, alone, strict=True):
            got = together[request]
            for one, other in zip(expected.variations, got.variations, strict=True):
                assert one.tokens == other.tokens
                assert np.array_equal(one.logprobs, other.logprobs)
                assert all(
                    np.array_equal(one.removed[name], other.removed[name]) for name in one.removed
                )
                assert one.score == other.score
