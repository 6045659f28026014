"""What a tool is: a name, arguments, and a pure function from a song to a song."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, NoReturn

from pydantic import BaseModel, ConfigDict, Field

from workbench.daw.issues import Code, Issue, ToolError
from workbench.daw.project import Bus, Project, Region, Track, wire_name

TrackId = Annotated[
    str, Field(max_length=200, description="A track's id or name; $N.trackId of an earlier call.")
]
RegionId = Annotated[
    str, Field(max_length=200, description="A region's id or name; $N.regionId of an earlier call.")
]
Start = Annotated[float, Field(ge=0, le=100_000, description="In beats (quarter notes).")]
Duration = Annotated[float, Field(ge=0.01, le=1000, description="In beats (quarter notes).")]
LONGEST_NAME, LONGEST_PROJECT_NAME = 50, 100
LONGEST_LIST = 10_000  # events of one call; 128 are advised


class Arguments(BaseModel):
    """Arguments whose fields are all known, finite, and of their own kind."""

    model_config = ConfigDict(
        alias_generator=wire_name, extra="forbid", strict=True, allow_inf_nan=False
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a tool works with beside the song. `take` is what its slow part (`Tool.prepare`) made."""

    new_id: Callable[[], str]
    take: Any = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The song after a tool, what its caller is told, and what the server added to its arguments."""

    project: Project
    answer: Mapping[str, Any] = field(default_factory=dict)
    added: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One tool. `apply` gets validated arguments; it raises `ToolError` for what cannot be done."""

    name: str
    says: str
    arguments: type[Arguments]
    apply: Callable[[Project, Any, Context], Outcome]
    creates: str | None = None
    """The id that the server assigns; one that is sent is not looked at."""
    prepare: Callable[[Project, Any, Any], Any] | None = None
    """The part that takes long and changes nothing: composing."""

    @property
    def tier(self) -> int:
        """1 where the server composes, 2 where a client DAW can do it too."""
        return 1 if self.prepare is not None else 2

    @property
    def takes(self) -> frozenset[str]:
        """What its arguments are called, as they travel."""
        fields = self.arguments.model_fields
        return frozenset(one.alias or name for name, one in fields.items())

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON schema of its arguments, for chat models and MCP."""
        return _untitled(self.arguments.model_json_schema(by_alias=True))  # type: ignore[no-any-return]


def _untitled(schema: Any) -> Any:
    """A JSON schema without the titles, which repeat names and cost tokens."""
    if isinstance(schema, list):
        return [_untitled(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _untitled(part)
        for key, part in schema.items()
        if key != "title" or not isinstance(part, str)
    }


def refuse(code: Code, field: str, message: str, suggestion: str | None = None) -> NoReturn:
    """Raise the `ToolError` of one issue."""
    raise ToolError(Issue(code, field, message, suggestion))


def the_track(project: Project, track_id: str) -> Track:
    """The track of an id. Raises `ToolError` when it has gone since it was looked up."""
    track = project.track(track_id)
    if track is None:
        refuse("ENTITY_NOT_FOUND", "trackId", f"no track {track_id!r} in the project")
    return track


def the_region(project: Project, region_id: str) -> tuple[Track, Region]:
    """The region of an id and its track. Raises `ToolError` when it has gone since."""
    track, region = project.track_of(region_id), project.region(region_id)
    if track is None or region is None:
        refuse("ENTITY_NOT_FOUND", "regionId", f"no region {region_id!r} in the project")
    return track, region


def of_track(track: Track) -> dict[str, Any]:
    """A track as results name it."""
    return {"trackId": track.id, "trackName": track.name}


def entities(project: Project) -> dict[str, Any]:
    """What there is, by id and name: tracks with their regions, and buses."""
    return {
        "tracks": [
            {
                "trackId": track.id,
                "name": track.name,
                "regions": [_region(region) for region in track.regions],
            }
            for track in project.tracks
        ],
        "buses": [_bus(bus) for bus in project.buses],
    }


def _region(region: Region) -> dict[str, Any]:
    return {
        "regionId": region.id,
        "name": region.name,
        "noteCount": len(region.notes),
        "startBeat": region.start_beats,
        "durationBeats": region.duration_beats,
    }


def _bus(bus: Bus) -> dict[str, Any]:
    return {"busId": bus.id, "name": bus.name}
