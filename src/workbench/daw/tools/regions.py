"""Tools of regions and the notes in them."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from workbench.daw.project import Channel, Note, Pitch, Project, Region, in_order, merged
from workbench.daw.tools.base import (
    LONGEST_LIST,
    LONGEST_NAME,
    Arguments,
    Context,
    Duration,
    Outcome,
    RegionId,
    Start,
    Tool,
    TrackId,
    entities,
    of_track,
    refuse,
    the_region,
    the_track,
)
from workbench.daw.tools.song import not_blank

DEFAULT_REGION_BEATS = 16.0
GRIDS = (0.0625, 0.125, 0.25, 0.5, 1.0, 2.0, 4.0)
FULL_SWING_BEATS = 1 / 6  # an off-beat eighth as late as the third of a triplet
NEAR_OFF_BEAT = 0.125  # an eighth this near to half the beat is one


def _a_grid(beats: float) -> float:
    if beats not in GRIDS:
        raise ValueError(f"expected one of {', '.join(f'{grid:g}' for grid in GRIDS)}")
    return beats


RegionName = Annotated[str, Field(max_length=LONGEST_NAME), AfterValidator(not_blank)]


class AddRegionArguments(Arguments):
    """A stretch of a track."""

    track_id: TrackId
    start_beats: Start
    duration_beats: Duration = DEFAULT_REGION_BEATS
    name: RegionName | None = None


class RegionArguments(Arguments):
    """One region."""

    region_id: RegionId


class PlacedArguments(Arguments):
    """One region, and where to."""

    region_id: RegionId
    start_beats: Start


class NoteArguments(Arguments):
    """One note, its start counted from its region's."""

    pitch: Pitch = 60
    start_beats: Start = 0.0
    duration_beats: Duration = 1.0
    velocity: Annotated[int, Field(ge=1, le=127)] = 100
    channel: Channel = 0

    @property
    def note(self) -> Note:
        return Note(self.start_beats, self.pitch, self.duration_beats, self.velocity, self.channel)


class AddNotesArguments(Arguments):
    """Notes for a region; up to 128 a call are advised."""

    region_id: RegionId
    notes: Annotated[
        list[NoteArguments],
        Field(
            min_length=1,
            max_length=LONGEST_LIST,
            description="[{pitch, startBeat, durationBeats, velocity}, …], beats from the region's start.",
        ),
    ]


class QuantizeArguments(Arguments):
    """A grid, and how far notes are moved to it."""

    region_id: RegionId
    grid_size: Annotated[
        float,
        Field(
            ge=GRIDS[0], le=GRIDS[-1], description="In beats.", json_schema_extra={"enum": GRIDS}
        ),
        AfterValidator(_a_grid),
    ]
    strength: Annotated[float, Field(ge=0, le=1)] = 1.0


class SwingArguments(Arguments):
    """How late the off-beat eighths are."""

    region_id: RegionId
    amount: Annotated[float, Field(ge=0, le=1, description="1 is a triplet feel.")] = 0.3


class TransposeArguments(Arguments):
    """How far up, down where negative."""

    region_id: RegionId
    semitones: Annotated[int, Field(ge=-127, le=127)]


def add_midi_region(project: Project, given: AddRegionArguments, how: Context) -> Outcome:
    """An empty region."""
    track = the_track(project, given.track_id)
    region = Region(
        id=how.new_id(),
        name=given.name or track.name[:LONGEST_NAME],
        start_beats=given.start_beats,
        duration_beats=given.duration_beats,
    )
    project = project.with_region(region, track.id)
    told = {**of_track(track), "regionId": region.id}
    added = {**told, "name": region.name, "durationBeats": region.duration_beats}
    return Outcome(project, told | {"entities": entities(project)}, added)


def move_region(project: Project, given: PlacedArguments, _how: Context) -> Outcome:
    """A region elsewhere on its track."""
    track, region = the_region(project, given.region_id)
    moved = replace(region, start_beats=given.start_beats)
    told = {**of_track(track), "regionId": region.id}
    return Outcome(project.with_region(moved, track.id), told, told)


def duplicate_region(project: Project, given: PlacedArguments, how: Context) -> Outcome:
    """A copy on the same track."""
    track, region = the_region(project, given.region_id)
    copy = replace(region, id=how.new_id(), start_beats=given.start_beats)
    project = project.with_region(copy, track.id)
    told = {**of_track(track), "regionId": copy.id, "copyOf": region.id}
    return Outcome(project, told | {"entities": entities(project)}, {"newRegionId": copy.id})


def delete_region(project: Project, given: RegionArguments, _how: Context) -> Outcome:
    """A track without one of its regions."""
    track, region = the_region(project, given.region_id)
    rest = tuple(other for other in track.regions if other.id != region.id)
    project = project.with_track(replace(track, regions=rest))
    told = {**of_track(track), "regionId": region.id}
    return Outcome(project, told | {"entities": entities(project)}, told)


