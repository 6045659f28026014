"""The door of every HTTP app of ours: bounded bodies, sentences for errors, a token, bounded callers."""

from __future__ import annotations

import contextlib
import logging
import secrets
from collections.abc import AsyncIterator
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Self

import anyio
from anyio import CapacityLimiter
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workbench.errors import (
    MidiError,
    NotFoundError,
    RequestError,
    RunnerError,
    WorkbenchError,
)
from workbench.models import CancelToken
from workbench.service.jobs import QueueFullError
from workbench.service.pages import docs_page

MOST_BODY_BYTES = 8 << 20
SHOWN_CHARACTERS = 80  # of a refused value
RETRY_AFTER_S = 5

STATUS: dict[type[WorkbenchError], HTTPStatus] = {
    RequestError: HTTPStatus.UNPROCESSABLE_ENTITY,
    MidiError: HTTPStatus.UNPROCESSABLE_ENTITY,
    RunnerError: HTTPStatus.SERVICE_UNAVAILABLE,
    NotFoundError: HTTPStatus.NOT_FOUND,
    QueueFullError: HTTPStatus.TOO_MANY_REQUESTS,
    WorkbenchError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
log = logging.getLogger(__name__)


def make_app(*, title: str, description: str, token: str | None, lifespan: Any = None) -> FastAPI:
    """An app whose every answer to bad input is a 4xx with a sentence in `detail`.

    `/docs` shows what it takes, from the machine itself: no script of another host.
    """
    app = FastAPI(
        title=title,
        description=description,
        version=version("workbench"),
        dependencies=[Depends(_carries(token))] if token is not None else [],
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )

    def docs(request: Request) -> HTMLResponse:
        base_url = str(request.base_url)
        return HTMLResponse(docs_page(app.openapi(), base_url, wants_token=token is not None))

    app.add_route("/docs", docs)
    app.add_middleware(BodyLimit)
    for kind, status in STATUS.items():
        app.add_exception_handler(kind, _sentence(status))
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _broken)
    return app


def refused(sentence: str) -> HTTPException:
    """A 422 that says why."""
    return HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, sentence)


class Busy:
    """How many requests are inside: `at_once` in work, `waiting` more before the next is sent away."""

    def __init__(self, *, at_once: int, waiting: int) -> None:
        self.threads = CapacityLimiter(at_once)
        self._most, self._inside = at_once + waiting, 0

    async def __aenter__(self) -> Self:
        self.check()
        self._inside += 1
        return self

    async def __aexit__(self, *_: object) -> None:
        self._inside -= 1

    def check(self) -> None:
        """Send the caller away with a 429 where there is no room."""
        if self._inside >= self._most:
            raise HTTPException(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"{self._inside} requests are waiting or in work; try again in {RETRY_AFTER_S} s",
                {"Retry-After": str(RETRY_AFTER_S)},
            )


@contextlib.asynccontextmanager
async def gone(request: Request) -> AsyncIterator[CancelToken]:
    """A cancel token for work on a request: cancelled when the caller hangs up."""
    cancel = CancelToken()
    failure: Exception | None = None

    async def listen() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        cancel.cancel()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(listen)
        try:
            yield cancel
        except Exception as error:  # noqa: BLE001 - raised below, out of the group that would wrap it
            failure = error
        finally:
            tasks.cancel_scope.cancel()
    if failure is not None:
        raise failure


class BodyLimit:
    """Refuses a body of more than `MOST_BODY_BYTES`, told or found, before anybody holds it whole."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        told = dict(scope["headers"]).get(b"content-length", b"0")
        if told.isdigit() and int(told) > MOST_BODY_BYTES:
            await _too_large()(scope, receive, send)
            return
        came = 0

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > MOST_BODY_BYTES:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TOO_LARGE)
            return message

        await self.app(scope, counted, send)


_TOO_LARGE = f"the body may have {MOST_BODY_BYTES >> 20} MiB; send less"


def _too_large() -> JSONResponse:
    return JSONResponse({"detail": _TOO_LARGE}, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


def _carries(token: str) -> Any:
    """A dependency that lets in who carries the token."""

    async def carries(request: Request) -> None:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not secrets.compare_digest(given.encode(), token.encode()):
            raise HTTPException(
                HTTPStatus.UNAUTHORIZED,
                "this service wants its token: Authorization: Bearer …",
                {"WWW-Authenticate": "Bearer"},
            )

    return carries


def _sentence(status: HTTPStatus) -> Any:
    again = status == HTTPStatus.TOO_MANY_REQUESTS
    headers = {"Retry-After": str(RETRY_AFTER_S)} if again else None

    async def answer(_request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, status, headers)

    return answer


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    """Each fault by its field, what was expected and what came, cut short."""
    assert isinstance(error, RequestValidationError)
    faults = []
    for fault in error.errors():
        where = ".".join(str(part) for part in fault["loc"] if part != "body") or "the body"
        came = repr(fault.get("input"))
        shown = came if len(came) <= SHOWN_CHARACTERS else came[:SHOWN_CHARACTERS] + "…"
        faults.append(f"{where}: {fault['msg']}; got {shown}")
    return JSONResponse({"detail": "; ".join(faults)}, HTTPStatus.UNPROCESSABLE_ENTITY)


async def _broken(request: Request, error: Exception) -> JSONResponse:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return JSONResponse(
        {"detail": f"{type(error).__name__}; the service's log says more"},
        HTTPStatus.INTERNAL_SERVER_ERROR,
    )
