"""A loop in a style: which groove, which parts, which instruments, which chords, how fast.

Everything comes from the random generator handed in: equal generators, equal loops.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from workbench.errors import RequestError
from workbench.models.grammar.band import Stage, play_bass, play_chords, play_melody
from workbench.models.grammar.drums import (
    Beat,
    Feel,
    choose_groove,
    draw_feel,
    play_drums,
    play_random,
)
from workbench.models.grammar.harmony import MAJOR, MINOR, chords_on, draw_chords
from workbench.models.grammar.idioms import BASSLINES, COMPS, LOCK, MELODIES
from workbench.models.grammar.loops import ROLES, Event, Loop
from workbench.models.grammar.styles import (
    EVALUATION_STYLES,
    STYLES,
    TABLE,
    Style,
    grooves_of,
    style_named,
)
from workbench.models.vocabulary import DRUM_PATCH

RANDOM = "random"
RANDOM_CHANCE = (
    0.15  # of loops whose style is free: reference experiments found this to teach copying
)

# General MIDI programs a part may take when its style's own are not drawn.
BASS_POOL = tuple(range(32, 40))
ODD_BASSES = (
    58,
    43,
    87,
    70,
    42,
    57,
)  # tuba, double bass bowed, bass lead, bassoon, cello, trombone
CHORD_POOL = (*range(8), *range(16, 32), *range(44, 55), 61, 62, 63, *range(88, 96))
MELODY_POOL = (
    *range(8, 16),
    22,
    *range(24, 32),
    *range(40, 43),
    45,
    46,
    *range(52, 88),
    104,
    105,
    107,
    108,
    114,
)
STYLE_PALETTE_CHANCE = 0.5
ODD_BASS_CHANCE = 0.06
WHOLE_BAND_CHANCE = 0.6

SUBSETS = tuple(
    tuple(role for bit, role in enumerate(ROLES) if number >> bit & 1) for number in range(1, 16)
)


def compose_loop(  # noqa: PLR0913 - every choice of a loop can be fixed by name
    rng: random.Random,
    *,
    style: str | None = None,
    groove: str | None = None,
    bars: int = 4,
    roles: Sequence[str] | None = None,
    held_out: bool = False,
    mode: int | None = None,
    programs: Mapping[str, int] | None = None,
    roots: Sequence[int] = (),
) -> Loop:
    """Compose `bars` bars; what is None is drawn.

    A free style is one of STYLES, and sometimes `"random"`, whose patterns mean nothing. Free roles
    are the whole band or any subset of it. `held_out` takes the style's held-out groove
    instead of any other. `programs` fixes patches by role, `roots` the chord of each bar. Raises
    `RequestError` on a name that does not exist.
    """
    wanted = _roles(rng, roles)
    name = style or (
        RANDOM if not held_out and rng.random() < RANDOM_CHANCE else rng.choice(STYLES)
    )
    if groove is not None and style is None:
        raise RequestError(f"groove {groove!r} needs a style to be looked up in")
    if bars < 1:
        raise RequestError(f"bars must be at least 1, got {bars}")
    if name == RANDOM:
        row, groove_name = _mixed_style(rng), RANDOM
        drums, beats, feel = play_random(rng, bars)
        tempo_bpm = rng.randint(80, 160)
    else:
        row = style_named(name)
        drums, beats, feel, groove_name = _drums(rng, row, groove, bars, held_out=held_out)
        tempo_bpm = rng.randint(row.tempo_bpm[0], row.tempo_bpm[2])
    patches = _programs(rng, row, wanted, programs or {})
    if wanted == ("drums",):
        return Loop(name, groove_name, bars, 0, patches, (), float(tempo_bpm), tuple(drums))
    mode = mode or (MINOR if rng.random() < row.minor_chance else MAJOR)
    sevenths = rng.random() < row.sevenths
    chords = draw_chords(rng, mode, row.progressions, bars, sevenths=sevenths)
    if roots:
        chords = chords_on(roots, mode, sevenths=sevenths)
    events = drums if "drums" in wanted else []
    events = _settle([*events, *_parts(Stage(rng, chords, feel, beats), row, patches)])
    roots = tuple(chord.root for chord in chords)
    return Loop(name, groove_name, bars, mode, patches, roots, float(tempo_bpm), tuple(events))


def compose_roots(rng: random.Random, bars: int) -> tuple[str, int, tuple[int, ...]]:
    """Style, mode and the chord roots of a band's loop, drawn as `compose_loop` draws them: no notes."""
    name = RANDOM if rng.random() < RANDOM_CHANCE else rng.choice(STYLES)
    row = _mixed_style(rng) if name == RANDOM else style_named(name)
    mode = MINOR if rng.random() < row.minor_chance else MAJOR
    chords = draw_chords(rng, mode, row.progressions, bars, sevenths=False)
    return name, mode, tuple(chord.root for chord in chords)


