"""Which entity is meant: ids, names, and results of earlier calls in place of either."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from workbench.daw.issues import Issue, nearest
from workbench.daw.project import Project, Track

_REFERENCE = re.compile(r"\$([0-9]{1,9})\.(\w+)")
LISTED = 5  # names given where nothing is near


def referenced(
    arguments: Mapping[str, Any], results: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The arguments with each that is entirely "$N.field" replaced by that field of result N.

    Counted from 0. What refers to nothing stays as it is, and so does what is inside of values.
    """
    return {name: _looked_up(value, results) for name, value in arguments.items()}


def _looked_up(value: Any, results: Sequence[Mapping[str, Any]]) -> Any:
    found = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
    if found is None or int(found[1]) >= len(results):
        return value
    return results[int(found[1])].get(found[2], value)


def resolved(
    arguments: Mapping[str, Any], takes: frozenset[str], project: Project
) -> tuple[dict[str, Any], list[Issue]]:
    """The arguments with ids in place of names, and what was not found.

    `takes` names what the tool takes, so that a track's name may stand for its id.
    """
    given = dict(arguments)
    if "trackName" in given and "trackId" in takes:
        name = given.pop("trackName")
        given.setdefault("trackId", name)
    issues = []
    for field, find in _FINDERS.items():
        value = given.get(field)
        if field not in takes or not isinstance(value, str):
            continue
        found = find(project, value)
        if isinstance(found, Issue):
            issues.append(found)
        else:
            given[field] = found
    return given, issues


def track_named(project: Project, name: str) -> Track | None:
    """By id, by name in any case, else the first whose name is part of it or has it as a part."""
    wanted = name.strip().lower()
    exact = project.track(name)
    if exact is not None or not wanted:
        return exact
    for same in (
        lambda other: other == wanted,
        lambda other: bool(other) and (wanted in other or other in wanted),
    ):
        for track in project.tracks:
            if same(track.name.strip().lower()):
                return track
    return None


def _track(project: Project, name: str) -> str | Issue:
    track = track_named(project, name)
    if track is not None:
        return track.id
    return _not_found("track", "trackId", name, [track.name for track in project.tracks])


def _region(project: Project, name: str) -> str | Issue:
    if project.region(name) is not None:
        return name
    wanted = name.strip().lower()
    same = [r for r in project.regions if wanted and r.name.strip().lower() == wanted]
    if same:
        return same[-1].id
    track = project.track(name)
    if track is None:
        return _not_found("region", "regionId", name, [r.name for r in project.regions])
    listed = ", ".join(f"{region.id} ({region.name})" for region in track.regions[:LISTED])
    return Issue(
        "ENTITY_NOT_FOUND",
        "regionId",
        f"regionId must be a region, and {name!r} is the track {track.name}",
        f"its regions: {listed}" if listed else "create a region on it: stori_add_midi_region",
    )


def _bus(project: Project, name: str) -> str | Issue:
    if (bus := project.bus(name)) is not None:
        return bus.name
    same = [b.name for b in project.buses if b.name.strip().lower() == name.strip().lower()]
    if same:
        return same[-1]
    issue = _not_found("bus", "busName", name, [bus.name for bus in project.buses])
    how = "stori_ensure_bus creates it"
    return Issue(
        issue.code,
        issue.field,
        issue.message,
        f"{issue.suggestion}; {how}" if project.buses else how,
    )


def _not_found(what: str, field: str, name: str, names: list[str]) -> Issue:
    near = nearest(name.strip(), names)
    if refers := _REFERENCE.fullmatch(name):
        suggestion = f"call {refers[1]} of this batch, counted from 0, gave no {refers[2]}"
    elif near is not None:
        suggestion = f"did you mean {near!r}?"
    elif names:
        suggestion = f"there are {', '.join(map(repr, names[:LISTED]))}"
    else:
        suggestion = f"there is no {what} yet; create one first"
    return Issue("ENTITY_NOT_FOUND", field, f"no {what} {name[:100]!r} in the project", suggestion)


_FINDERS: Mapping[str, Callable[[Project, str], str | Issue]] = {
    "trackId": _track,
    "regionId": _region,
    "busName": _bus,
}
