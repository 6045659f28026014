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

from workbench.models import GenerationRequest, GenerationResult, Runner
from workbench.score import Score
from workbench.service.composing import add_composing
from workbench.service.doors import Busy, gone, make_app, refused
from workbench.service.telemetry import tracer_of
from workbench.service.variants import DEFAULTS, VARIANTS, request_for
from workbench.service.wire import Midi, StrictBody, received, sent

AT_ONCE = 32  # requests in work; as many rows as a batch has
WAITING = 64  # requests that may wait beside them
ClientJobId = Annotated[
    str | None,
    Field(
        pattern=r"^[a-zA-Z0-9._:-]{1,256}$",
        description="The caller's own name for the job, given back in `metadata`.",
    ),
]


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

    seed_midi: Midi | None = Field(None, description="Music to vary: the loop goes on from it.")


class TaskBody(Sampling):
    """What variants with several tasks take."""

    midi_input: Midi | None = Field(None, description="Needed by every task but `generate`.")


class ContinueBody(TaskBody):
    """A request to children and mono."""

    task: Literal["generate", "continue"] = "generate"


class BaseBody(TaskBody):
    """A request to the base model."""

    task: Literal["generate", "generate_seeded", "continue"] = "generate"


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
    {"base": BaseBody, "loops": LoopsBody, "children": ContinueBody, "mono": ContinueBody}
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
        asked = await anyio.to_thread.run_sync(partial(understood, name, runner, body))
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
                    partial(runner.generate, asked, cancel=cancel), limiter=room.threads
                )
            found = span.get_span_context()
        return Prediction(
            task=getattr(body, "task", name),
            variations=new_music(result),
            metadata=Metadata(
                client_job_id=body.client_job_id or client_job_id,
                trace_id=trace.format_trace_id(found.trace_id),
                span_id=trace.format_span_id(found.span_id),
            ),
        )

    predict.__annotations__["body"] = BODIES[name]
    app.post("/predict", response_model=Prediction)(predict)

    add_composing(app, runner, room)

    @app.get("/health")
    def health() -> Health:
        """That the service answers, and which weights it has loaded."""
        info = runner.info
        return Health(
            service=f"orpheus-{name}",
            version=version("workbench"),
            runner=info.name,
            weights_sha256=info.sha256,
            device=info.device,
        )

    return app


def understood(name: str, runner: Runner, body: Sampling) -> GenerationRequest:
    """The body as a request to a runner. Raises `RequestError` and `MidiError` in a sentence."""
    return request_for(name, runner, prime_of(body), body.model_dump(include=set(DEFAULTS)))


def prime_of(body: Sampling) -> Score | None:
    """The music a body brings along, where its task wants any."""
    field = "seed_midi" if isinstance(body, LoopsBody) else "midi_input"
    text: str | None = getattr(body, field)
    task = getattr(body, "task", "loops")
    if task == "generate":
        if text is not None:
            raise refused(f"task generate takes no {field}; leave it out or ask for continue")
        return None
    if text is None:
        if task == "loops":
            return None
        raise refused(f"{task} requires {field}, a MIDI file in base64")
    return received(text, field)


def new_music(result: GenerationResult) -> list[NewMusic]:
    """The variations as they travel."""
    return [
        NewMusic(
            midi_base64=sent(variation.continuation),
            num_tokens=len(variation.tokens),
        )
        for variation in result.variations
    ]
