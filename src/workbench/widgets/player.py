"""The widgets a notebook plays music with. What they draw and how they sound is in `js/`.

`Player` shows one score, `VariationGrid` several on one clock.
"""

from __future__ import annotations

import base64
import itertools
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from workbench.errors import RequestError, WorkbenchError
from workbench.models import GenerationResult
from workbench.score import Score
from workbench.widgets.frame import ENGINE_JS, PLAYER_JS, Theme, frame, sound_of
from workbench.widgets.host import is_headless
from workbench.widgets.picture import roll_png, rolls_png
from workbench.widgets.view import piece_view, shared_parts

Measures = Mapping[str, float | None]
"""What is known of one variation, by name."""


class _Playing(anywidget.AnyWidget):  # type: ignore[misc]
    """What every player shares: its traits mirror the browser's transport, both ways.

    Setting a trait acts on the player, and what the listener does is read back. Times are in
    seconds of the score's own time, whatever the tempo.
    """

    _esm = PLAYER_JS
    view = traitlets.Dict().tag(sync=True)
    playing = traitlets.Bool(default_value=False).tag(sync=True)
    position = traitlets.Float(0.0).tag(sync=True)
    tempo = traitlets.Float(1.0, min=0.25, max=2.0).tag(sync=True)
    loop = traitlets.Bool(default_value=False).tag(sync=True)
    loop_region = traitlets.List(
        traitlets.Float(min=0.0), allow_none=True, default_value=None, minlen=2, maxlen=2
    ).tag(sync=True)
    volume = traitlets.Float(1.0, min=0.0, max=1.0).tag(sync=True)

    def __init__(self, scores: Sequence[Score], view: dict[str, Any], **traits: Any) -> None:
        self._scores = tuple(scores)
        super().__init__(view=view, **traits)
        self.on_msg(self._on_message)

    @property
    def scores(self) -> tuple[Score, ...]:
        """What it plays."""
        return self._scores

    def open(self) -> None:
        """Tell the browser of this widget; without a browser nothing is told or saved."""
        if not is_headless():
            super().open()

    @property
    def model_id(self) -> str:
        """Asked for by a box that holds this player: then the browser must hear of it after all."""
        if self.comm is None:
            super().open()
        return str(super().model_id)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """Alive where somebody looks, else a frame that plays; a picture in either case."""
        shown: dict[str, Any] = {"text/plain": repr(self)}
        metadata: dict[str, Any] = {}
        if is_headless():
            shown["text/html"] = frame(self.view, self._scores)
        elif (alive := super()._repr_mimebundle_(**kwargs)) is not None:
            bundle, metadata = alive if isinstance(alive, tuple) else (alive, {})
            shown = {**bundle, **shown}
        shown["image/png"] = base64.b64encode(self.png()).decode("ascii")
        return shown, metadata

    def png(self) -> bytes:
        """The roll as a picture, small rolls where there are several scores."""
        if len(self._scores) == 1:
            return roll_png(self._scores[0])
        return rolls_png(self._scores, [row["label"] for row in self.view["rows"]])

    def __repr__(self) -> str:
        seconds = max(score.duration_s for score in self._scores)
        pieces = "1 score" if len(self._scores) == 1 else f"{len(self._scores)} variations"
        return f"<{type(self).__name__}: {pieces}, {seconds:.1f} s>"

    def _on_message(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        if message.get("kind") == "sound":
            self._send_sound()

    def _show(self, scores: Sequence[Score], view: dict[str, Any]) -> None:
        self._scores = tuple(scores)
        self.view = view

    def _send_sound(self) -> None:
        """Answer the browser with engine, bank and the MIDI files, kept out of the saved state."""
        try:
            bank, midis = sound_of(self._scores)
        except WorkbenchError as error:
            self.send({"kind": "problem", "message": str(error)})
        else:
            self.send({"kind": "sound"}, [ENGINE_JS.read_bytes(), bank, *midis])


class Player(_Playing):
    """Plays and shows one score.

    `muted`, `soloed` hold track numbers, `volumes` one number 0–1 a track.
    """

    muted = traitlets.List(traitlets.Int()).tag(sync=True)
    soloed = traitlets.List(traitlets.Int()).tag(sync=True)
    volumes = traitlets.List(traitlets.Float(min=0.0, max=1.0)).tag(sync=True)

    def __init__(self, score: Score, *, title: str | None = None, **traits: Any) -> None:
        super().__init__([score], player_view(score, title), **traits)

    @property
    def score(self) -> Score:
        return self._scores[0]

    @score.setter
    def score(self, score: Score) -> None:
        self._show([score], player_view(score))


def player_view(score: Score, title: str | None = None) -> dict[str, Any]:
    """What a player of `score` shows; its title is the score's name unless given."""
    return {
        "title": score.name if title is None else title,
        "pieces": [piece_view(score)],
    }


class VariationGrid(_Playing):
    """Plays variations on one clock, switching at once, and keeps some of them.

    `selected` is the row that plays, `kept` the rows chosen; both count from 0.
    """

    selected = traitlets.Int(0, min=0).tag(sync=True)
    kept = traitlets.List(traitlets.Int(min=0)).tag(sync=True)

    def __init__(
        self,
        variations: GenerationResult | Sequence[Score],
        *,
        labels: Sequence[str] | None = None,
        measures: Sequence[Measures] | None = None,
        title: str = "",
        folder: str | Path = "variations",
        **traits: Any,
    ) -> None:
        scores = scores_of(variations)
        self.folder = Path(folder)
        """Where the Save button writes."""
        super().__init__(scores, grid_view(scores, labels, measures, title), **traits)

    def show(
        self,
        variations: GenerationResult | Sequence[Score],
        *,
        labels: Sequence[str] | None = None,
        measures: Sequence[Measures] | None = None,
    ) -> None:
        """Put other variations in their place; nothing is kept yet."""
        scores = scores_of(variations)
        self.kept, self.selected = [], 0
        self._show(scores, grid_view(scores, labels, measures, self.view["title"]))

    def save(self, folder: str | Path | None = None) -> list[Path]:
        """Write the kept ones as variation-NN.mid, NN counted from 01 as the rows are.

        Other music of that name stays: then it is variation-NN-2.mid, -3 and so on.
        """
        target = self.folder if folder is None else Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        return [
            _saved(target / f"variation-{row + 1:02d}.mid", self._scores[row].to_midi())
            for row in sorted(set(self.kept))
        ]

    @traitlets.validate("selected", "kept")  # type: ignore[untyped-decorator]
    def _within_rows(self, proposal: Any) -> Any:
        rows = [proposal.value] if isinstance(proposal.value, int) else proposal.value
        if any(row >= len(self._scores) for row in rows):
            raise traitlets.TraitError(
                f"{proposal.trait.name} must be rows 0 to {len(self._scores) - 1}, "
                f"got {proposal.value}"
            )
        return proposal.value

    def _on_message(self, widget: object, message: dict[str, Any], buffers: object) -> None:
        if message.get("kind") == "save":
            self.send({"kind": "saved", "message": self._saved_message()})
        else:
            super()._on_message(widget, message, buffers)

    def _saved_message(self) -> str:
        if not self.kept:
            return "Nothing kept yet: mark rows with ✓ or press k."
        try:
            paths = self.save()
        except OSError as error:
            return f"Not saved: {error.strerror or error} ({self.folder})"
        return f"Saved {len(paths)} to {self.folder}"


def _saved(path: Path, content: bytes) -> Path:
    """Write `content` under the first name from `path` on that is free, or that holds it already."""
    names = (path.with_stem(f"{path.stem}-{number}") for number in itertools.count(2))
    for name in itertools.chain([path], names):
        try:
            file = name.open("xb")
        except FileExistsError:
            if name.is_file() and name.read_bytes() == content:
                break
        else:
            with file:
                file.write(content)
            break
    return name


def scores_of(variations: GenerationResult | Sequence[Score]) -> tuple[Score, ...]:
    """The scores of a result, or those given. Raises `RequestError` when there is none."""
    if isinstance(variations, GenerationResult):
        variations = variations.scores
    scores = tuple(variations)
    if not scores:
        raise RequestError("a grid needs at least one variation, got none")
    return scores


def grid_view(
    scores: Sequence[Score],
    labels: Sequence[str] | None = None,
    measures: Sequence[Measures] | None = None,
    title: str = "",
) -> dict[str, Any]:
    """What a grid of `scores` shows. Missing measures are None or NaN and shown as a dash."""
    names = [f"Variation {i + 1}" for i in range(len(scores))] if labels is None else labels
    rows = [{} for _ in scores] if measures is None else measures
    for given, what in ((names, "labels"), (rows, "measures")):
        if len(given) != len(scores):
            raise RequestError(f"{len(scores)} variations came with {len(given)} {what}")
    return {
        "title": title,
        "pieces": [piece_view(score, parts=shared_parts(score)) for score in scores],
        "rows": [
            {"label": name, "measures": {key: _plain(value) for key, value in row.items()}}
            for name, row in zip(names, rows, strict=True)
        ],
        "measures": list(dict.fromkeys(key for row in rows for key in row)),
    }


def _plain(value: float | None) -> float | None:
    """A number JSON can say: NaN and infinities are nothing to show."""
    if value is None or not math.isfinite(value):
        return None
    return int(value) if value == int(value) else float(value)


def static_html(shown: Player | VariationGrid, *, theme: Theme = "light") -> str:
    """A frame that plays `shown` in any page, from a file and without network."""
    return frame(shown.view, shown.scores, theme=theme)
