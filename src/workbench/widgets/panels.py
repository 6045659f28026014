"""A panel for composing loops: controls, progress, what came of it. Takes a runner, loads none.

Every control is a field of the request. Letting go of one composes anew, beside the kernel, so that
Stop and everything else answer; with nobody before the kernel it composes once, in the cell.
"""

from __future__ import annotations

import html
import math
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import numpy as np
import pandas as pd

from workbench.errors import CancelledError, RequestError, WorkbenchError
from workbench.evals import METRICS, measure_table
from workbench.models import (
    CancelToken,
    GenerationRequest,
    GenerationResult,
    Progress,
    Runner,
    RunnerInfo,
    Variation,
)
from workbench.models.runners.priming import prime_of
from workbench.score import Score
from workbench.widgets.background import wait_for
from workbench.widgets.host import is_headless
from workbench.widgets.player import VariationGrid

# Stands for None in the request, which sliders do not know: as the runner is tuned, as the style or
# the prime has it.
AUTO = "auto"
# What a row of the grid has room for, and what it calls it.
_ROW_MEASURES = {
    "notes_per_bar": "notes/bar",
    "syncopation": "syncopation",
    "groove_consistency": "groove",
    "surprise": "surprise",
}
_TELL_EVERY_TOKENS = 16  # a message to the browser for each single token would be the slower part
_KEYS = tuple(
    f"{tonic}{mode}"
    for mode in ("", "m")
    for tonic in ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
)

# Field, what the panel calls it, its values. None is AUTO.
_SLIDERS: tuple[tuple[str, str, tuple[float, ...], str], ...] = (
    ("temperature", "temperature", tuple(i / 20 for i in range(41)), ".2f"),
    ("top_p", "top-p", tuple(i / 20 for i in range(1, 21)), ".2f"),
    ("bars", "bars", (1, 2, 3, 4, 5, 6, 7, 8, 12, 16), ".0f"),
    ("tempo_bpm", "tempo", tuple(float(bpm) for bpm in range(50, 201, 2)), ".0f BPM"),
    ("num_variations", "variations", tuple(range(1, 17)), ".0f"),
    ("seed", "seed", tuple(range(100)), ".0f"),
)
_ALWAYS = ("num_variations", "seed")
_MORE_BARS = 4  # beyond a prime, where the runner has no lengths of its own


