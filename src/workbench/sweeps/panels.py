"""Widgets of a sweep: a form that starts it and shows how far it is, and heat maps that play.

Knows ipywidgets; what plays music is handed in with the result.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import pandas as pd
from matplotlib.colors import Normalize

from workbench.errors import SweepError, WorkbenchError
from workbench.models import CancelToken, runner_names
from workbench.sweeps.heatmaps import (
    HeatMap,
    Square,
    colours_of,
    default_axes,
    scale_of,
    short,
    tick,
)
from workbench.sweeps.result import Play, SweepResult, label_of
from workbench.sweeps.run import SweepProgress, sweep
from workbench.sweeps.spec import read_spec, setting

_ADD = "add …"  # Enter adds what was typed


def explore(result: SweepResult, metric: str | None = None, *, over: str = "seed") -> Explorer:
    """Heat maps whose squares are heard when pressed; `metric` colours them first."""
    return Explorer(result, metric, over=over)


class Explorer(widgets.VBox):  # type: ignore[misc]
    """Heat maps to look at and press: a pressed square plays the loops of its rows, one row at a time.

    `metric` chooses the colours; `choices` which of a square's rows is heard.
    """

    def __init__(
        self, result: SweepResult, metric: str | None = None, *, over: str = "seed"
    ) -> None:
        self._result, self._over = result, over
        self._x, self._y, self._by = default_axes(result.table, result.factors)
        shown = metric or result.measures[0]
        self.metric = widgets.Dropdown(
            options=result.measures, value=shown, description="colour", layout={"width": "260px"}
        )
        self.choices = self._choices()
        self._maps = widgets.HBox(layout={"flex_flow": "row wrap"})
        self._heard = widgets.HTML("Press a square to hear its loops.")
        self._stage = widgets.VBox(layout={"width": "100%"})
        self.pressed: dict[str, Any] | None = None
        """The settings of the square that was pressed last."""
        self.player: Any = None
        """What plays the pressed square, once there is music."""
        super().__init__(
            [
                widgets.HBox(
                    [self.metric, *self.choices.values()], layout={"flex_flow": "row wrap"}
                ),
                self._maps,
                self._heard,
                self._stage,
            ]
        )
        self.add_class("wb-explorer")
        self.metric.observe(lambda _change: self._draw(), "value")
        for choice in self.choices.values():
            choice.observe(lambda _change: self._play(), "value")
        self._draw()
        self._press_first()

    def press(self, **settings: Any) -> None:
        """Hear the square with these settings."""
        self.pressed = settings
        self._play()

    def _press_first(self) -> None:
        """Show a player at once, that of the first row with music."""
        done = self._result.done
        if len(done):
            names = [name for name in (self._x, self._y, self._by) if name is not None]
            first = done[names].iloc[0]
            self.press(**{name: None if pd.isna(first[name]) else first[name] for name in names})

    def _choices(self) -> dict[str, Any]:
        on_axes = {self._x, self._y, self._by}
        return {
            name: widgets.SelectionSlider(
                options=self._result.table[name].unique().tolist(), description=name,
                layout={"width": "260px"},
            )
            for name in self._result.factors
            if name not in on_axes and self._result.table[name].nunique() > 1
        }  # fmt: skip

    def _draw(self) -> None:
        maps = self._result.heat_maps(
            self.metric.value, x=self._x, y=self._y, by=self._by, over=self._over
        )
        scale = scale_of(maps)
        self._maps.children = [self._map(shown, scale) for shown in maps]

    def _map(self, shown: HeatMap, scale: Normalize) -> widgets.Widget:
        label = {"width": "auto", "justify_content": "center"}
        cells: list[widgets.Widget] = []
        for at_y, row in zip(shown.ys, shown.squares, strict=True):
            cells.append(widgets.Label(tick(at_y), layout=label))
            cells += [
                self._button(square, at_x, at_y, shown.part, scale)
                for at_x, square in zip(shown.xs, row, strict=True)
            ]
        cells.append(widgets.Label(f"{self._y} ↑ {self._x} →", layout=label))
        cells += [widgets.Label(tick(at_x), layout=label) for at_x in shown.xs]
        grid = widgets.GridBox(
            cells,
            layout={
                "grid_template_columns": f"max-content repeat({len(shown.xs)}, 84px)",
                "grid_gap": "3px",
                "align_items": "center",
            },
        )
        if self._by is None:
            return grid
        heading = widgets.HTML(f"<b>{html.escape(tick(shown.part))}</b>")
        return widgets.VBox([heading, grid], layout={"margin": "0 24px 8px 0"})

    def _button(self, square: Square, at_x: Any, at_y: Any, part: Any, scale: Normalize) -> Any:
        settings = {self._x: at_x, self._y: at_y} | ({self._by: part} if self._by else {})
        paper, ink = colours_of(square.value, scale)
        button = widgets.Button(
            description=square.text,
            tooltip=f"Hear {_said(settings)}: {square.text} {square.interval}, n = {square.n}",
            style={"button_color": paper, "text_color": ink},
            layout={"width": "84px", "height": "38px", "margin": "0", "padding": "0"},
        )
        button.on_click(lambda _button: self.press(**settings))
        return button

    def _play(self) -> None:
        if self.pressed is None:
            return
        wanted = self.pressed | {name: choice.value for name, choice in self.choices.items()}
        row = self._row(wanted)
        if row is None:
            self._say(f"There is no music for {_said(wanted)}.")
            return
        measured = self._result.table.loc[row, self.metric.value]
        self._say(f"{_said(wanted)}: {self.metric.value} {short(measured)} (row {row})")
        before, self.player = self.player, self._result.play(row)
        if self.player.comm is not None:  # where nobody looks, players are not open
            self._stage.children = [self.player]
        if before is not None:
            before.close()

    def __repr__(self) -> str:
        return f"Explorer({self._result.caption})"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The widget, and for pages without a kernel the figure."""
        bundle = super()._repr_mimebundle_(**kwargs) or {}
        figure = self._result.heatmap(
            self.metric.value, x=self._x, y=self._y, by=self._by, over=self._over
        )
        picture = base64.b64encode(figure.png()).decode("ascii")
        return {**bundle, "text/plain": repr(self), "image/png": picture}

    def _row(self, wanted: dict[str, Any]) -> int | None:
        found = self._result.done
        for name, value in wanted.items():
            found = found[found[name].isna() if value is None else found[name] == value]
        return None if found.empty else int(found.index[0])

    def _say(self, text: str) -> None:
        self._heard.value = html.escape(text)


