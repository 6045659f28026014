"""What the DAW knows by heart: colours, icons, kits, effects, what can be automated. Tables only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

Color = Literal[
    "blue", "indigo", "purple", "pink", "red", "orange", "yellow", "green", "teal", "cyan",
    "mint", "gray",
]  # fmt: skip
COLORS: tuple[str, ...] = get_args(Color)
HEX_COLOR = re.compile(r"#[0-9a-fA-F]{6}")

# Which colour a part has by what it is called; the first row that has one of its words.
_COLOR_WORDS: tuple[tuple[str, str], ...] = (
    ("blue", "piano keys key keyboard pad pads"),
    ("indigo", "synth synths rhodes"),
    ("purple", "string strings violin viola cello"),
    ("pink", "vocal vocals voice vox choir"),
    ("red", "drum drums kick kit beat"),
    ("orange", "brass trumpet trombone horn horns tuba"),
    ("yellow", "guitar guitars"),
    ("green", "bass sub 808"),
    ("teal", "woodwind woodwinds sax saxophone flute clarinet oboe"),
    ("cyan", "fx ambient atmosphere texture"),
    ("mint", "perc percussion shaker conga bongo"),
    ("gray", "click metronome"),
)
COLOR_OF_WORD: Mapping[str, str] = MappingProxyType(
    {word: color for color, words in _COLOR_WORDS for word in words.split()}
)

# SF Symbols for music, mix and mood.
Icon = Literal[
    "airplayaudio", "amplifier", "bell", "bell.fill", "bird", "bird.fill", "bolt", "bolt.fill",
    "circle.grid.cross", "cloud", "cloud.fill", "dial.high", "dial.low", "dial.medium", "drum",
    "drum.fill", "ear", "figure.dance", "flame", "flame.fill", "flute", "gauge", "globe", "guitars",
    "guitars.fill", "headphones", "heart", "heart.fill", "hifispeaker", "hifispeaker.fill",
    "instrument.drum", "leaf",
    "leaf.fill", "lightbulb", "metronome", "metronome.fill", "mic", "mic.fill", "moon", "moon.fill",
    "moon.stars", "music.mic", "music.note", "music.note.house", "music.note.list",
    "music.quarternote.3", "opticaldisc", "pianokeys", "pianokeys.inverse", "radio", "recordingtape",
    "saxophone", "slider.horizontal.3", "slider.vertical.3", "snowflake", "sparkle", "sparkles",
    "speaker", "speaker.wave.2", "star", "star.fill", "sun.max", "trumpet", "tuningfork", "violin",
    "wand.and.stars", "waveform", "waveform.path", "waveform.path.ecg", "wind", "xylophone",
]  # fmt: skip
ICONS: tuple[str, ...] = get_args(Icon)
DRUM_ICON = "drum"
# By General MIDI family of eight programs (reference §14).
FAMILY_ICONS: tuple[str, ...] = (
    "pianokeys", "xylophone", "pianokeys", "guitars.fill", "guitars.fill", "violin", "violin",
    "trumpet", "saxophone", "flute", "pianokeys.inverse", "pianokeys.inverse", "sparkles", "globe",
    "drum", "sparkles",
)  # fmt: skip

Effects = Literal[
    "reverb", "delay", "compressor", "eq", "distortion", "filter", "chorus", "modulation",
    "overdrive", "phaser", "flanger", "tremolo",
]  # fmt: skip
EFFECTS: tuple[str, ...] = get_args(Effects)

Kit = Literal["acoustic", "TR-909", "TR-808", "jazz", "room", "power", "brush", "orchestra", "sfx"]
# Kits and their programs on the drum channel (General MIDI 2); the first four are Maestro's.
KIT_PROGRAMS: Mapping[str, int] = MappingProxyType(
    {
        "acoustic": 0, "TR-909": 24, "TR-808": 25, "jazz": 32, "room": 8, "power": 16, "brush": 40,
        "orchestra": 48, "sfx": 56,
    }
)  # fmt: skip
DEFAULT_KIT = "acoustic"


@dataclass(frozen=True, slots=True)
class Lane:
    """What automating a parameter does in MIDI, and the range of its values.

    `control` is a controller, −1 the bend wheel, None nothing that MIDI can say.
    """

    control: int | None
    low: float
    high: float


BEND_WHEEL = -1
# Parameters that are named by a controller take its own 0–127; the others are fractions of full scale.
# Synth rows: sound controllers of General MIDI 2 (brightness, timbre, attack, release).
LANES: Mapping[str, Lane] = MappingProxyType(
    {
        "Volume": Lane(7, 0, 1.5),
        "Pan": Lane(10, 0, 1),
        "EQ Low": Lane(None, -1, 1),
        "EQ Mid": Lane(None, -1, 1),
        "EQ High": Lane(None, -1, 1),
        "Mod Wheel (CC1)": Lane(1, 0, 127),
        "Volume (CC7)": Lane(7, 0, 127),
        "Pan (CC10)": Lane(10, 0, 127),
        "Expression (CC11)": Lane(11, 0, 127),
        "Sustain (CC64)": Lane(64, 0, 127),
        "Filter Cutoff (CC74)": Lane(74, 0, 127),
        "Pitch Bend": Lane(BEND_WHEEL, -8192, 8191),
        "Synth Cutoff": Lane(74, 0, 1),
        "Synth Resonance": Lane(71, 0, 1),
        "Synth Attack": Lane(73, 0, 1),
        "Synth Release": Lane(72, 0, 1),
    }
)
Parameter = Literal[
    "Volume", "Pan", "EQ Low", "EQ Mid", "EQ High", "Mod Wheel (CC1)", "Volume (CC7)",
    "Pan (CC10)", "Expression (CC11)", "Sustain (CC64)", "Filter Cutoff (CC74)", "Pitch Bend",
    "Synth Cutoff", "Synth Resonance", "Synth Attack", "Synth Release",
]  # fmt: skip


def color_of(*names: str | None) -> str | None:
    """The colour that one of the names calls for, the first that does; None where none does."""
    for name in names:
        for word in re.findall(r"[a-z0-9]+", (name or "").lower()):
            if word in COLOR_OF_WORD:
                return COLOR_OF_WORD[word]
    return None


def is_color(name: str | None) -> bool:
    """Whether it is one of `COLORS` or #RRGGBB."""
    return name is not None and (name in COLORS or HEX_COLOR.fullmatch(name) is not None)


def icon_of(program: int | None) -> str:
    """The icon of a program's family; of a drum kit for None."""
    return DRUM_ICON if program is None else FAMILY_ICONS[program // 8]
