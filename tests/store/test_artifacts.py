"""Artifacts: names of their own, places in sets, parents, tags."""

from __future__ import annotations

import re
import threading
import uuid
from contextlib import closing
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.errors import NotFoundError, RequestError
from workbench.store import Artifact, NewArtifact, Store

sets = st.none() | st.sampled_from(["a", "b"])
places = st.none() | st.integers(0, 6)


@pytest.fixture
def new(store: Store) -> NewArtifact:
    return NewArtifact(content_hash=store.blobs.put(b"loop", "audio/midi"), creator="me")


def indexes(artifacts: list[Artifact]) -> list[int | None]:
    return [artifact.variation_index for artifact in artifacts]


def test_an_artifact_is_what_was_added_and_more(store: Store, new: NewArtifact) -> None:
    (parent,) = store.add_artifacts([new])
    asked = replace(
        new,
        variation_set_id="set",
        variation_index=4,
        parent_id=parent.id,
        tags=("type:midi", "é", "phase:generation", "é"),
        metadata={"params": {"temperature": 0.9}, "seed": None},
    )
    (artifact,) = store.add_artifacts([asked], {"runner": "pocket"}, kind="sweep")
    assert re.fullmatch("artifact_[0-9a-f]{16}", artifact.id)
    assert artifact.tags == ("type:midi", "é", "phase:generation")
    assert artifact.created_at.tzinfo is UTC
    for name in ("content_hash", "variation_set_id", "variation_index", "parent_id", "creator"):
        assert getattr(artifact, name) == getattr(asked, name)
    assert artifact.metadata == asked.metadata
    assert store.artifact(artifact.id) == artifact
    assert artifact.run_id is not None
    run = store.run(artifact.run_id)
    assert (run.kind, run.record) == ("sweep", {"runner": "pocket"})
    assert run.created_at == artifact.created_at
    assert parent.run_id is None


def test_equal_content_makes_different_artifacts(store: Store, new: NewArtifact) -> None:
    made = store.add_artifacts([new, new])
    assert len({artifact.id for artifact in made}) == 2
    assert len({artifact.content_hash for artifact in made}) == 1
    assert store.artifacts() == made[::-1]
    assert store.add_artifacts([]) == []


def test_an_id_that_is_taken_is_not_given_again(url: str, folder: Path) -> None:
    one, other = uuid.UUID(int=1 << 120), uuid.UUID(int=2 << 120)
    ids = iter([one, one, other])
    with closing(Store.open(url, folder, new_id=lambda: next(ids))) as store:
        new = NewArtifact(content_hash=store.blobs.put(b"loop", "audio/midi"), creator="me")
        made = store.add_artifacts([new]) + store.add_artifacts([new])
        assert [artifact.id for artifact in made] == [
            "artifact_0100000000000000",
            "artifact_0200000000000000",
        ]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(st.tuples(sets, places), max_size=4), max_size=5))
def test_places_in_sets(store: Store, batches: list) -> None:
    blob = store.blobs.put(b"loop", "audio/midi")
    mark = str(uuid.uuid4())  # many examples share a database
    have: dict[str, dict[int, str]] = {"a": {}, "b": {}}
    for number, batch in enumerate(batches):
        asked = [(name, place if name else None) for name, place in batch]
        fixed = [pair for pair in asked if pair[0] and pair[1] is not None]
        taken = len(set(fixed)) < len(fixed) or any(place in have[name] for name, place in fixed)
        new = [
            NewArtifact(
                content_hash=blob,
                creator=f"{number}",
                variation_set_id=name and f"{mark} {name}",
                variation_index=place,
            )
            for name, place in asked
        ]
        if taken:
            with pytest.raises(RequestError, match=r"has an artifact at index .; choose another"):
                store.add_artifacts(new)
            continue
        made = store.add_artifacts(new)
        after = {name: max([-1, *have[name], *(p for n, p in fixed if n == name)]) for name in have}
        for artifact, (name, place) in zip(made, asked, strict=True):
            if name is None:
                assert artifact.variation_index is None
                continue
            if place is None:
                after[name] += 1
                place = after[name]
            assert artifact.variation_index == place
            have[name][place] = artifact.id
    for name, expected in have.items():
        kept = store.variation_set(f"{mark} {name}")
        assert [(a.variation_index, a.id) for a in kept] == sorted(expected.items())


def test_threads_fill_a_set_without_gap_or_repetition(store: Store, new: NewArtifact) -> None:
    start = threading.Barrier(8)

    def add() -> None:
        start.wait()
        for _ in range(5):
            store.add_artifacts([replace(new, variation_set_id="set")])

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert indexes(store.variation_set("set")) == list(range(40))


