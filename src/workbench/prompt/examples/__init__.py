"""Ten prompts of different styles, tempi and line-ups; together they use every block there is."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType


@cache
def example_prompts() -> Mapping[str, str]:
    """The text of each example by its slug, such as "deep-house", in their order."""
    files = sorted(Path(__file__).parent.glob("*.txt"))
    return MappingProxyType(
        {path.stem.partition("-")[2]: path.read_text("utf-8") for path in files}
    )
