"""Notebooks as the repository stores them: run again, and rid of what a machine leaves behind.

`python -m workbench.widgets.storing notebooks/*.ipynb` does it in place. Outputs stay, as pictures
and tables; players' frames go (they hold a program and sounds), and so do paths, timings and
widget state.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat

from workbench.errors import WorkbenchError
from workbench.widgets.headless import run_notebook

_KERNEL = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
_WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def store(path: str | Path) -> Path:
    """Run a notebook where it stands in a folder of its own and keep its outputs; returns `path`."""
    path = Path(path)
    with tempfile.TemporaryDirectory(prefix="workbench-") as folder:
        done = run_notebook(path, Path(folder) / path.name, log=sys.stderr)
        notebook = nbformat.read(done, as_version=4)
    tidy(notebook)
    nbformat.write(notebook, path)
    return path


def tidy(notebook: Any) -> None:
    """Leave of an executed notebook what is worth reviewing, in place."""
    notebook.metadata.clear()
    notebook.metadata.update(kernelspec=dict(_KERNEL), language_info={"name": "python"})
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for number, cell in enumerate(notebook.cells):
        tags = cell.metadata.get("tags", [])
        cell.metadata.clear()
        if tags:
            cell.metadata["tags"] = tags
        cell["id"] = f"cell-{number:02d}"
    for count, cell in enumerate(code, 1):
        cell.execution_count = count
        cell.outputs = [output for output in cell.outputs if output.output_type != "error"]
        for output in cell.outputs:
            _tidy_output(output, count)


def _tidy_output(output: Any, count: int) -> None:
    if "execution_count" in output:
        output.execution_count = count
    shown = output.get("data", {})
    shown.pop(_WIDGET_VIEW, None)
    if "image/png" in shown and "wb-frame" in shown.get("text/html", ""):
        del shown["text/html"]


def main(paths: Sequence[str]) -> int:
    """Store each notebook; 1 when one of them fails, after telling which cell."""
    for path in paths:
        print(path, file=sys.stderr)  # noqa: T201 - a command's door
        try:
            store(path)
        except WorkbenchError as error:
            print(error, file=sys.stderr)  # noqa: T201
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
