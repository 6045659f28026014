"""`POST /predict` and `GET /health` of the Orpheus family: one small app a variant.

The contract is the services' own (ports, fields, answers), with its defects mended: metadata is always
filled, a seed makes an answer repeatable, an unknown field is refused by name, and variations of a
request are one batch. Apps of one process share a loaded model when they are given the same runner.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from importlib.metadata import version
from types import MappingProxyType
from typing import Annotated, Any, Literal

import anyio
from fastapi import FastAPI, Query, Request
from opentelemetry import trace
from opentelemetry.propagate import extract
from pydantic import BaseModel, Field

from workbench.models import GenerationResult, Runner
from workbench.score import Score
from workbench.service.composing import add_composing
from workbench.service.doors import Busy, gone, make_app, refused
from workbench.service.telemetry import tracer_of
from workbench.service.variants import DEFAULTS, VARIANTS, compose, effective
from workbench.service.wire import EXAMPLE, ClientJobId, Midi, StrictBody, example, received, sent

AT_ONCE = 32  # requests in work; as many rows as a batch has
WAITING = 64  # requests that may wait beside them
SECTIONS = ("seed_midi", "midi_input", "section_a", "section_b")  # fields with music, in order


class Sampling(StrictBody):
    """What every variant takes."""

    temperature: float = Field(DEFAULTS["temperature"], ge=0, le=2, description="0 (greedy) to 2.")
    top_p: float = Field(DEFAULTS["top_p"], ge=0, le=1, description="0 (greedy) to 1 (off).")
    max_tokens: int = Field(
        DEFAULTS["max_tokens"], ge=1, le=8192, description="New tokens a variation, at most."
    )
    num_variations: int = Field(
        DEFAULTS["num_variations"], ge=1, le=32, description="Composed as one batch."
    )
    seed: int = Field(
        DEFAULTS["seed"], ge=0, le=2**63 - 1, description="The same seed gives the same answer."
    )
    client_job_id: ClientJobId = None


class LoopsBody(Sampling):
    """A request for loops."""

    model_config = example(temperature=0.9, num_variations=2, seed=1)

    seed_midi: Midi | None = Field(None, description="Music to vary: the loop goes on from it.")


class TaskBody(Sampling):
    """What variants with several tasks take."""

    model_config = example(task="continue", midi_input=sent(EXAMPLE), seed=1)

    midi_input: Midi | None = Field(None, description="Needed by every task but `generate`.")


class ContinueBody(TaskBody):
    """A request to children and mono."""

    task: Literal["generate", "continue"] = "generate"


class BaseBody(TaskBody):
    """A request to the base model."""

    task: Literal["generate", "generate_seeded", "continue"] = "generate"


class BridgeBody(Sampling):
    """A request for a bridge."""

    model_config = example(section_a=sent(EXAMPLE), section_b=sent(EXAMPLE), bars=2, seed=1)

    section_a: Midi = Field(description="The bridge starts where this ends.")
    section_b: Midi | None = Field(
        None, description="It arrives at this one's key, tempo and first onset."
    )
    bars: int = Field(4, ge=1, le=64, description="Length of the bridge.")


class NewMusic(BaseModel):
    """One variation: exactly what is new."""

    midi_base64: str
    num_tokens: int


class Metadata(BaseModel):
    """Where the answer is found again."""

    client_job_id: str | None
    trace_id: str
    span_id: str


class Prediction(BaseModel):
    """What came."""

    task: str
    variations: list[NewMusic]
    metadata: Metadata


class Health(BaseModel):
    """That the service answers, and with what."""

    status: Literal["ok"] = "ok"
    service: str
    version: str
    runner: str
    weights_sha256: str
    device: str


BODIES: Mapping[str, type[Sampling]] = MappingProxyType(
    {
        "base": BaseBody,
        "bridge": BridgeBody,
        "loops": LoopsBody,
        "children": ContinueBody,
        "mono": ContinueBody,
    }
)


def predict_app(name: str, runner: Runner, *, token: str | None = None) -> FastAPI:
    """The app of one variant over a loaded runner. With a token, requests must carry it."""
    tracer = tracer_of(f"orpheus-{name}")
    room = Busy(at_once=AT_ONCE, waiting=WAITING)
    app = make_app(
        token=token,
        title=f"Orpheus {name}",
        description=f"Symbolic music by {runner.info.name}: {runner.info.description}.",
    )

    async def predict(
        body: Any, request: Request, client_job_id: Annotated[ClientJobId, Query()] = None
    ) -> Prediction:
        """Compose variations; each is exactly what is new, without the seed."""
        sections = await anyio.to_thread.run_sync(partial(sections_of, body))
        given = body.model_dump(include={*DEFAULTS, "bars"}, exclude_unset=True)
        work = partial(compose, name, runner, sections, effective(runner, given))
        with tracer.start_as_current_span(
            VARIANTS[name].span, context=extract(request.headers)
        ) as span:
            span.set_attributes(
                {
                    "max_tokens": body.max_tokens,
                    "num_variations": body.num_variations,
                    "task": getattr(body, "task", name),
                }
            )
            async with room, gone(request) as cancel:
                result = await anyio.to_thread.run_sync(
                    partial(work, cancel=cancel),
                    limiter=room.threads,
                )
            return Prediction(
                task=getattr(body, "task", name),
                variations=new_music(result),
                metadata=metadata_of(span, body.client_job_id or client_job_id),
            )

    predict.__annotations__["body"] = BODIES[name]
    app.post("/predict", response_model=Prediction)(predict)

    add_composing(app, runner, room, tracer)

    info = runner.info
    add_health(app, f"orpheus-{name}", info.name, info.sha256, info.device)
    return app


def add_health(
    app: FastAPI, service: str, runner: str, weights_sha256: str, device: str = "cpu"
) -> None:
    """Give an app its `/health`."""
    said = Health(
        service=service,
        version=version("workbench"),
        runner=runner,
        weights_sha256=weights_sha256,
        device=device,
    )

    @app.get("/health")
    def health() -> Health:
        """That the service answers, and which weights it has loaded."""
        return said


def metadata_of(span: trace.Span, client_job_id: str | None) -> Metadata:
    """Where an answer is found again: the caller's name for it, and ours."""
    found = span.get_span_context()
    return Metadata(
        client_job_id=client_job_id,
        trace_id=trace.format_trace_id(found.trace_id),
        span_id=trace.format_span_id(found.span_id),
    )


def sections_of(body: Sampling) -> list[Score]:
    """The music a body brings along. Raises `RequestError` and `MidiError` in a sentence."""
    task = getattr(body, "task", None)
    given = [(name, text) for name in SECTIONS if (text := getattr(body, name, None)) is not None]
    if task == "generate" and given:
        raise refused("task generate takes no midi_input; leave it out or ask for continue")
    if task not in (None, "generate") and not given:
        raise refused(f"{task} requires midi_input, a MIDI file in base64")
    return [received(text, name) for name, text in given]


def new_music(result: GenerationResult) -> list[NewMusic]:
    """The variations as they travel."""
    return [
        NewMusic(
            midi_base64=sent(variation.continuation),
            num_tokens=len(variation.tokens),
        )
        for variation in result.variations
    ]
