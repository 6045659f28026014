"""`workbench plan` and `workbench compose` as their users meet them, on every example and on faults."""

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import mido
import pytest

from workbench.prompt import example_prompts

WORKBENCH = (sys.executable, "-m", "workbench")
ASKED = json.loads((Path(__file__).parent / "prompt" / "vectors" / "examples.json").read_text())
SHORT = """STORI PROMPT
Mode: compose
Style: rock
Key: A
Tempo: 120
Role: [drums, bass]
Constraints: {bars: 1}
Request: Go.
"""


def workbench(*arguments, given=None, **environment):
    return subprocess.run(
        [*WORKBENCH, *map(str, arguments)],
        input=given,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


@pytest.fixture(params=ASKED)
def slug(request):
    return request.param


@pytest.fixture
def file(slug, tmp_path):
    path = tmp_path / f"{slug}.txt"
    path.write_text(example_prompts()[slug])
    return path


def heard(path):
    """What a MIDI file says, read by mido alone: tempo, key, length, and who plays what."""
    midi = mido.MidiFile(path)
    meta = [message for track in midi.tracks for message in track if message.is_meta]
    ends = [sum(message.time for message in track) for track in midi.tracks]
    plays = {}
    for track in midi.tracks:
        notes = [message for message in track if message.type == "note_on" and message.velocity]
        if not notes:
            continue
        channels = {message.channel for message in notes}
        programs = {message.program for message in track if message.type == "program_change"}
        plays[track.name] = "drums" if channels == {9} else programs.pop()
        assert len(channels) == 1
        assert not programs - {0}  # no second sound beside the one asked for
    return {
        "tempo": [round(mido.tempo2bpm(it.tempo)) for it in meta if it.type == "set_tempo"],
        "key": [it.key for it in meta if it.type == "key_signature"],
        "beats": max(ends) / midi.ticks_per_beat,
        "plays": plays,
    }


def is_as_asked_for(path, asked):
    """Whether tempo, key, bars, roles and programs of a MIDI file are those of the table."""
    found = heard(path)
    assert set(found["tempo"]) == {asked["tempo"]}
    assert set(found["key"]) == {asked["key"]}
    assert found["beats"] == asked["bars"] * 4
    assert found["plays"] == asked["plays"]


def test_plan_says_what_would_be_done(slug, file):
    done = workbench("plan", file, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    told, asked = json.loads(done.stdout), ASKED[slug]
    assert told["notUnderstood"] == []
    calls = {
        name: [call["params"] for call in told["calls"] if call["name"] == f"stori_{name}"]
        for name in ("set_tempo", "set_key", "add_midi_track", "generate_midi")
    }
    assert calls["set_tempo"] == [{"tempo": asked["tempo"]}]
    assert calls["set_key"] == [{"key": asked["key"]}]
    assert [call["name"] for call in calls["add_midi_track"]] == list(asked["plays"])
    assert {call["bars"] for call in calls["generate_midi"]} == {asked["bars"]}
    assert len(calls["generate_midi"]) == len(asked["plays"])

    people = workbench("plan", file)
    assert (people.returncode, people.stderr) == (0, "")
    title, first, *_ = people.stdout.splitlines()
    assert title == told["title"]
    assert first.strip() == f"1. Set tempo to {asked['tempo']} BPM"


def test_compose_writes_what_was_asked_for(slug, file, tmp_path):
    out = tmp_path / "song"
    done = workbench("compose", file, "--runner", "grammar", "--out", out)
    assert (done.returncode, done.stderr) == (0, "")
    is_as_asked_for(out / "song.mid", ASKED[slug])
    plan = json.loads((out / "plan.json").read_text())
    assert {step["status"] for step in plan["steps"]} == {"completed"}
    for track, effects in ASKED[slug]["effects"].items():
        assert sorted(plan["effects"][track]) == effects
        assert f"{track}: {', '.join(plan['effects'][track])}\n" in done.stdout
    project = json.loads((out / "project.json").read_text())
    assert [track["name"] for track in project["tracks"]] == list(ASKED[slug]["plays"])


@pytest.mark.slow
@pytest.mark.parametrize("slug", ["dusty-boom-bap", "garage-rock"])
def test_the_pocket_model_keeps_to_it_too(slug, file, tmp_path):
    out = tmp_path / "song"
    done = workbench("compose", file, "--runner", "pocket", "--seed", 2, "--out", out)
    assert (done.returncode, done.stderr) == (0, "")
    is_as_asked_for(out / "song.mid", ASKED[slug])


def test_the_seed_decides(tmp_path):
    def song(name, seed):
        done = workbench(
            *("compose", "-", "--runner", "grammar", "--seed", seed, "--out", tmp_path / name),
            given=SHORT,
        )
        assert done.returncode == 0, done.stderr
        return (tmp_path / name / "song.mid").read_bytes()

    assert song("a", 1) == song("b", 1)
    assert song("c", 2) != song("a", 1)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (SHORT.replace("compose", "compse"), "line 2, column 7: Mode must be compose, edit or ask"),
        (SHORT.replace("Request: Go.", ""), "Request is missing"),
        (SHORT.replace("{bars: 1}", "{bars: 1"), "line 7, column 14: a mapping in { }"),
        (SHORT.replace("{bars: 1}", "{bars: 65}"), "Constraints.bars must be 1 to 64, got 65"),
        (SHORT.replace("120", "20"), "Tempo must be 30 to 300, got 20"),
        (SHORT.replace("Style: rock\n", ""), "planning without a chat model takes Style too"),
        (SHORT.replace("rock", "rock " * 30), "Style must be at most 100 characters, got 149"),
        (SHORT.replace("bass]", f"{'bass ' * 30}]"), "a role must be at most 100 characters, got 149"),
        (SHORT.replace("compose", "ask"), "Mode must be compose to be planned as music, got ask"),
        ("make me a beat", "not a structured prompt: the first line must be STORI PROMPT"),
        ("", "not a structured prompt"),
    ],
    ids=[
        "a slip", "no request", "an open brace", "bars", "tempo", "no style", "a long style",
        "a long role", "ask", "words", "nothing",
    ],
)  # fmt: skip
@pytest.mark.parametrize("command", ["plan", "compose"])
def test_a_faulty_prompt_is_one_sentence(command, text, says, tmp_path):
    out = tmp_path / "song"
    more = ("--out", out, "--runner", "grammar") if command == "compose" else ()
    done = workbench(command, "-", *more, given=text)
    assert done.returncode == 1
    assert done.stdout == ""
    assert says in done.stderr
    sentence, *place = done.stderr.splitlines()
    assert sentence.startswith("workbench: ")
    assert not place or place[-1].strip() == "^"  # the place, under a caret
    assert not out.exists()


