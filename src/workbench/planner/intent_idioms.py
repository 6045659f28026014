"""How producers say what a sound should be: one table of idioms, each with the quality it moves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


def listed(text: str) -> frozenset[str]:
    """The words of a row of a table."""
    return frozenset(text.split())


ARTICLES = listed("the a an my our your some any its his her their of")
"""Words that idioms are looked up without."""


@dataclass(frozen=True, slots=True)
class Idiom:
    """A producer's phrase, and the quality it moves: `direction` of `target`."""

    phrase: str
    intent: str
    direction: str
    target: str


IDIOMS = tuple(
    Idiom(phrase, f"mix.{group}", direction, target)
    for group, direction, target, listed in (
        ("tonality", "decrease", "highs", "darker"),
        ("tonality", "increase", "highs", "brighter"),
        ("tonality", "increase", "low_mids", "warmer"),
        ("tonality", "decrease", "low_mids", "colder"),
        ("tonality", "decrease", "highs", "too bright"),
        ("tonality", "increase", "highs", "too dark"),
        ("dynamics", "increase", "attack", "punchier, more punch"),
        ("dynamics", "decrease", "release", "tighter"),
        ("dynamics", "increase", "saturation", "fatter"),
        ("dynamics", "increase", "lows", "thicker"),
        ("dynamics", "decrease", "low_mids", "less muddy"),
        ("space", "increase", "stereo_width", "wider"),
        ("space", "increase", "reverb", "bigger, more space"),
        ("space", "increase", "delay", "more depth"),
        ("space", "decrease", "reverb", "closer, more intimate"),
        ("energy", "increase", "dynamics", "more energy"),
        ("energy", "add", "modulation", "more movement"),
        ("energy", "add", "variation", "add life"),
        ("energy", "add", "modulation", "too static"),
        ("energy", "add", "variation", "boring"),
    )
    for phrase in listed.split(", ")
)
"""Reference §2's lexicon, in its order."""

