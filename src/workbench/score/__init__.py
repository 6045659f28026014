"""What music is here: scores on one clock of ticks, MIDI bytes in and out, names, keys, grid."""

from workbench.score.edit import ending_at, joined, slice_bars, transpose
from workbench.score.emotion import EmotionVector
from workbench.score.gm import PROGRAM_NAMES, nearest_role, program_named
from workbench.score.grid import regrid
from workbench.score.keys import Key, find_key, parse_key
from workbench.score.midi_file import parse_midi
from workbench.score.model import (
    DEFAULT_US_PER_QUARTER,
    DRUM_CHANNEL,
    TICKS_PER_QUARTER,
    Aftertouch,
    ControlChange,
    KeySignature,
    Note,
    PitchBend,
    ProgramChange,
    Score,
    Tempo,
    TimeSignature,
    Track,
)

__all__ = [
    "DEFAULT_US_PER_QUARTER",
    "DRUM_CHANNEL",
    "PROGRAM_NAMES",
    "TICKS_PER_QUARTER",
    "Aftertouch",
    "ControlChange",
    "EmotionVector",
    "Key",
    "KeySignature",
    "Note",
    "PitchBend",
    "ProgramChange",
    "Score",
    "Tempo",
    "TimeSignature",
    "Track",
    "ending_at",
    "find_key",
    "joined",
    "nearest_role",
    "parse_key",
    "parse_midi",
    "program_named",
    "regrid",
    "slice_bars",
    "transpose",
]