@pytest.mark.parametrize("command", ["plan", "compose"])
def test_what_cannot_be_read_is_said(command, tmp_path):
    more = ("--out", tmp_path / "song") if command == "compose" else ()
    (tmp_path / "bytes.txt").write_bytes(b"STORI PROMPT\xff\xfe")
    for name in ("none.txt", "bytes.txt"):
        done = workbench(command, tmp_path / name, *more)
        assert done.returncode == 1
        assert f"cannot read {tmp_path / name}" in done.stderr
        assert done.stderr.count("\n") == 1


def test_what_has_no_effect_is_named_and_the_rest_is_done(tmp_path):
    text = SHORT.replace(
        "Request", "Effects: {bass: {wobble: 3, comp: slow}}\nEnrgy: high\nRequest"
    )
    done = workbench("compose", "-", "--runner", "grammar", "--out", tmp_path / "song", given=text)
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        "line 9: no field is called Enrgy (did you mean Energy?)",
        "Effects.bass.wobble: no effect is called 'wobble'",
    ]
    assert "Bass: compressor" in done.stdout
    assert (tmp_path / "song" / "song.mid").is_file()


def test_an_unwritable_folder_is_said_before_composing(tmp_path):
    occupied = tmp_path / "file"
    occupied.write_text("not a folder")
    done = workbench("compose", "-", "--runner", "grammar", "--out", occupied / "song", given=SHORT)
    assert done.returncode == 1
    assert f"cannot write to {occupied / 'song'}" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_read_only_place_is_one_sentence(tmp_path):
    """A file stands where a file of the song should go: no write there, for root neither."""
    out = tmp_path / "song"
    (out / "song.mid").mkdir(parents=True)
    done = workbench("compose", "-", "--runner", "grammar", "--out", out, given=SHORT)
    assert done.returncode == 1
    assert str(out / "song.mid") in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.slow
def test_ctrl_c_keeps_the_parts_there_are(tmp_path):
    """On a terminal, where each step is told as it ends."""
    path, out = tmp_path / "prompt.txt", tmp_path / "song"
    path.write_text(
        SHORT.replace("[drums, bass]", "[drums, bass, rhodes, flute]").replace("1}", "16}")
    )
    terminal, inner = pty.openpty()
    command = [*WORKBENCH, "compose", str(path), "--runner", "pocket", "--out", str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=inner, text=False) as process:
        os.close(inner)
        told = b""
        while b"completed  Add content to Drums" not in told:
            told += os.read(terminal, 4096)
        process.send_signal(signal.SIGINT)
        written, _ = process.communicate()
    os.close(terminal)
    assert process.returncode == 130
    assert b"(stopped)" in written
    steps = json.loads((out / "plan.json").read_text())["steps"]
    assert [it["status"] for it in steps if it["label"] == "Add content to Drums"] == ["completed"]
    assert "skipped" in {it["status"] for it in steps}
    assert list(heard(out / "song.mid")["plays"]) == ["Drums"]


@pytest.mark.parametrize("command", ["plan", "compose"])
def test_help_has_an_example(command):
    done = workbench(command, "--help")
    assert done.returncode == 0
    assert f"example: workbench {command} prompt.txt" in done.stdout
