"""Runners by name. Names lead to modules, loaded only when asked for, so that this door needs no torch.

A new runner is a module in `runners/` and a row here, or an entry point `workbench.runners` of another
package: a callable that takes the runner's options and returns a `Runner`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import cast

from workbench.errors import RunnerError
from workbench.models.requests import Runner

ORPHEUS_VARIANTS = ("loops", "base", "bridge", "children", "mono", "large")

RUNNERS: dict[str, tuple[str, str]] = {
    "pocket": ("workbench.models.runners.pocket:PocketRunner", "ships in the package; any CPU"),
    "grammar": (
        "workbench.models.runners.grammar:GrammarRunner",
        "rules, no network: the baseline",
    ),
    "scripted": ("workbench.models.runners.scripted:ScriptedRunner", "fixed answers, for tests"),
    **{
        f"orpheus-{variant}": (
            "workbench.models.runners.orpheus:OrpheusRunner",
            "a released checkpoint, from a file or the hub",
        )
        for variant in ORPHEUS_VARIANTS
    },
}
"""Name to (where it is, what it is)."""


def runner_names() -> tuple[str, ...]:
    """Every name `load_runner` knows, other packages' included."""
    return (*RUNNERS, *sorted(_plugins()))


def load_runner(name: str, **options: object) -> Runner:
    """The runner of that name, its weights loaded. Options are the runner's own.

    Raises `RunnerError` for an unknown name and `CheckpointError` for weights it cannot use.
    """
    make = _found(name)
    if name.startswith("orpheus-") and name in RUNNERS:
        make = partial(make, name.removeprefix("orpheus-"))
    try:
        return make(**options)
    except TypeError as error:
        raise RunnerError(f"{name} does not take these options: {error}") from error


def _found(name: str) -> Callable[..., Runner]:
    if name in RUNNERS:
        module, attribute = RUNNERS[name][0].split(":")
        return cast("Callable[..., Runner]", getattr(import_module(module), attribute))
    plugins = _plugins()
    if name in plugins:
        return cast("Callable[..., Runner]", plugins[name].load())
    close = difflib.get_close_matches(name, runner_names(), n=1)
    hint = f"; did you mean {close[0]}?" if close else ""
    raise RunnerError(f"no runner is called {name!r}; known are {', '.join(runner_names())}{hint}")


def _plugins() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group="workbench.runners")}
