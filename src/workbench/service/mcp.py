"""The MCP server over the tools: stdio and streamable HTTP."""

from __future__ import annotations

import json
from functools import partial
from importlib.metadata import version

import anyio
from mcp import MCPError
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
)
from mcp_types import Tool as ToolInfo
from pydantic import ValidationError

from workbench.daw import TOOLS as STUDIO_TOOLS
from workbench.errors import MidiError, NotFoundError, RequestError, WorkbenchError
from workbench.service.tools import TOOLS, Workroom


def mcp_server(room: Workroom) -> Server[dict[str, object]]:
    """A server that lists every tool with its schema and calls it.

    Wrong arguments are invalid_params, said before anything is begun; a tool that fails answers with an
    error result.
    """

    async def list_tools(
        _context: object, _params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        return ListToolsResult(
            tools=[
                ToolInfo(
                    name=tool.name,
                    description=tool.says,
                    input_schema=tool.arguments.model_json_schema(),
                )
                for tool in TOOLS.values()
            ]
            + [
                ToolInfo(name=tool.name, description=tool.says, input_schema=tool.schema)
                for tool in STUDIO_TOOLS.values()
            ]
        )

    async def call_tool(_context: object, params: CallToolRequestParams) -> CallToolResult:
        if params.name in STUDIO_TOOLS:
            return await anyio.to_thread.run_sync(partial(_done, room, params))
        tool = TOOLS.get(params.name)
        if tool is None:
            raise MCPError(INVALID_PARAMS, f"no tool is called {params.name!r}")
        try:
            arguments = tool.arguments.model_validate(params.arguments or {})
        except ValidationError as error:
            raise MCPError(INVALID_PARAMS, _faults(error)) from error
        try:
            answer = await anyio.to_thread.run_sync(partial(tool.call, room, arguments))
        except (RequestError, NotFoundError, MidiError) as error:
            raise MCPError(INVALID_PARAMS, str(error)) from error
        except WorkbenchError as error:
            return CallToolResult(
                content=[TextContent(type="text", text=str(error))], is_error=True
            )
        text = TextContent(type="text", text=json.dumps(answer))
        return CallToolResult(content=[text], structured_content=answer)

    return Server(
        "workbench", version=version("workbench"), on_list_tools=list_tools, on_call_tool=call_tool
    )


def _done(room: Workroom, params: CallToolRequestParams) -> CallToolResult:
    """A DAW tool done on the room's song; what is wrong with a call is an error result that says it."""
    result = room.studio.call(params.name, params.arguments or {})
    answer = dict(result.answer)
    text = TextContent(type="text", text=json.dumps(answer))
    return CallToolResult(content=[text], structured_content=answer, is_error=not result.ok)


async def serve_stdio(room: Workroom) -> None:
    """Serve one client on standard input and output until it leaves."""
    server = mcp_server(room)
    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())


def _faults(error: ValidationError) -> str:
    """Each fault by its field, in words; numbers as the originals put them."""
    return "; ".join(
        f"{'.'.join(map(str, fault['loc'])) or 'arguments'}: {fault['msg']}, got {fault['input']!r:.80}"
        for fault in error.errors()
    )
