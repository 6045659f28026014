"""Every tool: what it is called with, what it changes, what it says when it cannot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.daw.songs import ids

from workbench.daw import TOOLS, Caller, Project, Studio
from workbench.daw.facts import ICONS
from workbench.daw.issues import nearest
from workbench.daw.project import Note, Region, Track
from workbench.daw.resolving import referenced, track_named

VECTORS = json.loads((Path(__file__).parent / "vectors" / "maestro.json").read_text())


@pytest.fixture
def studio() -> Studio:
    verse = Region(id="verse", name="Verse Bass", start_beats=4.0, duration_beats=8.0)
    bass = Track(id="bass", name="Bass", program=33, regions=(verse,))
    kit = Track(id="kit", name="Drum Kit", drum_kit="acoustic")
    return Studio(Project(id="p", tracks=(bass, kit)), new_id=ids())


def done(studio: Studio, name: str, /, **arguments):
    result = studio.call(f"stori_{name}", arguments)
    assert result.ok, result.answer
    return result


def codes(studio: Studio, name: str, /, **arguments) -> set[tuple[str, str]]:
    before = studio.project
    answer = studio.call(f"stori_{name}", arguments).answer
    assert answer["success"] is False
    assert studio.project is before
    for error in answer["errors"]:
        assert set(error) == {"code", "field", "message", "suggestion"}
        assert error["message"]
    return {(error["code"], error["field"]) for error in answer["errors"]}


# ---------------------------------------------------------------------- the vectors


@pytest.mark.parametrize("case", VECTORS["tool_validation"])
def test_validation_as_in_the_reference(case) -> None:
    """Sets of codes and fields: the reference says a missing argument twice, once is right."""
    fixture = VECTORS["tool_validation_fixture"]
    tracks = []
    for track in fixture["tracks"]:
        own = [r for r in fixture["regions"] if r["track"] == track["id"]]
        regions = tuple(
            Region(id=r["id"], name=r["name"], start_beats=0.0, duration_beats=16.0) for r in own
        )
        tracks.append(Track(id=track["id"], name=track["name"], regions=regions))
    studio = Studio(
        Project(id="p", tracks=tuple(tracks)), caller=Caller(allowed=frozenset(fixture["allowed"]))
    )
    result = studio.call(case["tool"], case["params"])
    assert result.ok == case["valid"]
    errors = result.answer["errors"]
    assert {error["code"] for error in errors} == set(case["error_codes"])
    assert {error["field"] for error in errors} == set(case["error_fields"])
    if case["tool"] != "stori_play":  # that says its resolved arguments are none
        assert result.arguments == case["resolved_params"]


@pytest.mark.parametrize("case", VECTORS["variable_refs"])
def test_references_as_in_the_reference(case) -> None:
    assert referenced(case["params"], case["prior_results"]) == case["resolved"]


# ---------------------------------------------------------------------- the table


def test_every_tool_of_the_reference_is_there() -> None:
    names = """generate_midi generate_drums generate_bass generate_chords generate_melody create_project
    set_tempo set_key play stop set_playhead show_panel set_zoom add_midi_track set_midi_program
    set_track_name mute_track solo_track set_track_volume set_track_pan set_track_color set_track_icon
    add_midi_region add_notes clear_notes quantize_notes apply_swing transpose_notes move_region
    read_project delete_region duplicate_region add_insert_effect add_send ensure_bus add_automation
    add_midi_cc add_pitch_bend add_aftertouch"""
    assert set(TOOLS) == {f"stori_{name}" for name in names.split()}
    assert {name for name, tool in TOOLS.items() if tool.tier == 1} == {
        f"stori_generate_{what}" for what in ("midi", "drums", "bass", "chords", "melody")
    }


@pytest.mark.parametrize("name", TOOLS)
def test_schemas_say_names_ranges_and_choices(name: str) -> None:
    schema = TOOLS[name].schema
    assert schema["type"] == "object"
    assert schema["additionalProperties"] is False
    assert all("_" not in field or field == "start_beat" or field.startswith("include_")
               for field in schema["properties"])  # fmt: skip
    json.dumps(schema)


def test_schemas_by_value() -> None:
    notes = TOOLS["stori_add_notes"].schema
    note = notes["$defs"]["NoteArguments"]["properties"]
    assert notes["required"] == ["regionId", "notes"]
    assert (note["pitch"]["minimum"], note["pitch"]["maximum"]) == (0, 127)
    assert (note["durationBeats"]["minimum"], note["durationBeats"]["maximum"]) == (0.01, 1000)
    effects = TOOLS["stori_add_insert_effect"].schema["properties"]["type"]["enum"]
    assert "limiter" not in effects
    assert "phaser" in effects
    assert TOOLS["stori_set_track_icon"].schema["properties"]["icon"]["enum"] == list(ICONS)
    assert TOOLS["stori_generate_midi"].schema["required"] == ["role", "style", "tempo", "bars"]


# ---------------------------------------------------------------------- entities


@pytest.mark.parametrize(
    ("name", "found"),
    [("bass", "bass"), ("BASS", "bass"), ("Bass Line", "bass"), ("kit", "kit"), ("drum", "kit"),
     ("", None), ("  ", None), ("flute", None)],
)  # fmt: skip
def test_tracks_by_id_name_and_part_of_it(studio: Studio, name: str, found) -> None:
    track = track_named(studio.project, name)
    assert (track and track.id) == found


def test_ids_and_names_are_interchangeable(studio: Studio) -> None:
    for key in ("trackId", "trackName"):
        result = done(studio, "set_track_volume", **{key: "drum kit"}, volume=0.5)
        assert result.arguments == {"trackId": "kit", "volume": 0.5}
    result = done(studio, "clear_notes", regionId="verse bass")
    assert result.arguments["regionId"] == "verse"
    assert (result.arguments["trackId"], result.arguments["trackName"]) == ("bass", "Bass")


@pytest.mark.parametrize(
    ("arguments", "suggests"),
    [
        ({"regionId": "Vers"}, "did you mean 'Verse Bass'"),
        ({"regionId": "bass"}, "its regions: verse (Verse Bass)"),
        ({"regionId": "kit"}, "create a region on it"),
        ({"regionId": "qqq"}, "there are 'Verse Bass'"),
    ],
)
def test_what_is_not_found_gets_a_suggestion(studio: Studio, arguments, suggests: str) -> None:
    (error,) = studio.call("stori_clear_notes", arguments).answer["errors"]
    assert (error["code"], error["field"]) == ("ENTITY_NOT_FOUND", "regionId")
    assert suggests in error["suggestion"]


def test_nearest_names() -> None:
    assert nearest("vers", ["Chorus", "Verse 1"]) == "Verse 1"
    assert nearest("big bass", ["Drums", "Bass"]) == "Bass"
    assert nearest("surdm", ["Keys", "Drums"]) == "Drums"
    assert nearest("", ["Keys"]) is None
    assert nearest("xyz", ["Keys"]) is None


# ---------------------------------------------------------------------- each does what it says


def test_tracks_are_dressed(studio: Studio) -> None:
    keys = done(studio, "add_midi_track", name="Upbeat Keys", trackId="mine").answer
    assert keys["trackId"] == "n1"  # the server's
    assert (keys["gmProgram"], keys["_gmInstrumentName"]) == (0, "Acoustic Grand Piano")
    assert (keys["color"], keys["icon"]) == ("blue", "pianokeys")
    drums = done(studio, "add_midi_track", name="Beat", color="#12abEF", icon="nonsense").answer
    assert (drums["_isDrums"], drums["drumKitId"], drums["icon"]) == (True, "acoustic", "drum")
    assert drums["color"] == "#12abEF"
    assert "gmProgram" not in drums
    sax = done(studio, "add_midi_track", name="Lead", instrument="tenor sax").answer
    assert (sax["gmProgram"], sax["color"], sax["icon"]) == (66, "teal", "saxophone")
    strange = done(studio, "add_midi_track", name="Zorp", color="no colour").answer
    assert (strange["gmProgram"], strange["color"]) == (0, "blue")
    assert [track["name"] for track in strange["entities"]["tracks"]][-1] == "Zorp"
    assert codes(studio, "add_midi_track", name="X", drumKitId="jazz", gmProgram=1) == {
        ("INVALID_VALUE", "gmProgram")
    }


def test_song_and_transport(studio: Studio) -> None:
    done(studio, "set_tempo", tempo=90)
    done(studio, "set_key", key="F# minor")
    assert (studio.project.tempo_bpm, studio.project.key) == (90.0, "F# minor")
    version = studio.version
    assert done(studio, "set_playhead", bar=3).answer["beat"] == 8.0
    assert done(studio, "set_playhead", seconds=2.0).answer["beat"] == 3.0
    assert done(studio, "play", fromBeat=4).answer["fromBeat"] == 4.0
    done(studio, "stop")
    done(studio, "show_panel", panel="pianoRoll", visible=True)
    done(studio, "set_zoom", zoomPercent=500)
    assert studio.version == version
    told = done(studio, "read_project").answer["project"]
    assert told["tracks"][0]["regions"][0]["noteCount"] == 0
    made = done(studio, "create_project", name="Waltz", timeSignature="3/4", keySignature="Am")
    assert studio.project.time_signature == (3, 4)
    assert (studio.project.id, studio.project.tracks) == (made.answer["projectId"], ())


def test_track_settings(studio: Studio) -> None:
    for name, values in (
        ("set_track_name", {"name": "Sub"}),
        ("mute_track", {"muted": True}),
        ("solo_track", {"soloed": True}),
        ("set_track_volume", {"volume": 1.5}),
        ("set_track_pan", {"pan": 0.25}),
        ("set_track_color", {"color": "mint"}),
        ("set_track_icon", {"icon": "violin"}),
    ):
        done(studio, name, trackId="bass", **values)
        for field, value in values.items():
            assert getattr(studio.project.track("bass"), field) == value
    done(studio, "set_midi_program", trackId="bass", program=38)
    assert studio.project.track("bass").program == 38
    done(studio, "set_midi_program", trackId="bass", program=25, channel=10)
    assert studio.project.track("bass").drum_kit == "TR-808"
    assert codes(studio, "set_midi_program", trackId="kit", program=3) == {
        ("INVALID_VALUE", "program")
    }


def test_regions(studio: Studio) -> None:
    made = done(studio, "add_midi_region", trackId="kit", startBeat=8)
    assert made.arguments["durationBeats"] == 16.0
    region = made.answer["regionId"]
    done(studio, "add_notes", regionId=region, notes=[{"pitch": 36}])
    assert studio.project.region(region).notes == (Note(0.0, 36, 1.0, 100),)
    done(studio, "move_region", regionId=region, startBeat=0)
    copy = done(studio, "duplicate_region", regionId=region, startBeat=32).answer["regionId"]
    assert copy not in (region, "")
    assert studio.project.region(copy).notes == studio.project.region(region).notes
    done(studio, "delete_region", regionId=region)
    assert studio.project.region(region) is None
    assert studio.project.region(copy).start_beats == 32.0


def verse(studio: Studio) -> list[float]:
    return [note.start_beats for note in studio.project.region("verse").notes]


def test_notes(studio: Studio) -> None:
    rows = [
        {"pitch": 40 + i, "startBeat": start, "durationBeats": 0.25, "velocity": 90}
        for i, start in enumerate((0.02, 0.55, 1.0, 7.9))
    ]
    answer = done(studio, "add_notes", regionId="verse", notes=rows).answer
    assert (answer["notesAdded"], answer["totalNotes"]) == (4, 4)
    done(studio, "quantize_notes", regionId="verse", gridSize=0.5, strength=0.5)
    assert verse(studio) == pytest.approx([0.01, 0.525, 1.0, 7.7])
    done(studio, "quantize_notes", regionId="verse", gridSize=0.5)
    assert verse(studio) == [0.0, 0.5, 1.0, 7.5]  # the bar line at 8 is not the region's
    done(studio, "apply_swing", regionId="verse", amount=1)
    assert verse(studio) == pytest.approx([0.0, 2 / 3, 1.0, 7 + 2 / 3])
    done(studio, "transpose_notes", regionId="verse", semitones=-12)
    assert [note.pitch for note in studio.project.region("verse").notes] == [28, 29, 30, 31]
    assert codes(studio, "transpose_notes", regionId="verse", semitones=-29) == {
        ("VALUE_OUT_OF_RANGE", "semitones")
    }
    late = done(studio, "add_notes", regionId="verse", notes=[{"startBeat": 8}]).answer
    assert "1 of the notes begin after the region's end" in late["warning"]
    assert "warning" in done(studio, "clear_notes", regionId="verse").answer
    assert verse(studio) == []


@given(st.lists(st.floats(0, 7.99), max_size=12), st.sampled_from((0.25, 0.5, 1.0, 2.0, 4.0)))
def test_quantised_starts_are_on_the_songs_grid_and_in_the_region(starts, grid) -> None:
    region = Region(id="r", name="r", start_beats=4.5, duration_beats=8.0)
    studio = Studio(Project(id="p", tracks=(Track(id="t", name="t", regions=(region,)),)))
    if starts:
        done(studio, "add_notes", regionId="r", notes=[{"startBeat": s} for s in starts])
    done(studio, "quantize_notes", regionId="r", gridSize=grid)
    for note in studio.project.region("r").notes:
        assert 0 <= note.start_beats < 8
        assert (note.start_beats + 4.5) % grid == 0 or note.start_beats == 0


def test_mix_and_expression(studio: Studio) -> None:
    done(studio, "add_insert_effect", trackId="bass", type="overdrive")
    bus = done(studio, "ensure_bus", name="Reverb").answer
    assert bus["created"]
    again = done(studio, "ensure_bus", name="reverb").answer
    assert (again["busId"], again["created"]) == (bus["busId"], False)
    done(studio, "add_send", trackId="bass", busName="reverb")
    done(studio, "add_send", trackId="bass", busName=bus["busId"], sendLevel=0.6)
    track = studio.project.track("bass")
    assert [effect.kind for effect in track.effects] == ["overdrive"]
    assert [(send.bus_id, send.level) for send in track.sends] == [(bus["busId"], 0.6)]
    points = [{"beat": 4, "value": 1}, {"beat": 0, "value": 0, "curve": "exp"}]
    done(studio, "add_automation", trackId="bass", parameter="Volume", points=points)
    (lane,) = studio.project.track("bass").automation
    assert [point.beats for point in lane.points] == [0.0, 4.0]
    done(studio, "add_automation", trackId="bass", parameter="Volume", points=[])
    assert studio.project.track("bass").automation == ()
    done(studio, "add_midi_cc", regionId="verse", cc=74, events=[{"beat": 1, "value": 3}])
    done(studio, "add_pitch_bend", regionId="verse", events=[{"beat": 1, "value": -8192}])
    done(
        studio, "add_aftertouch", regionId="verse", events=[{"value": 9, "pitch": 60}, {"value": 8}]
    )
    region = studio.project.region("verse")
    assert (region.controls[0].control, region.controls[0].value) == (74, 3)
    assert region.bends[0].value == -8192
    assert {(touch.value, touch.pitch) for touch in region.aftertouch} == {(9, 60), (8, None)}


NOTE = {"pitch": 60, "startBeat": 0, "durationBeats": 1, "velocity": 80}


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("set_tempo", {}, {("MISSING_REQUIRED", "tempo")}),
        ("set_tempo", {"tempo": True}, {("TYPE_MISMATCH", "tempo")}),
        ("set_tempo", {"tempo": 19}, {("VALUE_OUT_OF_RANGE", "tempo")}),
        ("set_tempo", {"tempo": 301}, {("VALUE_OUT_OF_RANGE", "tempo")}),
        ("set_tempo", {"bpm": 90}, {("MISSING_REQUIRED", "tempo"), ("WRONG_PARAM_NAME", "tempo")}),
        ("set_key", {"key": "H"}, {("INVALID_VALUE", "key")}),
        ("set_zoom", {"zoomPercent": 501}, {("VALUE_OUT_OF_RANGE", "zoomPercent")}),
        ("show_panel", {"panel": "x", "visible": 1},
         {("INVALID_VALUE", "panel"), ("TYPE_MISMATCH", "visible")}),
        ("set_playhead", {}, {("INVALID_VALUE", "beat")}),
        ("set_playhead", {"bar": 1, "beat": 2}, {("INVALID_VALUE", "beat")}),
        ("create_project", {"name": "x" * 101}, {("NAME_TOO_LONG", "name")}),
        ("create_project", {"name": "x", "timeSignature": "4/3"}, {("INVALID_VALUE", "timeSignature")}),
        ("add_midi_track", {"name": " "}, {("INVALID_NAME", "name")}),
        ("add_midi_track", {"name": "x" * 51}, {("NAME_TOO_LONG", "name")}),
        ("add_midi_track", {"name": "x", "gmProgram": 128}, {("VALUE_OUT_OF_RANGE", "gmProgram")}),
        ("add_midi_track", {"name": "x", "drumKitId": "909"}, {("INVALID_VALUE", "drumKitId")}),
        ("set_track_volume", {"trackId": "bass", "volume": 1.51}, {("VALUE_OUT_OF_RANGE", "volume")}),
        ("set_track_volume", {"trackId": "nobody", "volume": 9},
         {("VALUE_OUT_OF_RANGE", "volume"), ("ENTITY_NOT_FOUND", "trackId")}),
        ("set_track_pan", {"trackId": "bass", "pan": float("nan")}, {("VALUE_OUT_OF_RANGE", "pan")}),
        ("set_track_color", {"trackId": "bass", "color": "#12345"}, {("INVALID_VALUE", "color")}),
        ("set_track_icon", {"trackId": "bass", "icon": "x"}, {("INVALID_ICON", "icon")}),
        ("add_midi_region", {"trackId": "bass", "startBeat": -1, "durationBeats": 0},
         {("VALUE_OUT_OF_RANGE", "startBeat"), ("VALUE_OUT_OF_RANGE", "durationBeats")}),
        ("add_notes", {"regionId": "verse"}, {("MISSING_REQUIRED", "notes")}),
        ("add_notes", {"regionId": "verse", "notes": []}, {("INVALID_VALUE", "notes")}),
        ("add_notes", {"regionId": "verse", "_noteCount": 5}, {("MISSING_REQUIRED", "notes")}),
        ("add_notes", {"regionId": "verse", "notes": [NOTE], "_summary": ""},
         {("MISSING_REQUIRED", "notes")}),
        ("add_notes", {"regionId": "verse", "notes": [NOTE, {**NOTE, "pitch": 128}]},
         {("VALUE_OUT_OF_RANGE", "notes[1].pitch"), ("INVALID_PITCH", "notes[1].pitch")}),
        ("add_notes", {"regionId": "verse", "notes": [{**NOTE, "startBeat": -1}]},
         {("VALUE_OUT_OF_RANGE", "notes[0].startBeat"), ("INVALID_START", "notes[0].startBeat")}),
        ("add_notes", {"regionId": "verse", "notes": [{**NOTE, "durationBeats": 0}]},
         {("VALUE_OUT_OF_RANGE", "notes[0].durationBeats"),
          ("INVALID_DURATION", "notes[0].durationBeats")}),
        ("add_notes", {"regionId": "verse", "notes": [{**NOTE, "velocity": 80.5}]},
         {("TYPE_MISMATCH", "notes[0].velocity")}),
        ("quantize_notes", {"regionId": "verse", "gridSize": 0.3}, {("INVALID_VALUE", "gridSize")}),
        ("quantize_notes", {"regionId": "verse", "gridSize": 8}, {("VALUE_OUT_OF_RANGE", "gridSize")}),
        ("apply_swing", {"regionId": "verse", "amount": 2}, {("VALUE_OUT_OF_RANGE", "amount")}),
        ("add_insert_effect", {"trackId": "bass", "type": "gate"}, {("INVALID_EFFECT_TYPE", "type")}),
        ("add_send", {"trackId": "bass", "busName": "Reverb"}, {("ENTITY_NOT_FOUND", "busName")}),
        ("add_send", {"trackId": "bass", "busName": "Reverb", "levelDb": -6},
         {("ENTITY_NOT_FOUND", "busName"), ("WRONG_PARAM_NAME", "sendLevel")}),
        ("ensure_bus", {"name": "b" * 51}, {("NAME_TOO_LONG", "name")}),
        ("add_automation", {"trackId": "bass", "parameter": "volume", "points": []},
         {("INVALID_VALUE", "parameter")}),
        ("add_automation", {"trackId": "bass", "parameter": "Pan", "points": [{"beat": 0, "value": 9}]},
         {("VALUE_OUT_OF_RANGE", "points[0].value")}),
        ("add_midi_cc", {"regionId": "verse", "cc": 128, "events": [{}]}, {("VALUE_OUT_OF_RANGE", "cc")}),
        ("add_pitch_bend", {"regionId": "verse", "events": [{"value": 8192}]},
         {("VALUE_OUT_OF_RANGE", "events[0].value")}),
        ("teleport", {}, {("TOOL_NOT_ALLOWED", "tool_name")}),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(studio: Studio, name: str, arguments, expected) -> None:
    assert codes(studio, name, **arguments) == expected
