"""Running several apps in one process, each on its own port, until a signal ends them all."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import signal
import socket
from collections.abc import Callable, Iterator, Mapping

import uvicorn
from starlette.types import ASGIApp

from workbench.errors import RequestError

GRACE_S = 3  # for requests in work, when asked to end


class _Server(uvicorn.Server):
    """A server that leaves signals to who runs several."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def serve(
    apps: Mapping[int, ASGIApp],
    *,
    host: str,
    token: str | None,
    on_ready: Callable[[str], None] = lambda _url: None,
) -> None:
    """Serve each app on its port until SIGINT or SIGTERM; `on_ready` hears the address of each.

    Raises `RequestError` for a port that is taken, and for a host others can reach without a token.
    """
    if token is None and not _is_loopback(host):
        raise RequestError(
            f"{host} can be reached by others, so the service wants a token: --token or WORKBENCH_TOKEN"
        )
    with contextlib.ExitStack() as open_sockets:
        sockets = [open_sockets.enter_context(_listening(host, port)) for port in apps]
        asyncio.run(_serve_all(list(apps.values()), sockets, on_ready))


async def _serve_all(
    apps: list[ASGIApp], sockets: list[socket.socket], on_ready: Callable[[str], None]
) -> None:
    servers = [
        _Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=GRACE_S))
        for app in apps
    ]

    def end() -> None:
        for server in servers:
            server.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, end)
    async with asyncio.TaskGroup() as tasks:
        for server, listening in zip(servers, sockets, strict=True):
            tasks.create_task(server.serve([listening]))
        for listening in sockets:
            host, port = listening.getsockname()[:2]
            on_ready(f"http://{host}:{port}")


def _listening(host: str, port: int) -> socket.socket:
    try:
        listening = socket.create_server((host, port))
    except OSError as error:
        raise RequestError(
            f"cannot listen on {host}:{port}: {error.strerror}; choose another --port or --host"
        ) from error
    # asyncio sets this for sockets that name TCP, which create_server's do not; without it an answer's
    # second packet waits 40 ms for the first one's acknowledgement.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