def _said(settings: dict[str, Any]) -> str:
    return ", ".join(f"{name} {tick(value)}" for name, value in settings.items())


class SweepPanel(widgets.VBox):  # type: ignore[misc]
    """A form for a grid sweep: a field for each factor, Run with progress, Stop, and what came of it.

    It runs what it was given at once, beside the kernel, so Stop and everything else answer; `wait()`
    gives the latest result. A field changed is run when Run is pressed, and only its new cells are.
    """

    def __init__(
        self,
        spec: Mapping[str, Any],
        *,
        play: Play,
        metric: str | None = None,
        out: str | Path | None = None,
        workers: int | None = None,
        scheduler: str | None = None,
    ) -> None:
        checked, _ = read_spec(spec)
        if checked.grid is None:
            raise SweepError("the form is for grids; run lists and random draws with sweep()")
        self._spec, self._metric = dict(spec), metric
        self._sweep = partial(sweep, out=out, workers=workers, scheduler=scheduler, play=play)
        self._cancel = CancelToken()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sweep")
        self.factors = {name: _Factor(name, values) for name, values in checked.grid.items()}
        self.numbers = {
            name: _number(name, value)
            for name, value in [
                ("bars", checked.settings.get("bars")),
                ("num_variations", checked.settings.get("num_variations")),
                ("seeds", len(checked.seed_numbers)),
            ]
            if isinstance(value, int)
        }
        self.run_button = widgets.Button(description="Run", icon="play", button_style="primary")
        self.stop_button = widgets.Button(description="Stop", icon="stop", disabled=True)
        self.progress = widgets.IntProgress(layout={"width": "260px"})
        self.status = widgets.HTML("", layout={"flex": "1 1 240px"})
        self._shown = widgets.VBox()
        self.run_button.on_click(lambda _button: self.run())
        self.stop_button.on_click(lambda _button: self.stop())
        super().__init__(
            [
                *[factor.widget for factor in self.factors.values()],
                widgets.HBox(list(self.numbers.values()), layout={"flex_flow": "row wrap"}),
                widgets.HBox(
                    [self.run_button, self.stop_button, self.progress, self.status],
                    layout={"flex_flow": "row wrap", "align_items": "center"},
                ),
                self._shown,
            ]
        )
        self.add_class("wb-sweep")
        self.status.add_class("wb-status")
        self._latest = self._started()

    def __repr__(self) -> str:
        counts = [f"{len(factor.values)} × {name}" for name, factor in self.factors.items()]
        return f"SweepPanel({', '.join(counts)}, {self.numbers['seeds'].value} × seed)"

    @property
    def spec(self) -> dict[str, Any]:
        """The sweep that the form asks for, as it could stand in a `sweep.yaml`."""
        numbers = {name: field.value for name, field in self.numbers.items()}
        seeds = numbers.pop("seeds")
        given = self._spec.get("seeds", 1)
        same = seeds == (given if isinstance(given, int) else len(given))
        return self._spec | {
            "settings": {**self._spec.get("settings", {}), **numbers},
            "grid": {name: factor.values for name, factor in self.factors.items()},
            "seeds": given if same else seeds,
        }

    def run(self) -> None:
        """Run what the form asks for now."""
        self._latest = self._started()

    def wait(self) -> SweepResult:
        """The result of the latest run, when it is there. Raises what went wrong."""
        try:
            return self._latest.result()
        except KeyboardInterrupt:  # the cell is interrupted: stop, and keep what is done
            self.stop()
            return self._latest.result()

    def stop(self) -> None:
        """Stop after the cells that run now and keep what is done."""
        self._cancel.cancel()
        self._say("stopping after the cells that run now …")

    def _started(self) -> Future[SweepResult]:
        self._cancel = CancelToken()
        self.run_button.disabled, self.stop_button.disabled = True, False
        self._say("starting …")
        return self._thread.submit(self._work, self.spec, self._cancel)

    def _work(self, spec: Mapping[str, Any], cancel: CancelToken) -> SweepResult:
        """Run in the thread; whoever waited finds the form at rest."""
        try:
            result = self._sweep(spec, cancel=cancel, on_progress=self._tell)
            if len(result.done):
                self._shown.children = [explore(result, self._metric)]
            self._say(result.caption)
        except WorkbenchError as error:
            self._say(str(error))
            raise
        finally:
            self.run_button.disabled, self.stop_button.disabled = False, True
        return result

    def _tell(self, progress: SweepProgress) -> None:
        self.progress.max = max(progress.total, 1)
        self.progress.value = progress.done + progress.failed
        failed = f", {progress.failed} failed: {progress.latest}" if progress.failed else ""
        self._say(f"{progress.done} of {progress.total} cells{failed}")

    def _say(self, text: str) -> None:
        self.status.value = html.escape(text)


