"""What came of a sweep: a table with a row for each setting and seed, and the music behind each row.

Knows Parquet and pandas; knows neither how cells are run nor what plays them.
"""

from __future__ import annotations

import json
import os
import random
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from workbench.errors import SweepError
from workbench.evals import bootstrap_interval
from workbench.score import Score
from workbench.sweeps.cells import Cell, Outcome, code_sha256
from workbench.sweeps.heatmaps import HeatMap, HeatMapFigure, default_axes, figure_of, heat_maps
from workbench.sweeps.spec import Spec, varying

Play = Callable[[Sequence[Score]], Any]
"""Makes what plays scores: handed in by those who know widgets."""

_META = b"workbench.sweep"
_MIDI = "midi"
_NOT_MEASURES = ("cell", "weights", "error", "seconds")


@dataclass(frozen=True, slots=True)
class Row:
    """One row asked for, and the cell that answers it."""

    params: Mapping[str, Any]
    seed: int
    cell: Cell


@dataclass(frozen=True)
class SweepResult:
    """A sweep's table; rows that play.

    Rows of settings that make no difference (a temperature, to a runner without probabilities)
    share a cell: equal ids in the column `cell`.
    """

    table: pd.DataFrame
    """A row for each setting and seed: what was set, `cell`, `weights`, `error`, `seconds`, every measure."""
    factors: tuple[str, ...]
    """The columns that vary, seed last."""
    midi: Mapping[str, Sequence[bytes]]
    """The loops of each cell, by its id."""
    spec: Spec
    code: str
    """Hash of the code that the outcomes depend on."""
    stopped: bool = False
    """Whether it was stopped before every cell was done."""
    player: Play | None = field(default=None, compare=False)

    @classmethod
    def of(
        cls,
        spec: Spec,
        rows: Sequence[Row],
        outcomes: Mapping[str, Outcome],
        *,
        stopped: bool,
        player: Play | None,
    ) -> SweepResult:
        """Rows and outcomes as a table."""
        table = pd.DataFrame([_flat(row, outcomes.get(row.cell.id)) for row in rows])
        return cls(
            table=_tidy(table),
            factors=tuple(varying(spec)),
            midi={key: outcome.midi for key, outcome in outcomes.items() if outcome.midi},
            spec=spec,
            code=code_sha256(),
            stopped=stopped,
            player=player,
        )

    @classmethod
    def load(cls, path: str | Path, *, play: Play | None = None) -> SweepResult:
        """Read `results.parquet`, or that of a folder. Raises `SweepError`."""
        path = Path(path) / "results.parquet" if Path(path).is_dir() else Path(path)
        try:
            stored = pq.read_table(path)
            about = json.loads(stored.schema.metadata[_META])
        except FileNotFoundError as error:
            raise SweepError(f"no results at {path}; run the sweep first") from error
        except (pa.ArrowInvalid, KeyError, TypeError, ValueError) as error:
            raise SweepError(f"{path} does not hold a sweep's results: {error}") from error
        table = stored.to_pandas()
        midi = dict(zip(table["cell"], table.pop(_MIDI), strict=True))
        spec = Spec.model_validate(about["spec"])
        return cls(
            table=table,
            factors=tuple(varying(spec)),
            midi={cell: tuple(loops) for cell, loops in midi.items() if len(loops)},
            spec=spec,
            code=about["code"],
            stopped=about["stopped"],
            player=play,
        )

    def save(self, path: str | Path) -> None:
        """Write the table with its music as Parquet; the file is there whole or not at all."""
        music = [list(self.midi.get(cell, ())) for cell in self.table["cell"]]
        stored = pa.Table.from_pandas(self.table, preserve_index=False).append_column(
            _MIDI, pa.array(music, pa.list_(pa.binary()))
        )
        about = {
            "spec": self.spec.model_dump(mode="json", by_alias=True),
            "code": self.code,
            "stopped": self.stopped,
        }
        metadata = {**(stored.schema.metadata or {}), _META: json.dumps(about).encode()}
        buffer = pa.BufferOutputStream()
        pq.write_table(stored.replace_schema_metadata(metadata), buffer, compression="zstd")
        write_atomically(Path(path), buffer.getvalue().to_pybytes())

    @property
    def measures(self) -> list[str]:
        """The columns that were measured and have a value somewhere."""
        set_by_hand = {*self.factors, *self.spec.settings, *_NOT_MEASURES}
        return [
            name
            for name in self.table.columns
            if name not in set_by_hand and self.table[name].notna().any()
        ]

    @property
    def failures(self) -> pd.DataFrame:
        """The rows that failed, with the sentence that says why."""
        return self.table[self.table["error"].notna()]

    @property
    def done(self) -> pd.DataFrame:
        """The rows that have an outcome."""
        return self.table[self.table["cell"].isin(self.midi)]

    def scores(self, row: int) -> tuple[Score, ...]:
        """The loops of a row. Raises `SweepError` where it has none."""
        if row not in self.table.index:
            raise SweepError(f"rows go from 0 to {len(self.table) - 1}, got {row}")
        cell = str(self.table.loc[row, "cell"])
        if cell not in self.midi:
            errors = self.failures["error"].to_dict()
            raise SweepError(f"row {row} has no music: {errors.get(row, 'it was not run')}")
        return tuple(Score.from_midi(midi) for midi in self.midi[cell])

    def play(self, row: int) -> Any:
        """What plays the row's loops."""
        if self.player is None:
            raise SweepError("this result was made without a player; sweep(…, play=…) gives it one")
        return self.player(self.scores(row))

    def intervals(
        self, metric: str, by: str | Sequence[str], *, over: str = "seed", level: float = 0.95
    ) -> pd.DataFrame:
        """Mean of a metric for each value of `by`, with a bootstrap interval.

        What is resampled are the values of `over`, each the mean of its rows: rows that share one
        (a prime, say) are no independent evidence. `n` counts them; below about 8 the interval is
        too narrow. Values of `by` without any outcome have NaN.
        """
        names = [by] if isinstance(by, str) else list(by)
        for name in (metric, over, *names):
            if name not in self.table.columns:
                raise SweepError(f"no column {name!r}; there are {', '.join(self.table.columns)}")
        rows = []
        for values, group in self.table.groupby(names, dropna=False, sort=True):
            units = group.groupby(over, dropna=False)[metric].mean().dropna()
            rng = random.Random(f"{metric} {values}")  # noqa: S311 - the same whenever it is asked
            found = bootstrap_interval([float(value) for value in units], rng, level=level)
            rows.append(
                dict(zip(names, values, strict=True))
                | {"value": found.value, "low": found.low, "high": found.high, "n": len(units)}
            )
        return pd.DataFrame(rows)

    def heatmap(
        self,
        metric: str,
        *,
        x: str | None = None,
        y: str | None = None,
        by: str | None = None,
        over: str = "seed",
    ) -> HeatMapFigure:
        """A figure of a metric's means over two settings, with 95 % intervals over `over`.

        Axes left out are chosen: numbers that vary, and a panel for each runner.
        """
        if x is None or y is None:
            x, y, by = default_axes(self.table, self.factors)
        title = f"{metric}, mean and 95 % interval over {over}"
        return figure_of(self.heat_maps(metric, x=x, y=y, by=by, over=over), title=title, x=x, y=y)

    def heat_maps(
        self, metric: str, *, x: str, y: str, by: str | None, over: str = "seed"
    ) -> list[HeatMap]:
        """The squares of `heatmap`. Raises `SweepError` for unknown columns."""
        names = [x, y] if by is None else [by, x, y]
        if len(set(names)) < len(names):
            raise SweepError(f"x, y and by must differ, got {', '.join(names)}")
        return heat_maps(self.intervals(metric, names, over=over), x=x, y=y, by=by)

    @cached_property
    def caption(self) -> str:
        """How much there is, in a sentence."""
        cells = self.table["cell"].nunique()
        failed = self.failures["cell"].nunique()
        parts = [f"{len(self.table)} rows from {cells} cells: {len(self.midi)} done"]
        parts += [f"{failed} failed"] if failed else []
        missing = cells - len(self.midi) - failed
        parts += [f"{missing} not run"] if missing else []
        return ", ".join(parts) + (" (stopped; run again to go on)" if self.stopped else "")

    def __repr__(self) -> str:
        return f"SweepResult({self.caption})"

    def _repr_html_(self) -> str:
        shown = self.table.round(3).to_html(max_rows=12, max_cols=14, na_rep="–", border=0)
        return f"<p>{self.caption}</p>{shown}"


def _flat(row: Row, outcome: Outcome | None) -> dict[str, Any]:
    flat: dict[str, Any] = {name: label_of(value) for name, value in row.params.items()}
    flat |= {"seed": row.seed, "cell": row.cell.id, "weights": row.cell.params["weights"][:16]}
    flat |= {"error": outcome.error if outcome else None}
    if outcome is not None:
        flat |= {"seconds": outcome.seconds, **outcome.measures}
    return flat


def label_of(value: Any) -> Any:
    """A setting as a table's cell."""
    if not isinstance(value, Mapping):
        return ", ".join(map(str, value)) if isinstance(value, list) else value
    if "label" in value:
        return value["label"]
    options = ", ".join(f"{name}={option}" for name, option in value.items() if name != "name")
    return f"{value['name']}({options})" if options else value["name"]


def _tidy(table: pd.DataFrame) -> pd.DataFrame:
    """Sentences as text even where there is none, so that empty and full tables are typed alike."""
    return table.assign(error=table["error"].astype("string"))


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that whoever looks finds the old one or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).chmod(0o644)  # temporary files are private, results are not
            Path(file.name).replace(path)
        finally:
            Path(file.name).unlink(missing_ok=True)