def add_notes(project: Project, given: AddNotesArguments, _how: Context) -> Outcome:
    """More notes in a region."""
    track, region = the_region(project, given.region_id)
    notes = merged(region.notes, (one.note for one in given.notes))
    told = {
        **of_track(track),
        "regionId": region.id,
        "notesAdded": len(given.notes),
        "totalNotes": len(notes),
    }
    beyond = sum(one.start_beats >= region.duration_beats for one in given.notes)
    if beyond:
        told["warning"] = (
            f"{beyond} of the notes begin after the region's end at beat {region.duration_beats:g} "
            "and are not heard"
        )
    project = project.with_region(replace(region, notes=notes), track.id)
    return Outcome(project, told, of_track(track))


def clear_notes(project: Project, given: RegionArguments, _how: Context) -> Outcome:
    """A region without its notes; its controllers stay."""
    track, region = the_region(project, given.region_id)
    told: dict[str, Any] = {**of_track(track), "regionId": region.id}
    told["notesRemoved"] = len(region.notes)
    told["warning"] = (
        f"all {len(region.notes)} notes of {region.name} are gone; undo brings them back"
    )
    project = project.with_region(replace(region, notes=()), track.id)
    return Outcome(project, told, of_track(track))


def quantize_notes(project: Project, given: QuantizeArguments, _how: Context) -> Outcome:
    """Starts nearer to the song's grid, all within the region."""
    track, region = the_region(project, given.region_id)

    def moved(note: Note) -> Note:
        at = region.start_beats + note.start_beats
        target = round(at / given.grid_size) * given.grid_size - region.start_beats
        while target >= region.duration_beats > note.start_beats:
            target -= given.grid_size  # the line at the region's end is the next region's
        start = note.start_beats + given.strength * (target - note.start_beats)
        return replace(note, start_beats=max(start, 0.0))

    return _rewritten(project, track.id, region, [moved(note) for note in region.notes])


def apply_swing(project: Project, given: SwingArguments, _how: Context) -> Outcome:
    """Off-beat eighths of the song later."""
    track, region = the_region(project, given.region_id)

    def swung(note: Note) -> Note:
        into_beat = (region.start_beats + note.start_beats) % 1
        if abs(into_beat - 0.5) > NEAR_OFF_BEAT:
            return note
        return replace(note, start_beats=note.start_beats + given.amount * FULL_SWING_BEATS)

    return _rewritten(project, track.id, region, [swung(note) for note in region.notes])


def transpose_notes(project: Project, given: TransposeArguments, _how: Context) -> Outcome:
    """All pitches moved. Refused where one would leave 0 to 127."""
    track, region = the_region(project, given.region_id)
    pitches = [note.pitch + given.semitones for note in region.notes]
    if pitches and not 0 <= min(pitches) <= max(pitches) <= 127:
        low, high = (extreme(note.pitch for note in region.notes) for extreme in (min, max))
        refuse(
            "VALUE_OUT_OF_RANGE",
            "semitones",
            f"pitches must stay 0 to 127; the region has {low} to {high}, got {given.semitones}",
            f"semitones may be {-low} to {127 - high}",
        )
    notes = [replace(note, pitch=pitch) for note, pitch in zip(region.notes, pitches, strict=True)]
    return _rewritten(project, track.id, region, notes)


def _rewritten(project: Project, track_id: str, region: Region, notes: list[Note]) -> Outcome:
    """The region with other notes, and how many of them are others."""
    changed = sum(new != old for new, old in zip(notes, region.notes, strict=True))
    track = the_track(project, track_id)
    project = project.with_region(replace(region, notes=in_order(notes)), track_id)
    told = {**of_track(track), "regionId": region.id, "notesChanged": changed}
    return Outcome(project, told, of_track(track))


REGION_TOOLS = (
    Tool(
        name="stori_add_midi_region",
        says="Add a region to a track",
        arguments=AddRegionArguments,
        apply=add_midi_region,
        creates="regionId",
    ),
    Tool(
        name="stori_move_region",
        says="Move a region to another start",
        arguments=PlacedArguments,
        apply=move_region,
    ),
    Tool(
        name="stori_duplicate_region",
        says="Copy a region to another start",
        arguments=PlacedArguments,
        apply=duplicate_region,
    ),
    Tool(
        name="stori_delete_region",
        says="Delete a region",
        arguments=RegionArguments,
        apply=delete_region,
    ),
    Tool(
        name="stori_add_notes",
        says="Add notes to a region",
        arguments=AddNotesArguments,
        apply=add_notes,
    ),
    Tool(
        name="stori_clear_notes",
        says="Take all notes out of a region",
        arguments=RegionArguments,
        apply=clear_notes,
    ),
    Tool(
        name="stori_quantize_notes",
        says="Move a region's notes to the grid",
        arguments=QuantizeArguments,
        apply=quantize_notes,
    ),
    Tool(
        name="stori_apply_swing",
        says="Play a region's off-beats late",
        arguments=SwingArguments,
        apply=apply_swing,
    ),
    Tool(
        name="stori_transpose_notes",
        says="Transpose a region's notes",
        arguments=TransposeArguments,
        apply=transpose_notes,
    ),
)
