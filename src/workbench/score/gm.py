"""General MIDI by name: programs, families, drum sounds and kits; which role a part's name plays.

Tables and look-ups only. Programs and pitches count from 0. Source: General MIDI System Level 1 and
2 (MIDI Association, RP-003 and RP-024).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Literal

from workbench.errors import RequestError

Role = Literal["drums", "bass", "chords", "melody"]
ROLES: tuple[Role, ...] = ("drums", "bass", "chords", "melody")
ROLE_PROGRAMS: Mapping[Role, int] = MappingProxyType({"bass": 33, "chords": 4, "melody": 80})
"""What plays a pitched role that names no instrument (Maestro's defaults)."""
DRUMS_NAME = "Drums (Channel 10)"
Confidence = Literal["high", "medium", "low", "none"]

# Family, the role its instruments mostly play, its eight programs.
_FAMILY_TABLE: tuple[tuple[str, Role, str], ...] = (
    (
        "Piano",
        "chords",
        "Acoustic Grand Piano, Bright Acoustic Piano, Electric Grand Piano, Honky-tonk Piano, "
        "Electric Piano 1, Electric Piano 2, Harpsichord, Clavinet",
    ),
    (
        "Chromatic Percussion",
        "melody",
        "Celesta, Glockenspiel, Music Box, Vibraphone, Marimba, Xylophone, Tubular Bells, Dulcimer",
    ),
    (
        "Organ",
        "chords",
        "Drawbar Organ, Percussive Organ, Rock Organ, Church Organ, Reed Organ, Accordion, "
        "Harmonica, Tango Accordion",
    ),
    (
        "Guitar",
        "chords",
        "Acoustic Guitar (nylon), Acoustic Guitar (steel), Electric Guitar (jazz), "
        "Electric Guitar (clean), Electric Guitar (muted), Overdriven Guitar, Distortion Guitar, "
        "Guitar Harmonics",
    ),
    (
        "Bass",
        "bass",
        "Acoustic Bass, Electric Bass (finger), Electric Bass (pick), Fretless Bass, Slap Bass 1, "
        "Slap Bass 2, Synth Bass 1, Synth Bass 2",
    ),
    (
        "Strings",
        "melody",
        "Violin, Viola, Cello, Contrabass, Tremolo Strings, Pizzicato Strings, Orchestral Harp, "
        "Timpani",
    ),
    (
        "Ensemble",
        "chords",
        "String Ensemble 1, String Ensemble 2, Synth Strings 1, Synth Strings 2, Choir Aahs, "
        "Voice Oohs, Synth Voice, Orchestra Hit",
    ),
    (
        "Brass",
        "melody",
        "Trumpet, Trombone, Tuba, Muted Trumpet, French Horn, Brass Section, Synth Brass 1, "
        "Synth Brass 2",
    ),
    (
        "Reed",
        "melody",
        "Soprano Sax, Alto Sax, Tenor Sax, Baritone Sax, Oboe, English Horn, Bassoon, Clarinet",
    ),
    (
        "Pipe",
        "melody",
        "Piccolo, Flute, Recorder, Pan Flute, Blown Bottle, Shakuhachi, Whistle, Ocarina",
    ),
    (
        "Synth Lead",
        "melody",
        "Lead 1 (square), Lead 2 (sawtooth), Lead 3 (calliope), Lead 4 (chiff), Lead 5 (charang), "
        "Lead 6 (voice), Lead 7 (fifths), Lead 8 (bass + lead)",
    ),
    (
        "Synth Pad",
        "chords",
        "Pad 1 (new age), Pad 2 (warm), Pad 3 (polysynth), Pad 4 (choir), Pad 5 (bowed), "
        "Pad 6 (metallic), Pad 7 (halo), Pad 8 (sweep)",
    ),
    (
        "Synth Effects",
        "chords",
        "FX 1 (rain), FX 2 (soundtrack), FX 3 (crystal), FX 4 (atmosphere), FX 5 (brightness), "
        "FX 6 (goblins), FX 7 (echoes), FX 8 (sci-fi)",
    ),
    ("Ethnic", "melody", "Sitar, Banjo, Shamisen, Koto, Kalimba, Bagpipe, Fiddle, Shanai"),
    (
        "Percussive",
        "drums",
        "Tinkle Bell, Agogo, Steel Drums, Woodblock, Taiko Drum, Melodic Tom, Synth Drum, "
        "Reverse Cymbal",
    ),
    (
        "Sound Effects",
        "melody",
        "Guitar Fret Noise, Breath Noise, Seashore, Bird Tweet, Telephone Ring, Helicopter, "
        "Applause, Gunshot",
    ),
)
# Where an instrument's role is not its family's.
_ROLE_EXCEPTIONS: dict[str, Role] = {
    "Harmonica": "melody",
    "Dulcimer": "chords",
    "Contrabass": "bass",
    "Tremolo Strings": "chords",
    "Pizzicato Strings": "chords",
    "Orchestral Harp": "chords",
    "Timpani": "drums",
    "Tuba": "bass",
    "Brass Section": "chords",
    "Synth Brass 1": "chords",
    "Synth Brass 2": "chords",
    "Tinkle Bell": "melody",
    "Steel Drums": "melody",
}

PROGRAM_NAMES: tuple[str, ...] = tuple(
    name for _, _, names in _FAMILY_TABLE for name in names.split(", ")
)
FAMILIES: tuple[str, ...] = tuple(family for family, _, _ in _FAMILY_TABLE)

DRUM_NAMES: dict[int, str] = {
    27: "High Q",
    28: "Slap",
    29: "Scratch Push",
    30: "Scratch Pull",
    31: "Sticks",
    32: "Square Click",
    33: "Metronome Click",
    34: "Metronome Bell",
    35: "Acoustic Bass Drum",
    36: "Bass Drum 1",
    37: "Side Stick",
    38: "Acoustic Snare",
    39: "Hand Clap",
    40: "Electric Snare",
    41: "Low Floor Tom",
    42: "Closed Hi-Hat",
    43: "High Floor Tom",
    44: "Pedal Hi-Hat",
    45: "Low Tom",
    46: "Open Hi-Hat",
    47: "Low-Mid Tom",
    48: "Hi-Mid Tom",
    49: "Crash Cymbal 1",
    50: "High Tom",
    51: "Ride Cymbal 1",
    52: "Chinese Cymbal",
    53: "Ride Bell",
    54: "Tambourine",
    55: "Splash Cymbal",
    56: "Cowbell",
    57: "Crash Cymbal 2",
    58: "Vibraslap",
    59: "Ride Cymbal 2",
    60: "Hi Bongo",
    61: "Low Bongo",
    62: "Mute Hi Conga",
    63: "Open Hi Conga",
    64: "Low Conga",
    65: "High Timbale",
    66: "Low Timbale",
    67: "High Agogo",
    68: "Low Agogo",
    69: "Cabasa",
    70: "Maracas",
    71: "Short Whistle",
    72: "Long Whistle",
    73: "Short Guiro",
    74: "Long Guiro",
    75: "Claves",
    76: "Hi Wood Block",
    77: "Low Wood Block",
    78: "Mute Cuica",
    79: "Open Cuica",
    80: "Mute Triangle",
    81: "Open Triangle",
    82: "Shaker",
    83: "Jingle Bell",
    84: "Belltree",
    85: "Castanets",
    86: "Mute Surdo",
    87: "Open Surdo",
}
"""Drum sounds by pitch: 35–81 of Level 1, the others of Level 2."""

KICKS = frozenset({35, 36})
SNARES = frozenset({37, 38, 39, 40})
"""What strikes the backbeat: side stick, snares, clap."""

DRUM_KITS: dict[int, str] = {
    0: "Standard",
    8: "Room",
    16: "Power",
    24: "Electronic",
    25: "Analog",
    32: "Jazz",
    40: "Brush",
    48: "Orchestra",
    56: "SFX",
}
"""Kits by the program of the drum channel (Level 2)."""

# What people call parts, beside the programs' own names. Longest match wins, then the last one:
# in English the head comes last ("bass drum" is a drum, "drum bass" a bass).
_ROLE_WORDS: dict[str, tuple[Role, int | None]] = {
    **dict.fromkeys(("drum", "drum kit", "drum machine", "kit", "beat"), ("drums", None)),
    **dict.fromkeys(("percussion", "perc", "kick", "bass drum", "snare"), ("drums", None)),
    **dict.fromkeys(("hat", "hihat", "hi hat", "cymbal", "ride", "crash", "tom"), ("drums", None)),
    **dict.fromkeys(("clap", "shaker", "conga", "bongo", "cowbell"), ("drums", None)),
    **dict.fromkeys(("bass", "bassline", "bass line", "low end"), ("bass", None)),
    **dict.fromkeys(("bass guitar", "electric bass", "e bass"), ("bass", 33)),
    **dict.fromkeys(("upright bass", "double bass", "walking bass", "stand up bass"), ("bass", 32)),
    **dict.fromkeys(("slap bass", "funk bass"), ("bass", 36)),
    **dict.fromkeys(("808", "sub", "sub bass", "synth bass", "808 bass"), ("bass", 38)),
    **dict.fromkeys(("acid bass", "reese", "reese bass", "303"), ("bass", 39)),
    "picked bass": ("bass", 34),
    "sousaphone": ("bass", 58),
    **dict.fromkeys(("chord", "harmony", "comp", "comping", "rhythm", "stab"), ("chords", None)),
    **dict.fromkeys(("key", "keyboard", "piano", "grand piano"), ("chords", 0)),
    **dict.fromkeys(("rhodes", "electric piano", "ep", "e piano"), ("chords", 4)),
    **dict.fromkeys(("wurlitzer", "wurli", "dx7", "fm piano"), ("chords", 5)),
    **dict.fromkeys(("clav", "clavi"), ("chords", 7)),
    **dict.fromkeys(("organ", "hammond", "b3"), ("chords", 16)),
    "pipe organ": ("chords", 19),
    "bandoneon": ("chords", 23),
    **dict.fromkeys(("nylon guitar", "classical guitar", "spanish guitar"), ("chords", 24)),
    **dict.fromkeys(("guitar", "acoustic guitar", "steel guitar", "strum"), ("chords", 25)),
    "jazz guitar": ("chords", 26),
    **dict.fromkeys(("electric guitar", "clean guitar", "rhythm guitar"), ("chords", 27)),
    **dict.fromkeys(("muted guitar", "skank"), ("chords", 28)),
    **dict.fromkeys(("distorted guitar", "power chord"), ("chords", 30)),
    **dict.fromkeys(("lead guitar", "guitar solo", "solo guitar"), ("melody", 29)),
    "harp": ("chords", 46),
    **dict.fromkeys(("string", "string section", "orchestra"), ("chords", 48)),
    **dict.fromkeys(("choir", "vocal pad"), ("chords", 52)),
    **dict.fromkeys(("choir pad", "synth choir pad"), ("chords", 91)),
    **dict.fromkeys(("brass", "horn", "horn section"), ("chords", 61)),
    **dict.fromkeys(("pad", "synth pad", "warm pad", "atmosphere"), ("chords", 89)),
    **dict.fromkeys(("synth", "polysynth"), ("chords", 90)),
    **dict.fromkeys(("arp", "arpeggio", "arpeggiator", "pluck"), ("chords", 81)),
    **dict.fromkeys(("fx", "effect", "texture", "ambience"), ("chords", 99)),
    **dict.fromkeys(("melody", "solo", "tune", "theme", "hook", "riff"), ("melody", None)),
    **dict.fromkeys(("lead", "synth lead", "lead synth"), ("melody", 80)),
    **dict.fromkeys(("saw lead", "supersaw"), ("melody", 81)),
    **dict.fromkeys(("voice", "vocal", "vox", "singer", "topline"), ("melody", 52)),
    **dict.fromkeys(("bell", "glock"), ("melody", 9)),
    "vibe": ("melody", 11),
    "hammered dulcimer": ("chords", 15),
    "mandolin": ("melody", 25),
    "ukulele": ("chords", 24),
    **dict.fromkeys(("sax", "saxophone"), ("melody", 65)),
    "soprano saxophone": ("melody", 64),
    "alto saxophone": ("melody", 65),
    "tenor saxophone": ("melody", 66),
    "baritone saxophone": ("melody", 67),
    **dict.fromkeys(("cor anglais",), ("melody", 69)),
    "bass clarinet": ("melody", 71),
    "flugelhorn": ("melody", 56),
    "harmon trumpet": ("melody", 59),
    **dict.fromkeys(("tin whistle", "penny whistle"), ("melody", 78)),
    "panpipe": ("melody", 75),
    "steelpan": ("melody", 114),
    "bagpipes": ("melody", 109),
    "mbira": ("melody", 108),
}

# Other names of programs, by program (Maestro's, save single words that mean more than one thing). Their
# roles are the programs'; what stands above goes first.
_OTHER_NAMES: dict[int, str] = {
    0: "acoustic piano, concert piano",
    1: "bright piano, bright acoustic",
    2: "electric piano grand",
    3: "honkytonk, saloon piano, ragtime piano",
    4: "fender rhodes, ep1",
    5: "ep2, fm electric piano",
    6: "clavecin, cembalo",
    7: "d6",
    8: "celeste",
    10: "musicbox",
    11: "vibraharp",
    13: "xylo",
    14: "chimes, orchestral chimes",
    17: "perc organ",
    18: "distorted organ",
    19: "cathedral organ",
    20: "harmonium",
    21: "accordian",
    22: "blues harp, mouth organ",
    24: "nylon",
    25: "steel string, folk guitar",
    26: "hollow body",
    27: "electric guitar clean, strat clean",
    28: "palm mute, muted electric, muted electric guitar",
    29: "overdrive guitar, crunchy guitar",
    30: "heavy guitar, metal guitar",
    31: "harmonics",
    32: "standup bass",
    33: "finger bass, fingered bass",
    34: "pick bass",
    35: "fretless",
    36: "slap",
    37: "pop bass",
    38: "analog bass",
    39: "digital bass, fm bass",
    42: "violoncello",
    43: "string bass",
    44: "tremolo",
    45: "pizzicato, pizz",
    46: "orchestral harp, concert harp",
    47: "kettle drum",
    48: "string ensemble, orchestra strings, orchestral strings",
    49: "slow strings",
    50: "synth strings, string synth",
    52: "aahs",
    53: "oohs",
    54: "vocoder, synth choir",
    55: "orch hit",
    59: "harmon mute",
    61: "brass ensemble",
    62: "synth brass",
    67: "bari sax",
    75: "pan pipes",
    76: "bottle",
    80: "square lead, square wave",
    81: "sawtooth lead, saw wave",
    82: "calliope, calliope lead",
    83: "chiff, chiff lead",
    84: "charang, distorted lead",
    85: "voice lead, synth voice lead",
    86: "fifths lead, power lead",
    87: "bass lead",
    88: "new age pad, ambient pad",
    89: "analog pad",
    90: "poly pad",
    92: "bowed pad, bowed glass",
    93: "metallic pad, metal pad",
    94: "halo, halo pad",
    95: "sweep, sweep pad",
    96: "rain, rain fx",
    97: "soundtrack, cinematic",
    98: "crystal, crystal fx",
    99: "atmos, atmospheric",
    100: "brightness, bright fx",
    101: "goblins",
    102: "echoes, echo fx",
    103: "sci fi, scifi, space",
    108: "thumb piano",
    109: "bag pipe, bag pipes",
    110: "folk fiddle",
    111: "shehnai",
    114: "steel pan",
    115: "wood block",
    116: "taiko",
    118: "electronic drum",
    119: "cymbal reverse",
    120: "fret noise, guitar noise",
    121: "breath",
    122: "ocean, waves",
    123: "bird",
    124: "telephone, phone ring",
    125: "chopper",
    126: "clapping",
    127: "gun",
}


def family_of(program: int) -> str:
    """The General MIDI family of a program 0–127."""
    return FAMILIES[program // 8]


def program_named(name: str) -> int:
    """The program 0–127 of an instrument's name, in GM's words or common ones ("rhodes" is 4).

    Raises `RequestError` with a suggestion.
    """
    found = _match(name)
    if found is None or found[1] is None:
        raise RequestError(f"no instrument is called {name!r}{_suggestion(name)}")
    return found[1]


def nearest_role(name: str) -> tuple[Role, int | None]:
    """The role a part of this name plays, and its program where the name says one.

    "tenor sax" is ("melody", 66), "drums" is ("drums", None). Raises `RequestError` with a
    suggestion for a name that holds no word known here.
    """
    found = _match(name)
    if found is None:
        raise RequestError(
            f"no part is called {name!r}{_suggestion(name)}; expected {', '.join(ROLES)} or an "
            "instrument such as 'tenor sax'"
        )
    return found


@dataclass(frozen=True, slots=True)
class Instrument:
    """What a track sounds like: a program 0–127, or drums (None), and how sure that is."""

    program: int | None
    confidence: Confidence

    @property
    def is_drums(self) -> bool:
        return self.program is None

    @property
    def name(self) -> str:
        return DRUMS_NAME if self.program is None else PROGRAM_NAMES[self.program]


def instrument_of(
    track_name: str | None, *, instrument: str | None = None, role: str | None = None
) -> Instrument:
    """The instrument of a track: of the first of instrument, name and role that says anything.

    Drums are sure wherever they are said. Piano, with confidence "none", where nothing is.
    """
    said: tuple[tuple[str | None, Confidence], ...] = (
        (instrument, "high"), (track_name, "medium"), (role, "low"),
    )  # fmt: skip
    for text, confidence in said:
        found = _match(text or "")
        if found is None:
            continue
        meant, program = found
        if program is None and meant == "drums":
            return Instrument(None, "high")
        return Instrument(ROLE_PROGRAMS[meant] if program is None else program, confidence)
    return Instrument(0, "none")


def _match(name: str) -> tuple[Role, int | None] | None:
    words = _words(name)
    for length in range(min(len(words), _LONGEST), 0, -1):
        for start in range(len(words) - length, -1, -1):
            found = _BY_WORDS.get(words[start : start + length])
            if found is not None:
                return found
    return None


def _words(name: str) -> tuple[str, ...]:
    """Lower-case words and numbers; a plural counts as its singular."""
    words = re.findall(r"[a-z0-9]+", name.lower())
    return tuple(word[:-1] if len(word) > 3 and word.endswith("s") else word for word in words)


def _suggestion(name: str) -> str:
    known = [*ROLES, *_ROLE_WORDS, *(program.lower() for program in PROGRAM_NAMES)]
    close = get_close_matches(name.lower(), known, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _role_of(program: int) -> Role:
    return _ROLE_EXCEPTIONS.get(PROGRAM_NAMES[program], _FAMILY_TABLE[program // 8][1])


_BY_WORDS: dict[tuple[str, ...], tuple[Role, int | None]] = (
    {
        _words(name): (_role_of(program), program)
        for program, names in _OTHER_NAMES.items()
        for name in names.split(", ")
    }
    | {_words(name): (_role_of(program), program) for program, name in enumerate(PROGRAM_NAMES)}
    | {_words(name): meaning for name, meaning in _ROLE_WORDS.items()}
)
_LONGEST = max(map(len, _BY_WORDS))
