"""The tools of the service, one table: what each is called, what it takes, what it does.

MCP lists and calls them; arguments are validated before anything is begun. Tools that compose answer
at once with a job, whose result `job_poll` waits for.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from workbench.daw import Studio
from workbench.errors import RequestError
from workbench.models import Classifier
from workbench.score import Score
from workbench.service.classifying import Classification
from workbench.service.generation import EXAMPLE_HASH, GenerateArguments, Hash, Name
from workbench.service.generation import TOOLS as GENERATION
from workbench.service.jobs import Jobs
from workbench.service.rendering import rendered
from workbench.service.wire import EXAMPLE, StrictBody, decoded, example, sent
from workbench.store import Artifact, Job, JobState

LONGEST_POLL_S = 10.0
Id = Annotated[str, Field(max_length=500)]
Mime = Annotated[str, Field(pattern=r"^[a-z0-9.+-]+/[a-zA-Z0-9.+-]+$", max_length=200)]


@dataclass(frozen=True, slots=True)
class Workroom:
    """What tools work with: jobs, their store, a judge, the folder of uploads, and a song."""

    jobs: Jobs
    classifier: Classifier
    uploads: Path | None = None
    studio: Studio = field(default_factory=Studio)


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool. `call` gets validated arguments and answers plain JSON."""

    name: str
    says: str
    arguments: type[StrictBody]
    call: Callable[[Workroom, Any], dict[str, Any]]


class JobArguments(StrictBody):
    """One job."""

    model_config = example(job_id="JOB_ID")

    job_id: Id


class ListJobsArguments(StrictBody):
    """Which jobs."""

    states: list[JobState] | None = None
    limit: int = Field(100, ge=1, le=1000)


class PollArguments(StrictBody):
    """Which jobs to wait for, and how long."""

    model_config = example(job_ids=["JOB_ID"], timeout_ms=10_000)

    timeout_ms: int = Field(ge=0, description="How long to wait; at most 10000 are.")
    job_ids: Annotated[list[Id], Field(min_length=1, max_length=1000)]
    mode: Literal["any", "all"] = Field("any", description="Wait for one of the jobs, or for all.")


class StoreArguments(StrictBody):
    """Content to keep."""

    model_config = example(content_base64=sent(EXAMPLE), mime_type="audio/midi")

    content_base64: str
    mime_type: Mime


class HashArguments(StrictBody):
    """One content."""

    model_config = example(hash=EXAMPLE_HASH)

    hash: Hash


class UploadArguments(StrictBody):
    """A file below the uploads folder."""

    model_config = example(file_path="beat.mid", mime_type="audio/midi")

    file_path: Annotated[str, Field(max_length=4096)]
    mime_type: Mime


class ArtifactArguments(StrictBody):
    """One artifact."""

    model_config = example(artifact_id="ARTIFACT_ID")

    artifact_id: Id


class ListArtifactsArguments(StrictBody):
    """Which artifacts; what is given must all be so."""

    model_config = example(tag="tool:orpheus_loops", limit=10)

    tag: Name | None = None
    creator: Name | None = None
    parent_id: Id | None = None
    variation_set_id: Name | None = None
    limit: int = Field(100, ge=1, le=1000)
    offset: int = Field(0, ge=0, le=1_000_000)


class ClassifyArguments(StrictBody):
    """A MIDI file among what is kept."""

    model_config = example(hash=EXAMPLE_HASH)

    hash: Hash = Field(description="CAS hash of the MIDI to judge")


class RenderArguments(StrictBody):
    """A MIDI file among what is kept."""

    model_config = example(hash=EXAMPLE_HASH)

    hash: Hash
    sample_rate_hz: int = Field(44_100, ge=8000, le=96_000)


def _starter(name: str, what: str) -> Callable[[Workroom, Any], dict[str, Any]]:
    def start(room: Workroom, arguments: GenerateArguments) -> dict[str, Any]:
        job = room.jobs.submit(name, arguments.model_dump(), caller=arguments.creator)
        return {
            "job_id": job.id,
            "status": job.state,
            "message": f"{what} started. Use job_poll() to retrieve results.",
        }

    return start


def job_status(room: Workroom, arguments: JobArguments) -> dict[str, Any]:
    """The whole record of a job."""
    return _job(room, room.jobs.store.job(arguments.job_id))


def job_list(room: Workroom, arguments: ListJobsArguments) -> dict[str, Any]:
    """Jobs, newest first."""
    jobs = room.jobs.store.jobs(states=arguments.states, limit=arguments.limit)
    told = [
        {
            "job_id": job.id,
            "tool_name": job.tool,
            "status": job.state,
            "created_at": job.created_at.isoformat(),
        }
        for job in jobs
    ]
    return {"jobs": told, "total": len(told)}


def job_poll(room: Workroom, arguments: PollArguments) -> dict[str, Any]:
    """Wait for jobs; ids by state as ever, what came of those that are over, tokens of those that are not."""
    polled = room.jobs.poll(
        arguments.job_ids,
        timeout_s=min(arguments.timeout_ms / 1000, LONGEST_POLL_S),
        mode=arguments.mode,
    )
    return {
        "completed": [job.id for job in polled.over if job.state == "completed"],
        "failed": [job.id for job in polled.over if job.state != "completed"],
        "pending": [job.id for job in polled.pending],
        "reason": "timeout" if polled.timed_out else "job_complete",
        "elapsed_ms": round(polled.elapsed_s * 1000),
        "results": [_job(room, job) for job in polled.over],
        "progress": {job.id: list(room.jobs.progress(job)) for job in polled.pending},
    }


