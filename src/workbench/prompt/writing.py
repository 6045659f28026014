"""A `Prompt` as text again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import yaml

from workbench.prompt.cleaning import seen
from workbench.prompt.grammar import FIELDS
from workbench.prompt.model import Target
from workbench.prompt.position import position_text

if TYPE_CHECKING:
    from workbench.prompt.prompt import Prompt

HEADER = "STORI PROMPT"


def written(prompt: Prompt) -> str:
    """The prompt as text that parses to the same prompt."""
    values = {name: getattr(prompt, field.name, None) for name, field in FIELDS.items()}
    values["position"] = prompt.position and position_text(prompt.position)
    values["target"] = prompt.target and _target_text(prompt.target)
    values["role"] = list(prompt.roles)
    values["vibe"] = [{vibe.vibe: vibe.weight} for vibe in prompt.vibes]
    fields = [
        {FIELDS[name].label: value}
        for name, value in values.items()
        if value is not None and value not in ([], {})
    ]
    extensions = [{name: value} for name, value in prompt.extensions.items()]
    return "\n".join([HEADER, *map(_dumped, fields + extensions)]) + "\n"


def _target_text(target: Target) -> str:
    return (
        f"{target.kind}:{target.name or ''}" if target.kind in ("track", "region") else target.kind
    )


class _Dumper(yaml.SafeDumper):
    """Writes what is there twice, twice."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _dumped(values: Mapping[str, Any]) -> str:
    text = _yaml(values, as_is=True)
    return text if seen(text) == text else _yaml(values, as_is=False)


def _yaml(values: Mapping[str, Any], as_is: bool) -> str:
    """Letters as they are, or escaped where reading would clean them away."""
    return yaml.dump(
        values, Dumper=_Dumper, sort_keys=False, allow_unicode=as_is, width=1_000_000
    ).rstrip("\n")  # fmt: skip
