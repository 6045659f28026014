"""What a sweep is asked to try: a grid, a list or random draws of settings, times seeds.

Reads and checks `sweep.yaml`; runs nothing. A wrong value is found here, before anything runs.

    question: Which temperature?
    settings: {bars: 4, roles: [drums], num_variations: 4}    # the same in every row
    grid:                                                     # or `list:`, or `random:`
      runner: [pocket, grammar]
      temperature: [0.8, 1.0]
      prime: [funk 1, {style: jazz, seed: 2, bars: 2}, {file: groove.mid, bars: 1}]
    seeds: 5                                                  # 0 to 4; or a list of numbers
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from workbench.errors import RequestError, SweepError
from workbench.models import GenerationRequest, runner_names
from workbench.models.grammar import style_named
from workbench.score import Score

Params = Mapping[str, Any]
"""One row's settings by name, checked and JSON-ready: GenerationRequest's fields, runner, prime."""

SPEC_NAME = "sweep.yaml"
STYLE_OF_PRIME = "prime"
"""As `style`: tell the runner the style that the prime was composed in."""
_LARGEST = 100_000  # rows; a slip of the pen asks for more

_FIELDS: Mapping[str, TypeAdapter[Any]] = {
    name: TypeAdapter(hint)
    for name, hint in get_type_hints(GenerationRequest).items()
    if name not in ("prime", "seed")
}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ComposedPrime(_Strict):
    """The first bars of a loop that the grammar composes; equal fields, equal music."""

    style: str
    seed: int = 0
    bars: int = Field(default=1, ge=1)
    roles: tuple[str, ...] | None = None
    """The parts it has; the row's `roles`, or drums alone, when left out."""

    @property
    def label(self) -> str:
        return f"{self.style} {self.seed}"


class FilePrime(_Strict):
    """A MIDI file, or its first bars. A relative path starts at the spec's folder."""

    file: Path
    bars: int | None = Field(default=None, ge=1)

    @property
    def label(self) -> str:
        return self.file.stem


Prime = ComposedPrime | FilePrime


class Range(_Strict):
    """Draws spread evenly from low to high."""

    low: float
    high: float

    @model_validator(mode="after")
    def _ordered(self) -> Range:
        if self.low > self.high:
            raise ValueError(f"low {self.low} lies above high {self.high}")
        return self


class RandomDraws(_Strict):
    """Settings drawn at random, the same ones whenever the seed is the same."""

    draws: int = Field(ge=1)
    seed: int = 0
    factors: dict[str, Range | Annotated[list[Any], Field(min_length=1)]] = Field(min_length=1)


class Spec(_Strict):
    """A sweep as written. Exactly one of grid, list and random says what varies."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    question: str = ""
    settings: dict[str, Any] = {}
    """What is the same in every row."""
    grid: dict[str, Annotated[list[Any], Field(min_length=1)]] | None = None
    """Every combination of the values."""
    rows: list[dict[str, Any]] | None = Field(default=None, alias="list", min_length=1)
    """Row by row, as written."""
    random: RandomDraws | None = None
    seeds: Annotated[int, Field(ge=1)] | Annotated[list[int], Field(min_length=1)] = 1
    """How many (from 0), or which. Every row is run with each."""

    @model_validator(mode="after")
    def _one_way(self) -> Spec:
        given = [name for name in ("grid", "rows", "random") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"expected one of grid, list and random, got {len(given)}")
        return self

    @property
    def seed_numbers(self) -> list[int]:
        return list(range(self.seeds)) if isinstance(self.seeds, int) else list(self.seeds)

    def settings_rows(self) -> list[dict[str, Any]]:
        """What varies, row by row, seeds apart, unchecked."""
        if self.grid is not None:
            return [
                dict(zip(self.grid, values, strict=True))
                for values in itertools.product(*self.grid.values())
            ]
        if self.rows is not None:
            return self.rows
        assert self.random is not None
        rng = random.Random(self.random.seed)  # noqa: S311
        return [
            {name: _drawn(rng, values) for name, values in self.random.factors.items()}
            for _ in range(self.random.draws)
        ]


def _drawn(rng: random.Random, values: Range | list[Any]) -> Any:
    if isinstance(values, Range):
        return round(rng.uniform(values.low, values.high), 4)
    return rng.choice(values)


def read_spec(source: Spec | Mapping[str, Any] | str | Path) -> tuple[Spec, Path]:
    """The spec of a file, a folder with a `sweep.yaml`, or a mapping; and where its paths start.

    Raises `SweepError` that names the field.
    """
    if isinstance(source, Spec):
        return source, Path()
    if isinstance(source, Mapping):
        return _checked(source, "sweep"), Path()
    path = Path(source)
    path = path / SPEC_NAME if path.is_dir() else path
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise SweepError(f"no sweep at {path}; expected a folder with {SPEC_NAME}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SweepError(f"{path} is not YAML: {error}") from error
    if not isinstance(content, dict):
        raise SweepError(f"{path} must hold fields such as `grid:` and `seeds:`")
    return _checked(content, str(path)), path.parent


def _checked(content: Mapping[str, Any], where: str) -> Spec:
    try:
        return Spec.model_validate(dict(content))
    except ValidationError as error:
        raise SweepError(f"{where}: {_sentence(error)}") from error


def _sentence(error: ValidationError, prefix: str = "") -> str:
    """Each problem as `field: what is wrong, got value`."""
    problems = []
    for problem in error.errors():
        field = ".".join(str(part) for part in (*([prefix] if prefix else []), *problem["loc"]))
        said = problem["msg"].removeprefix("Value error, ")
        got = "" if problem["type"] in ("missing", "value_error") else f", got {problem['input']!r}"
        problems.append(f"{field + ': ' if field else ''}{said}{got}")
    return "; ".join(dict.fromkeys(problems))


def expand(spec: Spec, folder: Path) -> list[tuple[Params, int]]:
    """Every row's settings, checked, with each seed. Raises `SweepError` that names the field."""
    seeds = spec.seed_numbers
    if len(set(seeds)) < len(seeds):
        raise SweepError("seeds: a number occurs twice")
    if min(seeds) < 0:
        raise SweepError(f"seeds: must not be negative, got {min(seeds)}")
    rows = spec.settings_rows()
    if len(rows) * len(seeds) > _LARGEST:
        raise SweepError(f"{len(rows) * len(seeds)} rows are more than {_LARGEST}; ask for less")
    place = "grid" if spec.grid is not None else "list" if spec.rows is not None else "random"
    _refuse_twice(spec)
    known: dict[tuple[str, str, str], Any] = {}  # each value is checked once, not once a row

    def checked(row: Mapping[str, Any], where: str) -> dict[str, Any]:
        for name, value in row.items():
            key = (where, name, repr(value))
            if key not in known:
                known[key] = setting(name, value, where, folder)
        return {name: known[where, name, repr(value)] for name, value in row.items()}

    fixed = checked(spec.settings, "settings")
    params: list[Params] = []
    for row in rows:
        both = sorted(set(row) & set(fixed))
        if both:
            raise SweepError(f"{place}.{both[0]}: it stands in settings too; keep one of them")
        params.append(fixed | checked(row, place))
        _check_together(params[-1], place)
    return [(row, seed) for row in params for seed in seeds]