def job_cancel(room: Workroom, arguments: JobArguments) -> dict[str, Any]:
    """Cancel a job."""
    job = room.jobs.cancel(arguments.job_id)
    cancelled = job.state == "cancelled" or job.cancel_asked
    message = "cancelled" if cancelled else f"it is {job.state} already"
    return {"job_id": job.id, "cancelled": cancelled, "message": message}


def cas_store(room: Workroom, arguments: StoreArguments) -> dict[str, Any]:
    """Keep content."""
    content = decoded(arguments.content_base64, "content_base64")
    return _kept(room, content, arguments.mime_type)


def cas_inspect(room: Workroom, arguments: HashArguments) -> dict[str, Any]:
    """Whether content is kept, and what it is."""
    blobs = room.jobs.store.blobs
    if arguments.hash not in blobs:
        return {"hash": arguments.hash, "exists": False}
    about = blobs.about(arguments.hash)
    return {
        "hash": about.hash,
        "size_bytes": about.size_bytes,
        "mime_type": about.mime_type,
        "exists": True,
        "local_path": str(about.path),
    }


def cas_upload_file(room: Workroom, arguments: UploadArguments) -> dict[str, Any]:
    """Keep a file's content. Only files below the uploads folder, links followed first."""
    if room.uploads is None:
        raise RequestError("this service takes no files; start it with --uploads FOLDER")
    folder = room.uploads.resolve()
    path = (folder / arguments.file_path).resolve()
    if not path.is_relative_to(folder):
        raise RequestError(f"{arguments.file_path} is not below the uploads folder")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RequestError(f"cannot read {arguments.file_path}: {error.strerror}") from error
    return _kept(room, content, arguments.mime_type)


def midi_render(room: Workroom, arguments: RenderArguments) -> dict[str, Any]:
    """A kept MIDI file as a WAV file, kept too."""
    score = Score.from_midi(room.jobs.store.blobs.get(arguments.hash))
    wav = rendered(score, arguments.sample_rate_hz)
    return {**_kept(room, wav, "audio/wav"), "duration_s": round(score.duration_s, 3)}


def orpheus_classify(room: Workroom, arguments: ClassifyArguments) -> dict[str, Any]:
    """Whether a kept MIDI file is human or machine-made."""
    verdict = room.classifier.classify(Score.from_midi(room.jobs.store.blobs.get(arguments.hash)))
    return {
        "classification": Classification.of(verdict).model_dump(),
        "num_tokens": verdict.num_tokens,
        "model": {
            "name": room.classifier.name,
            "weights_sha256": room.classifier.weights_sha256,
        },
    }


def artifact_get(room: Workroom, arguments: ArtifactArguments) -> dict[str, Any]:
    """One artifact, with its content in base64 and its children."""
    store = room.jobs.store
    artifact = store.artifact(arguments.artifact_id)
    content = store.blobs.get(artifact.content_hash)
    return {
        **_artifact(artifact),
        "mime_type": store.blobs.about(artifact.content_hash).mime_type,
        "content_base64": base64.b64encode(content).decode(),
        "children": [child.id for child in store.children(artifact.id)],
    }


def artifact_list(room: Workroom, arguments: ListArtifactsArguments) -> dict[str, Any]:
    """Artifacts by tag, creator or parent, newest first; of a set, in its order."""
    found = room.jobs.store.artifacts(**arguments.model_dump())
    if arguments.variation_set_id is not None:
        found = sorted(found, key=lambda artifact: artifact.variation_index or 0)
    return {"artifacts": [_artifact(artifact) for artifact in found]}


def _kept(room: Workroom, content: bytes, mime_type: str) -> dict[str, Any]:
    name = room.jobs.store.blobs.put(content, mime_type)
    return {"hash": name, "size_bytes": len(content), "mime_type": mime_type}


def _job(room: Workroom, job: Job) -> dict[str, Any]:
    counted = (job.result or {}).get("tokens_per_variation")
    return {
        "job_id": job.id,
        "status": job.state,
        "tool_name": job.tool,
        "client_job_id": job.client_job_id,
        "progress": list(room.jobs.progress(job)) if counted is None else counted,
        "result": job.result,
        "error": job.error,
        **{
            name: moment.isoformat() if (moment := getattr(job, name)) is not None else None
            for name in ("created_at", "started_at", "completed_at")
        },
    }


def _artifact(artifact: Artifact) -> dict[str, Any]:
    return {**asdict(artifact), "created_at": artifact.created_at.isoformat()}


TOOLS: Mapping[str, Tool] = {
    tool.name: tool
    for tool in (
        *(
            Tool(name, tool.says, tool.arguments, _starter(name, tool.what))
            for name, tool in GENERATION.items()
        ),
        Tool(
            "orpheus_classify",
            "Judge whether music is human or machine-made",
            ClassifyArguments,
            orpheus_classify,
        ),
        Tool(
            "job_status", "Everything about one job, its result included", JobArguments, job_status
        ),
        Tool("job_list", "Jobs, newest first", ListJobsArguments, job_list),
        Tool("job_poll", "Wait until jobs are over and get their results", PollArguments, job_poll),
        Tool("job_cancel", "Cancel a job", JobArguments, job_cancel),
        Tool("cas_store", "Keep content under its hash", StoreArguments, cas_store),
        Tool(
            "cas_inspect", "Whether content is kept, its size and type", HashArguments, cas_inspect
        ),
        Tool(
            "cas_upload_file",
            "Keep a file from the uploads folder",
            UploadArguments,
            cas_upload_file,
        ),
        Tool("midi_render", "Render a kept MIDI file to WAV", RenderArguments, midi_render),
        Tool("artifact_get", "One artifact with its content", ArtifactArguments, artifact_get),
        Tool(
            "artifact_list",
            "Artifacts by tag, creator, parent or set",
            ListArtifactsArguments,
            artifact_list,
        ),
    )
}
