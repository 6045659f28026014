"""What importing costs, and which rooms stay free of torch."""

import subprocess
import sys

import pytest


def modules_after(code):
    """Names of the modules loaded in a new process that ran `code`."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "room",
    [
        "workbench",
        "workbench.score",
        "workbench.evals",
        "workbench.prompt",
        "workbench.planner",
        "workbench.daw",
        "workbench.models",
        "workbench.models.grammar",
        "workbench.models.runners.grammar",
        "workbench.store",
        "workbench.sweeps",
        "workbench.widgets",
        "workbench.cli",
    ],
)
def test_rooms_that_stay_free_of_torch(room):
    loaded = modules_after(f"import {room}")
    assert not loaded & {"torch", "transformers", "music21"}


def test_import_workbench_loads_next_to_nothing():
    loaded = modules_after("import workbench; dir(workbench)")
    assert not loaded & {"numpy", "mido", "pandas", "ipywidgets", "matplotlib", "pydantic"}


def test_everything_exported_is_there():
    import workbench

    for name in workbench.__all__:
        assert getattr(workbench, name) is not None


def test_composing_does_without_what_is_slow_to_import():
    loaded = modules_after(
        "from workbench.models import GenerationRequest, load_runner\n"
        "load_runner('pocket').generate(GenerationRequest(bars=1, num_variations=1))"
    )
    assert loaded.isdisjoint({"transformers", "accelerate", "torch._dynamo", "music21", "pandas"})
