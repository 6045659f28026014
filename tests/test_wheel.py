"""The wheel is complete: built, installed into an empty environment elsewhere, the demo runs from it."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "build", "--wheel", "--outdir", folder, ROOT], check=True)
    (path,) = folder.glob("*.whl")
    return path


def test_what_users_need_is_in_the_wheel(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    for needed in (
        "workbench/models/weights/pocket/model.safetensors",
        "workbench/models/weights/pocket/CARD.md",
        "workbench/models/weights/classifier/model.json",
        "workbench/models/weights/classifier/CARD.md",
        "workbench/widgets/bank/gm.sf3",
        "workbench/widgets/bank/LICENSE.FluidR3.txt",
        "workbench/widgets/static/player.js",
        "workbench/notebooks/00-tour.ipynb",
        "workbench/py.typed",
    ):
        assert needed in names
    assert not [name for name in names if "node_modules" in name or "/runs/" in name]
    assert any(name.endswith("licenses/LICENSE") for name in names)


@pytest.mark.slow
def test_the_demo_runs_from_an_installed_wheel(wheel, tmp_path):
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    subprocess.run(
        [python, "-m", "pip", "install", "-q", "-c", ROOT / "constraints.txt", wheel], check=True
    )
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [tmp_path / "venv" / "bin" / "workbench", "demo", "--out", tmp_path / "demo.html"],
        cwd=tmp_path, env={**environment, "WORKBENCH_HOME": str(tmp_path / "home")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == str(tmp_path / "demo.html")
    assert "srcdoc=" in (tmp_path / "demo.html").read_text()  # players, each in its frame
