"""A prompt as one writes it: what is understood of it while one types, and the songs it becomes.

Takes a runner, loads none. Composes beside the kernel, so that Stop and everything else answer; with
nobody before the kernel it composes in the cell.
"""

from __future__ import annotations

import html
import json
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import pandas as pd

from workbench.daw import Project
from workbench.errors import CancelledError, PlanError, PromptError, RequestError, WorkbenchError
from workbench.evals import measure_table
from workbench.models import CancelToken, Runner
from workbench.planner import (
    Composition,
    Planned,
    PlanStep,
    compose_prompt,
    planned_or_why_not,
    read_prompt,
)
from workbench.prompt import REFINEMENTS, Prompt, emotion_vector, example_prompts, refine
from workbench.score import EmotionVector, Score
from workbench.widgets.background import wait_for
from workbench.widgets.host import is_headless
from workbench.widgets.player import VariationGrid

WISHES = (
    "darker", "brighter", "busier", "sparser", "calmer", "more driving", "more intimate", "bigger",
)  # fmt: skip
"""The refinements that have a button unless others are asked for."""
_SEEDS = 99
_NO_EXAMPLE = ""
# What a row of the grid has room for, and what it calls it.
_ROW_MEASURES = {
    "notes_per_bar": "notes/bar",
    "mean_velocity": "velocity",
    "mean_pitch": "pitch",
}
_MARKS = {"pending": "○", "active": "◐", "completed": "●", "failed": "✕", "skipped": "–"}


