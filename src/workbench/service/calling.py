"""The tools over plain HTTP, beside MCP in one app: `POST /tools/{name}` with the same arguments."""

from __future__ import annotations

from functools import partial
from typing import Any

import anyio
from anyio import CapacityLimiter
from fastapi import FastAPI
from starlette.routing import Route

from workbench.service.doors import make_app
from workbench.service.mcp import mcp_server
from workbench.service.tools import TOOLS, Tool, Workroom

AT_ONCE = 256  # calls, most of which wait for jobs


def tools_app(room: Workroom, *, token: str | None = None) -> FastAPI:
    """An app with every tool at `/tools/{name}`; without a token, with MCP's streamable HTTP at `/mcp` too."""
    streamable = mcp_server(room).streamable_http_app()
    app = make_app(
        token=token,
        title="Workbench tools",
        description="Generation as jobs, artifacts and content. "
        "MCP clients call the same tools at /mcp, on the machine itself.",
        lifespan=streamable.router.lifespan_context,
    )
    if token is None:
        app.router.routes.extend(route for route in streamable.routes if isinstance(route, Route))
    limiter = CapacityLimiter(AT_ONCE)
    for tool in TOOLS.values():
        app.post(f"/tools/{tool.name}", summary=tool.says, name=tool.name)(
            _endpoint(tool, room, limiter)
        )
    return app


def _endpoint(tool: Tool, room: Workroom, limiter: CapacityLimiter) -> Any:
    async def endpoint(arguments: Any) -> dict[str, Any]:
        return await anyio.to_thread.run_sync(partial(tool.call, room, arguments), limiter=limiter)

    endpoint.__annotations__["arguments"] = tool.arguments
    endpoint.__doc__ = tool.says
    return endpoint
