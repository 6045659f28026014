"""HTTP services over model runners, and their other ends. What is heavy is loaded when first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.service.client import RemoteRunner, ServiceClient, ToolsClient
    from workbench.service.local import LocalService

_LAZY = {
    "LocalService": "workbench.service.local",
    "RemoteRunner": "workbench.service.client",
    "ServiceClient": "workbench.service.client",
    "ToolsClient": "workbench.service.client",
}

__all__ = ["LocalService", "RemoteRunner", "ServiceClient", "ToolsClient"]

if not TYPE_CHECKING:

    def __getattr__(name):
        if name in _LAZY:
            return getattr(import_module(_LAZY[name]), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__():
        return sorted(__all__)
