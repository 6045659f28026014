"""Musical keys: reading their names, their scales, how far they lie from C, and finding a score's.

Knows equal temperament and the seven church modes; no chords.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

from workbench.errors import RequestError
from workbench.score.model import DRUM_CHANNEL, TICKS_PER_QUARTER, Score

_MAJOR_STEPS = (0, 2, 4, 5, 7, 9, 11)
# Degree of the major scale on which each mode starts.
_MODE_DEGREES = {
    "major": 0,
    "dorian": 1,
    "phrygian": 2,
    "lydian": 3,
    "mixolydian": 4,
    "minor": 5,
    "locrian": 6,
}
_MODE_WORDS = {
    **{mode: mode for mode in _MODE_DEGREES},
    **dict.fromkeys(("", "maj", "ionian", "dur"), "major"),
    **dict.fromkeys(("m", "min", "-", "aeolian", "natural minor", "moll"), "minor"),
}
_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTALS = {"#": 1, "♯": 1, "b": -1, "♭": -1}
_NAME = re.compile(r"([A-Ga-g])((?:##?|♯♯?|bb?|♭♭?)?)\s*(.*)", re.DOTALL)

# The usual spelling by pitch class: fewest accidentals, the commoner of six flats and six sharps.
_MAJOR_NAMES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_MINOR_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")


@dataclass(frozen=True, slots=True)
class Key:
    """A tonic, as pitch class 0 (C) to 11 (B), and a mode: a church mode, or "major", "minor"."""

    tonic: int
    mode: str = "major"

    def __post_init__(self) -> None:
        if not 0 <= self.tonic <= 11:
            raise RequestError(f"tonic must be a pitch class 0 to 11, got {self.tonic}")
        if self.mode not in _MODE_DEGREES:
            raise RequestError(f"mode must be one of {', '.join(_MODE_DEGREES)}, got {self.mode!r}")

    def __str__(self) -> str:
        names = _MAJOR_NAMES if self.mode in ("major", "lydian", "mixolydian") else _MINOR_NAMES
        return f"{names[self.tonic]} {self.mode}"

    @property
    def pitch_classes(self) -> tuple[int, ...]:
        """The seven pitch classes of the scale, from the tonic up (minor is natural minor)."""
        degree = _MODE_DEGREES[self.mode]
        steps = _MAJOR_STEPS[degree:] + tuple(step + 12 for step in _MAJOR_STEPS[:degree])
        return tuple((self.tonic + step - steps[0]) % 12 for step in steps)

    @property
    def semitones_from_home(self) -> int:
        """The shortest way, −5 to +6, from the white keys (C major, A minor) to this key."""
        relative_major = (self.tonic - _MAJOR_STEPS[_MODE_DEGREES[self.mode]]) % 12
        return relative_major if relative_major <= 6 else relative_major - 12

    @property
    def signature_name(self) -> str:
        """The key signature, as MIDI names them; a mode has that of its relative major."""
        if self.mode == "minor":
            return _MINOR_NAMES[self.tonic] + "m"
        return _MAJOR_NAMES[self.semitones_from_home % 12]


def parse_key(name: str) -> Key:
    """The key called `name`: "C", "Am", "F#m", "Bb", "F# minor", "E-flat major", "g dorian".

    Case tells nothing but M from m ("CM" is major, "cm" minor). Raises `RequestError`.
    """
    spelled = re.sub(
        r"[\s-]*\b(flat|sharp)\b", _spell_accidental, name.strip(), flags=re.IGNORECASE
    )
    matched = _NAME.fullmatch(spelled)
    mode = None
    if matched:
        word = matched[3].strip()
        mode = "major" if word == "M" else _MODE_WORDS.get(" ".join(word.lower().split()))
    if matched is None or mode is None:
        raise RequestError(
            f"expected a key such as 'C', 'Am', 'F# minor', 'Bb' or 'G dorian', got {name!r}"
        )
    shift = sum(_ACCIDENTALS[accidental] for accidental in matched[2])
    return Key((_LETTERS[matched[1].upper()] + shift) % 12, mode)


def _spell_accidental(word: re.Match[str]) -> str:
    return "b" if word[1].lower() == "flat" else "#"


def find_key(score: Score) -> Key:
    """The major or minor key whose profile fits the pitched notes best, weighted by duration.

    By music21 (Krumhansl's method with Aarden's and Essen's profiles). Raises `RequestError` when
    the score has no pitched notes.
    """
    # Here, not at the top: importing music21 takes seconds.
    from music21 import note as m21_note
    from music21 import stream

    durations_ticks: dict[int, int] = defaultdict(int)
    for note in score.notes:
        if note.channel != DRUM_CHANNEL:
            durations_ticks[note.pitch] += note.duration_ticks
    if not any(durations_ticks.values()):
        raise RequestError("the key of a score without pitched notes cannot be found; name one")
    # The method looks at total durations only, so one long note a pitch stands for all of them.
    totals = stream.Stream(
        [
            m21_note.Note(pitch, quarterLength=ticks / TICKS_PER_QUARTER)
            for pitch, ticks in durations_ticks.items()
        ]
    )
    found = totals.analyze("key")
    return Key(found.tonic.pitchClass, found.mode)
