"""Parts composed by a runner, shaped by controls, played in their style, and the best of them chosen.

Knows no HTTP and no tools; what emotions mean to a runner is here too.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from workbench.errors import WorkbenchError
from workbench.evals.critic import Critique, critique
from workbench.models.controls import Commission, Controls, request_for, shaped
from workbench.models.expression import expressed, role_of
from workbench.models.requests import CancelToken, GenerationRequest, GenerationResult, Runner
from workbench.score import EmotionVector, Score, Track, nearest_role

Quality = Literal["fast", "balanced", "quality"]
CANDIDATES: Mapping[Quality, int] = MappingProxyType({"fast": 1, "balanced": 2, "quality": 4})
"""Loops composed for one answer, by preset."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One loop as it would be answered with, and what the critic thinks of it."""

    score: Score
    instruments: tuple[str, ...]
    """Of each track, as it was asked for."""
    critique: Critique
    silent: tuple[str, ...]
    """Instruments asked for that play nothing."""

    @property
    def value(self) -> float:
        """The critic's, 0 to 1, where a silent instrument counts 0."""
        playing = len({*self.instruments})
        return self.critique.value * playing / (playing + len(self.silent)) if playing else 0.0


@dataclass(frozen=True, slots=True)
class Candidates:
    """Every loop composed for a request, and which one is answered with."""

    result: GenerationResult
    loops: tuple[Candidate, ...]
    choice: int

    @property
    def chosen(self) -> Candidate:
        return self.loops[self.choice]


def performed(
    runner: Runner,
    commission: Commission,
    controls: Controls,
    *,
    cancel: CancelToken | None = None,
    bounds: Callable[[GenerationRequest], GenerationRequest] | None = None,
) -> Candidates:
    """Compose a commission's candidates as one batch, shape, perform and judge each.

    `bounds` puts what a commission does not know into the request. Raises `RequestError` for what
    cannot be met, `WorkbenchError` when nothing came of it.
    """
    request = request_for(commission, controls, runner.info)
    result = runner.generate(request if bounds is None else bounds(request), cancel=cancel)
    loops = []
    for variation in result.variations:
        luck = random.Random(f"{commission.seed}/{variation.index}")  # noqa: S311 - music, not secrets
        sounding = tuple(track for track in variation.score.tracks if track.notes)
        score = shaped(replace(variation.score, tracks=sounding), controls, luck)
        instruments = tuple(_instrument(track, commission.instruments) for track in score.tracks)
        score = expressed(score, commission.genre, instruments, luck)
        silent = tuple(name for name in commission.instruments if name not in instruments)
        loops.append(Candidate(score, instruments, critique(score), silent))
    if not any(any(loop.score.notes) for loop in loops):
        raise WorkbenchError(
            f"{runner.info.name} composed no notes for {', '.join(commission.instruments)}; "
            "try another seed or genre"
        )
    values = [loop.value for loop in loops]
    return Candidates(result, tuple(loops), values.index(max(values)))


def _instrument(track: Track, asked: Sequence[str]) -> str:
    """Which of the instruments asked for a track is: by its program, else by its role."""
    role = role_of(track)
    meanings = {name: nearest_role(name) for name in asked}
    for name, (_, program) in meanings.items():
        if program == track.program and role != "drums":
            return name
    by_role = (name for name, (meant, _) in meanings.items() if meant == role)
    return next(by_role, track.name or role)


# ---------------------------------------------------------------------- emotion


@dataclass(frozen=True, slots=True)
class Profile:
    """How a role is mostly played: `complexity` 0 to 1 and what it does of `controls.GOALS`."""

    complexity: float
    goals: tuple[str, ...]


# Medians of a corpus of 222,000 files, and which of them are high enough to ask for (reference §9.4).
PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        "melody": Profile(0.411, ("breathing", "monophonic")),
        "bass": Profile(0.304, ("monophonic", "repetitive", "syncopated")),
        "chords": Profile(0.553, ("repetitive", "sustained", "syncopated")),
        "pads": Profile(0.462, ("breathing", "monophonic")),
        "drums": Profile(0.053, ("breathing", "monophonic", "repetitive", "syncopated")),
    }
)
PAD_PROGRAMS = (*range(48, 56), *range(88, 96))  # ensembles and synth pads
# Goals by axis in the order they are asked for: below and above which value.
_GOALS: tuple[tuple[str, float, str | None, float, str | None], ...] = (
    ("energy", 0.3, "sparse", 0.7, "energetic"),
    ("valence", -0.3, "dark", 0.3, "bright"),
    ("tension", 0.0, None, 0.6, "tense"),
    ("intimacy", 0.0, None, 0.7, "intimate"),
    ("motion", 0.25, "sustained", 0.7, "driving"),
)


def profile_of(role: str) -> Profile:
    """The profile of a role or an instrument that `nearest_role` knows; pads are chords of their own."""
    nearest, program = nearest_role(role)
    return PROFILES["pads" if program in PAD_PROGRAMS else nearest]


def controls_for(role: str, emotion: EmotionVector | None) -> Controls:
    """What a runner is asked for so that a part of this role feels like this; None is no feeling."""
    profile = profile_of(role)
    if emotion is None:
        return Controls(complexity=profile.complexity, goals=profile.goals)
    goals = []
    for axis, low, below, high, above in _GOALS:
        value = getattr(emotion, axis)
        if below is not None and value < low:
            goals.append(below)
        if above is not None and value > high:
            goals.append(above)
    return Controls(
        brightness=emotion.valence,
        warmth=_two_sided(emotion.intimacy),
        intensity=_two_sided(emotion.energy),
        excitement=_two_sided(emotion.motion),
        complexity=profile.complexity,
        goals=tuple(dict.fromkeys((*goals, *profile.goals))),
    )


def _two_sided(axis: float) -> float:
    """An axis of 0 to 1 as −1 to 1."""
    return min(max(2 * axis - 1, -1.0), 1.0)
