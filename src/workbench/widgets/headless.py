"""Runs a notebook with nobody before it: for the demo page, for reports, for storing its outputs.

Knows papermill, which runs in a process of its own: with its own environment and working folder,
and only the kernel of this interpreter.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

import nbformat
import yaml

from workbench.errors import NotebookError

_STARTED_CELL = re.compile(r"Executing Cell (\d+)-")  # papermill's log, counting from 1
_CELL_TIMEOUT_S = 1800


def run_notebook(
    source: str | Path,
    target: str | Path,
    *,
    parameters: Mapping[str, Any] | None = None,
    log: TextIO | None = None,
    folder: str | Path | None = None,
) -> Path:
    """Run `source` headless and write it with its outputs to `target`, which is returned.

    Music in it shows itself as pages that play. `parameters` replace those of its `parameters`
    cell; it works in `folder` (default: the target's). `log` hears a line a cell. Raises
    `NotebookError`: a parameter it does not have, or the cell that failed and why; the outputs up
    to there are in `target`.
    """
    source, target = Path(source).resolve(), Path(target).resolve()
    notebook = _read(source)
    _check_parameters(source, notebook, parameters or {})
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    names = _cell_names(notebook, injected=bool(parameters))
    with tempfile.TemporaryDirectory(prefix="workbench-") as home:
        chosen = Path(home) / "parameters.yaml"
        chosen.write_text(yaml.safe_dump(dict(parameters or {})), "utf-8")
        command = [
            *(sys.executable, "-m", "papermill", str(source), str(target)),
            *("--kernel", "python3", "--language", "python"),
            *("--cwd", str(Path(folder or target.parent).resolve())),
            *("--no-progress-bar", "--log-output", "--log-level", "INFO"),
            *("--execution-timeout", str(_CELL_TIMEOUT_S)),
            *(("--parameters_file", str(chosen)) if parameters else ()),
        ]
        with subprocess.Popen(  # noqa: S603 - our interpreter, arguments as a list
            command,
            env=_environment(Path(home)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        ) as process:
            last = _follow(process, names, log)
    if process.returncode:
        raise NotebookError(f"{source.name}: {_failure(target, names) or last}")
    return target


def _read(source: Path) -> Any:
    try:
        return nbformat.read(source, as_version=4)
    except FileNotFoundError as error:
        raise NotebookError(f"there is no notebook {source}") from error
    except (nbformat.reader.NotJSONError, nbformat.ValidationError) as error:
        raise NotebookError(
            f"{source} is not a notebook: {str(error).splitlines()[0][:80]}"
        ) from error


def _check_parameters(source: Path, notebook: Any, parameters: Mapping[str, Any]) -> None:
    """Papermill alone would only warn, and the run would not be the one that was asked for."""
    cells = [
        c.source for c in notebook.cells if "parameters" in c.get("metadata", {}).get("tags", [])
    ]
    known = re.findall(r"^(\w+)\s*(?::[^=]+)?=", "\n".join(cells), re.MULTILINE)
    unknown = sorted(set(parameters) - set(known))
    if unknown:
        raise NotebookError(
            f"{source.name} has no parameter {', '.join(unknown)}; it has {', '.join(known) or 'none'}"
        )


def _cell_names(notebook: Any, *, injected: bool) -> list[str | None]:
    """What each code cell of the executed notebook is about: the heading above it; None for prose."""
    names: list[str | None] = []
    heading = "cells"
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            found = re.search(r"^#+\s*(.+)$", cell.source, re.MULTILINE)
            heading = found[1].strip() if found else heading
        names.append(heading if cell.cell_type == "code" else None)
        if injected and "parameters" in cell.get("metadata", {}).get("tags", []):
            names.append(heading)
    return names


def _environment(home: Path) -> dict[str, str]:
    """This process's, with nothing of the user's Jupyter and music that plays without a kernel."""
    return {
        **os.environ,
        "WORKBENCH_STATIC": "1",
        "JUPYTER_PREFER_ENV_PATH": "1",
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTER_PATH": "",
        "IPYTHONDIR": str(home / "ipython"),
        "PYTHONHASHSEED": "0",
        "TQDM_DISABLE": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


def _follow(process: subprocess.Popen[str], names: list[str | None], log: TextIO | None) -> str:
    """Tell `log` of each code cell as it starts; the last line papermill had to say."""
    code = [number for number, name in enumerate(names, 1) if name is not None]
    last = ""
    assert process.stderr is not None
    for line in process.stderr:
        last = line.strip() or last
        started = _STARTED_CELL.search(line)
        if started is None or log is None:
            continue
        number = int(started[1])
        if number in code:
            print(
                f"[{code.index(number) + 1}/{len(code)}] {names[number - 1]}", file=log, flush=True
            )
    return last


def _failure(target: Path, names: list[str | None]) -> str | None:
    """The cell that failed and its error in a sentence, from the notebook that papermill left."""
    if not target.is_file():
        return None
    cells = [
        c for c in nbformat.read(target, as_version=4).cells
        if not {"papermill-error-cell-tag"} & set(c.get("metadata", {}).get("tags", []))
    ]  # fmt: skip
    for number, cell in enumerate(cells, 1):
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                about = names[number - 1] if number <= len(names) else ""
                where = f"cell {number} ({about})" if about else f"cell {number}"
                return f"{where} failed with {output.ename}: {output.evalue}"
    return None
