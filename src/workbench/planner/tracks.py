"""Which role a track plays, and which tracks a plan can use again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal, get_args

from workbench.daw import Track
from workbench.errors import RequestError
from workbench.score import nearest_role

Role = Literal["drums", "bass", "chords", "melody", "arp", "pads", "fx", "lead"]
"""Roles of a plan, as Maestro names them."""
ROLES: tuple[str, ...] = get_args(Role)

# A word of a track's name says its role; the first row with one counts.
_NAME_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "drums": ("drum", "kit", "percussion", "beat", "trap"),
        "bass": ("bass",),
        "pads": (
            "pad", "atmosphere", "ambient", "string", "choir", "cathedral", "organ", "church",
        ),
        "chords": ("chord", "piano", "rhodes", "keys", "keyboard", "guitar", "pluck", "strum"),
        "melody": (
            "melody", "lead", "solo", "flute", "sax", "violin", "trumpet", "vocal", "vox", "voice",
        ),
        "arp": ("arp", "arpegg"),
        "fx": ("fx", "effect", "noise", "texture"),
    }
)  # fmt: skip
# Drum words are whole words: "Upbeat Keys" are keys.
_WHOLE = ("drums",)
# Where the name says nothing: first program, last program, role.
_PROGRAMS = (
    (0, 7, "chords"), (16, 23, "pads"), (24, 31, "chords"), (32, 39, "bass"), (40, 79, "melody"),
    (80, 87, "lead"), (88, 103, "pads"),
)  # fmt: skip
# Instruments that can take a role when no track plays it.
_CAN_PLAY: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "melody": (
            "organ", "piano", "guitar", "flute", "sax", "saxophone", "trumpet", "violin", "synth",
            "lead", "keys", "keyboard", "harmonica", "clarinet", "oboe", "fiddle", "mandolin",
        ),
        "bass": ("bass",),
        "drums": ("drum", "drums", "percussion", "kit"),
        "chords": (
            "organ", "piano", "guitar", "keys", "keyboard", "chord", "rhodes", "wurlitzer",
            "clavinet", "harpsichord",
        ),
        "pads": ("pad", "strings", "ambient"),
        "arp": ("arp", "synth"),
        "lead": ("lead", "synth", "organ", "piano", "guitar"),
    }
)  # fmt: skip


# What roles are called besides.
_ALSO: Mapping[str, str] = MappingProxyType(
    {
        "keys": "chords", "chord": "chords", "pad": "pads", "synth": "lead", "drum": "drums",
        "percussion": "drums", "perc": "drums",
    }
)  # fmt: skip


def infer_track_role(name: str, program: int | None = None, drum_kit: str | None = None) -> str:
    """The role a track plays by its kit, else its name, else its program 0–127, else "melody"."""
    if drum_kit:
        return "drums"
    text = name.lower()
    words = {word.rstrip("s") for word in _words(text)}
    for role, hints in _NAME_WORDS.items():
        if any(hint in words if role in _WHOLE else hint in text for hint in hints):
            return role
    for first, last, role in _PROGRAMS:
        if program is not None and first <= program <= last:
            return role
    return "melody"


def tracks_for_roles(roles: Sequence[str], tracks: Sequence[Track]) -> dict[str, Track]:
    """The track that each role can use again; each track is claimed once.

    A role takes a track that plays it, else one with its name, else one of an instrument that can.
    """
    free = list(tracks)
    found: dict[str, Track] = {}
    wanted = sorted(set(roles))
    for fits in (_plays, _is_called, _can_play):
        for role in wanted:
            track = next((track for track in free if role not in found and fits(role, track)), None)
            if track is not None:
                found[role] = track
                free.remove(track)
    return found


def label_of(role: str) -> str:
    """The name of a role's track: "Drums", "FX", "Tenor Sax"."""
    return "FX" if role.lower() == "fx" else " ".join(_capitalised(word) for word in role.split())


def role_of(name: str) -> str:
    """The role of a plan for what a part is called: itself, or that of the instrument it names.

    "tenor sax" is a melody; a name that nobody knows is one too.
    """
    word = name.strip().lower()
    if word in ROLES:
        return word
    if word in _ALSO:
        return _ALSO[word]
    try:
        return nearest_role(word)[0]
    except RequestError:
        return "melody"


def _capitalised(word: str) -> str:
    return word[:1].upper() + word[1:]


def _words(text: str) -> list[str]:
    return "".join(char if char.isalnum() else " " for char in text).split()


def _plays(role: str, track: Track) -> bool:
    return infer_track_role(track.name, track.program, track.drum_kit) == role


def _is_called(role: str, track: Track) -> bool:
    return role in track.name.lower()


def _can_play(role: str, track: Track) -> bool:
    return any(hint in track.name.lower() for hint in _CAN_PLAY.get(role, ()))