class _Factor:
    """A field for the values of one factor: tags to add and take away."""

    def __init__(self, name: str, values: list[Any]) -> None:
        self._named = {
            str(label_of(setting(name, value, "grid", Path()))): value for value in values
        }
        self._numbers = all(isinstance(value, (int, float)) for value in values)
        self._name = name
        if self._numbers:
            field = widgets.FloatsInput(
                value=[float(value) for value in values], format=".2f", placeholder=_ADD
            )
        elif name == "runner":
            known = list(dict.fromkeys([*self._named, *runner_names()]))
            field = widgets.TagsInput(value=list(self._named), allowed_tags=known, placeholder=_ADD)
        else:
            field = widgets.TagsInput(
                value=list(self._named), allow_duplicates=False, placeholder=_ADD
            )
        self.field = field
        self.widget = widgets.HBox([widgets.Label(name, layout={"width": "110px"}), field])

    @property
    def values(self) -> list[Any]:
        """What the grid gets: numbers; what was given, by its label; anything else as typed."""
        if self._numbers:
            return list(self.field.value)
        return [self._named.get(tag, tag) for tag in self.field.value]


def _number(name: str, value: int) -> Any:
    label = name.removeprefix("num_")
    return widgets.BoundedIntText(
        value=value, min=1, max=64, description=label, layout={"width": "160px"}
    )
