"""Emotion: from what a prompt says to five axes, and on from there by a word such as "darker".

Presets, keywords, weights and the order in which they blend are Maestro's; read from parsed fields,
with the weights of vibes honoured.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from workbench.errors import RequestError
from workbench.prompt.prompt import Prompt
from workbench.score import EmotionVector

SECTION_WEIGHT, GENRE_WEIGHT, VIBE_WEIGHT, ENERGY_WEIGHT = 1.5, 0.5, 1.0, 1.5

# Of sections, genres and moods: energy, valence, tension, intimacy, motion.
_PRESETS: Mapping[str, tuple[float, float, float, float, float]] = MappingProxyType(
    {
        "neutral": (0.5, 0, 0.3, 0.5, 0.5),
        "happy": (0.7, 0.7, 0.2, 0.5, 0.6),
        "sad": (0.3, -0.6, 0.3, 0.7, 0.3),
        "angry": (0.9, -0.4, 0.8, 0.3, 0.8),
        "peaceful": (0.2, 0.3, 0.1, 0.6, 0.2),
        "anxious": (0.6, -0.2, 0.9, 0.4, 0.7),
        "triumphant": (0.95, 0.8, 0.5, 0.3, 0.7),
        "melancholic": (0.25, -0.4, 0.4, 0.8, 0.2),
        "euphoric": (0.95, 0.9, 0.3, 0.4, 0.9),
        "verse": (0.4, 0, 0.3, 0.7, 0.4),
        "chorus": (0.8, 0.3, 0.4, 0.5, 0.7),
        "bridge": (0.5, -0.1, 0.6, 0.6, 0.5),
        "intro": (0.3, 0.1, 0.2, 0.6, 0.3),
        "outro": (0.25, 0.2, 0.1, 0.7, 0.2),
        "breakdown": (0.2, 0, 0.5, 0.8, 0.2),
        "buildup": (0.6, 0.2, 0.7, 0.4, 0.6),
        "drop": (1, 0.5, 0.3, 0.2, 1),
        "indie_folk": (0.4, 0.1, 0.3, 0.8, 0.4),
        "edm": (0.85, 0.4, 0.4, 0.2, 0.9),
        "jazz": (0.5, 0.2, 0.5, 0.6, 0.5),
        "metal": (0.95, -0.3, 0.8, 0.2, 0.85),
        "ambient": (0.15, 0.2, 0.2, 0.7, 0.1),
        "hip_hop": (0.7, 0.1, 0.4, 0.4, 0.75),
        "classical": (0.5, 0.3, 0.4, 0.5, 0.4),
        "lofi": (0.3, -0.1, 0.2, 0.75, 0.35),
    }
)
# The first that is part of the style counts.
_GENRES: tuple[tuple[str, str], ...] = (
    ("lofi", "lofi"), ("lo-fi", "lofi"), ("hip-hop", "hip_hop"), ("hip hop", "hip_hop"),
    ("trap", "hip_hop"), ("jazz", "jazz"), ("ambient", "ambient"), ("edm", "edm"),
    ("electronic", "edm"), ("metal", "metal"), ("rock", "metal"), ("folk", "indie_folk"),
    ("indie", "indie_folk"), ("classical", "classical"),
)  # fmt: skip
# Energy and motion; the longest that is said counts.
_ENERGIES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "very high": (0.95, 0.9), "very low": (0.1, 0.1), "medium": (0.5, 0.5), "high": (0.8, 0.7),
        "mid": (0.5, 0.5), "low": (0.2, 0.2),
    }
)  # fmt: skip
# Words of a vibe, with the axes they pull at.
_VIBES: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "melancholic": {"valence": -0.5, "energy": 0.25, "intimacy": 0.7},
        "sad": {"valence": -0.6, "energy": 0.3},
        "dark": {"valence": -0.45, "tension": 0.5},
        "moody": {"valence": -0.3, "tension": 0.45},
        "brooding": {"valence": -0.35, "tension": 0.5, "energy": 0.3},
        "nostalgic": {"valence": -0.2, "intimacy": 0.6},
        "bittersweet": {"valence": -0.1, "intimacy": 0.6, "tension": 0.35},
        "happy": {"valence": 0.6, "energy": 0.6},
        "joyful": {"valence": 0.7, "energy": 0.65},
        "bright": {"valence": 0.5, "energy": 0.5},
        "uplifting": {"valence": 0.6, "energy": 0.65},
        "triumphant": {"valence": 0.7, "energy": 0.85, "tension": 0.4},
        "euphoric": {"valence": 0.9, "energy": 0.9, "motion": 0.9},
        "energetic": {"energy": 0.8, "motion": 0.7},
        "intense": {"energy": 0.85, "tension": 0.7},
        "explosive": {"energy": 1, "tension": 0.8, "motion": 0.9},
        "peaceful": {"energy": 0.2, "tension": 0.1},
        "calm": {"energy": 0.2, "tension": 0.1, "motion": 0.2},
        "relaxed": {"energy": 0.25, "tension": 0.1, "motion": 0.2},
        "mellow": {"energy": 0.3, "tension": 0.15, "motion": 0.3},
        "aggressive": {"energy": 0.9, "tension": 0.8, "motion": 0.8},
        "laid-back": {"energy": 0.3, "tension": 0.1, "motion": 0.35},
        "intimate": {"intimacy": 0.8, "energy": 0.3},
        "personal": {"intimacy": 0.75},
        "warm": {"valence": 0.3, "intimacy": 0.65},
        "cozy": {"intimacy": 0.7, "energy": 0.2, "valence": 0.2},
        "epic": {"intimacy": 0.1, "energy": 0.85},
        "distant": {"intimacy": 0.15},
        "atmospheric": {"intimacy": 0.5, "tension": 0.3, "energy": 0.2},
        "cinematic": {"intimacy": 0.3, "tension": 0.5, "energy": 0.6},
        "driving": {"motion": 0.8, "energy": 0.7},
        "groovy": {"motion": 0.75, "energy": 0.6},
        "sparse": {"motion": 0.2, "energy": 0.2},
        "minimal": {"motion": 0.15, "energy": 0.15},
        "dense": {"motion": 0.7, "energy": 0.7},
        "flowing": {"motion": 0.6, "tension": 0.2},
        "bouncy": {"motion": 0.7, "energy": 0.6, "valence": 0.3},
        "anxious": {"tension": 0.8, "energy": 0.6},
        "tense": {"tension": 0.75},
        "resolved": {"tension": 0.1, "valence": 0.2},
        "dreamy": {"tension": 0.2, "intimacy": 0.7, "energy": 0.2},
        "mysterious": {"tension": 0.6, "valence": -0.2, "energy": 0.3},
        "haunting": {"tension": 0.65, "valence": -0.4, "energy": 0.25},
        "eerie": {"tension": 0.7, "valence": -0.45},
    }
)
REFINEMENTS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "sadder": {"valence": -0.3},
        "happier": {"valence": 0.3},
        "brighter": {"valence": 0.25},
        "darker": {"valence": -0.25},
        "more intense": {"energy": 0.2, "tension": 0.15},
        "less intense": {"energy": -0.2, "tension": -0.1},
        "bigger": {"energy": 0.25, "intimacy": -0.15},
        "smaller": {"energy": -0.2, "intimacy": 0.15},
        "calmer": {"energy": -0.25, "tension": -0.2, "motion": -0.15},
        "more energetic": {"energy": 0.3, "motion": 0.15},
        "more tension": {"tension": 0.3},
        "less tension": {"tension": -0.25},
        "resolve it": {"tension": -0.4, "valence": 0.1},
        "build up": {"tension": 0.25, "energy": 0.15},
        "more intimate": {"intimacy": 0.3, "energy": -0.1},
        "more epic": {"intimacy": -0.3, "energy": 0.15},
        "closer": {"intimacy": 0.25},
        "more distant": {"intimacy": -0.25},
        "more driving": {"motion": 0.3, "energy": 0.1},
        "less driving": {"motion": -0.25},
        "more rhythmic": {"motion": 0.25},
        "more sustained": {"motion": -0.3},
        "busier": {"motion": 0.25, "energy": 0.1},
        "sparser": {"motion": -0.2, "energy": -0.1},
    }
)
"""What can be said of a piece to move on from it, and how far each axis goes."""


def emotion_vector(prompt: Prompt) -> EmotionVector:
    """The feeling a prompt asks for: section, style, vibes and energy, blended in this order.

    Neutral counts 1; each of them pulls the axes it names with its weight.
    """
    pulls: list[tuple[Mapping[str, float], float]] = []
    section = (prompt.section or "").split()
    if section and section[0] in _PRESETS:
        pulls.append((_axes(section[0]), SECTION_WEIGHT))
    style = (prompt.style or "").lower()
    genre = next((preset for word, preset in _GENRES if word in style), None)
    if genre is not None:
        pulls.append((_axes(genre), GENRE_WEIGHT))
    for vibe in prompt.vibes:
        words = set(re.findall(r"[a-z]+(?:-[a-z]+)*", vibe.vibe))
        pulls += [
            (pull, VIBE_WEIGHT * vibe.weight) for word, pull in _VIBES.items() if word in words
        ]
    energy = " ".join(re.findall(r"[a-z]+", prompt.energy or ""))
    level = next((level for level in _ENERGIES if f" {level} " in f" {energy} "), None)
    if level is not None:
        pulls.append(
            (dict(zip(("energy", "motion"), _ENERGIES[level], strict=True)), ENERGY_WEIGHT)
        )
    return _blended(pulls)


def _blended(pulls: list[tuple[Mapping[str, float], float]]) -> EmotionVector:
    place, said = asdict(EmotionVector()), 1.0
    for targets, weight in pulls:
        for axis, target in targets.items():
            place[axis] = (place[axis] * said + target * weight) / (said + weight)
        said += weight
    return EmotionVector(**place)


def _axes(preset: str) -> Mapping[str, float]:
    return dict(zip(asdict(EmotionVector()), _PRESETS[preset], strict=True))


def refine(vector: EmotionVector, wish: str) -> EmotionVector:
    """The vector after a wish such as "darker" or "more driving".

    Raises `RequestError` with a suggestion for a wish not in `REFINEMENTS`.
    """
    said = " ".join(wish.lower().split())
    if said not in REFINEMENTS:
        close = get_close_matches(said, REFINEMENTS, n=1)
        hint = f" (did you mean {close[0]!r}?)" if close else ""
        raise RequestError(
            f"no refinement is called {wish[:40]!r}{hint}; expected one of {', '.join(REFINEMENTS)}"
        )
    return vector.moved(REFINEMENTS[said])


def generation_constraints(vector: EmotionVector) -> dict[str, Any]:
    """What a feeling means for rhythm, register, rests and dynamics, in Maestro's figures."""
    energy, tension, motion = vector.energy, vector.tension, vector.motion
    return {
        "drum_density": _between(0.2, 1.0, energy * motion),
        "subdivision": 16 if motion > 0.6 else 8,
        "swing_amount": 0.25 * (1 - tension),
        "register_center": int(_between(48, 72, (vector.valence + 1) / 2)),
        "register_spread": int(_between(6, 18, energy)),
        "rest_density": _between(0.4, 0.1, motion),
        "leap_probability": _between(0.1, 0.4, tension),
        "chord_extensions": tension > 0.5,
        "borrowed_chord_probability": 0.3 * tension,
        "harmonic_rhythm_bars": _between(2.0, 0.5, energy),
        "velocity_floor": int(_between(40, 80, energy)),
        "velocity_ceiling": int(_between(80, 120, energy)),
        "dynamic_range": int(_between(10, 40, 1 - vector.intimacy)),
    }


def _between(low: float, high: float, share: float) -> float:
    return low + (high - low) * share
