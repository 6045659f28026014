"""`POST /generate` and `GET /health`: the generator that Maestro asks for one part or several.

A request is composed as a batch of candidates, each shaped by the controls and played in its genre; the
critic chooses one. The answer is flat: notes and controllers in beats, each saying whose it is.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

import anyio
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from opentelemetry import trace
from opentelemetry.propagate import extract
from pydantic import BaseModel, Field

from workbench.daw import CANDIDATES, Candidates, Quality, performed
from workbench.errors import RunnerError, WorkbenchError
from workbench.models import CancelToken, Runner
from workbench.models.controls import Commission, Controls, Dials
from workbench.score import TICKS_PER_QUARTER, Track
from workbench.service.doors import Busy, gone, make_app
from workbench.service.predict import add_health
from workbench.service.telemetry import tracer_of
from workbench.service.wire import StrictBody, example

AT_ONCE = 8  # requests in work; of four candidates each, as many rows as a batch has
WAITING = 64  # requests that may wait beside them
SERVICE = "orpheus-generator"
POLICY_VERSION = "workbench-1"

log = logging.getLogger(__name__)
Word = Annotated[str, Field(min_length=1, max_length=100)]
Side = Annotated[float, Field(ge=-1, le=1)]


class GenerateBody(StrictBody):
    """What is to be composed; every field has a default."""

    model_config = example(
        genre="house", tempo=124, bars=4, instruments=["drums", "bass"], key="Am", seed=1
    )

    genre: Word = Field("boom_bap", description="The nearest style is composed; any word will do.")
    tempo: float = Field(90, ge=20, le=300, description="Quarter notes a minute.")
    bars: int = Field(4, ge=1, le=64)
    instruments: list[Word] = Field(["drums", "bass"], min_length=1, max_length=16)
    key: Word | None = Field(None, description="Such as Am, F#, Bb minor.")
    musical_goals: list[Word] | None = Field(None, max_length=64)
    tone_brightness: Side = 0.0
    tone_warmth: Side = 0.0
    energy_intensity: Side = 0.0
    energy_excitement: Side = 0.0
    complexity: float = Field(0.5, ge=0, le=1)
    quality_preset: Quality = "balanced"
    temperature: float | None = Field(None, ge=0, le=2, description="Instead of the controls'.")
    top_p: float | None = Field(None, ge=0, le=1)
    seed: int = Field(0, ge=0, le=2**63 - 1, description="The same seed gives the same music.")

    @property
    def controls(self) -> Controls:
        return Controls(
            brightness=self.tone_brightness,
            warmth=self.tone_warmth,
            intensity=self.energy_intensity,
            excitement=self.energy_excitement,
            complexity=self.complexity,
            goals=tuple(self.musical_goals or ()),
        )

    @property
    def commission(self) -> Commission:
        return Commission(
            genre=self.genre,
            tempo_bpm=self.tempo,
            bars=self.bars,
            instruments=tuple(self.instruments),
            key=self.key,
            seed=self.seed,
            temperature=self.temperature,
            top_p=self.top_p,
            candidates=CANDIDATES[self.quality_preset],
        )


class Event(BaseModel):
    """Anything that happens at a beat, and whose it is: the instrument as it was asked for."""

    instrument: str
    channel: int


class NoteOut(Event):
    """One note."""

    pitch: int
    startBeat: float  # noqa: N815 - Maestro's names
    durationBeats: float  # noqa: N815
    velocity: int


class ControlOut(Event):
    """A controller set."""

    cc: int
    beat: float
    value: int


class BendOut(Event):
    """The bend wheel, −8192 to 8191."""

    beat: float
    value: int


class TouchOut(Event):
    """Pressure, on one key or the channel."""

    beat: float
    value: int
    pitch: int | None = None


class Generation(BaseModel):
    """What came, sorted by track and time."""

    success: bool
    error: str | None = None
    notes: list[NoteOut] = []
    ccEvents: list[ControlOut] = []  # noqa: N815
    pitchBends: list[BendOut] = []  # noqa: N815
    aftertouch: list[TouchOut] = []
    metadata: dict[str, Any] = {}


def generator_app(runner: Runner, *, token: str | None = None) -> FastAPI:
    """The app over a loaded runner. With a token, requests must carry it."""
    tracer = tracer_of(SERVICE)
    room = Busy(at_once=AT_ONCE, waiting=WAITING)
    app = make_app(
        token=token,
        title="Orpheus generator",
        description=f"Parts for Maestro by {runner.info.name}: {runner.info.description}.",
    )
    app.add_exception_handler(RunnerError, _failed(HTTPStatus.SERVICE_UNAVAILABLE))
    app.add_exception_handler(WorkbenchError, _failed(HTTPStatus.INTERNAL_SERVER_ERROR))
    app.add_exception_handler(Exception, _failed(HTTPStatus.INTERNAL_SERVER_ERROR))

    @app.post("/generate")
    async def generate(body: GenerateBody, request: Request) -> Generation:
        """Compose, shape and perform candidates; the critic's choice is the answer."""
        with tracer.start_as_current_span("generate", context=extract(request.headers)) as span:
            span.set_attributes(
                {
                    "genre": body.genre,
                    "bars": body.bars,
                    "num_variations": CANDIDATES[body.quality_preset],
                }
            )
            async with room, gone(request) as cancel:
                made = await anyio.to_thread.run_sync(
                    partial(composed, runner, body, cancel), limiter=room.threads
                )
            trace_id = trace.format_trace_id(span.get_span_context().trace_id)
        return answer(body, made, {"weights_sha256": runner.info.sha256, "trace_id": trace_id})

    info = runner.info
    add_health(app, SERVICE, info.name, info.sha256, info.device)
    return app