@dataclass(frozen=True, slots=True)
class Version:
    """One song of a prompt: its seed, and the wishes by which its feeling moved on from the prompt's."""

    song: Composition
    seed: int
    wishes: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Such as "seed 3, darker"."""
        return ", ".join((f"seed {self.seed}", *self.wishes))


class PromptEditor(widgets.VBox):  # type: ignore[misc]
    """A prompt in; what is wrong with it, what it means and its plan shown as one types; songs out.

    `prompt`, `planned` and `problem` say what is read of `text`. `compose` makes its song, `refine`
    another version of the one selected in `grid`; versions of one prompt stay side by side. Songs
    begin from `project` where one is given; kept ones are saved to `folder`.
    """

    def __init__(
        self,
        runner: Runner,
        text: str = "",
        *,
        project: Project | None = None,
        seed: int = 0,
        wishes: Sequence[str] = WISHES,
        folder: str | Path = "songs",
    ) -> None:
        self.runner = runner
        self._project = project
        self._folder = Path(folder)
        self.prompt: Prompt | None = None
        """The text as it is understood; None where it is no prompt."""
        self.planned: Planned | None = None
        """What composing would do; None where it cannot be planned."""
        self.problem: WorkbenchError | None = None
        """Why not."""
        self.versions: tuple[Version, ...] = ()
        """The songs of the latest prompt composed, in the order of the grid's rows."""
        self.measures = pd.DataFrame()
        """A row for each version; notes a bar, mean velocity, mean pitch (drums left out), and more."""
        self.grid: VariationGrid | None = None
        """The versions, once there is one."""
        self.examples = widgets.Dropdown(
            options=[("your own", _NO_EXAMPLE), *((slug, slug) for slug in example_prompts())],
            value=_NO_EXAMPLE,
            description="prompt",
            style={"description_width": "50px"},
        )
        # Typing is told at once and not faster than the kernel reads: widgets hold messages back.
        self.area = widgets.Textarea(
            text, continuous_update=True, rows=18, layout={"width": "auto", "height": "auto"}
        )
        self.seed = widgets.IntSlider(
            seed, min(0, seed), max(_SEEDS, seed), description="seed", continuous_update=False,
            style={"description_width": "40px"},
        )  # fmt: skip
        self.compose_button = widgets.Button(
            description="Compose", icon="play", button_style="primary"
        )
        self.stop_button = widgets.Button(description="Stop", icon="stop", disabled=True)
        self.wish_buttons = {wish: _wish_button(wish) for wish in wishes}
        self.says = widgets.HTML()
        self.status = widgets.HTML(layout={"flex": "1 1 auto"})
        self._fields, self._plan = widgets.HTML(), widgets.HTML()
        self._stage = widgets.VBox(layout={"width": "100%"})
        self._turn = threading.RLock()
        self._run = _Run()
        super().__init__(self._rows())
        self.add_class("wb-editor")
        for part, name in (
            (self.area, "wb-prompt"), (self.says, "wb-says"), (self.status, "wb-status"),
            (self._fields, "wb-fields"), (self._plan, "wb-plan"),
        ):  # fmt: skip
            part.add_class(name)
        self._listen()
        self._read()

    @property
    def text(self) -> str:
        """What stands in the editor; reading follows at once."""
        return str(self.area.value)

    @text.setter
    def text(self, text: str) -> None:
        self.area.value = text

    @property
    def version(self) -> Version | None:
        """The version that is selected; None before there is one."""
        with self._turn:
            return None if self.grid is None else self.versions[self.grid.selected]

    @property
    def composition(self) -> Composition | None:
        """The song that is selected; None before there is one."""
        version = self.version
        return None if version is None else version.song

    def compose(self) -> None:
        """Compose what is written, with the seed of the slider; what is being composed is dropped."""
        if self.prompt is None or self.problem is not None:
            self._refuse(self.problem or PlanError("there is no prompt to compose"))
        else:
            self._begin(_Run(self.prompt, emotion_vector(self.prompt), int(self.seed.value)))

    def refine(self, wish: str) -> None:
        """Compose the selected version anew with a wish such as "darker"; see `prompt.REFINEMENTS`."""
        version = self.version
        if version is None:
            self._refuse(RequestError(f"compose a song first, to make it {wish}"))
            return
        try:
            felt = refine(version.song.emotion, wish)
        except RequestError as error:
            self._refuse(error)
        else:
            wishes = (*version.wishes, wish)
            self._begin(_Run(version.song.prompt, felt, version.seed, wishes))

    def stop(self) -> None:
        """Stop composing and keep the parts there are."""
        self._run.cancel.cancel()

    def wait(self) -> Composition:
        """The song asked for last, when it is there. Raises what went wrong.

        Interrupting the kernel meanwhile is Stop, see `wait_for`.
        """
        run = wait_for(lambda: self._run)
        if run.problem is not None:
            raise run.problem
        if run.song is None:
            raise RequestError("nothing is being composed; call compose() first")
        return run.song

    # ------------------------------------------------------------------ the panel

    def _rows(self) -> list[Any]:
        wrap = {"flex_flow": "row wrap", "align_items": "center"}
        columns = "repeat(auto-fit, minmax(340px, 1fr))"
        read = widgets.VBox([self.says, self._fields], layout={"overflow": "hidden"})
        return [
            widgets.HTML(_STYLE, layout={"display": "none"}),
            self.examples,
            widgets.GridBox(
                [self.area, read],
                layout={"grid_template_columns": columns, "grid_gap": "0 16px", "width": "100%"},
            ),
            widgets.HBox(
                [self.compose_button, self.stop_button, self.seed, self.status], layout=wrap
            ),
            widgets.HBox([*self.wish_buttons.values()], layout=wrap),
            self._stage,
            self._plan,
        ]

    def _listen(self) -> None:
        self.area.observe(lambda _change: self._read(), "value")
        self.examples.observe(lambda change: self._example(change.new), "value")
        self.seed.observe(lambda _change: self.compose(), "value")
        self.compose_button.on_click(lambda _button: self.compose())
        self.stop_button.on_click(lambda _button: self.stop())
        for wish, button in self.wish_buttons.items():
            button.on_click(lambda _button, wish=wish: self.refine(wish))

    def _example(self, slug: str) -> None:
        if slug != _NO_EXAMPLE:
            self.text = example_prompts()[slug]

    def _read(self) -> None:
        """Read the text and say what is understood of it."""
        self.prompt, self.planned, self.problem = None, None, None
        try:
            self.prompt = read_prompt(self.text)
            self.planned = planned_or_why_not(self.prompt, self._project)
        except WorkbenchError as error:
            self.problem = error
        known = (slug for slug, text in example_prompts().items() if text == self.text)
        self.examples.value = next(known, _NO_EXAMPLE)
        self.compose_button.disabled = self.problem is not None
        self.says.value = _says_html(self.prompt, self.planned, self.problem)
        self._fields.value = "" if self.prompt is None else fields_html(self.prompt)
        self._show_plan()

    def _show_plan(self) -> None:
        """The steps of what is composed now, or came to nothing; else of the version selected.

        Those of what is written, once that is another prompt than the versions'.
        """
        song, run = self.composition, self._run
        if run.is_going or (run.failed and run.prompt == self.prompt):
            title, steps = run.title, run.steps
        elif song is not None and (self.planned is None or song.prompt == self.prompt):
            title, steps = song.planned.title, song.steps
        elif self.planned is not None:
            title, steps = self.planned.title, self.planned.steps
        else:
            self._plan.value = ""
            return
        self._plan.value = steps_html(title, steps)

    # ------------------------------------------------------------------ composing

    def _begin(self, run: _Run) -> None:
        with self._turn:
            self._run.cancel.cancel()
            self._run = run
            self.stop_button.disabled = False
            self._say("composing …")
        if is_headless():
            self._work(run)
        else:
            threading.Thread(target=self._work, args=(run,), name="prompt", daemon=True).start()

    def _work(self, run: _Run) -> None:
        """Compose one song to its end and show it, unless another has taken its place."""
        assert run.prompt is not None
        try:
            planned = planned_or_why_not(run.prompt, self._project)
            run.title, run.steps = planned.title, planned.steps
            song = compose_prompt(
                run.prompt, self.runner, project=self._project, emotion=run.emotion, seed=run.seed,
                cancel=run.cancel, on_step=lambda step: self._tell(run, step),
            )  # fmt: skip
            if not any(song.score.notes):
                raise _nothing(song, run.cancel)  # noqa: TRY301
            run.song = song
            with self._turn:
                if run is self._run:
                    self._show(run, song)
        except Exception as error:  # noqa: BLE001 - told in the panel: nobody sees a thread's traceback
            run.problem = error
            kind = "" if isinstance(error, WorkbenchError) else f"{type(error).__name__}: "
            with self._turn:
                if run is self._run:
                    self._rest(f"{kind}{error}")
                    self._show_plan()
        finally:
            run.over.set()

    def _tell(self, run: _Run, step: PlanStep) -> None:
        run.steps = tuple(step if step.step_id == it.step_id else it for it in run.steps)
        with self._turn:
            if run is self._run:
                over = sum(it.status not in ("pending", "active") for it in run.steps)
                self._say(f"composing: step {over} of {len(run.steps)} …")
                self._show_plan()

    def _show(self, run: _Run, song: Composition) -> None:
        version = Version(song, run.seed, run.wishes)
        same = [it for it in self.versions if it.song.prompt == song.prompt]
        row = next((at for at, it in enumerate(same) if it.label == version.label), len(same))
        kept = self.grid.kept if same and self.grid is not None else []
        self.versions = (*same[:row], version, *same[row + 1 :])
        self.measures = _measured(self.versions)
        scores = [it.song.score for it in self.versions]
        rows = self.measures[list(_ROW_MEASURES)].rename(columns=_ROW_MEASURES).round(1)
        shown: dict[str, Any] = {
            "labels": [it.label for it in self.versions],
            "measures": rows.to_dict("records"),
        }
        if self.grid is None:
            self.grid = VariationGrid(scores, folder=self._folder, **shown)
            self.grid.observe(lambda _change: self._show_plan(), "selected")
            self._stage.children = [self.grid]
        else:
            self.grid.show(scores, **shown)
        self.grid.kept, self.grid.selected = [at for at in kept if at != row], row
        for button in self.wish_buttons.values():
            button.disabled = False
        self._show_plan()
        self._rest(_outcome(version, stopped=run.cancel.cancelled))

    def _refuse(self, problem: WorkbenchError) -> None:
        with self._turn:
            self._run.cancel.cancel()
            self._run = _Run(problem=problem)
            self._rest(str(problem).partition("\n")[0])

    def _rest(self, text: str) -> None:
        """Nothing is being composed now, and this is why."""
        self.stop_button.disabled = True
        self._say(text)

    def _say(self, text: str) -> None:
        self.status.value = _paragraph(text)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The editor where somebody looks; else the text, what it says of it, and what plays of it."""
        if not is_headless():
            return super()._repr_mimebundle_(**kwargs)
        read = f"<pre>{html.escape(self.text)}</pre>{self.says.value}{self._fields.value}"
        if self.grid is None:
            said = str(self.problem or f"<PromptEditor: {_titled(self.planned)}>")
            return {"text/plain": said, "text/html": read + self._plan.value}, {}
        bundle, metadata = self.grid._repr_mimebundle_(**kwargs)
        bundle["text/html"] = f"{read}{bundle.get('text/html', '')}{self._plan.value}"
        return bundle, metadata


@dataclass(eq=False)
class _Run:
    """One song on its way; without a prompt it is over."""

    prompt: Prompt | None = None
    emotion: EmotionVector | None = None
    seed: int = 0
    wishes: tuple[str, ...] = ()
    title: str = ""
    steps: tuple[PlanStep, ...] = ()
    cancel: CancelToken = field(default_factory=CancelToken)
    over: threading.Event = field(default_factory=threading.Event)
    song: Composition | None = None
    problem: BaseException | None = None

    def __post_init__(self) -> None:
        if self.prompt is None:
            self.over.set()

    @property
    def is_going(self) -> bool:
        return self.prompt is not None and self.song is None and self.problem is None

    @property
    def failed(self) -> bool:
        return self.problem is not None and bool(self.steps)


def _nothing(song: Composition, cancel: CancelToken) -> WorkbenchError:
    """Why no part of a song has a note."""
    if cancel.cancelled:
        return CancelledError("stopped before there was anything to keep")
    reasons = dict.fromkeys(reason for _step, reason in song.carried.failures)
    return PlanError(f"nothing was composed: {'; '.join(reasons) or 'the plan composes nothing'}")


def _outcome(version: Version, *, stopped: bool) -> str:
    song = version.song
    done = sum(step.status == "completed" for step in song.steps)
    notes = sum(1 for _ in song.score.notes)
    said = f"{version.label}: {done} of {len(song.steps)} steps, {notes} notes"
    failures = "; ".join(f"{step.label}: {reason}" for step, reason in song.carried.failures)
    return f"{said}{', stopped early' if stopped else ''}{f'. {failures}' if failures else ''}"


def _measured(versions: Sequence[Version]) -> pd.DataFrame:
    """Every measure that applies, with loudness and register, which wishes move most."""
    scores = [version.song.score for version in versions]
    table = measure_table(scores)
    table.insert(0, "mean_velocity", [_mean(n.velocity for n in score.notes) for score in scores])
    table.insert(1, "mean_pitch", [_mean(_pitches(score)) for score in scores])
    return table.set_axis([version.label for version in versions])


def _pitches(score: Score) -> Iterable[int]:
    return (n.pitch for track in score.tracks if not track.is_drums for n in track.notes)


def _mean(values: Iterable[int]) -> float | None:
    found = list(values)
    return sum(found) / len(found) if found else None


def _wish_button(wish: str) -> Any:
    if wish not in REFINEMENTS:
        refine(EmotionVector(), wish)  # says which there are
    moves = ", ".join(f"{axis} {by:+g}" for axis, by in REFINEMENTS[wish].items())
    return widgets.Button(
        description=wish, disabled=True, layout={"width": "auto"},
        tooltip=f"Compose the selected version anew, {wish}: {moves}",
    )  # fmt: skip


# ---------------------------------------------------------------------- as HTML

_STYLE = (
    "<style>.wb-prompt textarea{font-family:var(--jp-code-font-family,monospace);"
    "font-size:12px;line-height:1.5;white-space:pre;overflow-x:auto}</style>"
)
_DIM = "opacity:.65"
_BAD, _WARN, _GOOD = "#c5303b", "#b7791f", "#2f855a"


def _paragraph(text: str) -> str:
    return f'<div style="font-size:13px;line-height:1.5">{html.escape(text)}</div>'


def _says_html(
    prompt: Prompt | None, planned: Planned | None, problem: WorkbenchError | None
) -> str:
    """What is wrong with a text, with the place under a caret; else what of it has no effect."""
    lines: list[str] = []
    if problem is not None:
        sentence, _, place = str(problem).partition("\n")
        lines.append(_line(sentence, _BAD))
        if isinstance(problem, PromptError):
            lines.append(
                '<pre class="wb-caret" style="font-size:12px;line-height:1.35;margin:0 0 4px 9px;'
                f'overflow-x:auto">{html.escape(place)}</pre>'
            )
    if prompt is not None:
        lines += [
            _line(
                f"line {it.line}, column {it.column}: {it.reason}"
                f"{f' ({it.suggestion})' if it.suggestion else ''}",
                _WARN,
            )
            for it in prompt.remarks
        ]
    if planned is not None:
        lines += [_line(f"{it.path}: {it.reason}", _WARN) for it in planned.unread]
    return "".join(lines) or _line("Every entry is understood.", _GOOD)


def _line(text: str, colour: str) -> str:
    return (
        f'<div style="border-left:3px solid {colour};padding-left:6px;margin:2px 0;'
        f'font-size:13px;line-height:1.5">{html.escape(text)}</div>'
    )


def fields_html(prompt: Prompt) -> str:
    """A prompt's fields as a table, each value as it was understood; what was not said is left out."""
    values = prompt.as_dict()
    extensions = values.pop("extensions")
    values["vibes"] = [
        f"{it['vibe']} ×{it['weight']}" if it["weight"] > 1 else it["vibe"]
        for it in values["vibes"]
    ]
    cell = "padding:1px 10px 1px 0;vertical-align:top;text-align:left"
    rows = [
        f'<tr><td style="{cell};{_DIM}">{html.escape(name)}</td>'
        f'<td style="{cell};overflow-wrap:anywhere">{html.escape(_plain(value))}</td></tr>'
        for name, value in (*values.items(), *extensions.items())
        if value not in (None, [], {}, "")
    ]
    style = "border-collapse:collapse;font-size:12px;line-height:1.5;margin-top:4px"
    return f'<table style="{style}"><tbody>{"".join(rows)}</tbody></table>'