# (group, direction, target, said as they are, adjectives wanted more of, adjectives wanted less of)
_QUALITIES = (
    ("tonality", "decrease", "highs",
     "mellower, darken, tame highs, roll off highs, less treble, less highs, fewer highs, less top end, "
     "softer highs, "
     "less sparkle, less sizzle, duller, smoother, less sibilance, less harshness, less fizz, moodier, "
     "harshness",
     "dark, mellow, smooth, moody", "bright, harsh, shrill, tinny, piercing, brittle, sibilant, trebly, "
                                    "sharp, fizzy, edgy, crispy"),
    ("tonality", "increase", "highs",
     "brighten, crisper, airier, shinier, clearer, sparklier, more sparkle, more treble, more highs, more air, "
     "more top end, more presence, more clarity, more shimmer, more brightness, more high end, add air, "
     "sparkle, clarity, presence, definition, "
     "sparkle, more brilliance, sharper, more top, add shimmer, sheen",
     "bright, crisp, airy, shiny, sparkly, clear, shimmery, crystalline", "dark, dull, muffled, dim, "
                                                                          "murky, woolly, cloudy"),
    ("tonality", "increase", "low_mids",
     "warm up, warm it up, more warmth, more body, more lows, more low end, more bottom, add warmth, "
     "harmonic warmth, "
     "more bottom end, rounder, fuller, richer, more low mids, warmth",
     "warm, round, full, rich, woody, vintage", "cold, icy, sterile, clinical, nasal, hollow"),
    ("tonality", "decrease", "low_mids",
     "cooler sound, less warmth, less low end, less lows, less low mids, icier, cool down, less boom",
     "cold, icy, glassy", "warm, boomy, boxy, bassy, honky"),
    ("dynamics", "increase", "attack",
     "snappier, more snap, more impact, more attack, hit harder, harder hitting, harder, more oomph, "
     "more thump, "
     "more bite, more smack, more slap, knock harder, hits harder, heavier, more knock, punch, more weight, "
     "beefier, beef up, more beef, more slam, oomph, thump, bite, punch up, stronger, hit hard, "
     "more crack, more kick, more aggressive, weight, impact, papery",
     "punchy, snappy, heavy, beefy, impactful, aggressive", "weak, soft hitting, limp, wimpy, feeble"),
    ("dynamics", "decrease", "release",
     "tighten, tighten up, more tightness, more controlled, more control, tighten it up",
     "tight, controlled, focused", "flabby, loose, sloppy, uncontrolled"),
    ("dynamics", "increase", "saturation", "fatten, fatten up, more grit, grittier, dirtier, "
                                           "more saturated, juicier, phatter",
     "fat, gritty, phat, dirty", "clean sounding"),
    ("dynamics", "increase", "lows", "thicken, thicken up, meatier, more meat, chunkier",
     "thick, meaty, chunky", "thin, skinny, flimsy"),
    ("dynamics", "decrease", "low_mids", "muddy, mud, less mud, clean up low end, muddiness, "
                                         "cleaner low end, clean up lows, mushy, clean up bass",
     "", "muddy"),
    ("space", "increase", "stereo_width", "widen, more width, more stereo, spread out, more stereo width, "
                                          "stereo spread, stereo width, wide stereo, more spread, width, wide",
     "wide, open", "narrow, mono"),
    ("space", "increase", "reverb",
     "more spacious, roomier, more room, more distant, more ambience, huge, larger than life, further away, "
     "farther away, further back, more airy space, breathing space, larger, more distance, massive, "
     "spacious, epic space, "
     "breathe, breathing room, more reverby, cavernous, dreamier, more air around, wetter",
     "spacious, big, roomy, distant, dreamy, huge, large, wet, cavernous", "small, cramped, close, "
                                                                           "claustrophobic, boxed in, "
                                                                           "crowded, upfront"),
    ("space", "increase", "delay", "deeper, depth of field, add depth, more dimension, depth, "
                                   "three dimensional, 3d", "deep", "two dimensional"),
    ("space", "decrease", "reverb", "up front, more upfront, in face, in ear, in ears, up close, intimate, "
                                    "drier, nearer, less space, less roomy, less distant, less spacious, "
                                    "more dry, less ambience",
     "intimate, close, upfront, dry, near", "far away, distant, wet, washed out, roomy, far, washy, "
                                            "spacious, reverby, echoey, big"),
    ("energy", "increase", "dynamics",
     "livelier, more exciting, more drive, more driving, energize, energise, pump up, amp up, liven up, "
     "spice up, "
     "more excitement, more intensity, more intense, more power, hype, more hype, more life, lively, energy, "
     "more dynamic, more vibe, hyped, more punchy energy, livens up, hit different, more fire, "
     "breathe life, bring life, "
     "more powerful, more vigour, more vigor, more groovy, groovier, more momentum, more urgency, life, "
     "less energy, calmer, "
     "less intense, more chill, more relaxed, crazier, wilder, more epic",
     "energetic, lively, exciting, intense, dynamic, driving, powerful, upbeat, vibrant, alive, fun",
         "sleepy, calm, tame, tired, sluggish, lazy, mellow overall, low energy"),
    ("energy", "add", "modulation", "more motion, motion, add movement, add motion, static, evolving, "
                                    "more evolving, movement, more modulated, stale, moving",
     "fluid", "static, stiff, rigid, robotic, mechanical"),
    ("energy", "add", "variation", "more interesting, more variation, less repetitive, repetitive, "
                                   "lifeless, dead, monotonous, bland, samey, more variety, flat, more spice, "
     "more excitement, put me to sleep, puts me to sleep, same all the time, bored, variety, drags on, "
     "drab, less predictable, predictable",
     "interesting, varied, surprising", "boring, repetitive, plain, predictable, empty, uneventful, "
                                        "monotone, simple, dead, flat"),
)  # fmt: skip
_MORE = ("more {}", "not {} enough", "isnt {} enough", "arent {} enough", "{} enough", "lot {}")
_LESS = ("too {}", "less {}", "sound {}", "sounds {}", "feel {}", "feels {}", "sounding {}", "feeling {}",
    "is {}", "are {}", "bit {}", "not so {}", "not as {}", "sounded {}", "gets {}")  # fmt: skip


def _idioms() -> Iterator[Idiom]:
    yield from IDIOMS
    for group, direction, target, plain, wanted, unwanted in _QUALITIES:
        said = [
            *filter(None, plain.split(", ")),
            *(form.format(word) for word in filter(None, wanted.split(", ")) for form in _MORE),
            *(form.format(word) for word in filter(None, unwanted.split(", ")) for form in _LESS),
        ]
        said += [f"make {word}" for word in wanted.split(", ") if word]
        for phrase in said:
            yield Idiom(phrase, f"mix.{group}", direction, target)


_IDIOMS: dict[tuple[str, ...], tuple[int, Idiom]] = {}
for _rank, _idiom in enumerate(_idioms()):
    _IDIOMS.setdefault(tuple(_idiom.phrase.split()), (_rank, _idiom))
_LONGEST_IDIOM = max(map(len, _IDIOMS))


def idiom_in(words: Sequence[str]) -> Idiom | None:
    """The producer's idiom among words, whole words only; of several the longest, then the first."""
    line = [word for word in words if word not in ARTICLES]
    bare = [word for word in line if word not in _PRONOUNS]
    if line and line[0] in ("make", "get", "keep", "want"):
        bare += ["make", line[-1]]  # "make the bass fat"
    hits = [
        (-length, *hit)
        for said in ((line, bare) if bare != line else (line,))
        for at in range(len(said))
        for length in range(1, min(_LONGEST_IDIOM, len(said) - at) + 1)
        if (hit := _IDIOMS.get(tuple(said[at : at + length]))) is not None
    ]
    return min(hits, key=lambda hit: hit[:2])[2] if hits else None


# They stand inside phrasal verbs: "spice it up".
_PRONOUNS = listed("it this that these those them things everything")


def idiom_words() -> frozenset[str]:
    """Every word an idiom is made of."""
    return frozenset(word for phrase in _IDIOMS for word in phrase)
