"""Charts a notebook shows beside its players: surprise, what constraints cost, spread, feeling.

Pictures, not widgets: they look the same alive, on saved pages and in repositories. Draws with
matplotlib outside its global state.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from IPython.display import Image

from workbench.errors import RequestError
from workbench.evals import SurpriseNote, surprise_notes
from workbench.models import Variation
from workbench.models.vocabulary import UNITS_PER_QUARTER, kind
from workbench.score import EmotionVector
from workbench.score.gm import DRUM_NAMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INK, _DIM, _BAR, _BEAT, _ROW = "#1f2328", "#6b7280", "#c3c9d1", "#e7eaee", "#f4f5f7"
_SERIES = ("#4c8dff", "#9aa2ad", "#f0a029", "#2fb58a", "#c56be0")
_CHOICES = (("when", "#4c8dff"), ("what", "#e8607a"), ("how", "#f0c36a"))
_WIDTH_INCHES = 9.6
_DPI = 150  # shown at _SHOWN pixels: sharp on dense screens
_SHOWN = 960
_BEATS_PER_BAR = 4


def surprise_chart(variation: Variation) -> Image:
    """A roll whose notes are coloured by surprise, over the surprise of each onset in nats.

    The lower part stacks the choices: when (Δt), what (instrument and pitch), how (duration and
    velocity). For loops in grid time, composed without a prime.
    """
    notes = surprise_notes(variation)
    if not notes:
        raise RequestError(f"variation {variation.index + 1} has no notes to be surprised by")
    rows = _roll_rows(notes)
    figure = _figure(height=1.3 + 0.22 * len(rows) + 1.5)
    roll, curve = figure.subplots(
        2, 1, sharex=True, gridspec_kw={"height_ratios": [0.22 * len(rows) + 0.3, 1.5]}
    )
    beats = _bars_up_to(max(note.beat for note in notes))
    _draw_surprise_roll(figure, roll, notes, rows)
    _draw_choices(curve, notes)
    for axis in (roll, curve):
        _draw_bars(axis, beats)
    roll.tick_params(labelbottom=False)
    roll.set_title(f"Variation {variation.index + 1}: surprise of each note", **_TITLE)
    return _image(figure, f"Surprise along variation {variation.index + 1}, in nats")


def _roll_rows(notes: Sequence[SurpriseNote]) -> dict[tuple[bool, int], int]:
    """The row of each sound: drums below, pitches above, only those that occur."""
    sounds = sorted({(not note.is_drum, note.pitch) for note in notes})
    return {sound: row for row, sound in enumerate(sounds)}


def _draw_surprise_roll(
    figure: Figure,
    axis: Axes,
    notes: Sequence[SurpriseNote],
    rows: Mapping[tuple[bool, int], int],
) -> None:
    for row in range(0, len(rows), 2):
        axis.axhspan(row - 0.5, row + 0.5, color=_ROW, linewidth=0, zorder=0)
    surprise = [note.surprise for note in notes]
    drawn = axis.scatter(
        [note.beat for note in notes],
        [rows[not note.is_drum, note.pitch] for note in notes],
        c=surprise,
        s=[14 + 50 * note.velocity / 127 for note in notes],
        cmap="plasma_r",
        vmin=0,
        vmax=max(np.percentile(surprise, 97), 1.0),  # one freak does not bleach the rest
        linewidths=0,
        zorder=3,
        clip_on=False,
    )
    names = [
        _pitch_name(pitch) if pitched else DRUM_NAMES.get(pitch, str(pitch))
        for pitched, pitch in rows
    ]
    axis.set_yticks(range(len(rows)), names)
    axis.set_ylim(-0.6, len(rows) - 0.4)
    bar = figure.colorbar(drawn, ax=axis, pad=0.01, aspect=12, extend="max")
    bar.set_label("nats", color=_DIM, fontsize=8)
    bar.ax.tick_params(length=0, labelsize=8, labelcolor=_DIM)
    bar.outline.set_visible(False)


def _draw_choices(axis: Axes, notes: Sequence[SurpriseNote]) -> None:
    onsets: dict[float, dict[str, float]] = {}
    for note in notes:
        totals = onsets.setdefault(note.beat, {"when": 0.0, "what": 0.0, "how": 0.0})
        for choice in totals:
            totals[choice] += getattr(note, choice)
    beats, floor = list(onsets), np.zeros(len(onsets))
    for choice, colour in _CHOICES:
        heights = np.array([totals[choice] for totals in onsets.values()])
        axis.bar(beats, heights, 0.18, bottom=floor, color=colour, label=choice, zorder=3)
        floor = floor + heights
    axis.set_ylabel("nats an onset", color=_DIM, fontsize=8)
    axis.legend(**_LEGEND)


def cost_chart(variation: Variation) -> Image:
    """One strip a constraint: the probability it removed from each token, where in the loop it did.

    A full line means that the model wanted nothing but what the constraint forbids.
    """
    names = list(variation.removed)
    beats = _token_beats(variation.tokens)
    figure = _figure(height=0.75 + 0.44 * len(names))
    axis = figure.subplots()
    for row, name in enumerate(reversed(names)):
        taken = variation.removed[name]
        axis.axhline(row, color=_BEAT, linewidth=0.8, zorder=1)
        axis.vlines(beats, row, row + 0.86 * taken, colors="#e8607a", linewidths=1.6, zorder=3)
        said = f"{taken.mean():.1%} on average, {taken.max():.0%} at most"
        place = ("axes fraction", "data")
        axis.annotate(said, (1.01, row + 0.12), xycoords=place, fontsize=8, color=_DIM)
    axis.set_yticks([row + 0.2 for row in range(len(names))], list(reversed(names)))
    axis.set_ylim(-0.15, len(names))
    _draw_bars(axis, _bars_up_to(max(beats, default=0.0)))
    axis.set_title(
        f"Variation {variation.index + 1}: probability each constraint removed", **_TITLE
    )
    return _image(figure, "Probability mass removed by each constraint along the loop")


def spread_chart(tables: Mapping[str, pd.DataFrame], x: str, y: str) -> Image:
    """Loops as numbered dots on two measures; a table of measures for each runner."""
    figure = _figure(height=3.4, width=6.4)
    axis = figure.subplots()
    for (name, table), colour in zip(tables.items(), _SERIES, strict=False):
        axis.scatter(table[x], table[y], label=name, color=colour, **_DOT)
        for label, at_x, at_y in zip(table.index, table[x], table[y], strict=True):
            axis.annotate(str(label), (at_x, at_y), **_DOT_LABEL)
    axis.set_xlabel(x.replace("_", " "), color=_DIM, fontsize=9)
    axis.set_ylabel(y.replace("_", " "), color=_DIM, fontsize=9)
    axis.grid(color=_BEAT, linewidth=0.8, zorder=0)
    axis.margins(0.12)
    _plain(axis)
    axis.legend(**_LEGEND)
    return _image(figure, f"{y} against {x}: {', '.join(tables)}")


def emotion_chart(vectors: Mapping[str, EmotionVector]) -> Image:
    """Feelings as shapes over one another on five axes, 0 in the middle to 1; valence from −1.

    Raises `RequestError` for no vector, or more than there are colours for.
    """
    if not 1 <= len(vectors) <= len(_SERIES):
        raise RequestError(f"1 to {len(_SERIES)} vectors can be told apart, got {len(vectors)}")
    figure = _figure(height=4.2, width=6.4)
    axis: Any = figure.add_subplot(projection="polar")
    angles = [2 * math.pi * at / len(_AXES) for at in range(len(_AXES) + 1)]
    for (name, vector), colour in zip(vectors.items(), _SERIES, strict=False):
        radii = [_share(vector, name_) for name_, _ in _AXES]
        around = [*radii, radii[0]]
        axis.plot(angles, around, color=colour, linewidth=1.8, label=name, zorder=3)
        axis.fill(angles, around, color=colour, alpha=0.07, linewidth=0, zorder=2)
    axis.set_theta_zero_location("N")
    axis.set_theta_direction(-1)
    axis.set_ylim(0, 1)
    axis.set_yticks((0.25, 0.5, 0.75, 1.0), ())
    axis.set_xticks(angles[:-1], [f"{name}\n{said}" for name, said in _AXES])
    axis.tick_params(labelsize=8, labelcolor=_DIM, pad=14)
    axis.grid(color=_BEAT, linewidth=0.8)
    axis.spines["polar"].set(color=_BAR, linewidth=0.8)
    place = {"loc": "upper left", "bbox_to_anchor": (1.22, 1.0), "ncols": 1}
    axis.legend(**(_LEGEND | place))
    return _image(figure, f"Energy, valence, tension, intimacy, motion: {', '.join(vectors)}")


# What lies in the middle, and what at the rim.
_AXES = (
    ("energy", "still … explosive"),
    ("valence", "dark … joyful"),
    ("tension", "resolved … anxious"),
    ("intimacy", "distant … close"),
    ("motion", "static … driving"),
)


def _share(vector: EmotionVector, axis: str) -> float:
    """Where a vector stands on an axis, 0 to 1."""
    value = float(getattr(vector, axis))
    return (value + 1) / 2 if axis == "valence" else value


_DOT: dict[str, Any] = {"s": 150, "alpha": 0.85, "linewidths": 0, "zorder": 3}
_DOT_LABEL: dict[str, Any] = {
    "ha": "center",
    "va": "center",
    "fontsize": 7.5,
    "color": "white",
    "zorder": 4,
}
_TITLE: dict[str, Any] = {"loc": "left", "fontsize": 10, "color": _INK}
_LEGEND: dict[str, Any] = {
    "loc": "lower right",
    "bbox_to_anchor": (1, 1),
    "ncols": 5,
    "frameon": False,
    "fontsize": 8,
    "labelcolor": _DIM,
    "handlelength": 0.9,
    "handleheight": 0.9,
    "borderaxespad": 0.1,
}


def _token_beats(tokens: Sequence[int]) -> list[float]:
    """Where each token is in the music, in quarters; tokens of one onset side by side, not on top."""
    beats, time, within = [], 0, 0
    for token in tokens:
        time, within = (time + token, 0) if kind(token) == "delta" else (time, within + 1)
        beats.append(time / UNITS_PER_QUARTER + 0.015 * within)
    return beats


def _bars_up_to(beat: float) -> int:
    return int(beat // _BEATS_PER_BAR) + 1


def _draw_bars(axis: Axes, bars: int) -> None:
    low, high = axis.get_ylim()
    beats = np.arange(bars * _BEATS_PER_BAR + 1)
    axis.vlines(beats, low, high, colors=_BEAT, linewidths=0.6, zorder=1)
    axis.vlines(beats[::_BEATS_PER_BAR], low, high, colors=_BAR, linewidths=0.9, zorder=2)
    axis.set_ylim(low, high)
    axis.set_xlim(-0.15, bars * _BEATS_PER_BAR)
    every = max(1, bars // 16)
    axis.set_xticks(
        beats[:-1:_BEATS_PER_BAR][::every], [f"bar {i + 1}" for i in range(0, bars, every)]
    )
    _plain(axis)


def _plain(axis: Axes) -> None:
    axis.tick_params(length=0, labelsize=8, labelcolor=_DIM)
    for side in axis.spines.values():
        side.set(color=_BAR, linewidth=0.8)


def _pitch_name(pitch: int) -> str:
    return f"{('C', 'C♯', 'D', 'E♭', 'E', 'F', 'F♯', 'G', 'A♭', 'A', 'B♭', 'B')[pitch % 12]}{pitch // 12 - 1}"


def _figure(*, height: float, width: float = _WIDTH_INCHES) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=_DPI, layout="constrained")


def _image(figure: Figure, says: str) -> Image:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure)
    file = io.BytesIO()
    options: dict[str, Any] = {"format": "png", "metadata": {"Software": None}}
    figure.savefig(file, **options)
    width = round(_SHOWN * figure.get_figwidth() / _WIDTH_INCHES)
    return Image(data=file.getvalue(), format="png", width=width, alt=says)
