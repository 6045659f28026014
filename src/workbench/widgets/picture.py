"""Piano rolls as PNG pictures, for places that run no scripts: repositories, printed pages, mail.

Draws with matplotlib's Agg canvas, outside its global state.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workbench.score import Score
from workbench.widgets.view import PieceView, TrackView, piece_view, shared_parts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PITCHED_COLOURS = (  # as in js/src/palette.js
    *("#4c8dff", "#2fb58a", "#c56be0", "#e8607a"),
    *("#27b1cf", "#94a82c", "#8d7bf5", "#d9804a"),
)
DRUM_COLOUR = "#f0a029"
_INK, _DIM, _BAR, _BEAT, _ROW = "#1f2328", "#6b7280", "#c3c9d1", "#e7eaee", "#f4f5f7"
_BLACK_KEYS = frozenset({1, 3, 6, 8, 10})
_WIDTH_INCHES = 9.6
_DPI = 110
_MOST_LABELS = 24  # bar numbers along one roll


def roll_png(score: Score) -> bytes:
    """The piano roll of `score`: pitches above, drums by name below, bars and beats."""
    from matplotlib.figure import Figure

    view = piece_view(score)
    pitches = _pitches(view, drums=False)
    drums = sorted(set(_pitches(view, drums=True)))
    heights = [2.4] * bool(pitches or not drums) + [0.16 * len(drums) + 0.05] * bool(drums)
    figure = Figure(figsize=(_WIDTH_INCHES, sum(heights) + 0.75), dpi=_DPI, layout="constrained")
    grid = figure.add_gridspec(len(heights), 1, height_ratios=heights, hspace=0.02)
    axes = [figure.add_subplot(grid[i]) for i in range(len(heights))]
    if pitches or not drums:
        _draw_pitched(axes[0], view)
    if drums:
        _draw_drums(axes[-1], view, drums, named=True)
    for axis in axes:
        _draw_time(axis, view, numbered=axis is axes[-1])
    if score.name:
        axes[0].set_title(score.name, loc="left", fontsize=10, color=_INK)
    _legend(axes[0], view)
    return _png(figure)


def rolls_png(scores: Sequence[Score], labels: Sequence[str]) -> bytes:
    """Small rolls of several scores, two beside each other, on the same axes of time."""
    from matplotlib.figure import Figure

    rows = (len(scores) + 1) // 2
    figure = Figure(figsize=(_WIDTH_INCHES, 1.15 * rows + 0.2), dpi=_DPI, layout="constrained")
    longest = max(score.duration_s for score in scores)
    for i, (score, label) in enumerate(zip(scores, labels, strict=True)):
        view = piece_view(score, parts=shared_parts(score))
        axis = figure.add_subplot(rows, 2, i + 1)
        pitches, drums = _pitches(view, drums=False), sorted(set(_pitches(view, drums=True)))
        if pitches:
            _draw_pitched(axis, view)
        elif drums:
            _draw_drums(axis, view, drums, named=False)
        _draw_time(axis, view, numbered=False)
        axis.set_xlim(0, max(longest, 0.1))
        axis.set_yticks([])
        axis.set_title(_plain(label), loc="left", fontsize=8, color=_INK, pad=2)
    return _png(figure)


def _pitches(view: PieceView, *, drums: bool) -> list[int]:
    tracks = (track for track in view["tracks"] if track["drums"] == drums)
    return [int(note[2]) for track in tracks for note in track["notes"]]


def _colours(view: PieceView) -> list[str]:
    pitched = iter(range(len(view["tracks"])))
    return [
        DRUM_COLOUR if track["drums"] else PITCHED_COLOURS[next(pitched) % len(PITCHED_COLOURS)]
        for track in view["tracks"]
    ]


def _draw_pitched(axis: Axes, view: PieceView) -> None:
    pitches = _pitches(view, drums=False) or [60]
    low, high = min(pitches) - 1, max(pitches) + 1
    for pitch in range(low, high + 1):
        if pitch % 12 in _BLACK_KEYS:
            axis.axhspan(pitch - 0.5, pitch + 0.5, color=_ROW, linewidth=0, zorder=0)
    for track, colour in zip(view["tracks"], _colours(view), strict=True):
        if not track["drums"]:
            _draw_notes(axis, track, colour)
    axis.set_ylim(low - 0.5, high + 0.5)
    octaves = [pitch for pitch in range(low, high + 1) if pitch % 12 == 0]
    axis.set_yticks(octaves, [f"C{pitch // 12 - 1}" for pitch in octaves])


def _draw_notes(axis: Axes, track: TrackView, colour: str) -> None:
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import to_rgba

    boxes, shades = [], []
    for start, duration, pitch, velocity in track["notes"]:
        end, low, high = start + max(duration, 0.01), pitch - 0.42, pitch + 0.42
        boxes.append([(start, low), (start, high), (end, high), (end, low)])
        shades.append(to_rgba(colour, 0.3 + 0.7 * velocity / 127))
    axis.add_collection(PolyCollection(boxes, facecolors=shades, linewidths=0, zorder=3))


def _draw_drums(axis: Axes, view: PieceView, drums: list[int], *, named: bool) -> None:
    from matplotlib.colors import to_rgba

    rows = {pitch: row for row, pitch in enumerate(drums)}
    for row in range(0, len(drums), 2):
        axis.axhspan(row - 0.5, row + 0.5, color=_ROW, linewidth=0, zorder=0)
    notes = [note for track in view["tracks"] if track["drums"] for note in track["notes"]]
    axis.scatter(
        [note[0] for note in notes],
        [rows[int(note[2])] for note in notes],
        c=[to_rgba(DRUM_COLOUR, 0.3 + 0.7 * note[3] / 127) for note in notes],
        marker="D",
        s=14 if named else 6,
        linewidths=0,
        zorder=3,
        clip_on=False,
    )
    axis.set_ylim(-0.6, len(drums) - 0.4)
    axis.set_yticks(range(len(drums)), [view["drumNames"].get(p, str(p)) for p in drums])


def _draw_time(axis: Axes, view: PieceView, *, numbered: bool) -> None:
    low, high = axis.get_ylim()
    if len(view["beats"]) <= 40 * _MOST_LABELS:
        axis.vlines(view["beats"], low, high, colors=_BEAT, linewidths=0.6, zorder=1)
    bars = view["bars"]
    every = max(1, -(-len(bars) // _MOST_LABELS))
    axis.vlines(bars[::every], low, high, colors=_BAR, linewidths=0.9, zorder=2)
    axis.set_xlim(0, max(view["duration"], 0.1))
    axis.set_xticks(
        bars[::every], [str(i + 1) for i in range(0, len(bars), every)] if numbered else []
    )
    axis.tick_params(length=0, labelsize=8, labelcolor=_DIM)
    for side in axis.spines.values():
        side.set(color=_BAR, linewidth=0.8)


def _legend(axis: Axes, view: PieceView) -> None:
    from matplotlib.patches import Patch

    entries = [
        Patch(color=colour, label=_plain(track["name"] or track["instrument"]))
        for track, colour in zip(view["tracks"], _colours(view), strict=True)
        if track["notes"]
    ]
    if entries:
        axis.legend(
            handles=entries[:8],
            loc="lower right",
            bbox_to_anchor=(1, 1),
            ncols=8,
            frameon=False,
            fontsize=8,
            labelcolor=_DIM,
            handlelength=0.9,
            handleheight=0.9,
            borderaxespad=0.1,
            columnspacing=1.2,
        )


def _plain(text: str) -> str:
    """Text that matplotlib shows as it is: a dollar would start a formula, a bar of "_" hides it."""
    return text.replace("$", r"\$").lstrip("_")


def _png(figure: Figure) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure)
    file = io.BytesIO()
    options: dict[str, Any] = {"format": "png", "metadata": {"Software": None}}  # no version in it
    figure.savefig(file, **options)
    return file.getvalue()
