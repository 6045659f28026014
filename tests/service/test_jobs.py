"""Jobs in work: their order, their end, and what the store holds of them, on a real database."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from workbench.errors import NotFoundError, RequestError, StoreError
from workbench.service.jobs import Jobs, Outcome, QueueFullError
from workbench.store import NewArtifact, Store, owner_name

PATIENCE_S = 60  # only ever waited for when something is broken


@pytest.fixture
def store(tmp_path):
    store = Store.open(folder=tmp_path)
    yield store
    store.close()


class Gate:
    """A tool that notes who came, and lets everybody wait until it is opened."""

    def __init__(self, *, is_open=False):
        self.came, self.opened = [], threading.Event()
        self.entered = threading.Semaphore(0)
        if is_open:
            self.opened.set()

    def __call__(self, job, cancel, tell):
        self.came.append(job.caller + str(job.request["n"]))
        tell((job.request["n"], 7))
        self.entered.release()
        while not self.opened.wait(0.001):
            if cancel.cancelled:
                return Outcome(result={"n": -1}, stopped=True)
        return Outcome(result={"n": job.request["n"]})


def over(jobs, *ids):
    polled = jobs.poll(ids, timeout_s=PATIENCE_S, mode="all")
    assert not polled.timed_out
    return polled.over


def test_a_job_goes_from_pending_to_completed(store):
    gate = Gate()
    with Jobs(store, {"count": gate}) as jobs:
        job = jobs.submit("count", {"n": 3}, caller="ann", client_job_id="mine")
        assert (job.state, job.client_job_id) == ("pending", "mine")
        assert gate.entered.acquire(timeout=PATIENCE_S)
        running = store.job(job.id)
        assert running.state == "running"
        assert jobs.progress(running) == (3, 7)
        assert jobs.poll([job.id], timeout_s=0).timed_out
        gate.opened.set()
        (done,) = over(jobs, job.id)
        assert (done.state, done.result) == ("completed", {"n": 3})


def test_callers_take_turns(store):
    gate = Gate()
    with Jobs(store, {"count": gate}, at_once=1) as jobs:
        first = jobs.submit("count", {"n": 0}, caller="a")
        assert gate.entered.acquire(timeout=PATIENCE_S)
        later = [jobs.submit("count", {"n": n}, caller=c) for c in "abc" for n in (1, 2)]
        gate.opened.set()
        over(jobs, first.id, *(job.id for job in later))
    assert gate.came == ["a0", "a1", "b1", "c1", "a2", "b2", "c2"]


def test_the_queue_is_bounded(store):
    gate = Gate()
    with Jobs(store, {"count": gate}, at_once=1, most_waiting=2) as jobs:
        jobs.submit("count", {"n": 0})
        assert gate.entered.acquire(timeout=PATIENCE_S)
        jobs.submit("count", {"n": 1})
        jobs.submit("count", {"n": 2})
        with pytest.raises(QueueFullError, match="2 jobs are waiting"):
            jobs.submit("count", {"n": 3})
        gate.opened.set()


def test_cancelling_what_waits_and_what_is_in_work_and_what_is_over(store):
    gate = Gate()
    with Jobs(store, {"count": gate}, at_once=1) as jobs:
        first, second = (jobs.submit("count", {"n": n}) for n in (1, 2))
        assert gate.entered.acquire(timeout=PATIENCE_S)
        assert jobs.cancel(second.id).state == "cancelled"
        jobs.cancel(first.id)
        ended = over(jobs, first.id, second.id)
        assert [job.state for job in ended] == ["cancelled", "cancelled"]
        assert ended[0].result == {"n": -1}, "what it had when it was stopped"
        gate.opened.set()
        third = jobs.submit("count", {"n": 3})
        over(jobs, third.id)
        assert jobs.cancel(third.id).state == "completed"
    assert gate.came == ["1", "3"]


def test_another_process_may_cancel(store):
    gate = Gate()
    with Jobs(store, {"count": gate}) as jobs:
        job = jobs.submit("count", {"n": 1})
        assert gate.entered.acquire(timeout=PATIENCE_S)
        store.ask_cancel(job.id)  # as a service elsewhere would
        (ended,) = over(jobs, job.id)
        assert ended.state == "cancelled"


def test_what_goes_wrong_is_the_jobs_error_and_nobody_elses(store):
    def breaks(job, _cancel, _tell):
        raise RequestError("bars must be 1 to 512") if job.request["n"] else ZeroDivisionError("oh")

    with Jobs(store, {"break": breaks, "count": Gate(is_open=True)}) as jobs:
        ids = [jobs.submit("break", {"n": n}).id for n in (0, 1)]
        good = jobs.submit("count", {"n": 1}).id
        bad, worse, fine = over(jobs, *ids, good)
        assert (bad.state, bad.error) == ("failed", "ZeroDivisionError: oh")
        assert (worse.state, worse.error) == ("failed", "bars must be 1 to 512")
        assert fine.state == "completed"
        with pytest.raises(RequestError, match="no tool is called 'brake'; known are break, count"):
            jobs.submit("brake", {})
        with pytest.raises(NotFoundError):
            jobs.poll(["nobody"], timeout_s=0)


def test_polling_any_and_all(store):
    gates = {"one": Gate(), "two": Gate()}
    with Jobs(store, gates) as jobs, ThreadPoolExecutor(2) as pool:
        ids = [jobs.submit(name, {"n": 1}).id for name in gates]
        either = pool.submit(jobs.poll, ids, timeout_s=PATIENCE_S, mode="any")
        both = pool.submit(jobs.poll, ids, timeout_s=PATIENCE_S, mode="all")
        gates["two"].opened.set()
        polled = either.result(PATIENCE_S)
        assert [job.id for job in polled.over] == ids[1:]
        assert [job.id for job in polled.pending] == ids[:1]
        assert not both.done()
        gates["one"].opened.set()
        assert len(both.result(PATIENCE_S).over) == 2


def test_artifacts_and_state_come_together(store):
    def make(job, _cancel, _tell):
        blob = store.blobs.put(b"content", "text/plain")
        kept = blob if job.request["n"] else "0" * 32  # one that is not there
        return Outcome(
            result=lambda artifacts: {"artifact_ids": [artifact.id for artifact in artifacts]},
            artifacts=[NewArtifact(content_hash=kept, creator=job.caller)],
            run={"seed": 1},
        )

    with Jobs(store, {"make": make}) as jobs:
        good, bad = (jobs.submit("make", {"n": n}, caller="me").id for n in (1, 0))
        good, bad = over(jobs, good, bad)
    (artifact,) = store.artifacts(creator="me")
    assert good.result == {"artifact_ids": [artifact.id]}
    assert store.run(artifact.run_id).record == {"seed": 1}
    assert (bad.state, bad.result) == ("failed", None)
    assert "no blob" in bad.error


def test_a_job_left_behind_is_done_and_one_interrupted_is_failed(store):
    left, begun = (store.add_job("count", {"n": n}) for n in (1, 2))
    here, _ = owner_name().rsplit("/", 1)
    store.claim_job(begun.id, f"{here}/1.0")  # a process of our number that began long ago
    with Jobs(store, {"count": Gate(is_open=True)}) as jobs:
        done, dead = over(jobs, left.id, begun.id)
    assert done.state == "completed"
    assert (dead.state, dead.error) == ("failed", "interrupted by restart")


def test_two_services_on_one_store_do_each_job_once(tmp_path):
    gates = [Gate(is_open=True), Gate(is_open=True)]
    stores = [Store.open(folder=tmp_path) for _ in gates]
    waiting = [stores[0].add_job("count", {"n": n}).id for n in range(60)]
    services = [Jobs(s, {"count": g}, at_once=4) for s, g in zip(stores, gates, strict=True)]
    with services[0] as first, services[1]:
        over(first, *waiting)
    assert sorted(gates[0].came + gates[1].came) == sorted(str(n) for n in range(60))
    for store in stores:
        store.close()


def test_leaving_stops_what_is_in_work_and_says_so(store):
    gate = Gate()
    with Jobs(store, {"count": gate}, at_once=1) as jobs:
        first, second = (jobs.submit("count", {"n": n}) for n in (1, 2))
        assert gate.entered.acquire(timeout=PATIENCE_S)
    assert store.job(first.id).error == "interrupted by the end of the service"
    assert store.job(second.id).state == "pending", "the next service does it"


def test_an_end_that_cannot_be_written_becomes_a_failure_later(store, monkeypatch):
    full = threading.Event()
    complete, fail = store.complete_job, store.fail_job

    def refusing(write):
        def refuse(*arguments):
            if full.is_set():
                raise StoreError("the disk is full")
            return write(*arguments)

        return refuse

    monkeypatch.setattr(store, "complete_job", refusing(complete))
    monkeypatch.setattr(store, "fail_job", refusing(fail))
    gate = Gate()
    with Jobs(store, {"count": gate}) as jobs:
        job = jobs.submit("count", {"n": 1})
        assert gate.entered.acquire(timeout=PATIENCE_S)
        full.set()
        gate.opened.set()
        other = store.add_job("count", {"n": 2})
        assert jobs.poll([job.id], timeout_s=0.1).timed_out
        full.clear()
        ended = over(jobs, job.id)[0]
        assert (ended.state, ended.error) == ("failed", "the disk is full")
        over(jobs, other.id)
