"""Generation as jobs: what is kept of it, and where it is found again."""

import pytest

from workbench.errors import NotFoundError
from workbench.models import load_runner
from workbench.score import Score
from workbench.service.generation import performers
from workbench.service.jobs import Jobs
from workbench.store import Store

PATIENCE_S = 120  # only ever waited for when something is broken


@pytest.fixture
def store(tmp_path):
    store = Store.open(folder=tmp_path)
    yield store
    store.close()


@pytest.fixture
def jobs(store, pocket):
    with Jobs(store, performers(store, dict.fromkeys(("base", "loops", "bridge"), pocket))) as jobs:
        yield jobs


def done(jobs, tool, **arguments):
    job = jobs.submit(tool, arguments)
    polled = jobs.poll([job.id], timeout_s=PATIENCE_S)
    assert not polled.timed_out
    return polled.over[0]


def test_loops_are_kept_in_a_set_with_all_that_made_them(jobs, store, pocket):
    job = done(
        jobs,
        "orpheus_loops",
        num_variations=3,
        temperature=0.9,
        tags=["mine"],
        creator="ann",
        seed=2,
    )
    assert (job.state, job.error) == ("completed", None)
    result = job.result
    assert result["status"] == "success"
    assert result["variation_indices"] == [0, 1, 2]
    assert result["summary"].startswith("Generated 3 variations (")
    kept = store.variation_set(result["variation_set_id"])
    assert [artifact.id for artifact in kept] == result["artifact_ids"]
    for artifact, count in zip(kept, result["tokens_per_variation"], strict=True):
        assert set(artifact.tags) >= {"type:midi", "phase:generation", "tool:orpheus_loops", "mine"}
        assert {"style:drums", "style:percussion"} & set(artifact.tags)
        assert artifact.creator == "ann"
        assert artifact.metadata["params"] == {
            "temperature": 0.9, "top_p": 0.95, "max_tokens": 1024, "num_variations": 3, "seed": 2,
        }  # fmt: skip
        assert artifact.metadata["generation"]["tokens"] == count
        assert artifact.metadata["generation"]["job_id"] == job.id
        score = Score.from_midi(store.blobs.get(artifact.content_hash))
        assert any(score.notes)
        assert store.blobs.about(artifact.content_hash).mime_type == "audio/midi"
        assert store.run(artifact.run_id).record["weights_sha256"] == pocket.info.sha256


def test_a_seed_is_gone_on_from_and_its_child_knows_its_parent(jobs, store):
    first = done(jobs, "orpheus_loops", seed=1)
    (parent_id,) = first.result["artifact_ids"]
    (seed_hash,) = first.result["output_hashes"]
    assert first.result["variation_set_id"] is None
    second = done(jobs, "orpheus_continue", seed_hash=seed_hash, parent_id=parent_id)
    (child,) = store.children(parent_id)
    assert second.result["artifact_ids"] == [child.id]
    assert child.metadata["seed"] == {"hash": seed_hash}
    new = Score.from_midi(store.blobs.get(child.content_hash))
    assert new.length_ticks > 0


def test_a_set_goes_on_where_it_was(jobs):
    for first in (0, 2):
        job = done(jobs, "orpheus_generate", variation_set_id="takes", num_variations=2, seed=first)
        assert job.result["variation_indices"] == [first, first + 1]


def test_what_cannot_be_done_is_said_in_the_job(jobs):
    job = done(jobs, "orpheus_loops", seed_hash="0" * 32)
    assert job.state == "failed"
    assert "no blob" in job.error


def test_midi_that_is_none_is_said_in_the_job(jobs, store):
    job = done(jobs, "orpheus_continue", seed_hash=store.blobs.put(b"no midi", "text/plain"))
    assert job.state == "failed"
    assert "MThd" in job.error


def test_a_cancelled_job_keeps_what_is_whole(jobs, store):
    job = jobs.submit("orpheus_generate", {"num_variations": 32, "max_tokens": 8192})
    while not any(jobs.progress(store.job(job.id))):
        jobs.poll([job.id], timeout_s=0.01)
    jobs.cancel(job.id)
    (ended,) = jobs.poll([job.id], timeout_s=PATIENCE_S).over
    assert ended.state == "cancelled"
    for artifact in store.variation_set(ended.result["variation_set_id"]):
        assert artifact.metadata["generation"]["stop_reason"] in ("stopped", "bars")


def test_grammar_may_serve_and_says_what_means_nothing_to_it(store):
    rules = load_runner("grammar")
    with Jobs(store, performers(store, dict.fromkeys(("base", "loops", "bridge"), rules))) as jobs:
        plain, sampled = done(jobs, "orpheus_loops"), done(jobs, "orpheus_loops", temperature=1.0)
    (artifact,) = (store.artifact(name) for name in plain.result["artifact_ids"])
    assert artifact.metadata["params"] == {"num_variations": 1, "seed": 0}
    assert sampled.state == "failed"
    assert "temperature means nothing to the grammar" in sampled.error


def test_nothing_is_polled_that_is_not_there(jobs):
    with pytest.raises(NotFoundError):
        jobs.poll(["no such job"], timeout_s=1)
