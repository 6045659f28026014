"""`POST /predict` of the classifier: is a piece human or machine-made?"""

from __future__ import annotations

from functools import partial
from typing import Annotated

import anyio
from fastapi import FastAPI, Query, Request
from opentelemetry.propagate import extract
from pydantic import BaseModel, Field

from workbench.models import Classifier, Verdict
from workbench.service.doors import Busy, make_app
from workbench.service.predict import AT_ONCE, WAITING, Metadata, add_health, metadata_of
from workbench.service.telemetry import tracer_of
from workbench.service.wire import EXAMPLE, ClientJobId, Midi, StrictBody, example, received, sent

SERVICE = "orpheus-classifier"


class ClassifyBody(StrictBody):
    """A piece to be judged."""

    model_config = example(midi_input=sent(EXAMPLE))

    midi_input: Midi
    client_job_id: ClientJobId = None


class Classification(BaseModel):
    """The verdict: which it is, how sure, and what of each."""

    is_human: bool
    confidence: float = Field(description="The larger probability, 0.5 to 1.")
    probabilities: dict[str, float] = Field(description='Of "human" and "ai".')

    @classmethod
    def of(cls, verdict: Verdict) -> Classification:
        """A verdict as it travels."""
        return cls(
            is_human=verdict.is_human,
            confidence=verdict.confidence,
            probabilities=dict(verdict.probabilities),
        )


class Judgement(BaseModel):
    """What came."""

    classification: Classification
    num_tokens: int
    metadata: Metadata


def classifier_app(classifier: Classifier, *, token: str | None = None) -> FastAPI:
    """The app over a loaded classifier. With a token, requests must carry it."""
    tracer = tracer_of(SERVICE)
    room = Busy(at_once=AT_ONCE, waiting=WAITING)
    app = make_app(
        token=token,
        title="Orpheus classifier",
        description=f"Whether music is human or machine-made, by the classifier {classifier.name}.",
    )

    @app.post("/predict")
    async def predict(
        body: ClassifyBody, request: Request, client_job_id: Annotated[ClientJobId, Query()] = None
    ) -> Judgement:
        """Judge a piece by its first tokens."""
        score = await anyio.to_thread.run_sync(partial(received, body.midi_input, "midi_input"))
        with tracer.start_as_current_span("classify", context=extract(request.headers)) as span:
            async with room:
                verdict = await anyio.to_thread.run_sync(
                    classifier.classify, score, limiter=room.threads
                )
            return Judgement(
                classification=Classification.of(verdict),
                num_tokens=verdict.num_tokens,
                metadata=metadata_of(span, body.client_job_id or client_job_id),
            )

    add_health(app, SERVICE, classifier.name, classifier.weights_sha256)
    return app