def _roles(rng: random.Random, roles: Sequence[str] | None) -> tuple[str, ...]:
    if roles is None:
        return ROLES if rng.random() < WHOLE_BAND_CHANCE else rng.choice(SUBSETS)
    unknown = set(roles) - set(ROLES)
    if unknown or not roles:
        raise RequestError(
            f"roles must be some of {', '.join(ROLES)}, got {', '.join(roles) or 'none'}"
        )
    return tuple(role for role in ROLES if role in roles)


def _drums(
    rng: random.Random, style: Style, groove: str | None, bars: int, *, held_out: bool
) -> tuple[list[Event], list[Beat], Feel, str]:
    names = [row.name for row in grooves_of(style.name)]
    if groove is not None and groove not in names:
        raise RequestError(
            f"groove of {style.name} must be one of {', '.join(names)}, got {groove!r}"
        )
    if held_out and style.name in EVALUATION_STYLES:
        raise RequestError(f"{style.name} has no held-out groove: it is never trained on at all")
    chosen = choose_groove(rng, style.name, groove, held_out=held_out)
    feel = draw_feel(rng, style, chosen)
    drums, beats = play_drums(rng, style, chosen, feel, bars)
    return drums, beats, feel, chosen.name


def _mixed_style(rng: random.Random) -> Style:
    """A row with every idiom from anywhere: what the pitched parts of a random loop follow."""
    base = TABLE[rng.choice(STYLES)]
    return Style(
        name=base.name,
        grooves=base.grooves,
        tempo_bpm=base.tempo_bpm,
        anchor=base.anchor,
        basslines=(rng.choice((LOCK, *BASSLINES)),),
        comps=(rng.choice(tuple(COMPS)),),
        melody=(rng.choice(tuple(MELODIES)),),
        progressions=tuple(rng.sample(("pop", "rock", "jazz", "latin", "vamp", "dance"), 2)),
        sevenths=0.4,
        bass_programs=base.bass_programs,
        chord_programs=base.chord_programs,
        melody_programs=base.melody_programs,
    )


def _programs(
    rng: random.Random, style: Style, roles: tuple[str, ...], fixed: Mapping[str, int]
) -> tuple[int | None, int | None, int | None, int | None]:
    bass_pool = ODD_BASSES if rng.random() < ODD_BASS_CHANCE else BASS_POOL
    palettes = (
        ("bass", style.bass_programs, bass_pool),
        ("chords", style.chord_programs, CHORD_POOL),
        ("melody", style.melody_programs, MELODY_POOL),
    )
    taken = {fixed[role] for role in roles if role in fixed}
    drawn: list[int | None] = []
    for role, own, pool in palettes:
        if role not in roles:
            drawn.append(None)
            continue
        program = fixed.get(role)
        if program is None:
            source = own if rng.random() < STYLE_PALETTE_CHANCE else pool
            program = rng.choice(
                [p for p in source if p not in taken] or [p for p in pool if p not in taken]
            )
        taken.add(program)
        drawn.append(program)
    return (DRUM_PATCH if "drums" in roles else None, drawn[0], drawn[1], drawn[2])


def _parts(
    stage: Stage, style: Style, programs: tuple[int | None, int | None, int | None, int | None]
) -> list[Event]:
    _, bass, chords, melody = programs
    rng, events = stage.rng, []
    bassline, comp, idiom = (
        rng.choice(row) for row in (style.basslines, style.comps, style.melody)
    )
    if bass is not None:
        events += play_bass(stage, bassline, bass)
    if chords is not None:
        events += play_chords(stage, comp, chords)
    if melody is not None:
        events += play_melody(stage, idiom, melody)
    return events


def _settle(events: list[Event]) -> list[Event]:
    """In order, and the first of two notes on one spot only."""
    seen: set[tuple[int, int, int]] = set()
    kept = []
    for event in sorted(events):
        spot = (event.onset, event.patch, event.pitch)
        if spot not in seen:
            seen.add(spot)
            kept.append(event)
    return kept