def _plain(value: Any) -> str:
    """A value in few characters: lists between commas, mappings as YAML writes them in a line."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    if isinstance(value, dict):
        value = {name: item for name, item in value.items() if item is not None}
    return json.dumps(value, ensure_ascii=False, default=str).replace('"', "")


def steps_html(title: str, steps: Sequence[PlanStep]) -> str:
    """A plan's title and its steps as a checklist, each with its status and what came of it."""
    items = []
    for step in steps:
        said = " · ".join(part for part in (step.detail, step.result) if part)
        colour = f"color:{_BAD}" if step.status == "failed" else ""
        items.append(
            f'<li class="wb-step" data-status="{step.status}" title="{step.status}" '
            f'style="break-inside:avoid;list-style:none;{colour}">'
            f'<span style="display:inline-block;width:1.4em">{_MARKS[step.status]}</span>'
            f'{html.escape(step.label)} <span style="{_DIM}">{html.escape(said)}</span></li>'
        )
    style = "margin:2px 0 0;padding:0;columns:340px;font-size:12px;line-height:1.6"
    return (
        f'<div style="font-size:13px;margin-top:6px"><b>{html.escape(title)}</b>'
        f'<ul style="{style}">{"".join(items)}</ul></div>'
    )


def _titled(planned: Planned | None) -> str:
    return "no prompt" if planned is None else f"{planned.title}, {len(planned.steps)} steps"