def test_a_set_that_is_not_there_is_empty(store: Store) -> None:
    assert store.variation_set("none") == []


def test_the_last_index_is_the_last(store: Store, new: NewArtifact) -> None:
    last = replace(new, variation_set_id="set", variation_index=2**31 - 1)
    assert indexes(store.add_artifacts([last])) == [2**31 - 1]
    with pytest.raises(RequestError, match="'set' has no index left after 2147483647"):
        store.add_artifacts([replace(last, variation_index=None)])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"variation_index": 0}, "variation_index 0 needs a set to be in; give variation_set_id"),
        ({"variation_set_id": "s", "variation_index": -1}, "must be 0 to 2147483647, got -1"),
        ({"variation_set_id": "s", "variation_index": 2**31}, "must be 0 to 2147483647, got 2147"),
        ({"content_hash": "../../etc/passwd"}, "a content hash is 32 digits"),
        ({"tags": ("fine", "x" * 501)}, "tag must be at most 500 characters, got 501"),
        ({"creator": "x" * 501}, "creator must be at most 500"),
        ({"variation_set_id": "x" * 501}, "variation_set_id must be at most 500"),
        ({"tags": ("a\0b",)}, r"tag must be text without NUL and lone surrogates, got 'a\\x00b'"),
        ({"variation_set_id": "\ud800"}, "variation_set_id must be text without NUL and lone"),
        ({"metadata": {"loss": float("nan")}}, "metadata must be plain JSON: Out of range"),
        ({"metadata": {"at": object()}}, "metadata must be plain JSON: .*object is not"),
    ],
)
def test_values_that_are_refused(changes: dict, says: str) -> None:
    with pytest.raises(RequestError, match=says):
        NewArtifact(**{"content_hash": "0" * 32, "creator": "me"} | changes)


def test_what_is_missing_is_named_and_nothing_is_added(store: Store, new: NewArtifact) -> None:
    with pytest.raises(NotFoundError, match="no artifact 'artifact_x' is in the store to be a pa"):
        store.add_artifacts([new, replace(new, parent_id="artifact_x")], {"seed": 1})
    with pytest.raises(NotFoundError, match=r"no blob 0{32} is in .*put an artifact's content"):
        store.add_artifacts([new, replace(new, content_hash="0" * 32)])
    with pytest.raises(RequestError, match="run must be plain JSON"):
        store.add_artifacts([new], {"seed": {1}})
    with pytest.raises(RequestError, match="index 0; choose another index, or leave it out"):
        store.add_artifacts([replace(new, variation_set_id="s", variation_index=0)] * 2)
    assert store.artifacts() == []


@pytest.mark.parametrize("unknown", ["", "artifact_none", "a\0b", "x" * 5000])
def test_an_artifact_or_a_run_that_is_not_there(store: Store, unknown: str) -> None:
    with pytest.raises(NotFoundError, match=r"^no artifact .* is in the store$"):
        store.artifact(unknown)
    with pytest.raises(NotFoundError, match=r"^no run .* is in the store$"):
        store.run(unknown)
    assert store.children(unknown) == []


def test_artifacts_are_found_newest_first(store: Store, new: NewArtifact) -> None:
    (root,) = store.add_artifacts([new])
    made = store.add_artifacts(
        [
            replace(new, tags=("midi", "drums"), creator="you"),
            replace(new, tags=("midi",), parent_id=root.id),
            replace(new, tags=("midi", "bass"), parent_id=root.id, variation_set_id="s"),
            replace(new, tags=("midi", "drums"), parent_id=root.id, variation_set_id="s"),
        ]
    )

    def found(**asked: object) -> list[int]:
        return [made.index(a) for a in store.artifacts(**asked) if a != root]  # type: ignore[arg-type]

    assert found() == [3, 2, 1, 0]
    assert found(tag="midi") == [3, 2, 1, 0]
    assert found(tag="drums") == [3, 0]
    assert found(tag="drums", creator="you") == [0]
    assert found(tag="mid") == []
    assert found(creator="you") == [0]
    assert found(parent_id=root.id) == [3, 2, 1]
    assert found(variation_set_id="s") == [3, 2]
    assert found(tag="midi", parent_id=root.id, limit=2) == [3, 2]
    assert found(tag="midi", parent_id=root.id, limit=2, offset=2) == [1]
    assert found(tag="midi", limit=0) == []
    assert store.children(root.id) == made[1:]
    assert store.children(made[0].id) == []
    for sizes in ({"limit": -1}, {"offset": -1}, {"offset": 2**31}):
        with pytest.raises(RequestError, match=r"must be 0 to 2147483647, got"):
            store.artifacts(**sizes)
