"""Every notebook as it is stored, and as it runs headless with small values."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

from workbench.errors import NotebookError
from workbench.widgets import export_page, run_notebook
from workbench.widgets.storing import tidy

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
SMALL: dict[str, dict[str, Any]] = {
    "00-tour": {"bars": 1, "variations": 2, "seed": 5},
    "01-loops": {"bars": 1, "variations": 2, "roles": ["drums", "bass"], "temperature": 1.1},
    "02-generation-sweep": {"temperatures": [0.8, 1.0]},
    "03-service-and-jobs": {"jobs": 4, "variations": 2},
    "04-prompt-to-plan": {"runner": "grammar", "example": "tight-funk", "wishes": ["calmer"]},
}
COMPARED = 3  # cells, at least, whose output nbval compares
OURS = re.compile(r"(?:src|href)=[\"']?(?:https?:)?//")  # anything a page would fetch
MACHINE = re.compile(r"/(?:home|root|tmp|work|Users|usr|var)/\w|[A-Z]:\\\\")


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    return request.param


@pytest.fixture
def stored(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def code_cells(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tags(cell: Any) -> list[str]:
    return cell.metadata.get("tags", [])


def has_value(cell: Any) -> bool:
    """Whether a cell's last line is one that shows something, by how we write them."""
    last = cell.source.rstrip().splitlines()[-1]
    return not re.match(r"(import |from |\w[\w. ]* = |[\w.]+\.wait\(\)$)", last)


def test_there_are_notebooks() -> None:
    assert {"00-tour", "01-loops"} <= {path.stem for path in NOTEBOOKS}


def test_one_cell_of_parameters(stored: Any) -> None:
    assert [tags(cell) for cell in code_cells(stored)].count(["parameters"]) == 1


def test_stored_with_outputs(stored: Any) -> None:
    for cell in code_cells(stored):
        if "parameters" not in tags(cell) and has_value(cell):
            assert cell.outputs, f"no output stored for:\n{cell.source}"
        assert all(output.output_type != "error" for output in cell.outputs)


def test_enough_cells_are_compared(stored: Any) -> None:
    compared = [
        cell
        for cell in code_cells(stored)
        if cell.outputs and not {"nbval-ignore-output", "nbval-skip"} & set(tags(cell))
    ]
    assert len(compared) >= COMPARED


def test_pictures_are_stored_and_players_are_not(path: Path, stored: Any) -> None:
    shown = [o.data for cell in code_cells(stored) for o in cell.outputs if "data" in o]
    assert any("image/png" in data for data in shown)
    assert not any("wb-frame" in data.get("text/html", "") for data in shown)
    assert "widgets" not in stored.metadata
    assert path.stat().st_size < 1_000_000


def test_nothing_of_a_machine_is_stored(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    for cell in code_cells(notebook):
        texts = [cell.source]
        for output in cell.outputs:
            texts += [output.get("text", ""), *output.get("data", {}).values()]
        for text in texts:
            if not text.startswith("iVBOR"):  # base64 of a picture
                assert not MACHINE.search(text), text
    before = nbformat.writes(notebook)
    tidy(notebook)
    assert nbformat.writes(notebook) == before


@pytest.mark.slow
def test_runs_with_small_values_and_its_page_needs_no_network(path: Path, tmp_path: Path) -> None:
    log = io.StringIO()
    done = run_notebook(path, tmp_path / path.name, parameters=SMALL.get(path.stem, {}), log=log)
    executed = nbformat.read(done, as_version=4)
    steps = log.getvalue().splitlines()
    assert len(steps) == len(code_cells(executed))
    assert steps[-1].startswith(f"[{len(steps)}/{len(steps)}] ")
    page = export_page(done, tmp_path / "page.html").read_text("utf-8")
    assert "wb-frame" in page
    assert not OURS.search(page)


def write(path: Path, *sources: str) -> Path:
    cells = [nbformat.v4.new_markdown_cell("# Title")]
    cells += [nbformat.v4.new_code_cell(source) for source in sources]
    cells[1].metadata["tags"] = ["parameters"]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


@pytest.mark.slow
def test_a_failing_cell_is_named(tmp_path: Path) -> None:
    source = write(tmp_path / "bad.ipynb", "a = 1", "print(a)", "a / 0", "print('never')")
    with pytest.raises(NotebookError, match=r"^bad\.ipynb: cell 4 \(Title\) failed with ZeroDiv"):
        run_notebook(source, tmp_path / "done.ipynb")
    done = nbformat.read(tmp_path / "done.ipynb", as_version=4)
    assert "1\n" in [output.get("text") for cell in code_cells(done) for output in cell.outputs]


@pytest.mark.slow
def test_a_failing_cell_is_named_after_parameters_came_in(tmp_path: Path) -> None:
    source = write(tmp_path / "bad.ipynb", "a = 1", "1 / a")
    with pytest.raises(NotebookError, match=r"cell 4 \(Title\) failed with ZeroDivisionError: div"):
        run_notebook(source, tmp_path / "done.ipynb", parameters={"a": 0})


def test_unknown_parameters_are_refused(tmp_path: Path) -> None:
    source = write(tmp_path / "some.ipynb", "a = 1\nb: int = 2", "a")
    with pytest.raises(NotebookError, match=r"some\.ipynb has no parameter c; it has a, b"):
        run_notebook(source, tmp_path / "done.ipynb", parameters={"a": 2, "c": 3})


def test_what_is_no_notebook_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotebookError, match="there is no notebook"):
        run_notebook(tmp_path / "none.ipynb", tmp_path / "done.ipynb")
    (tmp_path / "text.ipynb").write_text("no notebook")
    with pytest.raises(NotebookError, match="is not a notebook"):
        run_notebook(tmp_path / "text.ipynb", tmp_path / "done.ipynb")
