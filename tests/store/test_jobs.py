"""Jobs against a model of them in plain Python, and what the model does not say."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.errors import NotFoundError, RequestError
from workbench.store import Artifact, Job, NewArtifact, Store, owner_name

TOOLS = ("loops", "bridge")
OWNERS = ("vm/1/0.5", "vm/2/0.7")
OVER = ("completed", "failed", "cancelled")


@dataclass(frozen=True)
class Model:
    """What is expected of one job."""

    tool: str
    state: str = "pending"
    owner: str | None = None
    cancel_asked: bool = False
    progress: tuple[int, ...] = ()
    error: str | None = None
    result: dict[str, object] | None = None
    made: int = 0

    def runs_under(self, owner: str) -> bool:
        return self.state == "running" and self.owner == owner


def seen(job: Job, store: Store) -> Model:
    """A job of the store as the model sees it."""
    return Model(
        job.tool, job.state, job.owner, job.cancel_asked, job.progress, job.error,
        None if job.result is None else dict(job.result),
        made=len(store.artifacts(creator=job.id)),
    )  # fmt: skip


jobs_asked = st.integers(0, 2)
owners_asked = st.sampled_from(OWNERS)
operations = st.one_of(
    st.tuples(st.just("add"), st.sampled_from(TOOLS)),
    st.tuples(st.just("claim"), jobs_asked, owners_asked),
    st.tuples(st.just("complete"), jobs_asked, owners_asked, st.integers(0, 2)),
    st.tuples(st.just("fail"), jobs_asked, owners_asked),
    st.tuples(st.just("end_cancelled"), jobs_asked, owners_asked, st.integers(0, 1)),
    st.tuples(st.just("ask_cancel"), jobs_asked),
    st.tuples(st.just("beat"), owners_asked, st.lists(jobs_asked), st.integers(0, 99)),
    st.tuples(st.just("fail_interrupted"), st.sets(owners_asked)),
)


class Pair:
    """The store and the model, side by side."""

    def __init__(self, store: Store, blob: str) -> None:
        self.store, self.blob = store, blob
        self.caller = str(uuid.uuid4())  # many examples share a database
        self.ids: list[str] = []
        self.models: list[Model] = []

    def owner(self, name: str) -> str:
        return f"{name} {self.caller}"

    def do(self, operation: str, *arguments: object) -> None:
        if operation in ("add", "beat", "fail_interrupted"):
            getattr(self, operation)(*arguments)
        else:
            index, *rest = arguments
            assert isinstance(index, int)
            getattr(self, operation)(index % len(self.ids), *rest)

    def add(self, tool: str) -> None:
        job = self.store.add_job(tool, {"n": len(self.ids)}, caller=self.caller)
        self.ids.append(job.id)
        self.models.append(Model(tool))
        assert seen(job, self.store) == self.models[-1]

    def expect(self, index: int, answer: Job | None, allowed: bool, **changes: object) -> None:
        if not allowed:
            assert answer is None
            return
        self.models[index] = replace(self.models[index], **changes)
        assert answer is not None
        assert answer.id == self.ids[index]
        assert seen(answer, self.store) == self.models[index]

    def claim(self, index: int, name: str) -> None:
        allowed = self.models[index].state == "pending"
        answer = self.store.claim_job(self.ids[index], self.owner(name))
        self.expect(index, answer, allowed, state="running", owner=self.owner(name))

    def new(self, index: int, number: int) -> list[NewArtifact]:
        return [NewArtifact(content_hash=self.blob, creator=self.ids[index])] * number

    def complete(self, index: int, name: str, number: int) -> None:
        allowed = self.models[index].runs_under(self.owner(name))
        answer = self.store.complete_job(
            self.ids[index], self.owner(name), {"ok": number}, self.new(index, number), {"seed": 1}
        )
        self.expect(index, answer, allowed, state="completed", result={"ok": number}, made=number)

    def fail(self, index: int, name: str) -> None:
        allowed = self.models[index].runs_under(self.owner(name))
        answer = self.store.fail_job(self.ids[index], self.owner(name), "no GPU")
        self.expect(index, answer, allowed, state="failed", error="no GPU")

    def end_cancelled(self, index: int, name: str, number: int) -> None:
        allowed = self.models[index].runs_under(self.owner(name))
        result = {"kept": number} if number else None
        answer = self.store.end_cancelled(
            self.ids[index], self.owner(name), result, self.new(index, number)
        )
        self.expect(index, answer, allowed, state="cancelled", result=result, made=number)

    def ask_cancel(self, index: int) -> None:
        model = self.models[index]
        changes: dict[str, object] = {} if model.state in OVER else {"cancel_asked": True}
        if model.state == "pending":
            changes["state"] = "cancelled"
        answer = self.store.ask_cancel(self.ids[index])
        self.expect(index, answer, True, **changes)

    def beat(self, name: str, indexes: Sequence[int], count: int) -> None:
        owner = self.owner(name)
        told = {i % len(self.ids): (count, i) for i in indexes}
        for index, progress in told.items():
            if self.models[index].runs_under(owner):
                self.models[index] = replace(self.models[index], progress=progress)
        answer = self.store.beat(owner, {self.ids[i]: tokens for i, tokens in told.items()})
        assert answer == {
            job_id
            for job_id, model in zip(self.ids, self.models, strict=True)
            if model.runs_under(owner) and model.cancel_asked
        }

    def fail_interrupted(self, names: set[str]) -> None:
        dead = {self.owner(name) for name in names}
        interrupted = [
            i
            for i, model in enumerate(self.models)
            if model.state == "running" and model.owner in dead
        ]
        for index in interrupted:
            self.models[index] = replace(
                self.models[index], state="failed", error="interrupted by restart"
            )
        failed = self.store.fail_interrupted(lambda owner: owner not in dead)
        assert [job.id for job in failed] == [self.ids[i] for i in interrupted]
        assert [seen(job, self.store) for job in failed] == [self.models[i] for i in interrupted]

    def check(self) -> None:
        """All at once: jobs, lists, and times that fit the states."""
        newest_first = self.store.jobs(caller=self.caller)
        assert [job.id for job in newest_first] == self.ids[::-1]
        assert [seen(job, self.store) for job in newest_first] == self.models[::-1]
        for job in newest_first:
            assert self.store.job(job.id) == job
            assert (job.completed_at is not None) == (job.state in OVER)
            assert (job.started_at is not None) == (job.owner is not None)
            assert (job.run_id is not None) == (job.state == "completed")
        pending = [i for i, m in zip(self.ids, self.models, strict=True) if m.state == "pending"]
        waiting = self.store.waiting_jobs(TOOLS, 10_000)
        assert [job.id for job in waiting if job.caller == self.caller] == pending


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(done=st.lists(operations, min_size=10, max_size=30))
def test_any_sequence_of_operations_does_what_the_model_does(
    store: Store, done: list[tuple[object, ...]]
) -> None:
    pair = Pair(store, store.blobs.put(b"loop", "audio/midi"))
    pair.add("loops")
    pair.add("bridge")
    for name, *arguments in done:
        pair.do(str(name), *arguments)
    pair.check()


def test_a_job_has_what_it_was_added_with(store: Store) -> None:
    request = {"temperature": 0.5, "tags": ["é", "\0", "\ud800"], "deep": {"none": None}}
    job = store.add_job("loops", request, caller="me", client_job_id="mine")
    assert (job.tool, job.caller, job.client_job_id) == ("loops", "me", "mine")
    assert job.request == request
    assert uuid.UUID(job.id).version == 4
    assert store.job(job.id) == job


def test_times_come_from_the_clock_and_are_told_in_utc(url: str, folder: object) -> None:
    east = timezone(timedelta(hours=9))
    ticks = iter(datetime(2026, 1, 1, 9, minute, 0, 250, tzinfo=east) for minute in range(60))
    store = Store.open(url, now=lambda: next(ticks))
    job = store.add_job("loops", {})
    claimed = store.claim_job(job.id, "me")
    assert claimed is not None
    assert job.created_at == datetime(2026, 1, 1, 0, 0, 0, 250, tzinfo=UTC)
    assert claimed.started_at == datetime(2026, 1, 1, 0, 1, 0, 250, tzinfo=UTC)
    cancelled = store.ask_cancel(store.add_job("loops", {}).id)
    assert cancelled.completed_at is not None
    assert cancelled.completed_at > claimed.started_at
    assert cancelled.completed_at.utcoffset() == timedelta(0)
    assert cancelled.completed_at.hour == 0
    store.close()


def running(store: Store, owner: str = "me", tool: str = "loops") -> Job:
    job = store.claim_job(store.add_job(tool, {}).id, owner)
    assert job is not None
    return job


@pytest.mark.parametrize("unknown", ["", "none", "a\0b", "\ud800", "x" * 5000])
def test_a_job_that_is_not_there(store: Store, unknown: str) -> None:
    for ask in (
        lambda: store.job(unknown),
        lambda: store.claim_job(unknown, "me"),
        lambda: store.complete_job(unknown, "me", {}),
        lambda: store.fail_job(unknown, "me", "no"),
        lambda: store.end_cancelled(unknown, "me"),
        lambda: store.ask_cancel(unknown),
        lambda: store.jobs(before=unknown),
    ):
        with pytest.raises(NotFoundError, match=r"^no job .* is in the store$"):
            ask()
    assert store.beat("me", {unknown: [1]}) == set()


def test_a_result_can_name_the_artifacts_as_they_were_kept(store: Store) -> None:
    new = NewArtifact(
        content_hash=store.blobs.put(b"loop", "audio/midi"), creator="me", variation_set_id="set"
    )

    def result(made: Sequence[Artifact]) -> dict[str, object]:
        return {"ids": [a.id for a in made], "indexes": [a.variation_index for a in made]}

    job = store.complete_job(running(store).id, "me", result, [new, new], {"runner": "pocket"})
    assert job is not None
    kept = store.variation_set("set")
    assert job.result == {"ids": [artifact.id for artifact in kept], "indexes": [0, 1]}
    assert {artifact.run_id for artifact in kept} == {job.run_id}
    assert job.run_id is not None
    run = store.run(job.run_id)
    assert (run.id, run.kind, run.record) == (job.run_id, "loops", {"runner": "pocket"})


def test_what_cannot_be_kept_leaves_nothing_and_the_job_running(store: Store) -> None:
    job = running(store)
    blob = store.blobs.put(b"loop", "audio/midi")
    good = NewArtifact(content_hash=blob, creator="me")
    orphan = replace(good, parent_id="artifact_none")
    empty = replace(good, content_hash="0" * 32)

    def no_json(made: Sequence[Artifact]) -> dict[str, object]:
        return {"made": made}

    for result, artifacts, error, says in (
        ({}, [good, orphan], NotFoundError, "no artifact 'artifact_none' .* to be a parent"),
        ({}, [good, empty], NotFoundError, "no blob 0{32} .* put an artifact's content before"),
        ({"x": float("nan")}, [good], RequestError, "result must be plain JSON: Out of range"),
        (no_json, [good], RequestError, "result must be plain JSON: .*Artifact"),
    ):
        with pytest.raises(error, match=says):
            store.complete_job(job.id, "me", result, artifacts, {"seed": 1})  # type: ignore[arg-type]
    assert store.artifacts() == []
    assert store.job(job.id) == job


def test_an_error_of_any_text_is_kept(store: Store) -> None:
    job = store.fail_job(running(store).id, "me", "no file a\0b\udcff: gone ♭")
    assert job is not None
    assert job.error == "no file a\N{REPLACEMENT CHARACTER}b?: gone ♭"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"request": {"seed": {1, 2}}}, "request must be plain JSON: .* set is not"),
        ({"request": {"temperature": float("inf")}}, "request must be plain JSON: Out of range"),
        ({"tool": "x" * 501}, "tool must be at most 500 characters, got 501: 'xxx"),
        ({"client_job_id": "a\0"}, "client_job_id must be text without NUL and lone surrogates"),
        ({"caller": "x" * 501}, "caller must be at most 500"),
        ({"client_job_id": "x" * 501}, "client_job_id must be at most 500"),
    ],
)
def test_jobs_that_are_refused(store: Store, options: dict, says: str) -> None:
    with pytest.raises(RequestError, match=says):
        store.add_job(**{"tool": "loops", "request": {}} | options)
    assert store.jobs() == []


def test_names_as_long_as_allowed_are_found(store: Store) -> None:
    name = "\N{MUSICAL SYMBOL G CLEF}" * 500  # four bytes each
    job = store.add_job(name, {}, caller=name, client_job_id=name)
    assert store.jobs(tool=name, caller=name) == [job]
    assert store.claim_job(job.id, name) is not None


def test_jobs_are_listed_newest_first_in_pages(store: Store) -> None:
    ids = [
        store.add_job(tool, {}, caller=caller).id
        for tool, caller in (("loops", "a"), ("loops", "b"), ("bridge", "a"), ("loops", "a"))
    ]
    store.ask_cancel(ids[1])

    def places(**asked: object) -> list[int]:
        return [ids.index(job.id) for job in store.jobs(**asked)]  # type: ignore[arg-type]

    assert places() == [3, 2, 1, 0]
    assert places(limit=2) == [3, 2]
    assert places(limit=2, before=ids[2]) == [1, 0]
    assert places(limit=0) == []
    assert places(tool="loops") == [3, 1, 0]
    assert places(tool="loops", caller="a") == [3, 0]
    assert places(states=["cancelled"]) == [1]
    assert places(states=["cancelled", "pending"], before=ids[3]) == [2, 1, 0]
    assert places(states=[]) == []
    assert store.count_jobs(["pending"]) == 3
    assert store.count_jobs(["pending", "cancelled"]) == 4
    assert store.count_jobs(["running"]) == 0
    for sizes in ({"limit": -1}, {"limit": 2**31}):
        with pytest.raises(RequestError, match="limit must be 0 to 2147483647, got"):
            store.jobs(**sizes)


def test_waiting_jobs_are_listed_oldest_first(store: Store) -> None:
    loops = [store.add_job("loops", {}).id for _ in range(3)]
    bridge = store.add_job("bridge", {}).id
    store.claim_job(loops[0], "me")
    assert [job.id for job in store.waiting_jobs(["loops"], 10)] == loops[1:]
    assert [job.id for job in store.waiting_jobs(["loops"], 1)] == loops[1:2]
    assert [job.id for job in store.waiting_jobs(["bridge", "loops"], 10)] == [*loops[1:], bridge]
    assert store.waiting_jobs([], 10) == []


def test_of_many_threads_one_gets_the_job(store: Store) -> None:
    ids = [store.add_job("loops", {}).id for _ in range(10)]
    start = threading.Barrier(8)
    claimed: list[tuple[str, str]] = []

    def claim(owner: str) -> None:
        start.wait()
        claimed.extend((job_id, owner) for job_id in ids if store.claim_job(job_id, owner))

    threads = [threading.Thread(target=claim, args=(f"thread {n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(job_id for job_id, _ in claimed) == sorted(ids)
    assert {job.id: job.owner for job in store.jobs()} == dict(claimed)


def test_jobs_of_the_dead_fail_and_those_of_the_living_go_on(url: str) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    store = Store.open(url, now=lambda: now)
    mine = running(store, owner_name())
    host, pid, start = owner_name().split("/")
    before_restart = running(store, f"{host}/{pid}/{float(start) - 1:.2f}")
    silent, beating, claiming = (f"other-{n}/1/0.5" for n in range(3))
    running(store, silent)
    running(store, beating)
    now += timedelta(seconds=59)
    assert [job.id for job in store.fail_interrupted()] == [before_restart.id]
    store.beat(beating, {})
    late = running(store, claiming)
    now += timedelta(seconds=1)
    (failed,) = store.fail_interrupted(reason="the machine is gone")
    assert (failed.owner, failed.state, failed.error) == (silent, "failed", "the machine is gone")
    assert failed.completed_at == now
    assert {job.owner for job in store.jobs(states=["running"])} == {mine.owner, beating, claiming}
    assert store.complete_job(late.id, claiming, {}) is not None
    assert store.complete_job(failed.id, silent, {}) is None
    assert store.fail_interrupted() == []
    store.close()
