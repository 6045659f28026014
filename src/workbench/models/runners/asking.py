"""What a request means to the pocket network: style, key, parts, tempo, sections. Knows no weights."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from workbench.errors import RequestError
from workbench.models.decoding.draw import Sampling
from workbench.models.decoding.rules import Limits
from workbench.models.grammar import ROLES, style_named
from workbench.models.requests import GenerationRequest, RunnerInfo
from workbench.models.runners.composing import Tuning, sampling
from workbench.models.runners.priming import Prime, from_bar, prime_of, upto_bar
from workbench.models.vocabulary import (
    DRUM_PATCH,
    EOS,
    TICKS_PER_UNIT,
    UNITS_PER_BAR,
    decode_tokens,
)
from workbench.score import (
    DRUM_CHANNEL,
    Key,
    KeySignature,
    Score,
    TimeSignature,
    Track,
    ending_at,
    nearest_role,
    parse_key,
    transpose,
)

NATIVE_BARS = (8, 4, 2, 1)  # composed whole, as trained
DEFAULT_BARS = 4
DEFAULT_TEMPO_BPM = 110.0
LARGEST_PRIME_BARS = 7  # a section of eight with at least one bar of its own

# Measured with the shipped weights on seeds that the gates do not use: at .95 drums are more varied
# (.84 of loops from a style distinct, .79 here) and miss more anchors (.022, .016 here).
DRUMS_TUNING = Tuning(temperature=0.9, top_p=0.95)
BAND_TUNING = Tuning(temperature=0.8, top_p=0.9)

MODES = {"major": 1, "minor": 2}

# Programs of a role where no style names its own.
PLAIN_PROGRAMS = {"bass": (33, 32, 38), "chords": (0, 4, 25), "melody": (80, 65, 73)}


@dataclass(frozen=True, slots=True)
class Section:
    """Bars composed in one go: `given` of its `bars` are there before; it begins `before` bars in."""

    given: int
    bars: int
    before: int


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request in the network's terms."""

    request: GenerationRequest
    prime: Prime
    style_id: int
    mode: int
    semitones: int
    """From C major or A minor to what is heard."""
    key: Key | None
    programs: tuple[int | None, ...]
    """Patch of each role, None where it does not play."""
    bars: int
    tempo_bpm: float
    how: Sampling

    @classmethod
    def of(cls, request: GenerationRequest, info: RunnerInfo) -> Asked:
        """Understand a request. Raises `RequestError` in a sentence for what the network cannot do."""
        if request.time_signature != (4, 4):
            upper, lower = request.time_signature
            raise RequestError(f"the pocket model knows 4/4 only, for now; got {upper}/{lower}")
        style = style_named(request.style) if request.style else None
        if style is not None and style.name not in info.styles:
            raise RequestError(
                f"the pocket model was not trained on {style.name}; it knows {', '.join(info.styles)}"
            )
        prime = prime_of(request)
        bars = _bars(request, prime)
        key = parse_key(request.key) if request.key else prime.key
        if key is not None and key.mode not in MODES:
            raise RequestError(f"the pocket model knows major and minor keys, got {key}")
        programs = _programs(request, prime)
        _check_parts(programs, prime)
        only_drums = _only_drums(programs)
        asked = cls(
            request=request,
            prime=prime,
            style_id=info.styles.index(style.name) + 1 if style else 0,
            mode=0 if only_drums or key is None else MODES[key.mode],
            semitones=key.semitones_from_home if key else 0,
            key=key if not only_drums else None,
            programs=programs,
            bars=bars,
            tempo_bpm=request.tempo_bpm
            or prime.tempo_bpm
            or (float(style.tempo_bpm[1]) if style else DEFAULT_TEMPO_BPM),
            how=sampling(request, DRUMS_TUNING if only_drums else BAND_TUNING),
        )
        first = asked.prime_of_section(asked.sections[0], ())
        assert info.max_prime_tokens is not None
        if len(first) > info.max_prime_tokens:
            raise RequestError(
                f"the prime takes {len(first)} tokens and at most {info.max_prime_tokens} fit the "
                "model's context; give fewer bars or parts"
            )
        return asked

    @property
    def only_drums(self) -> bool:
        """Whether nothing asked for has a pitch."""
        return _only_drums(self.programs)

    @property
    def chord_roots(self) -> tuple[int, ...]:
        """The chord root of each bar in the network's key; () where it may choose."""
        roots = self.request.chord_roots or ()
        return tuple(
            (roots[bar % len(roots)] - self.semitones) % 12
            for bar in range(self.bars if roots else 0)
        )

    @property
    def sections(self) -> tuple[Section, ...]:
        """Lengths the network knows, chained: each sees as many of the bars before it as fit."""
        have = self.prime.bars
        sections: list[Section] = []
        if self.bars in NATIVE_BARS:
            return (Section(have, self.bars, 0),)
        if not have:
            first = next(size for size in NATIVE_BARS if size <= self.bars)
            sections.append(Section(0, first, 0))
            have = first
        while have < self.bars:
            size, new = next(
                (size, new)
                for size in NATIVE_BARS[:-1]
                for new in (min(self.bars - have, size // 2),)
                if size - new <= have
            )
            sections.append(Section(size - new, size, have + new - size))
            have += new
        return tuple(sections)

    def limits(self, section: Section, *, exact_bars: bool) -> Limits:
        """The constraints of one section; pitches in the network's key."""
        request, shift = self.request, self.semitones
        first = section == self.sections[0]
        start_units = section.before * UNITS_PER_BAR
        return Limits(
            patches=frozenset(patch for patch in self.programs if patch is not None),
            instruments=frozenset(request.instruments) if request.instruments else None,
            pitch_range=_moved_range(request.pitch_range, shift),
            scale=frozenset((pitch - shift) % 12 for pitch in request.scale)
            if request.scale
            else None,
            max_polyphony=request.max_polyphony,
            grid=request.grid,
            bars=section.bars,
            exact_bars=exact_bars,
            from_units=self.prime.length_units - start_units
            if first
            else section.given * UNITS_PER_BAR,
        )

    def prime_of_section(self, section: Section, tokens: Sequence[int]) -> list[int]:
        """What a section sees of the prime and of what was composed so far, from SOS on."""
        so_far = [*self.prime.tokens, *(token for token in tokens if token != EOS)]
        return upto_bar(from_bar(so_far, section.before), section.given)

    def score(self, tokens: Sequence[int], bars: int, *, first_bar: int = 0) -> Score:
        """Prime and continuation as they are heard: tempo, key, names; from `first_bar` to bar `bars`."""
        so_far = from_bar([*self.prime.tokens, *tokens], first_bar)
        heard = decode_tokens(so_far, tempo_bpm=self.tempo_bpm)
        length_ticks = (bars - first_bar) * UNITS_PER_BAR * TICKS_PER_UNIT
        order = {patch: role for role, patch in enumerate(self.programs) if patch is not None}
        tracks = ending_at(transpose(heard, self.semitones), length_ticks).tracks
        named = sorted(
            ((order.get(_patch(track), len(ROLES)), track) for track in tracks if track.notes),
            key=lambda pair: pair[0],
        )
        return Score(
            tracks=tuple(
                replace(track, name=ROLES[role].capitalize()) if role < len(ROLES) else track
                for role, track in named
            ),
            tempos=heard.tempos,
            time_signatures=(TimeSignature(0, 4, 4),),
            key_signatures=(KeySignature(0, self.key.signature_name),) if self.key else (),
            length_ticks=length_ticks,
        )


def _bars(request: GenerationRequest, prime: Prime) -> int:
    """Length asked for; four bars, or the next native length a prime leaves room in, when none is."""
    longer = [size for size in sorted(NATIVE_BARS) if size > prime.bars and size >= DEFAULT_BARS]
    bars = request.bars or next(iter(longer), prime.bars + DEFAULT_BARS)
    if bars <= prime.bars:
        raise RequestError(
            f"the prime is {prime.bars} bars long and bars is {bars}, which leaves nothing to compose; "
            f"ask for more than {prime.bars} bars or give a shorter prime"
        )
    return bars


def _check_parts(programs: Sequence[int | None], prime: Prime) -> None:
    """Refuse a part that the prime lacks: the network was taught loops whose parts are there from bar one."""
    wanted = {role for role, patch in zip(ROLES, programs, strict=True) if patch is not None}
    if prime.patches and (missing := sorted(wanted - set(prime.patches))):
        raise RequestError(
            f"the pocket model goes on with the parts of its prime ({', '.join(prime.patches)}) and "
            f"cannot add {', '.join(missing)}; leave that out, give a prime that has it, or take the "
            "runner grammar"
        )


def _moved_range(pitch_range: tuple[int, int] | None, semitones: int) -> tuple[int, int] | None:
    if pitch_range is None:
        return None
    low, high = (max(0, min(127, pitch - semitones)) for pitch in pitch_range)
    return low, high


def _only_drums(programs: Sequence[int | None]) -> bool:
    return all(patch in (None, DRUM_PATCH) for patch in programs)


def _patch(track: Track) -> int:
    return DRUM_PATCH if track.notes[0].channel == DRUM_CHANNEL else track.program


def _programs(request: GenerationRequest, prime: Prime) -> tuple[int | None, ...]:
    """The patch that plays each role, None for a role that does not play."""
    wanted = _wanted_roles(request, prime)
    allowed = frozenset(request.instruments) if request.instruments else frozenset(range(129))
    rng = random.Random(f"programs/{request.seed}")  # noqa: S311 - music, not secrets
    style = style_named(request.style) if request.style else None
    chosen: dict[str, int] = {}
    for role, program in wanted.items():
        palette = {
            "drums": (DRUM_PATCH,),
            "bass": style.bass_programs if style else PLAIN_PROGRAMS["bass"],
            "chords": style.chord_programs if style else PLAIN_PROGRAMS["chords"],
            "melody": style.melody_programs if style else PLAIN_PROGRAMS["melody"],
        }[role]
        chosen[role] = _program(role, program, palette, allowed - set(chosen.values()), rng)
    return tuple(chosen.get(role) for role in ROLES)


def _program(
    role: str, asked: int | None, palette: Sequence[int], free: frozenset[int], rng: random.Random
) -> int:
    """One role's patch: as asked, else of the palette where allowed, else any that is allowed."""
    if asked is not None:
        if asked not in free:
            raise RequestError(
                f"{role} asks for program {asked}, which instruments leave out or another part plays"
            )
        return asked
    pitched = sorted(free - {DRUM_PATCH})
    among = [patch for patch in palette if patch in free]
    if role == "drums" and not among:
        raise RequestError("roles ask for drums but instruments leave out the drum kit (128)")
    if not among and not pitched:
        raise RequestError(f"instruments leave no program for {role}; add one or drop the role")
    return rng.choice(among or pitched)


def _wanted_roles(request: GenerationRequest, prime: Prime) -> dict[str, int | None]:
    """Role to asked-for program, in the order of ROLES."""
    wanted: dict[str, int | None] = {}
    if request.roles is not None:
        for name in request.roles:
            role, program = nearest_role(name)
            if role in wanted:
                raise RequestError(
                    f"{name!r} is a second {role} part, and the pocket model plays one part a role; "
                    f"roles are {', '.join(ROLES)}"
                )
            wanted[role] = prime.patches.get(role) if program is None else program
    elif prime.patches:
        wanted.update(prime.patches)
    elif request.instruments is not None:
        wanted.update(_roles_of(request.instruments))
    else:
        wanted["drums"] = None
    return {role: wanted[role] for role in ROLES if role in wanted}


def _roles_of(instruments: Sequence[int]) -> dict[str, int | None]:
    """Roles that a list of programs implies: kit, bass family, then chords, then melody."""
    roles: dict[str, int | None] = {}
    for patch in instruments:
        if patch == DRUM_PATCH:
            roles.setdefault("drums", None)
        elif patch in range(32, 40):
            roles.setdefault("bass", None)
        else:
            roles.setdefault("melody" if "chords" in roles else "chords", None)
    return roles