def _refuse_twice(spec: Spec) -> None:
    for name, values in (spec.grid or {}).items():
        for index, value in enumerate(values):
            if value in values[:index]:
                raise SweepError(f"grid.{name}: {value!r} occurs twice")


def _check_together(params: Params, place: str) -> None:
    if "runner" not in params:
        raise SweepError(f"{place}: a row has no runner; name one in settings or vary it")
    prime = params.get("prime")
    if params.get("style") == STYLE_OF_PRIME and not (prime and "style" in prime):
        raise SweepError(f"{place}.style: `prime` needs a prime that was composed in a style")


def setting(name: str, value: Any, place: str, folder: Path) -> Any:
    """A setting's value, checked and JSON-ready. Raises `SweepError` that names the field."""
    field = f"{place}.{name}"
    try:
        if name == "runner":
            return _runner(value)
        if name == "prime":
            return _prime(value, folder)
        return _request_field(name, value)
    except ValidationError as error:
        raise SweepError(_sentence(error, field)) from error
    except (RequestError, SweepError) as error:
        raise SweepError(f"{field}: {error}") from error


def _runner(value: Any) -> dict[str, Any]:
    """`pocket`, or `{name: pocket, folder: …}` with the runner's own options."""
    chosen = {"name": value} if isinstance(value, str) else value
    if not isinstance(chosen, Mapping) or "name" not in chosen:
        raise SweepError(f"expected a name, or a name with options, got {value!r}")
    if chosen["name"] not in runner_names():
        raise SweepError(f"expected one of {', '.join(runner_names())}, got {chosen['name']!r}")
    return dict(chosen)


_PRIME: TypeAdapter[Prime] = TypeAdapter(Prime)


def _prime(value: Any, folder: Path) -> dict[str, Any] | None:
    """None; or what was asked for, a file's music included so that it travels to any machine."""
    if value is None:
        return None
    if isinstance(value, str):
        value = _written_short(value)
    model = FilePrime if isinstance(value, Mapping) and "file" in value else ComposedPrime
    prime = model.model_validate(value)
    if isinstance(prime, ComposedPrime):
        style_named(prime.style)
        return {"label": prime.label, **prime.model_dump(mode="json", exclude_none=True)}
    path = folder / prime.file.expanduser()
    if not path.is_file():
        raise SweepError(f"there is no file {path}")
    midi = Score.from_midi(path).to_midi()
    return {"label": prime.label, "midi": midi.hex(), "bars": prime.bars}


def _written_short(text: str) -> dict[str, Any]:
    """`funk 3`, a style and a seed; `groove.mid`, a file."""
    if Path(text).suffix.lower() in (".mid", ".midi"):
        return {"file": text}
    style, _, seed = text.rpartition(" ")
    if not seed.isdigit():
        raise SweepError(
            f"expected a style and a seed such as 'funk 3', or a .mid file, got {text!r}"
        )
    return {"style": style, "seed": int(seed)}


def _request_field(name: str, value: Any) -> Any:
    if name == "seed":
        raise SweepError("seeds stand in the field `seeds`, which every row is run with")
    if name not in _FIELDS:
        raise SweepError(f"no such setting; there are runner, prime, {', '.join(_FIELDS)}")
    if name == "style" and value is not None and value != STYLE_OF_PRIME:
        style_named(str(value))
    checked = _FIELDS[name].validate_python(value)
    GenerationRequest(**{name: checked})
    return list(checked) if isinstance(checked, tuple) else checked


def varying(spec: Spec) -> Iterator[str]:
    """The names of what varies, in the order written, `seed` last where there are several."""
    names = dict.fromkeys(name for row in spec.settings_rows() for name in row)
    yield from names
    yield "seed"
