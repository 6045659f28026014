"""The headless DAW: a song as a value, tools that change it, proposals to change it. Torch-free."""

from workbench.daw.facts import LANES, Lane
from workbench.daw.issues import Issue
from workbench.daw.performing import (
    CANDIDATES,
    Candidates,
    Quality,
    controls_for,
    performed,
)
from workbench.daw.project import CURVES, Project, Track
from workbench.daw.proposals import Committed, Proposal, Proposals
from workbench.daw.studio import Caller, Studio, ToolResult
from workbench.daw.tools import TOOLS, Tool, entities
from workbench.daw.variations import Phrase, Variation, commit, diff

__all__ = [
    "CANDIDATES",
    "CURVES",
    "LANES",
    "TOOLS",
    "Caller",
    "Candidates",
    "Committed",
    "Issue",
    "Lane",
    "Phrase",
    "Project",
    "Proposal",
    "Proposals",
    "Quality",
    "Studio",
    "Tool",
    "ToolResult",
    "Track",
    "Variation",
    "commit",
    "controls_for",
    "diff",
    "entities",
    "performed",
]
