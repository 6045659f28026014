"""Controls of music in a musician's words: tone, energy, complexity, goals.

What they mean twice: to the request that a runner composes by, and to the notes that came. Neutral
controls leave the runner's own music as it is. Torch-free; knows no runner by name.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from workbench.errors import RequestError
from workbench.models.expression import words_of
from workbench.models.requests import GenerationRequest, RunnerInfo
from workbench.models.shaping import STEPS
from workbench.models.vocabulary import DRUM_PATCH
from workbench.score import Score, nearest_role
from workbench.score.gm import ROLE_PROGRAMS

STYLES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "rock": (
            "rock", "indie", "punk", "metal", "grunge", "alternative", "pop", "folk", "country",
            "blues", "shoegaze",
        ),
        "funk": ("funk", "soul", "r and b", "rnb", "motown", "gospel"),
        "house": ("house", "edm", "dance", "garage", "electronic", "amapiano"),
        "techno": ("techno", "trance", "minimal", "industrial", "electro"),
        "trap": ("trap", "drill", "phonk", "dubstep"),
        "hip-hop": ("hip hop", "hiphop", "boom bap", "lo fi", "lofi", "rap", "trip hop", "chillhop"),
        "drum-and-bass": (
            "drum and bass", "drum n bass", "dnb", "d and b", "jungle", "breakbeat", "breakcore",
        ),
        "jazz": ("jazz", "swing", "bebop", "big band"),
        "bossa-nova": ("bossa nova", "bossa"),
        "samba": ("samba", "batucada", "pagode"),
        "reggae": ("reggae", "dub", "rocksteady", "ska"),
        "afro-cuban": ("afro cuban", "salsa", "son", "rumba", "mambo", "latin", "cha cha"),
        "disco": ("disco", "synthwave", "city pop"),
        "reggaeton": ("reggaeton", "dembow", "dancehall", "perreo", "moombahton"),
    }
)  # fmt: skip
"""A style a runner may know, and what genres of its kind are called."""
_STYLE_OF = {words_of(alias): style for style, names in STYLES.items() for alias in names}
_LONGEST = max(map(len, _STYLE_OF))


@dataclass(frozen=True, slots=True, kw_only=True)
class Controls:
    """What a musician turns; neutral as made. Raises `RequestError` for values out of range."""

    brightness: float = 0.0
    """−1 to 1: the register of pitched parts, the sound's filter, cymbals against low drums."""
    warmth: float = 0.0
    """−1 to 1: long soft notes, pedal and vibrato, against short hard ones."""
    intensity: float = 0.0
    """−1 to 1: how loud, and how many notes."""
    excitement: float = 0.0
    """−1 to 1: syncopation, how many notes, how daring."""
    complexity: float = 0.5
    """0 to 1: voices of a chord, fine rhythm, how daring."""
    goals: tuple[str, ...] = ()
    """Any of `GOALS`; others are not understood."""

    def __post_init__(self) -> None:
        for name, low in (
            ("brightness", -1), ("warmth", -1), ("intensity", -1), ("excitement", -1),
            ("complexity", 0),
        ):  # fmt: skip
            if not low <= getattr(self, name) <= 1:  # also refuses NaN
                raise RequestError(f"{name} must be {low} to 1, got {getattr(self, name)}")

    @property
    def understood(self) -> tuple[str, ...]:
        """The goals that mean something here, each once."""
        known = (goal for given in self.goals if (goal := given.strip().lower()) in GOALS)
        return tuple(dict.fromkeys(known))

    @property
    def not_understood(self) -> tuple[str, ...]:
        """The goals that do not, as given."""
        return tuple(goal for goal in self.goals if goal.strip().lower() not in GOALS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dials:
    """What is done, each 0 for "nothing": up to 1, and down to −1 where that means something."""

    brightness: float = 0.0
    warmth: float = 0.0
    length: float = 0.0
    """Of notes: 1 up to the next onset."""
    loudness: float = 0.0
    density: float = 0.0
    syncopation: float = 0.0
    complexity: float = 0.0
    daring: float = 0.0
    """Temperature."""
    tension: float = 0.0
    repetition: float = 0.0
    breath: float = 0.0
    """Silence at the end of every second bar."""
    single: float = 0.0
    """Chance that an onset of a pitched part is cut down to one note."""

    @classmethod
    def of(cls, controls: Controls) -> Dials:
        """What controls and their goals amount to together."""
        complexity = 2 * controls.complexity - 1
        turned: dict[str, float] = defaultdict(float)
        turned |= {
            "brightness": controls.brightness,
            "warmth": controls.warmth,
            "length": 0.7 * controls.warmth,
            "loudness": controls.intensity - 0.25 * controls.warmth,
            "density": 0.6 * controls.intensity + 0.4 * controls.excitement,
            "syncopation": controls.excitement,
            "complexity": complexity,
            "daring": 0.5 * controls.excitement + 0.5 * complexity,
        }
        for goal in controls.understood:
            for dial, turn in GOALS[goal].items():
                turned[dial] += turn
        return cls(**{dial: min(max(turn, -1.0), 1.0) for dial, turn in turned.items()})


GOALS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "dark": {"brightness": -0.6},
        "bright": {"brightness": 0.6},
        "energetic": {"loudness": 0.6, "density": 0.4},
        "sparse": {"density": -0.8},
        "tense": {"tension": 1.0},
        "intimate": {"loudness": -0.6, "warmth": 0.5, "length": 0.3},
        "driving": {"density": 0.6, "loudness": 0.2, "length": -0.5},
        "sustained": {"length": 1.0},
        "breathing": {"breath": 1.0},
        "monophonic": {"single": 1.0},
        "repetitive": {"repetition": 1.0},
        "syncopated": {"syncopation": 0.9},
    }
)
"""What each goal turns, in `Dials`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commission:
    """What is to be composed, beside how: None is "as the runner is tuned", "free"."""

    genre: str
    tempo_bpm: float
    bars: int
    instruments: tuple[str, ...]
    key: str | None = None
    seed: int = 0
    temperature: float | None = None
    top_p: float | None = None
    candidates: int = 1


def style_of(genre: str, styles: Iterable[str]) -> str | None:
    """The nearest of a runner's styles to a genre; None where none is near.

    The longest name found in the genre counts, then the last: a "jazz house" is a house.
    """
    words = words_of(genre)
    for length in range(min(len(words), _LONGEST), 0, -1):
        for start in range(len(words) - length, -1, -1):
            style = _STYLE_OF.get(words[start : start + length])
            if style is not None:
                return style if style in styles else None
    return None


def request_for(commission: Commission, controls: Controls, info: RunnerInfo) -> GenerationRequest:
    """What a runner is asked for. Raises `RequestError` for instruments nobody knows and bad ranges.

    A temperature asked for stands; otherwise complexity and excitement choose one, where the runner
    knows any.
    """
    by_role = bool(info.roles)
    unmet = info.details.get("unmet", ())
    assert isinstance(unmet, Sequence)
    chosen = None if "temperature" in unmet else temperature_of(Dials.of(controls).daring)
    return GenerationRequest(
        style=style_of(commission.genre, info.styles),
        roles=commission.instruments if by_role else None,
        instruments=None if by_role else tuple(map(_program_of, commission.instruments)),
        bars=commission.bars,
        tempo_bpm=commission.tempo_bpm,
        key=commission.key,
        seed=commission.seed,
        num_variations=commission.candidates,
        temperature=chosen if commission.temperature is None else commission.temperature,
        top_p=commission.top_p,
    )


def temperature_of(daring: float) -> float | None:
    """0.55 to 1.15 for a daring of −1 to 1; None, the runner's own, at 0.

    Below 0 at most .80, above at least .90: on its side of what runners are tuned to (.80 to .90).
    """
    if daring == 0:
        return None
    return round(0.80 + 0.25 * daring if daring < 0 else 0.90 + 0.25 * daring, 3)


def shaped(score: Score, controls: Controls, rng: random.Random) -> Score:
    """The score as the controls want it: notes added, left out and moved, dynamics, controllers.

    Keeps the length and the key; in 4/4. Neutral controls give the same score back. With one `rng`,
    what a little of one control does, more of it does too.
    """
    dials = Dials.of(controls)
    for dial, step in STEPS:
        own = random.Random(rng.getrandbits(64))  # noqa: S311 - music; each step has luck of its own
        if amount := getattr(dials, dial):
            score = step(score, amount, own)
    return score


def _program_of(instrument: str) -> int:
    role, program = nearest_role(instrument)
    if role == "drums":
        return DRUM_PATCH
    return ROLE_PROGRAMS[role] if program is None else program
