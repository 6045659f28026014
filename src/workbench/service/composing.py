"""Whole requests and results over HTTP, for the `remote` runner: compose with progress, stop, score."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any
from uuid import uuid4

import anyio
from fastapi import FastAPI, HTTPException, Query, Request
from fastapi.responses import StreamingResponse
from opentelemetry.propagate import extract
from opentelemetry.trace import Tracer
from pydantic import Field
from starlette.types import Receive, Scope, Send

from workbench.errors import WorkbenchError
from workbench.models import CancelToken, Progress, Runner, encode_score
from workbench.service.doors import Busy
from workbench.service.wire import (
    EXAMPLE,
    ClientJobId,
    ComposeBody,
    StrictBody,
    example,
    progress_sent,
    scores_sent,
)

TELL_EVERY_S = 0.1


class ScoreBody(StrictBody):
    """Tokens to be scored, from SOS on."""

    model_config = example(tokens=encode_score(EXAMPLE, grid_time=True))

    tokens: Annotated[list[int], Field(max_length=16_384)]


def add_composing(app: FastAPI, runner: Runner, room: Busy, tracer: Tracer) -> None:
    """Give an app `/info`, `/compose` with its `/stop`, and `/score`, over one runner."""
    tickets: dict[str, CancelToken] = {}

    @app.get("/info")
    def info() -> dict[str, Any]:
        """What the runner is: name, family, weights, context, styles, roles."""
        return asdict(runner.info)

    @app.post("/compose")
    async def compose(
        body: ComposeBody,
        request: Request,
        client_job_id: Annotated[ClientJobId, Query()] = None,
        stopped: bool = False,
    ) -> StreamingResponse:
        """Compose a whole request: JSON lines, first a ticket, then progress, the result in the last.

        `stopped` when the caller asked to stop before anything was sent: the answer says so.
        """
        cancel, ticket = CancelToken(), uuid4().hex
        if stopped:
            cancel.cancel()

        def forget() -> None:
            cancel.cancel()
            tickets.pop(ticket, None)

        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(room)
            stack.callback(forget)
            span = tracer.start_span("compose", context=extract(request.headers))
            span.set_attribute("num_variations", body.num_variations)
            if client_job_id is not None:
                span.set_attribute("client_job_id", client_job_id)
            stack.callback(span.end)
            asked = await anyio.to_thread.run_sync(body.request)
            tickets[ticket] = cancel
            steps = runner.stream(asked, cancel=cancel)
            take = partial(
                anyio.to_thread.run_sync, partial(next, steps, None), limiter=room.threads
            )
            first = await take()  # bad requests are refused here, before the answer begins
            return _Lines(_lines(ticket, first, take), stack.pop_all())

    @app.post("/compose/{ticket}/stop")
    def stop(ticket: str) -> dict[str, bool]:
        """Stop composing; what is whole by then comes with the last line."""
        if ticket not in tickets:
            raise HTTPException(404, f"nothing is being composed on ticket {ticket[:40]}")
        tickets[ticket].cancel()
        return {"stopping": True}

    @app.post("/score")
    def score(body: ScoreBody) -> dict[str, Any]:
        """Log-probability of each token after the first, and the likeliest alternatives."""
        return scores_sent(runner.score(body.tokens))


class _Lines(StreamingResponse):
    """JSON lines, and what to close when they end or nobody listens any more."""

    def __init__(self, lines: AsyncIterator[bytes], stack: contextlib.AsyncExitStack) -> None:
        super().__init__(lines, media_type="application/x-ndjson")
        self._stack = stack

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._stack:
            await super().__call__(scope, receive, send)


async def _lines(
    ticket: str, first: Progress, take: Callable[[], Awaitable[Progress | None]]
) -> AsyncIterator[bytes]:
    step: Progress | None = first
    yield _line({"ticket": ticket})
    told_at = 0.0
    try:
        while step is not None:
            if step.result is not None or time.monotonic() - told_at > TELL_EVERY_S:
                told_at = time.monotonic()
                yield _line(progress_sent(step))
            step = await take()
    except WorkbenchError as error:
        yield _line({"detail": str(error)})


def _line(told: dict[str, Any]) -> bytes:
    return json.dumps(told).encode() + b"\n"
