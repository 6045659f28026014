"""What a notebook calls: compose, play, sweep. Wires runners, widgets and sweeps together.

Using it in a notebook makes scores and results show themselves at the end of a cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from inspect import signature
from pathlib import Path
from typing import Any

from workbench.daw import Project
from workbench.errors import RequestError
from workbench.evals import metrics
from workbench.models import GenerationRequest, GenerationResult, Runner, Variation, load_runner
from workbench.planner import Composition, compose_prompt
from workbench.prompt import Prompt
from workbench.score import EmotionVector, Score
from workbench.settings import read_settings
from workbench.sweeps import SweepResult
from workbench.sweeps import sweep as run_sweep
from workbench.widgets import Player, register_display, show

__all__ = [
    "GenerationRequest",
    "Score",
    "compose",
    "generate",
    "load_runner",
    "metrics",
    "play",
    "sweep",
]

register_display()


def generate(  # noqa: PLR0913 - the notebook's front door, keywords only
    runner: str | Runner | None = None,
    *,
    style: str | None = None,
    roles: Sequence[str] | None = None,
    prime: Score | str | Path | bytes | Sequence[int] | None = None,
    bars: int | None = None,
    tempo_bpm: float | None = None,
    key: str | None = None,
    variations: int = 8,
    seed: int = 0,
    **constraints: Any,
) -> GenerationResult:
    """Compose loops; as the last line of a cell they show as a grid to play and compare.

    `prime` is a score, MIDI (a file or its bytes) or Orpheus tokens. The same `seed` gives the same
    loops, 0 when left out. `constraints` are further fields of
    `GenerationRequest`: temperature, top_p, instruments, pitch_range, scale, grid, …
    `runner` is a name or a loaded runner; `WORKBENCH_RUNNER`, or pocket, when left out.
    Raises `RequestError` with a sentence for what cannot be met.
    """
    if runner is None or isinstance(runner, str):
        runner = loaded(runner or read_settings().runner)
    try:
        request = GenerationRequest(
            style=style,
            roles=tuple(roles) if roles is not None else None,
            prime=_prime(prime),
            bars=bars,
            tempo_bpm=tempo_bpm,
            key=key,
            num_variations=variations,
            seed=seed,
            **constraints,
        )
    except TypeError as error:
        raise RequestError(_unknown(constraints)) from error
    return runner.generate(request)


def compose(
    prompt: Prompt | str,
    runner: str | Runner | None = None,
    *,
    project: Project | None = None,
    emotion: EmotionVector | None = None,
    seed: int = 0,
) -> Composition:
    """A song from a STORI PROMPT; as the last line of a cell it shows its player and its plan.

    Composes into `project` where one is given. `emotion` takes the place of the prompt's own:
    `refine(song.emotion, "darker")`. Raises `PromptError` and `PlanError` in a sentence.
    """
    if runner is None or isinstance(runner, str):
        runner = loaded(runner or read_settings().runner)
    return compose_prompt(prompt, runner, project=project, emotion=emotion, seed=seed)


@cache
def loaded(name: str) -> Runner:
    """The runner of that name, loaded once."""
    return load_runner(name)


def play(
    music: Score | Variation | GenerationResult | Composition | str | Path | bytes,
) -> Player:
    """A player for a score, a song, MIDI (a file or its bytes), a variation, or a result's first one."""
    if isinstance(music, Composition):
        music = music.score
    if isinstance(music, GenerationResult):
        music = music.variations[0]
    if isinstance(music, Variation):
        music = music.score
    if isinstance(music, str | Path | bytes):
        music = Score.from_midi(music)
    if not isinstance(music, Score):
        raise RequestError(f"a score, a result or MIDI can be played, got a {type(music).__name__}")
    return Player(music)


def sweep(
    spec: Mapping[str, Any] | str | Path,
    *,
    out: str | Path | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
) -> SweepResult:
    """Try every setting with every seed: a table whose rows play with `.play(row)`.

    `spec` is a mapping, a `sweep.yaml` or its folder. Run again, it goes on where it was. `workers`
    are processes on this machine, `scheduler` the address of a Dask cluster. Raises `SweepError`.
    """
    return run_sweep(spec, out=out, workers=workers, scheduler=scheduler, play=show)


def _unknown(constraints: Mapping[str, Any]) -> str:
    """Which names of `generate` are none, and what may have been meant."""
    known = sorted(set(signature(generate).parameters) - {"constraints"} | CONSTRAINTS)
    name = next(name for name in constraints if name not in CONSTRAINTS)
    meant = OTHER_WORDS.get(name) or next(iter(get_close_matches(name, known, n=1)), None)
    hint = f"; did you mean {meant}?" if meant else f"; it knows {', '.join(known)}"
    return f"generate knows no {name}{hint}"


CONSTRAINTS = set(GenerationRequest.__dataclass_fields__) - {
    "style", "roles", "prime", "bars", "tempo_bpm", "key", "num_variations", "seed",
}  # fmt: skip
OTHER_WORDS = {"num_variations": "variations", "tempo": "tempo_bpm", "bpm": "tempo_bpm"}


def _prime(
    prime: object,
) -> Score | tuple[int, ...] | None:
    if prime is None or isinstance(prime, Score):
        return prime
    if isinstance(prime, str | Path | bytes):
        return Score.from_midi(prime)
    if isinstance(prime, Sequence):
        return tuple(prime)
    raise RequestError(
        f"prime must be a score, MIDI or Orpheus tokens, got a {type(prime).__name__}; "
        "a music21 stream becomes a score by Score.from_music21"
    )