class LoopPanel(widgets.VBox):  # type: ignore[misc]
    """Sliders and a prime in, variations out: heard in `grid`, measured in `measures`.

    `request` is where the controls start; what has no control (a scale, a pitch range) stays as it
    is there. `controls` holds the controls by the name of their field; `roles` the buttons of the
    parts, lit as the runner chose them until one is pressed. Kept variations are saved to `folder`.
    """

    def __init__(
        self,
        runner: Runner,
        request: GenerationRequest | None = None,
        *,
        folder: str | Path = "loops",
    ) -> None:
        self.runner = runner
        self._asked = request or GenerationRequest()
        self._folder = Path(folder)
        self.grid: VariationGrid | None = None
        """The variations, once there are some."""
        self.measures = pd.DataFrame()
        """A row for each variation, a column for each measure that applies."""
        self.controls = _controls(runner.info, self._asked)
        self.roles = _roles(runner.info, self._asked)
        self._parts_chosen = bool(self.roles) and self._asked.roles is not None
        self.upload = widgets.FileUpload(
            accept=".mid,.midi", multiple=False, description="Prime MIDI", layout={"width": "auto"}
        )
        self.forget_button = widgets.Button(description="No prime", layout={"width": "80px"})
        self.generate_button = widgets.Button(
            description="Generate", icon="play", button_style="primary"
        )
        self.stop_button = widgets.Button(description="Stop", icon="stop", disabled=True)
        self.status = widgets.HTML(layout={"flex": "1 1 auto"})
        self.seed_says = widgets.HTML()
        self._progress = widgets.HTML()
        self._stage = widgets.VBox(layout={"width": "100%"})
        self._table = widgets.HTML()
        self._prime_files: Sequence[Mapping[str, Any]] = ()
        self._turn = threading.RLock()
        self._moving = False
        self._run = _Run(self._asked)
        super().__init__(self._rows())
        self.add_class("wb-panel")
        self.status.add_class("wb-status")
        self._listen()
        self.forget_button.disabled = self._asked.prime is None
        self.seed_says.value = _said(_prime_sentence(self._asked.prime))
        self.generate()

    @property
    def request(self) -> GenerationRequest:
        """What the controls ask for. Raises `RequestError` for a value out of its range, or no part."""
        values: dict[str, Any] = {
            name: None if control.value == AUTO else control.value
            for name, control in self.controls.items()
        }
        roles = self._asked.roles
        if self._parts_chosen:
            roles = tuple(name for name, toggle in self.roles.items() if toggle.value)
            if not roles:
                raise RequestError(
                    f"a loop needs a part and none is lit; press one of {', '.join(self.roles)}"
                )
        return replace(self._asked, **values, roles=roles)

    def generate(self) -> None:
        """Compose what the controls ask for; what is being composed for older settings is dropped."""
        with self._turn:
            self._run.cancel.cancel()
            try:
                self._run = run = _Run(self.request)
            except WorkbenchError as error:
                self._run = _Run(self._asked, problem=error)
                self._rest(str(error))
                return
            self.generate_button.icon, self.stop_button.disabled = "refresh", False
            self._say("composing …")
        if is_headless():
            self._work(run)
        else:
            threading.Thread(target=self._work, args=(run,), name="panel", daemon=True).start()

    def stop(self) -> None:
        """Stop composing and keep the whole bars there are."""
        self._run.cancel.cancel()

    def wait(self) -> GenerationResult:
        """The result of the latest settings, when it is there. Raises what went wrong.

        Interrupting the kernel meanwhile is Stop, see `wait_for`.
        """
        run = wait_for(lambda: self._run)
        if run.problem is not None:
            raise run.problem
        assert run.result is not None, "a run that is over has a result or a problem"
        return run.result

    def _rows(self) -> list[Any]:
        choices = [self.controls[name] for name in ("style", "key") if name in self.controls]
        primes = [self.upload, self.forget_button, self.seed_says]
        sliders = [self.controls[name] for name, *_ in _SLIDERS if name in self.controls]
        columns = "repeat(auto-fit, minmax(320px, 1fr))"
        wrap = {"flex_flow": "row wrap", "align_items": "center"}
        return [
            widgets.HBox([*choices, widgets.HBox([*self.roles.values()])], layout=wrap),
            widgets.HBox(primes, layout=wrap),
            widgets.GridBox(sliders, layout={"grid_template_columns": columns, "width": "100%"}),
            widgets.HBox([self.generate_button, self.stop_button, self.status], layout=wrap),
            self._progress,
            self._stage,
            widgets.Box([self._table], layout={"width": "100%"}),  # wider than a narrow panel
        ]

    def _listen(self) -> None:
        self.generate_button.on_click(lambda _button: self.generate())
        self.stop_button.on_click(lambda _button: self.stop())
        self.forget_button.on_click(lambda _button: self._go_on_from(None))
        self.upload.observe(lambda change: self._uploaded(change.new), "value")
        for control in self.controls.values():
            control.observe(lambda _change: self._moved(), "value")
        for toggle in self.roles.values():
            toggle.observe(lambda _change: self._moved(part=True), "value")

    def _moved(self, *, part: bool = False) -> None:
        with self._turn:
            if self._moving:
                return
            self._parts_chosen |= part
        self.generate()

    @contextmanager
    def _by_itself(self) -> Iterator[None]:
        """Controls that move meanwhile are moved by the panel: nothing is chosen or composed."""
        with self._turn:
            self._moving = True
            try:
                yield
            finally:
                self._moving = False

    def _uploaded(self, files: Sequence[Mapping[str, Any]]) -> None:
        if not files or files == self._prime_files:
            return
        try:
            prime = _read_prime(files[0])
        except WorkbenchError as error:
            self.upload.value = self._prime_files
            still = _prime_sentence(self._asked.prime)
            self.seed_says.value = _said(f"{files[0]['name']}: {error}. {still}")
            return
        self._go_on_from(prime, files)

    def _go_on_from(self, prime: Score | None, files: Sequence[Mapping[str, Any]] = ()) -> None:
        """Go on from another loop, or from none; `files` is what was uploaded for it."""
        self._prime_files = files
        self.upload.value = files  # a file it still held would not be news when given again
        self._asked = replace(self._asked, prime=prime, prime_tempo_bpm=None)
        self.seed_says.value = _said(_prime_sentence(prime) + self._make_room())
        self.forget_button.disabled = prime is None
        self.generate()

    def _make_room(self) -> str:
        """Raise the bars to a length with room for new ones after the prime's; says so if it did."""
        slider, prime = self.controls.get("bars"), self._asked.prime
        if slider is None or prime is None or slider.value == AUTO:
            return ""
        before, begun = slider.value, _bars_begun(self._asked)
        if before > begun:
            return ""
        steps = [step for _, step in slider.options if step != AUTO]
        with self._by_itself():
            slider.value = _length_beyond(begun, steps, self.runner.info)
        return f" Bars went from {before} to {slider.value} to leave room for new ones."

    def _work(self, run: _Run) -> None:
        """Compose one request to its end and show it, unless another has taken its place."""
        try:
            for progress in self.runner.stream(run.request, cancel=run.cancel):
                self._tell(run, progress)
            if run.result is None:
                raise CancelledError("stopped before there was anything to keep")  # noqa: TRY301
            with self._turn:
                if run is self._run:
                    self._show(run.result)
        except Exception as error:  # noqa: BLE001 - told in the panel: nobody sees a thread's traceback
            run.problem = error
            kind = "" if isinstance(error, WorkbenchError) else f"{type(error).__name__}: "
            with self._turn:
                if run is self._run:
                    self._rest(f"{kind}{error}")
        finally:
            run.over.set()

    def _tell(self, run: _Run, progress: Progress) -> None:
        run.result = progress.result
        told = (sum(progress.bars), sum(progress.tokens) // _TELL_EVERY_TOKENS)
        with self._turn:
            if run is self._run and told != run.told:
                run.told = told
                self._progress.value = _progress_html(progress, run.request.bars)

    def _show(self, result: GenerationResult) -> None:
        self.measures = _measured(result)
        named = [name for name in _ROW_MEASURES if name in self.measures]
        rows = self.measures[named].rename(columns=_ROW_MEASURES)
        shown: dict[str, Any] = {
            "labels": [_label(variation) for variation in result.variations],
            "measures": rows.to_dict("records"),
        }
        if self.grid is None:
            self.grid = VariationGrid(result, folder=self._folder, **shown)
            self._stage.children = [self.grid]
        else:
            self.grid.show(result, **shown)
        self._table.value = _table_html(self.measures)
        self._light(result)
        stopped = sum(variation.stop_reason == "stopped" for variation in result.variations)
        variations = _counted(len(result.variations), "variation")
        said = f"{variations} in {result.timings['total_s']:.1f} s"
        self._rest(f"{said}, {stopped} stopped early and cut to whole bars" if stopped else said)

    def _light(self, result: GenerationResult) -> None:
        """Light the parts that play, where the runner chose them."""
        tracks = (track for score in result.scores for track in score.tracks if track.notes)
        playing = {track.name.lower() for track in tracks}
        if self._parts_chosen or playing.isdisjoint(self.roles):
            return
        with self._by_itself():
            for name, toggle in self.roles.items():
                toggle.value = name in playing

    def _rest(self, text: str) -> None:
        """Nothing is being composed now, and this is why."""
        self.stop_button.disabled, self._progress.value = True, ""
        self._say(text)

    def _say(self, text: str) -> None:
        self.status.value = _said(text)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The panel where somebody looks; else what it composed, which plays without it."""
        if not is_headless():
            return super()._repr_mimebundle_(**kwargs)
        if self.grid is None:
            return {"text/plain": str(self._run.problem)}, {}
        bundle, metadata = self.grid._repr_mimebundle_(**kwargs)
        if "text/html" in bundle:
            bundle["text/html"] += self._table.value
        return bundle, metadata


@dataclass(eq=False)
class _Run:
    """One request on its way."""

    request: GenerationRequest
    cancel: CancelToken = field(default_factory=CancelToken)
    over: threading.Event = field(default_factory=threading.Event)
    result: GenerationResult | None = None
    problem: BaseException | None = None
    told: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if self.problem is not None:
            self.over.set()


def _controls(info: RunnerInfo, asked: GenerationRequest) -> dict[str, Any]:
    """A control for each field that means something to the runner."""
    unmet = info.details.get("unmet", ())
    assert isinstance(unmet, Iterable)
    controls: dict[str, Any] = {}
    if info.styles:
        controls["style"] = _dropdown("style", info.styles, asked.style)
    if info.roles:
        controls["key"] = _dropdown("key", _KEYS, asked.key)
    for name, label, values, form in _SLIDERS:
        if name not in unmet:
            auto = name not in _ALWAYS
            controls[name] = _slider(label, values, getattr(asked, name), form, auto=auto)
    return controls


def _dropdown(label: str, values: Sequence[str], value: str | None) -> Any:
    known = [*values] if value is None or value in values else [value, *values]
    return widgets.Dropdown(
        options=[AUTO, *known],
        value=value or AUTO,
        description=label,
        layout={"width": "220px"},
        style={"description_width": "40px"},
    )


def _slider(
    label: str, values: Sequence[float], value: float | None, form: str, *, auto: bool
) -> Any:
    number, _, unit = form.partition(" ")
    steps = sorted({*values, *([] if value is None else [value])})
    options = [(f"{step:{number}} {unit}".strip(), step) for step in steps]
    return widgets.SelectionSlider(
        options=[(AUTO, AUTO), *options] if auto else options,
        value=AUTO if value is None else value,
        description=label,
        continuous_update=False,  # a result for where the slider is let go, not for each step
        style={"description_width": "90px"},
        layout={"width": "auto"},
    )


def _roles(info: RunnerInfo, asked: GenerationRequest) -> dict[str, Any]:
    names = dict.fromkeys([*info.roles, *(asked.roles or ())]) if info.roles else {}
    return {
        name: widgets.ToggleButton(
            value=name in (asked.roles or ()),
            description=name,
            tooltip=f"Whether {name} play; until you press one, the runner decides",
            layout={"width": "84px"},
        )
        for name in names
    }


def _measured(result: GenerationResult) -> pd.DataFrame:
    """Every measure that applies, and the mean surprise of a token where the runner has one."""
    table = measure_table(result.scores)
    means = [
        -float(variation.logprobs.mean()) if len(variation.logprobs) else math.nan
        for variation in result.variations
    ]
    return table if np.isnan(means).all() else table.assign(surprise=means)


def _label(variation: Variation) -> str:
    stopped = " (stopped)" if variation.stop_reason == "stopped" else ""
    return f"Variation {variation.index + 1}{stopped}"


def _read_prime(file: Mapping[str, Any]) -> Score:
    """The loop of an uploaded file, by its own name or the file's. Raises for one without notes."""
    prime = Score.from_midi(bytes(file["content"]))
    if not any(prime.notes):
        raise RequestError("the file has no notes to go on from; give one with music in it")
    return prime if prime.name else replace(prime, name=str(file["name"]))


def _bars_begun(request: GenerationRequest) -> int:
    """Bars of the prime as runners count them; as it is written, where they cannot read it."""
    try:
        return prime_of(request).bars
    except RequestError:
        return len(request.prime.bar_starts_ticks) if isinstance(request.prime, Score) else 0


def _length_beyond(begun: int, steps: Sequence[int], info: RunnerInfo) -> int | str:
    """The next of the runner's own lengths, else some bars more; AUTO where no step leaves room."""
    own = info.details.get("bars")
    longer = [step for step in steps if step > begun]
    native = [step for step in longer if isinstance(own, Sequence) and step in own]
    ample = [step for step in longer if step >= begun + _MORE_BARS]
    return next(iter([*native, *ample, *longer[-1:]]), AUTO)


def _prime_sentence(prime: Score | tuple[int, ...] | None) -> str:
    if prime is None:
        return "From the style alone; give a prime, a MIDI file to go on from."
    if isinstance(prime, tuple):
        return f"Going on from {_counted(len(prime), 'token')}."
    notes = sum(1 for _ in prime.notes)
    name = prime.name or "the prime"
    bars = len(prime.bar_starts_ticks)
    return f"Going on from {name}: {_counted(bars, 'bar')}, {_counted(notes, 'note')}."


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _said(text: str) -> str:
    return f'<div style="font-size:13px;line-height:1.5">{html.escape(text)}</div>'


def _progress_html(progress: Progress, bars: int | None) -> str:
    """A short bar a variation: whole bars where a length is asked for, else tokens so far."""
    cells = []
    for i, (tokens, have, done) in enumerate(
        zip(progress.tokens, progress.bars, progress.done, strict=True)
    ):
        share = 1.0 if done else min(1.0, have / bars) if bars else 0.0
        says = f"{have}/{bars} bars" if bars else _counted(tokens, "token")
        cells.append(
            f'<div title="{_counted(tokens, "token")}">'
            f'<div style="font-size:11px;line-height:1.5">{i + 1}: {says}</div>'
            '<div style="height:4px;background:var(--jp-layout-color2,#eee);border-radius:2px">'
            f'<div style="height:4px;width:{share:.0%};border-radius:2px;'
            'background:var(--jp-brand-color1,#1976d2)"></div></div></div>'
        )
    style = "display:grid;grid-template-columns:repeat(auto-fill,minmax(90px,1fr));gap:6px 10px"
    return f'<div class="wb-progress" style="{style}">{"".join(cells)}</div>'


def _table_html(table: pd.DataFrame) -> str:
    """Measures down, variations across, their mean last."""
    number: Callable[[float], str] = lambda value: "–" if math.isnan(value) else f"{value:.2f}"  # noqa: E731
    cell = "padding:1px 8px;text-align:right;font-variant-numeric:tabular-nums"
    head = "".join(f'<th style="{cell}">{label}</th>' for label in (*table.index, "mean"))
    rows = []
    for name in table.columns:
        unit = METRICS[name].unit if name in METRICS else "nats/token"
        values = [*table[name], table[name].mean()]
        cells = "".join(f'<td style="{cell}">{number(value)}</td>' for value in values)
        says = METRICS[name].summary if name in METRICS else "Mean −log P of a token."
        rows.append(
            f'<tr title="{html.escape(says, quote=True)}"><td style="padding:1px 8px 1px 0">'
            f'{name.replace("_", " ")} <span style="opacity:.6">{unit}</span></td>{cells}</tr>'
        )
    style = "border-collapse:collapse;font-size:12px;line-height:1.6;margin-top:6px"
    return (
        f'<table class="wb-measures" style="{style}"><thead><tr><th></th>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )
