"""The styles as a table: tempo, feel, fills, idioms of each part, instruments.

A new style is a new row here and its grooves in a `grooves_*` table. No randomness, no events.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from types import MappingProxyType

from workbench.errors import RequestError
from workbench.models.grammar import grooves_backbeat, grooves_electronic, grooves_world
from workbench.models.grammar.patterns import VOICES, Fill, Groove, parse_fills, parse_grooves


@dataclass(frozen=True, slots=True)
class Anchor:
    """What makes a style known: one of `voices` on each of `slots` (sixteenths) of every bar."""

    slots: tuple[int, ...]
    voices: tuple[str, ...]
    rate: float
    """Share of anchors that loops of the style hold at least; fills and odd grooves miss some."""

    @property
    def pitches(self) -> frozenset[int]:
        """The drum sounds that count."""
        return frozenset(VOICES[voice] for voice in self.voices)


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """One style's facts. Tempi in quarter notes a minute; swing in grid units (see below)."""

    name: str
    grooves: str
    tempo_bpm: tuple[int, int, int]
    """Slowest, usual, fastest."""
    anchor: Anchor
    swing16: tuple[int, int] = (8, 8)
    """Where the second sixteenth of an eighth falls: 8 is straight, 11 a triplet."""
    swing8: tuple[int, int] = (21, 21)
    """Where the last third of a beat falls in triplet grooves: 21 exact, less is straighter."""
    jitter: float = 0.0
    """Share of hits that fall one unit early or late (people play; machines do not)."""
    fills: tuple[str, ...] = ()
    fill_chance: float = 0.45
    crash_chance: float = 0.0
    kick_slots: tuple[int, ...] = ()
    """Sixteenths where a variation may add or drop a kick."""
    ghost_slots: tuple[int, ...] = ()
    """Sixteenths where a variation may add a soft snare."""
    kits: tuple[Mapping[str, str], ...] = ({},)
    """Voices exchanged for others, one choice a loop."""
    basslines: tuple[str, ...]
    comps: tuple[str, ...]
    melody: tuple[str, ...]
    progressions: tuple[str, ...]
    minor_chance: float = 0.5
    sevenths: float = 0.0
    """Chance that the chords are four-note chords."""
    bass_programs: tuple[int, ...]
    chord_programs: tuple[int, ...]
    melody_programs: tuple[int, ...]


ELECTRIC = {"snare": "esnare"}
CLAP = {"snare": "clap"}
SNARE = {"clap": "snare"}
RIM = {"snare": "rim"}

_ROWS = (
    Style(
        name="rock",
        grooves=grooves_backbeat.ROCK,
        tempo_bpm=(92, 120, 152),
        anchor=Anchor((4, 12), ("snare", "esnare"), 0.9),
        jitter=0.03,
        fills=("snare-run", "snare-build", "toms-down", "toms-short", "snare-toms", "flam-stop"),
        fill_chance=0.5,
        crash_chance=0.35,
        kick_slots=(3, 6, 7, 10, 11, 14),
        ghost_slots=(7, 9, 15),
        kits=({}, {}, ELECTRIC),
        basslines=("eighths", "lock", "lock", "lock", "root-fifth", "gallop", "pulse", "push"),
        comps=("pad", "strum", "eighths", "push", "half-pad"),
        melody=("eighths", "sparse", "sixteenths"),
        progressions=("pop", "rock"),
        minor_chance=0.45,
        bass_programs=(33, 34, 33, 35),
        chord_programs=(25, 27, 16, 18, 0, 26),
        melody_programs=(29, 30, 27, 80, 81, 65),
    ),
    Style(
        name="funk",
        grooves=grooves_backbeat.FUNK,
        tempo_bpm=(92, 104, 116),
        anchor=Anchor((4, 12), ("snare", "esnare"), 0.84),
        swing16=(8, 9),
        jitter=0.04,
        fills=("snare-run", "kick-snare", "flam-stop", "snare-toms", "open-lift"),
        fill_chance=0.4,
        crash_chance=0.2,
        kick_slots=(2, 3, 6, 7, 10, 11, 13),
        ghost_slots=(1, 3, 7, 9, 11, 15),
        kits=({}, {}, ELECTRIC),
        basslines=("slap", "funk-sixteenths", "one", "lock-octave", "lock", "lock", "funk-answer"),
        comps=("scratch", "stabs", "charleston", "funk-answer"),
        melody=("sixteenths", "blues"),
        progressions=("vamp", "pop", "rock"),
        minor_chance=0.6,
        sevenths=0.8,
        bass_programs=(36, 37, 33, 34),
        chord_programs=(27, 28, 4, 7, 16, 5),
        melody_programs=(65, 66, 56, 61, 80, 62),
    ),
    Style(
        name="house",
        grooves=grooves_electronic.HOUSE,
        tempo_bpm=(118, 124, 128),
        anchor=Anchor((0, 4, 8, 12), ("kick",), 0.95),
        swing16=(8, 9),
        fills=("kick-out", "clap-build", "snare-run", "noise-stop", "roll"),
        fill_chance=0.3,
        crash_chance=0.15,
        kits=({}, SNARE, {"hat": "cabasa"}, {"shaker": "maracas"}),
        basslines=("offbeat", "octaves", "house-riff", "push", "syncopated"),
        comps=("house-stab", "offbeat", "charleston", "pad", "gate"),
        melody=("sixteenths", "sparse", "eighths"),
        progressions=("pop", "vamp", "dance"),
        minor_chance=0.65,
        sevenths=0.5,
        bass_programs=(38, 39, 33, 38),
        chord_programs=(0, 4, 16, 2, 90, 5),
        melody_programs=(80, 81, 11, 12, 84, 87),
    ),
    Style(
        name="techno",
        grooves=grooves_electronic.TECHNO,
        tempo_bpm=(124, 132, 142),
        anchor=Anchor((0, 4, 8, 12), ("kick",), 0.95),
        fills=("kick-out", "clap-build", "roll", "hat-roll", "noise-stop"),
        fill_chance=0.25,
        crash_chance=0.1,
        kits=({}, CLAP, {"ride": "bell"}, {"hat": "cabasa"}),
        basslines=("offbeat", "rolling", "acid", "pulse", "sixteenth-drone"),
        comps=("offbeat", "pad", "arpeggio", "gate", "stabs"),
        melody=("sixteenths", "sparse"),
        progressions=("vamp", "dance"),
        minor_chance=0.85,
        sevenths=0.2,
        bass_programs=(38, 39, 38),
        chord_programs=(89, 90, 81, 95, 94, 50),
        melody_programs=(80, 81, 84, 87, 99, 86),
    ),
    Style(
        name="trap",
        grooves=grooves_electronic.TRAP,
        tempo_bpm=(130, 140, 150),
        anchor=Anchor((8,), ("snare", "clap", "esnare"), 0.93),
        fills=("roll", "hat-roll", "triplet-hat", "snare-run", "clap-build"),
        fill_chance=0.35,
        crash_chance=0.1,
        kick_slots=(3, 6, 7, 10, 11, 13, 14),
        kits=({}, CLAP, ELECTRIC, {"cowbell": "bell"}),
        basslines=("808", "sub-long", "sub-two", "lock", "lock"),
        comps=("pad", "half-pad", "arpeggio", "bells"),
        melody=("sparse", "pentatonic", "sixteenths"),
        progressions=("vamp", "dance", "pop"),
        minor_chance=0.9,
        sevenths=0.15,
        bass_programs=(38, 39, 38),
        chord_programs=(89, 48, 0, 91, 52, 92),
        melody_programs=(11, 10, 80, 73, 98, 14),
    ),
    Style(
        name="hip-hop",
        grooves=grooves_backbeat.HIP_HOP,
        tempo_bpm=(80, 90, 100),
        anchor=Anchor((4, 12), ("snare", "clap", "rim", "esnare"), 0.92),
        swing16=(9, 11),
        jitter=0.05,
        fills=("snare-run", "kick-snare", "open-lift", "noise-stop", "flam-stop"),
        fill_chance=0.3,
        crash_chance=0.1,
        kick_slots=(2, 3, 6, 7, 9, 10, 11, 14),
        ghost_slots=(7, 9, 15),
        kits=({}, ELECTRIC, CLAP),
        basslines=("boom", "lock", "lock", "one", "sub-two", "lock-octave"),
        comps=("charleston", "pad", "half-pad", "stabs", "bells"),
        melody=("pentatonic", "sparse", "blues"),
        progressions=("vamp", "jazz", "pop"),
        minor_chance=0.7,
        sevenths=0.7,
        bass_programs=(33, 32, 38, 34),
        chord_programs=(4, 0, 5, 11, 26, 7),
        melody_programs=(73, 11, 65, 56, 24, 80),
    ),
    Style(
        name="drum-and-bass",
        grooves=grooves_electronic.DRUM_AND_BASS,
        tempo_bpm=(168, 174, 178),
        anchor=Anchor((4, 12), ("snare", "esnare"), 0.92),
        jitter=0.01,
        fills=("roll", "snare-build", "kick-snare", "open-lift", "snare-run"),
        fill_chance=0.35,
        crash_chance=0.25,
        kick_slots=(3, 6, 7, 10, 11, 14),
        ghost_slots=(7, 9, 14, 15),
        kits=({}, ELECTRIC, {"hat": "shaker"}, {"ride": "bell"}),
        basslines=("reese", "sub-two", "lock", "sub-long", "syncopated"),
        comps=("pad", "half-pad", "gate", "stabs"),
        melody=("sparse", "sixteenths", "pentatonic"),
        progressions=("dance", "vamp", "pop"),
        minor_chance=0.85,
        sevenths=0.4,
        bass_programs=(38, 39, 38),
        chord_programs=(89, 90, 48, 94, 4, 91),
        melody_programs=(80, 73, 81, 99, 11, 53),
    ),
    Style(
        name="jazz",
        grooves=grooves_world.JAZZ,
        tempo_bpm=(110, 150, 210),
        anchor=Anchor((4, 12), ("pedal", "hat"), 0.88),
        swing8=(19, 21),
        jitter=0.05,
        fills=("triplet-snare", "triplet-toms", "triplet-comp"),
        fill_chance=0.3,
        crash_chance=0.1,
        ghost_slots=(3, 7, 11, 15),
        kits=({}, {}, {"ride": "bell"}, {"rim": "snare"}),
        basslines=("walk", "walk", "walk", "two-feel"),
        comps=("charleston", "red", "quarters-short", "reverse-charleston", "pad"),
        melody=("swing", "swing", "sparse"),
        progressions=("jazz",),
        minor_chance=0.4,
        sevenths=1.0,
        bass_programs=(32, 32, 32, 43),
        chord_programs=(0, 26, 4, 0, 11),
        melody_programs=(65, 66, 56, 71, 11, 59),
    ),
    Style(
        name="bossa-nova",
        grooves=grooves_world.BOSSA_NOVA,
        tempo_bpm=(116, 130, 144),
        anchor=Anchor((0, 8), ("kick",), 0.95),
        jitter=0.03,
        fills=("rim-drop", "snare-run", "toms-short"),
        fill_chance=0.15,
        kits=({}, {"shaker": "cabasa"}, {"hat": "shaker"}, {"ride": "bell"}),
        basslines=("bossa", "bossa-octave", "two-feel"),
        comps=("bossa", "bossa-two", "charleston", "half-pad"),
        melody=("eighths", "sparse", "clave"),
        progressions=("jazz", "pop"),
        minor_chance=0.4,
        sevenths=0.95,
        bass_programs=(32, 33, 32),
        chord_programs=(24, 0, 4, 25, 26),
        melody_programs=(73, 65, 24, 66, 11, 74),
    ),
    Style(
        name="samba",
        grooves=grooves_world.SAMBA,
        tempo_bpm=(94, 104, 118),
        anchor=Anchor((4, 12), ("floor", "kick", "lowtom"), 0.84),
        swing16=(8, 9),
        jitter=0.04,
        fills=("repique", "snare-run", "snare-build", "timbale-run"),
        fill_chance=0.3,
        kits=({}, {"block": "bongo"}, {"shaker": "cabasa"}, {"tamb": "maracas"}),
        basslines=("samba", "bossa", "samba-surdo", "syncopated"),
        comps=("samba", "bossa", "stabs", "scratch"),
        melody=("sixteenths", "clave", "eighths"),
        progressions=("jazz", "latin", "pop"),
        minor_chance=0.45,
        sevenths=0.6,
        bass_programs=(33, 32, 34),
        chord_programs=(24, 25, 0, 27),
        melody_programs=(73, 56, 61, 72, 24, 57),
    ),
    Style(
        name="reggae",
        grooves=grooves_world.REGGAE,
        tempo_bpm=(66, 76, 86),
        anchor=Anchor((8,), ("rim", "snare", "kick", "esnare"), 0.95),
        swing16=(8, 9),
        jitter=0.04,
        fills=("timbale-abanico", "rim-drop", "dub-roll", "toms-short", "snare-run"),
        fill_chance=0.4,
        kits=({}, {}, {"snare": "esnare"}, {"rim": "snare"}),
        basslines=("reggae-drop", "reggae-riff", "reggae-step", "reggae-triad"),
        comps=("skank", "double-skank", "bubble", "skank"),
        melody=("sparse", "pentatonic", "eighths"),
        progressions=("latin", "pop", "vamp"),
        minor_chance=0.55,
        sevenths=0.15,
        bass_programs=(33, 34, 32, 39),
        chord_programs=(16, 27, 25, 0, 18),
        melody_programs=(22, 65, 57, 56, 73, 61),
    ),
    Style(
        name="afro-cuban",
        grooves=grooves_world.AFRO_CUBAN,
        tempo_bpm=(84, 96, 110),
        anchor=Anchor((6, 14), ("conga", "lowconga"), 0.88),
        jitter=0.03,
        fills=("timbale-abanico", "timbale-run", "conga-run"),
        fill_chance=0.3,
        kits=({}, {}, {"maracas": "shaker"}, {"block": "claves"}),
        basslines=("tumbao", "tumbao-fifth", "songo"),
        comps=("montuno", "montuno-two", "clave", "stabs"),
        melody=("clave", "sixteenths", "sparse"),
        progressions=("latin", "jazz"),
        minor_chance=0.5,
        sevenths=0.35,
        bass_programs=(32, 33, 32, 35),
        chord_programs=(0, 0, 2, 24, 25),
        melody_programs=(56, 57, 73, 61, 65, 66),
    ),
    Style(
        name="disco",
        grooves=grooves_backbeat.DISCO,
        tempo_bpm=(110, 118, 126),
        anchor=Anchor((0, 4, 8, 12), ("kick",), 0.93),
        jitter=0.01,
        fills=("toms-down", "toms-short", "snare-build", "snare-run", "open-lift"),
        fill_chance=0.45,
        crash_chance=0.25,
        ghost_slots=(7, 15),
        kits=({}, CLAP, ELECTRIC),
        basslines=("octaves", "octave-sixteenths", "octave-climb", "offbeat"),
        comps=("offbeat", "scratch", "pad", "stabs", "half-pad"),
        melody=("eighths", "sixteenths", "sparse"),
        progressions=("pop", "dance", "jazz"),
        minor_chance=0.55,
        sevenths=0.4,
        bass_programs=(33, 34, 36, 38),
        chord_programs=(48, 27, 4, 0, 50),
        melody_programs=(40, 61, 48, 56, 80, 73),
    ),
    Style(
        name="reggaeton",
        grooves=grooves_world.REGGAETON,
        tempo_bpm=(86, 94, 102),
        anchor=Anchor((3, 6, 11, 14), ("snare", "rim", "clap", "esnare", "timbale"), 0.88),
        fills=("timbale-run", "snare-run", "roll", "noise-stop", "clap-build"),
        fill_chance=0.35,
        crash_chance=0.1,
        kits=({}, ELECTRIC, {"hat": "shaker"}, {"snare": "timbale", "rim": "snare"}),
        basslines=("dembow", "dembow-sub", "sub-two", "push"),
        comps=("dembow", "pad", "half-pad", "bells"),
        melody=("pentatonic", "clave", "sparse", "sixteenths"),
        progressions=("pop", "latin", "dance"),
        minor_chance=0.75,
        sevenths=0.1,
        bass_programs=(38, 39, 33),
        chord_programs=(24, 89, 0, 25, 46, 90),
        melody_programs=(80, 73, 11, 24, 81, 75),
    ),
    Style(
        name="soca",
        grooves=grooves_world.SOCA,
        tempo_bpm=(112, 150, 164),
        anchor=Anchor((0, 8), ("kick",), 0.9),
        jitter=0.01,
        fills=("snare-build", "roll", "toms-down"),
        fill_chance=0.35,
        crash_chance=0.2,
        basslines=("push", "root-fifth", "octaves"),
        comps=("offbeat", "dembow", "stabs"),
        melody=("sixteenths", "eighths"),
        progressions=("pop", "latin"),
        minor_chance=0.25,
        bass_programs=(33, 38, 34),
        chord_programs=(27, 62, 0, 90),
        melody_programs=(114, 61, 80, 56),
    ),
    Style(
        name="second-line",
        grooves=grooves_world.SECOND_LINE,
        tempo_bpm=(88, 100, 114),
        anchor=Anchor((0, 12), ("kick", "snare"), 0.85),
        swing16=(9, 10),
        jitter=0.04,
        fills=("snare-build", "snare-run", "roll"),
        fill_chance=0.3,
        basslines=("root-fifth", "boom", "tumbao-fifth"),
        comps=("charleston", "stabs", "offbeat"),
        melody=("blues", "sixteenths"),
        progressions=("rock", "latin", "jazz"),
        minor_chance=0.15,
        sevenths=0.5,
        bass_programs=(58, 32, 33),
        chord_programs=(0, 61, 21, 16),
        melody_programs=(56, 57, 71, 66),
    ),
)

