"""The command line as its users meet it: separate processes, real files, real signals."""

import fcntl
import json
import os
import pty
import random
import signal
import struct
import subprocess
import sys
import termios
from importlib.metadata import version

import pytest

from workbench.models.grammar import compose_loop, loop_score
from workbench.score import Score

WORKBENCH = (sys.executable, "-m", "workbench")


def workbench(*arguments, **environment):
    return subprocess.run(
        [*WORKBENCH, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def test_generate_writes_loops_and_a_record(tmp_path):
    out = tmp_path / "loops"
    done = workbench(
        "generate", "--style", "funk", "--bars", 2, "--tempo", 100, "--variations", 3, "--seed", 1, "--out", out
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # no progress bar in a pipe
    assert sorted(path.name for path in out.iterdir()) == [
        "record.json", "variation-01.mid", "variation-02.mid", "variation-03.mid",
    ]  # fmt: skip
    for path in sorted(out.glob("*.mid")):
        score = Score.from_midi(path)
        assert score.length_ticks == 2 * 1920
        assert score.tempo_bpm == pytest.approx(100)
        assert any(score.notes)
    record = json.loads((out / "record.json").read_text())
    assert record["request"]["style"] == "funk"
    assert record["request"]["max_tokens"] is None, "as many as the bars take"
    assert len(record["variations"]) == 3
    again = tmp_path / "again"
    workbench(
        "generate", "--style", "funk", "--bars", 2, "--tempo", 100, "--seed", 1, "--out", again
    )  # fmt: skip
    for path in out.glob("*.mid"):
        assert path.read_bytes() == (again / path.name).read_bytes()


def test_generate_goes_on_from_a_midi_file_with_constraints(tmp_path):
    prime = tmp_path / "prime.mid"
    loop = compose_loop(random.Random(2), style="rock", bars=1, roles=("drums", "bass", "melody"))
    prime.write_bytes(loop_score(loop).to_midi())
    done = workbench(
        "generate", "--prime", prime, "--bars", 2, "--variations", 2, "--roles", "drums,bass",
        "--key", "Em", "--pitch-range", "28-52", "--grid", 16, "--temperature", 0.7, "--out", tmp_path / "out",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "out" / "record.json").read_text())
    assert record["request"]["pitch_range"] == [28, 52]
    assert "grid" in record["variations"][0]["mean_removed_mass"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--runner", "poket"), "did you mean pocket"),
        (("--style", "polka"), "polka"),
        (("--bars", "0"), "bars must be 1 to 512"),
        (("--temperature", "3"), "temperature must be"),
        (("--prime", "nowhere.mid"), "nowhere.mid"),
        (("--runner", "orpheus-loops"), "workbench models pull orpheus-loops"),
        (("--drums-only", "--roles", "bass"), "--drums-only"),
    ],
)
def test_bad_input_is_one_sentence(tmp_path, arguments, says):
    done = workbench(
        "generate", *arguments, "--out", tmp_path / "out", WORKBENCH_HOME=str(tmp_path)
    )
    assert done.returncode == 1
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


def test_a_setting_that_is_none_is_named(tmp_path):
    done = workbench("generate", "--out", tmp_path / "out", WORKBENCH_STATIC="banana")
    assert done.returncode == 1
    assert done.stderr.startswith("workbench: WORKBENCH_STATIC: ")
    assert done.stderr.count("\n") == 1


def test_training_on_nothing_is_refused_before_anything_is_written(tmp_path):
    done = workbench("train", "pocket", "--out", tmp_path / "run", "--tokens", "-5")
    assert (done.returncode, done.stdout) == (1, "")
    assert "--tokens must be at least 1" in done.stderr
    assert not (tmp_path / "run").exists() or not list((tmp_path / "run").iterdir())


def test_it_says_its_version():
    assert workbench("--version").stdout == f"workbench {version('workbench')}\n"


CTRL_C = """
import sys
class Pressed:
    def find_spec(self, name, *_):
        if name == "workbench.cli":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Pressed())
from workbench.__main__ import main
sys.exit(main())
"""


def test_ctrl_c_while_things_are_imported_is_one_sentence():
    done = subprocess.run(
        [sys.executable, "-c", CTRL_C], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (130, "workbench: stopped\n")


def test_an_unwritable_folder_is_said_before_composing(tmp_path):
    occupied = tmp_path / "file"
    occupied.write_text("not a folder")
    done = workbench("generate", "--style", "rock", "--out", occupied / "loops")
    assert done.returncode == 1
    assert f"cannot write to {occupied / 'loops'}" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_malformed_prime_names_the_place(tmp_path):
    broken = tmp_path / "broken.mid"
    broken.write_bytes(b"MThd\0\0\0\6\0\1\0\1\1\xe0MTrk\0\0\0\x20\0\x90")
    done = workbench("generate", "--prime", broken, "--out", tmp_path / "out")
    assert done.returncode == 1
    assert "byte" in done.stderr
    assert done.stderr.count("\n") == 1


def test_ctrl_c_keeps_whole_bars_and_says_stopped(tmp_path):
    """On a terminal, so that the progress bar tells when composing has begun."""
    out = tmp_path / "loops"
    terminal, inner = pty.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    command = [
        "generate",
        "--style",
        "samba",
        "--bars",
        "64",
        "--max-tokens",
        "8192",
        "--out",
        str(out),
    ]
    with subprocess.Popen([*WORKBENCH, *command], stdout=subprocess.PIPE, stderr=inner) as process:
        os.close(inner)
        heard = b""
        while b"bar/s" not in heard.replace(b"?bar/s", b""):  # a rate: bars are being counted
            heard += os.read(terminal, 4096)
        process.send_signal(signal.SIGINT)
        written, _ = process.communicate()
    os.close(terminal)
    assert process.returncode == 130
    assert b"stopped" in written
    record = json.loads((out / "record.json").read_text())
    assert {variation["stop_reason"] for variation in record["variations"]} == {"stopped"}
    for variation in record["variations"]:
        score = Score.from_midi(out / variation["file"])
        assert score.length_ticks == variation["bars"] * 1920
        assert variation["bars"] == int(variation["bars"]) < 64


def test_models_list_names_every_runner():
    done = workbench("models", "list")
    assert done.returncode == 0
    for name in ("pocket", "grammar", "scripted", "orpheus-loops", "orpheus-large"):
        assert name in done.stdout


def test_doctor_finds_everything_in_order(tmp_path):
    done = workbench("doctor", WORKBENCH_HOME=str(tmp_path / "home"))
    assert done.returncode == 0, done.stdout + done.stderr
    for what in ("torch", "pocket", "sound bank", "home", "browser"):
        assert what in done.stdout


def test_doctor_says_what_is_wrong(tmp_path):
    (tmp_path / "home").write_text("a file in the way")
    done = workbench("doctor", WORKBENCH_HOME=str(tmp_path / "home"))
    assert done.returncode == 1
    assert "BAD" in done.stdout


@pytest.mark.parametrize(
    "command", ["", "demo", "lab", "generate", "sweep", "eval", "train", "models", "doctor"]
)
def test_help_of_every_command(command):
    done = workbench(*filter(None, [command]), "--help")
    assert done.returncode == 0
    assert "usage: workbench" in done.stdout
