"""The generation tools of the Orpheus family as jobs: arguments in, artifacts out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple
from uuid import uuid4

from pydantic import Field

from workbench.models import CancelToken, GenerationResult, Runner
from workbench.score import DRUM_CHANNEL, Score
from workbench.score.gm import KICKS, SNARES
from workbench.service.client import RemoteRunner
from workbench.service.jobs import Outcome, Perform
from workbench.service.variants import DEFAULTS, compose, effective
from workbench.service.wire import EXAMPLE, StrictBody, example
from workbench.store import Artifact, Job, NewArtifact, Store, hash_of

MIDI = "audio/midi"
EXAMPLE_HASH = hash_of(EXAMPLE.to_midi())
SECTIONS = ("seed_hash", "section_a_hash", "section_b_hash")  # arguments that name music, in order
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Name = Annotated[str, Field(max_length=500)]


class GenerateArguments(StrictBody):
    """What every generation tool takes."""

    model_config = example(num_variations=2, seed=1)

    temperature: float | None = Field(
        None,
        ge=0,
        le=2,
        description="Sampling temperature 0.0-2.0 (default: 1.0). Higher = more random",
    )
    top_p: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Nucleus sampling 0.0-1.0 (default: 0.95). Lower = more focused",
    )
    max_tokens: int | None = Field(
        None, ge=1, le=8192, description="Max tokens to generate (default: 1024)"
    )
    num_variations: int | None = Field(
        None, ge=1, le=32, description="Number of variations to generate (default: 1)"
    )
    seed: int = Field(0, ge=0, le=2**63 - 1, description="The same seed gives the same music")
    variation_set_id: Name | None = Field(
        None, description="Optional variation set ID to group related generations"
    )
    parent_id: Name | None = Field(None, description="Optional parent artifact ID for refinements")
    tags: list[Name] = Field(
        [], max_length=64, description="Optional tags for organizing artifacts"
    )
    creator: Name = Field("unknown", description="Creator identifier (agent or user ID)")


class LoopsArguments(GenerateArguments):
    """Arguments of `orpheus_loops`."""

    model_config = example(num_variations=2, seed=1)

    seed_hash: Hash | None = Field(
        None, description="CAS hash of seed MIDI for seeded generation (optional)"
    )


class SeededArguments(GenerateArguments):
    """Arguments of `orpheus_generate_seeded` and `orpheus_continue`."""

    model_config = example(seed_hash=EXAMPLE_HASH, seed=1)

    seed_hash: Hash = Field(description="CAS hash of the MIDI to go on from")


class BridgeArguments(GenerateArguments):
    """Arguments of `orpheus_bridge`."""

    model_config = example(section_a_hash=EXAMPLE_HASH, section_b_hash=EXAMPLE_HASH, bars=2)

    section_a_hash: Hash = Field(description="CAS hash of the MIDI the bridge starts from")
    section_b_hash: Hash | None = Field(
        None, description="CAS hash of the MIDI it arrives at: its key, tempo and first onset"
    )
    bars: int = Field(4, ge=1, le=64, description="Length of the bridge (default: 4)")


class Generation(NamedTuple):
    """A generation tool: the service that does it, its arguments, what it says of itself and of its start."""

    service: str
    arguments: type[GenerateArguments]
    says: str
    what: str


TOOLS: Mapping[str, Generation] = MappingProxyType(
    {
        "orpheus_generate": Generation(
            "base", GenerateArguments, "Generate music with Orpheus from nothing", "Generation"
        ),
        "orpheus_generate_seeded": Generation(
            "base",
            SeededArguments,
            "Generate music with Orpheus in the manner of a seed",
            "Generation",
        ),
        "orpheus_continue": Generation(
            "base", SeededArguments, "Continue a piece of music with Orpheus", "Continuation"
        ),
        "orpheus_bridge": Generation(
            "bridge", BridgeArguments, "Connect two sections of music with a bridge", "Bridge"
        ),
        "orpheus_loops": Generation(
            "loops",
            LoopsArguments,
            "Generate drum/percussion loops with Orpheus",
            "Loop generation",
        ),
    }
)


def performers(store: Store, runners: Mapping[str, Runner]) -> dict[str, Perform]:
    """What each tool does, given the runner of each service."""
    return {name: partial(perform, store, runners[tool.service]) for name, tool in TOOLS.items()}


def perform(store: Store, runner: Runner, job: Job, cancel: CancelToken, tell: Any) -> Outcome:
    """Compose what a job asks for; blobs first, then artifacts that name them."""
    tool = TOOLS[job.tool]
    arguments = tool.arguments.model_validate(job.request)
    hashes = [name for field in SECTIONS if (name := getattr(arguments, field, None)) is not None]
    given = arguments.model_dump(include={*DEFAULTS, "bars"}, exclude_none=True)
    params = effective(runner, given)
    if isinstance(runner, RemoteRunner):
        runner = runner.for_job(job.id)
    result = compose(
        tool.service,
        runner,
        [Score.from_midi(store.blobs.get(name)) for name in hashes],
        params,
        cancel=cancel,
        on_progress=lambda progress: tell(progress.tokens),
    )
    several = len(result.variations) > 1
    set_id = arguments.variation_set_id or (str(uuid4()) if several else None)
    artifacts = [
        NewArtifact(
            content_hash=store.blobs.put(variation.continuation.to_midi(), MIDI),
            variation_set_id=set_id,
            parent_id=arguments.parent_id,
            tags=(*tags_of(job.tool, variation.continuation), *arguments.tags),
            creator=arguments.creator,
            metadata={
                "type": "orpheus_generation",
                "task": job.tool,
                "model": {"name": runner.info.name, "weights_sha256": runner.info.sha256},
                "params": params,
                "seed": dict(zip(("hash", "arrives_at"), hashes, strict=False)) or None,
                "generation": {
                    "tokens": len(variation.tokens),
                    "stop_reason": variation.stop_reason,
                    "job_id": job.id,
                },
            },
        )
        for variation in result.variations
        if any(variation.continuation.notes)  # what was stopped may have none
    ]
    return Outcome(
        result=partial(summary, result, set_id),
        artifacts=artifacts,
        run=result.record,
        stopped=any(variation.stop_reason == "stopped" for variation in result.variations),
    )


def tags_of(tool: str, score: Score) -> tuple[str, ...]:
    """What a generated artifact is tagged with; loops by whether a kick and a snare are in them."""
    tags = ("type:midi", "phase:generation", f"tool:{tool}")
    if tool != "orpheus_loops":
        return tags
    drums = {note.pitch for note in score.notes if note.channel == DRUM_CHANNEL}
    style = "drums" if drums & KICKS and drums & SNARES else "percussion"
    return (*tags, f"style:{style}")


def summary(
    result: GenerationResult, set_id: str | None, artifacts: Sequence[Artifact]
) -> dict[str, Any]:
    """What `job_status` and `job_poll` show of a finished job."""
    counts = [len(variation.tokens) for variation in result.variations]
    what = (
        f"{len(counts)} variations ({sum(counts)} tokens total)"
        if set_id
        else f"{sum(counts)} tokens"
    )
    return {
        "status": "success",
        "output_hashes": [artifact.content_hash for artifact in artifacts],
        "artifact_ids": [artifact.id for artifact in artifacts],
        "summary": f"Generated {what}",
        "variation_set_id": set_id,
        "variation_indices": [artifact.variation_index for artifact in artifacts],
        "tokens_per_variation": counts,
    }