TABLE: Mapping[str, Style] = MappingProxyType({style.name: style for style in _ROWS})
EVALUATION_STYLES = ("soca", "second-line")
OTHER_NAMES = {  # letters only
    "hip-hop": ("boombap",),
    "drum-and-bass": ("dnb", "db", "drumnbass", "drumbass", "jungle"),
    "bossa-nova": ("bossa",),
    "afro-cuban": ("cuban", "salsa", "latin"),
    "second-line": ("neworleans",),
}
STYLES = tuple(name for name in TABLE if name not in EVALUATION_STYLES)


def style_named(name: str) -> Style:
    """The row of a style, however it is written: "Hip Hop", "dnb", "bossa". Raises `RequestError`."""
    letters = _letters(name)
    for style in TABLE.values():
        if letters == _letters(style.name) or letters in OTHER_NAMES.get(style.name, ()):
            return style
    close = get_close_matches(name.lower(), STYLES, n=1)
    hint = f"; did you mean {close[0]}?" if close else ""
    raise RequestError(f"style must be one of {', '.join(STYLES)}, got {name!r}{hint}")


def _letters(name: str) -> str:
    return "".join(filter(str.isalpha, name.lower()))


@cache
def grooves_of(name: str) -> tuple[Groove, ...]:
    """Every groove of a style, the held-out one included."""
    return parse_grooves(style_named(name).grooves)


@cache
def fills() -> Mapping[str, Fill]:
    """Every fill by its name."""
    return parse_fills(grooves_world.FILLS)