def composed(runner: Runner, body: GenerateBody, cancel: CancelToken | None = None) -> Candidates:
    """A body's candidates. Raises `RequestError` for what cannot be met, `WorkbenchError` for silence."""
    return performed(runner, body.commission, body.controls, cancel=cancel)


def answer(body: GenerateBody, made: Candidates, told: Mapping[str, str]) -> Generation:
    """The chosen loop as it travels, with how it came about; `told` is put beside that."""
    score, instruments = made.chosen.score, made.chosen.instruments
    controls, request = body.controls, made.result.request
    dials = Dials.of(controls)
    tuning = made.result.record.get("tuning")
    effective = tuning if isinstance(tuning, Mapping) else {}
    return Generation(
        success=True,
        **_flat(score.tracks, instruments),
        metadata={
            "policy_version": POLICY_VERSION,
            "genre": body.genre,
            "style": request.style,
            "tempo": body.tempo,
            "bars": body.bars,
            "key": body.key,
            "quality_preset": body.quality_preset,
            "temperature": effective.get("temperature", request.temperature),
            "top_p": effective.get("top_p", request.top_p),
            "seed": body.seed,
            "candidates": [loop.value for loop in made.loops],
            "chosen": made.choice,
            "quality_metrics": made.chosen.critique.parts,
            "instruments_silent": made.chosen.silent,
            "goals_understood": controls.understood,
            "goals_not_understood": controls.not_understood,
            "controls_used": {
                "creativity": (1 + dials.daring) / 2,
                "density": (1 + dials.density) / 2,
                "complexity": (1 + dials.complexity) / 2,
            },
            **told,
        },
    )


def _flat(tracks: Sequence[Track], instruments: Sequence[str]) -> dict[str, Any]:
    """Every event of every track, in beats."""
    flat: dict[str, list[dict[str, Any]]] = {
        "notes": [], "ccEvents": [], "pitchBends": [], "aftertouch": []
    }  # fmt: skip
    for track, instrument in zip(tracks, instruments, strict=True):
        for note in track.notes:
            flat["notes"].append(
                {
                    "instrument": instrument,
                    "channel": note.channel,
                    "pitch": note.pitch,
                    "startBeat": _beats(note.start_ticks),
                    "durationBeats": _beats(note.duration_ticks),
                    "velocity": note.velocity,
                }
            )
        for name, events in (
            ("ccEvents", track.controls), ("pitchBends", track.bends), ("aftertouch", track.aftertouch)
        ):  # fmt: skip
            for event in events:
                fields = asdict(event)
                fields["beat"] = _beats(fields.pop("ticks"))
                if name == "ccEvents":
                    fields["cc"] = fields.pop("control")
                flat[name].append({"instrument": instrument, **fields})
    return flat


def _beats(ticks: int) -> float:
    return round(ticks / TICKS_PER_QUARTER, 4)  # a twentieth of a tick


def _failed(status: HTTPStatus) -> Any:
    async def failure(request: Request, error: Exception) -> JSONResponse:
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        ours = isinstance(error, WorkbenchError)
        says = str(error) if ours else f"{type(error).__name__}; the service's log says more"
        return JSONResponse(Generation(success=False, error=says).model_dump(), status)

    return failure
