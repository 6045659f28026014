"""The tools of the DAW, one table; each is a model of its arguments and a function."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from workbench.daw.tools.base import Arguments, Context, Outcome, Tool, entities
from workbench.daw.tools.generation import GENERATION_TOOLS, Band
from workbench.daw.tools.mixing import MIXING_TOOLS
from workbench.daw.tools.regions import REGION_TOOLS
from workbench.daw.tools.song import SONG_TOOLS
from workbench.daw.tools.tracks import TRACK_TOOLS

TOOLS: Mapping[str, Tool] = MappingProxyType(
    {
        tool.name: tool
        for tool in (
            *SONG_TOOLS, *TRACK_TOOLS, *REGION_TOOLS, *MIXING_TOOLS, *GENERATION_TOOLS
        )
    }
)  # fmt: skip

__all__ = ["TOOLS", "Arguments", "Band", "Context", "Outcome", "Tool", "entities"]
