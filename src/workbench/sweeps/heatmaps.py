"""Heat maps: a metric's means and intervals over two settings, as squares and as a figure.

Knows matplotlib; knows nothing of how a sweep is run or heard.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize, to_hex, to_rgb
from matplotlib.figure import Figure

from workbench.errors import SweepError

COLOURS = "viridis"  # even steps of lightness, readable without colour vision and in print
_BLANK = "#e5e7eb"
# Of the greatest value: smaller differences do not get the whole range of colours.
_LEAST_SPAN = 0.1
_INKS = ("#ffffff", "#000000")


@dataclass(frozen=True, slots=True)
class Square:
    """One place of a heat map: the mean of its rows, the interval's ends, how many units."""

    value: float
    low: float
    high: float
    n: int

    @property
    def text(self) -> str:
        return "–" if math.isnan(self.value) else short(self.value)

    @property
    def interval(self) -> str:
        return "" if math.isnan(self.low) else f"[{short(self.low)}, {short(self.high)}]"


@dataclass(frozen=True, slots=True)
class HeatMap:
    """A metric over two factors: `squares[y][x]`, rows from the highest y down."""

    part: Any
    """The value of `by`; None for a map of all rows."""
    xs: tuple[Any, ...]
    ys: tuple[Any, ...]
    squares: tuple[tuple[Square, ...], ...]

    @property
    def values(self) -> Iterator[float]:
        return (s.value for row in self.squares for s in row if not math.isnan(s.value))


def heat_maps(found: pd.DataFrame, *, x: str, y: str, by: str | None) -> list[HeatMap]:
    """A map for each value of `by`, or one of all rows, from what `SweepResult.intervals` found."""
    parts = [(None, found)] if by is None else list(found.groupby(by, dropna=False, sort=False))
    xs, ys = _in_order(found[x]), _in_order(found[y])[::-1]
    return [
        HeatMap(
            part,
            xs,
            ys,
            tuple(tuple(_square(rows, {x: at_x, y: at_y}) for at_x in xs) for at_y in ys),
        )
        for part, rows in parts
    ]


def _in_order(values: pd.Series[Any]) -> tuple[Any, ...]:
    known = sorted(values.dropna().unique())
    return (*known, None) if values.isna().any() else tuple(known)


def _square(found: pd.DataFrame, at: dict[str, Any]) -> Square:
    for name, value in at.items():
        found = found[found[name].isna() if value is None else found[name] == value]
    if found.empty:
        return Square(math.nan, math.nan, math.nan, 0)
    row = found.iloc[0]
    return Square(float(row["value"]), float(row["low"]), float(row["high"]), int(row["n"]))


def default_axes(table: pd.DataFrame, factors: Sequence[str]) -> tuple[str, str, str | None]:
    """x, y and by: numbers that vary first, then whatever else does; the runner apart.

    Raises `SweepError` where the sweep names fewer than two settings.
    """
    vary = [name for name in factors if table[name].nunique(dropna=False) > 1]
    axes = [name for name in vary if name not in ("runner", "seed")]
    axes.sort(key=lambda name: not pd.api.types.is_numeric_dtype(table[name]))
    axes += [name for name in ("seed", "runner") if name in vary]
    axes += [name for name in factors if name not in axes]
    if len(axes) < 2:
        raise SweepError(f"a heat map needs two settings, the sweep has {', '.join(axes)}")
    by = "runner" if "runner" in vary and "runner" not in axes[:2] else None
    return axes[0], axes[1], by


class HeatMapFigure(Figure):
    """A figure that shows itself at the end of a cell, whatever backend pyplot has."""

    def png(self) -> bytes:
        """The picture, 110 dots an inch."""
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=110)
        return buffer.getvalue()

    def _repr_png_(self) -> bytes:
        return self.png()


def figure_of(maps: Sequence[HeatMap], *, title: str, x: str, y: str) -> HeatMapFigure:
    """Panels side by side: means coloured and written, intervals under them."""
    scale = scale_of(maps)
    columns, rows = len(maps[0].xs), len(maps[0].ys)
    size = (1.9 + len(maps) * (0.5 + 1.05 * columns), 1.2 + 0.62 * rows)
    figure = HeatMapFigure(figsize=size, layout="constrained")
    panels = figure.subplots(1, len(maps), squeeze=False, sharey=True)[0]
    for panel, shown in zip(panels, maps, strict=True):
        _draw(panel, shown, scale)
        panel.set_xlabel(x)
    panels[0].set_ylabel(y)
    figure.suptitle(title, fontsize=10)
    mappable = ScalarMappable(norm=scale, cmap=COLOURS)
    figure.colorbar(mappable, ax=list(panels), fraction=0.03, pad=0.02)
    return figure


def scale_of(maps: Sequence[HeatMap]) -> Normalize:
    """One scale for all maps, from the least to the greatest value, as wide as a difference matters."""
    values = [value for shown in maps for value in shown.values]
    if not values:
        return Normalize(0.0, 1.0)
    low, high = min(values), max(values)
    widening = max(_LEAST_SPAN * max(abs(low), abs(high)) - (high - low), 1e-9) / 2
    return Normalize(low - widening, high + widening)


def _draw(panel: Any, shown: HeatMap, scale: Normalize) -> None:
    panel.set_title("" if shown.part is None else tick(shown.part), fontsize=10)
    panel.set_xticks(range(len(shown.xs)), [tick(value) for value in shown.xs])
    panel.set_yticks(range(len(shown.ys)), [tick(value) for value in shown.ys])
    panel.imshow(
        [[square.value for square in row] for row in shown.squares],
        norm=scale, cmap=colormaps[COLOURS].with_extremes(bad=_BLANK), aspect="auto",
    )  # fmt: skip
    panel.tick_params(length=0)
    for row, squares in enumerate(shown.squares):
        for column, square in enumerate(squares):
            _, ink = colours_of(square.value, scale)
            style = {"ha": "center", "color": ink}
            panel.text(column, row - 0.12, square.text, va="center", fontsize=9, **style)
            panel.text(column, row + 0.22, square.interval, va="center", fontsize=6.5, **style)


def tick(value: Any) -> str:
    """A setting as text."""
    return "–" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def short(value: float) -> str:
    """A measure as text, two or three digits."""
    return (
        f"{value:.2f}"
        if abs(value) < 10
        else f"{value:.1f}"
        if abs(value) < 100
        else f"{value:.0f}"
    )


def colours_of(value: float, scale: Normalize) -> tuple[str, str]:
    """Paper and ink of a value."""
    if math.isnan(value):
        return _BLANK, "#000000"
    paper = to_hex(colormaps[COLOURS](scale(value)))
    return paper, max(_INKS, key=lambda ink: _contrast(paper, ink))


def _contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2)."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    """Relative luminance, 0 to 1 (WCAG 2)."""
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in to_rgb(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
