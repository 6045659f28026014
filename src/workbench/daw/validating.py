"""Tool calls before they are done: allowed, entities found, arguments of their kind and range."""

from __future__ import annotations

import reprlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from workbench.daw.issues import Code, Issue, ToolError, nearest_word
from workbench.daw.project import Project
from workbench.daw.resolving import resolved
from workbench.daw.tools import TOOLS, Arguments, Tool

# What a chat model writes that has seen notes summarised, in place of notes.
FAKES = ("_noteCount", "_beatRange", "_placeholder", "_notes", "_count", "_summary")
# What arguments have been called elsewhere, and are called here.
_OTHER_NAMES = {
    "target": "trackId",
    "busId": "busName",
    "levelDb": "sendLevel",
    "bpm": "tempo",
    "grid": "gridSize",
    "effectType": "type",
    "start": "startBeat",
    "duration": "durationBeats",
    "param": "parameter",
}
_SHOWN = 80  # characters of a value in a sentence
MOST_ISSUES = 20  # told of one call; more would only fill the caller's context

_TYPES = (
    "int_type", "int_from_float", "float_type", "string_type", "bool_type", "list_type",
    "dict_type", "model_type", "string_unicode", "none_required",
)  # fmt: skip
_CODES: Mapping[str, Code] = {
    "missing": "MISSING_REQUIRED",
    "extra_forbidden": "WRONG_PARAM_NAME",
    **dict.fromkeys(_TYPES, "TYPE_MISMATCH"),
    **dict.fromkeys(
        (
            "greater_than", "greater_than_equal", "less_than", "less_than_equal", "finite_number",
            "int_parsing_size",
        ),
        "VALUE_OUT_OF_RANGE",
    ),
}  # fmt: skip
# Where the field says more than the kind of error; both codes are given for notes, as Maestro does.
_FIELD_CODES: Mapping[tuple[str, str], Code] = {
    ("name", "string_too_long"): "NAME_TOO_LONG",
    ("name", "value_error"): "INVALID_NAME",
    ("type", "literal_error"): "INVALID_EFFECT_TYPE",
    ("icon", "literal_error"): "INVALID_ICON",
}
_NOTE_CODES: Mapping[str, Code] = {
    "pitch": "INVALID_PITCH",
    "velocity": "INVALID_VELOCITY",
    "startBeat": "INVALID_START",
    "durationBeats": "INVALID_DURATION",
}


@dataclass(frozen=True, slots=True)
class Checked:
    """A call that may be done."""

    tool: Tool
    given: Mapping[str, Any]
    """Its arguments with ids in place of names."""
    arguments: Arguments


def allowed(name: object, names: Collection[str] | None) -> Tool:
    """The tool of a name, where it may be called. Raises `ToolError`."""
    if isinstance(name, str) and name in TOOLS and (names is None or name in names):
        return TOOLS[name]
    may = sorted(TOOLS if names is None else set(names) & set(TOOLS))
    said, suggestion = _shown(name), f"the tools are {', '.join(may)}"
    if isinstance(name, str) and name in TOOLS:
        message = f"{said} may not be called here"
    else:
        message = f"there is no tool {said}"
        close = nearest_word(name, may) if isinstance(name, str) else None
        suggestion = f"did you mean {close}?" if close else suggestion
    raise ToolError(Issue("TOOL_NOT_ALLOWED", "tool_name", message, suggestion))


def checked(tool: Tool, arguments: object, project: Project) -> Checked:
    """A call with ids in place of names. Raises `ToolError` with everything that is wrong with it."""
    if not isinstance(arguments, Mapping) or not all(isinstance(key, str) for key in arguments):
        message = f"arguments must be an object, got {_shown(arguments)}"
        raise ToolError(Issue("TYPE_MISMATCH", "arguments", message))
    given = {key: value for key, value in arguments.items() if key != tool.creates}
    given, issues = resolved(given, tool.takes, project)
    if "notes" in tool.takes and (fakes := [name for name in FAKES if name in given]):
        issues.append(_faked(fakes))
        given = {name: value for name, value in given.items() if name not in FAKES}
        given.setdefault("notes", [{}])  # said already
    try:
        read = tool.arguments.model_validate(given)
    except ValidationError as error:
        for one in error.errors(include_url=False, include_context=False):
            issues.extend(_read(tool, one["loc"], one["type"], one["msg"], one["input"]))
    else:
        if not issues:
            return Checked(tool, given, read)
    raise ToolError(*tuple(dict.fromkeys(issues))[:MOST_ISSUES])


def _shown(value: object) -> str:
    """A value in a sentence, cut where it is long."""
    text = reprlib.repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _faked(names: list[str]) -> Issue:
    return Issue(
        "MISSING_REQUIRED",
        "notes",
        f"notes must be the notes themselves, got {', '.join(names)}",
        "send notes: [{pitch, startBeat, durationBeats, velocity}, …]; summaries stand in the "
        "history only",
    )


def _read(
    tool: Tool, loc: tuple[int | str, ...], kind: str, says: str, came: object
) -> list[Issue]:
    """An error of pydantic's as issues."""
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)[1:]
    last = str(loc[-1]) if loc else ""
    if kind == "extra_forbidden":
        return [_misnamed(tool, field, last)]
    code = _FIELD_CODES.get((last, kind)) or _CODES.get(kind, "INVALID_VALUE")
    if kind == "missing":
        return [Issue(code, field, f"{tool.name} needs {field}", _about(tool, loc))]
    message = f"{field}: {says.removeprefix('Value error, ')}; got {_shown(came)}"
    issues = [Issue(code, field, message, _about(tool, loc))]
    if code == "VALUE_OUT_OF_RANGE" and loc[0] == "notes" and last in _NOTE_CODES:
        issues.append(Issue(_NOTE_CODES[last], field, message))
    return issues


def _misnamed(tool: Tool, field: str, name: str) -> Issue:
    meant = _OTHER_NAMES.get(name)
    if meant is None or meant not in tool.takes:
        near = nearest_word(name, tool.takes)
        known = f"its arguments are {', '.join(sorted(tool.takes)) or 'none'}"
        suggestion = f"did you mean {near}?" if near else known
        return Issue(
            "WRONG_PARAM_NAME", field, f"{tool.name} takes no {field[:_SHOWN]!r}", suggestion
        )
    return Issue(
        "WRONG_PARAM_NAME",
        meant,
        f"{tool.name} takes {meant}, not {name!r}",
        f"rename it to {meant}",
    )


def _about(tool: Tool, loc: tuple[int | str, ...]) -> str | None:
    """What is said of a field in the tool's arguments."""
    for name, field in tool.arguments.model_fields.items():
        if loc and loc[0] == (field.alias or name):
            return field.description
    return None
