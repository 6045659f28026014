"""The grammar runner: loops composed by rule, no network. The honest baseline of comparisons.

Without a style it goes on from a prime by repeating it; with one it composes the bars that follow
in that style, on the prime's instruments. It has no probabilities, so it cannot score.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from workbench.errors import RequestError, RunnerError
from workbench.models.grammar import (
    EVALUATION_STYLES,
    ROLES,
    STYLES,
    Event,
    Loop,
    compose_loop,
    event_tokens,
    loop_score,
    style_named,
)
from workbench.models.requests import (
    CancelToken,
    GenerationRequest,
    GenerationResult,
    OnProgress,
    Progress,
    RunnerInfo,
    StopReason,
    TokenScores,
    Variation,
)
from workbench.models.runners.priming import Prime, prime_of
from workbench.models.runners.recording import record
from workbench.models.vocabulary import (
    DRUM_PATCH,
    EOS,
    UNITS_PER_BAR,
    duration_bucket,
    kind,
    patch_pitch,
)
from workbench.score import Key, Score, nearest_role, parse_key, transpose

DEFAULT_BARS = 4
LONGEST_BARS = 64
DEFAULT_TEMPO_BPM = 120.0  # of a prime of bare tokens that says none
_UNMET = ("temperature", "top_p", "top_k", "min_p", "pitch_range", "scale", "max_polyphony", "grid")
MAJOR, MINOR = 1, 2  # as a loop's mode
MINOR_MODES = ("minor", "dorian", "phrygian", "locrian")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """A request understood: what every variation has in common."""

    request: GenerationRequest
    prime: Prime
    given: tuple[Event, ...]
    bars: int
    style: str | None
    roles: tuple[str, ...]
    programs: dict[str, int]
    key: Key | None
    tempo_bpm: float


class GrammarRunner:
    """Composes by rule; thread-safe, as it keeps nothing between requests."""

    @property
    def info(self) -> RunnerInfo:
        return RunnerInfo(
            name="grammar",
            family="grammar",
            description="Procedural grooves and a four-part band; no network, no probabilities",
            licence="Apache-2.0",
            styles=(*STYLES, *EVALUATION_STYLES),
            roles=ROLES,
            details={"bars": LONGEST_BARS, "meter": "4/4", "unmet": _UNMET},
        )

    def generate(
        self,
        request: GenerationRequest,
        *,
        cancel: CancelToken | None = None,
        on_progress: OnProgress | None = None,
    ) -> GenerationResult:
        """Compose every variation. Raises `RequestError` for what the grammar cannot do."""
        result = None
        for step in self.stream(request, cancel=cancel):
            result = step.result
            if on_progress is not None:
                on_progress(step)
        assert result is not None, "the last progress holds the result"
        return result

    def stream(
        self, request: GenerationRequest, *, cancel: CancelToken | None = None
    ) -> Iterator[Progress]:
        """Compose, telling after each variation how far it is."""
        began = time.perf_counter()
        plan = _understand(request)
        variations: list[Variation] = []
        planned: list[tuple[int, ...]] = []
        for index in range(request.num_variations):
            stopped = cancel is not None and cancel.cancelled
            variation, roots = _compose(plan, index, stopped=stopped)
            variations.append(variation)
            planned.append(roots)
            if index + 1 < request.num_variations:
                yield _progress(variations, request.num_variations)
        result = GenerationResult(
            request=request,
            variations=tuple(variations),
            record=record(
                "grammar", "", request,
                style=plan.style, bars=plan.bars, tempo_bpm=plan.tempo_bpm,
                variations=[
                    {
                        "tokens": len(item.tokens),
                        "stop_reason": item.stop_reason,
                        "chord_roots": list(roots),
                    }
                    for item, roots in zip(variations, planned, strict=True)
                ],
            ),
            timings={"total_s": time.perf_counter() - began},
        )  # fmt: skip
        yield _progress(variations, request.num_variations, result)

    def score(self, tokens: Sequence[int]) -> TokenScores:
        """Raise `RunnerError`: rules have no probabilities."""
        raise RunnerError(
            "the grammar runner composes by rule and has no probabilities, so it cannot score "
            f"{len(tokens)} tokens; use 'pocket' or an Orpheus runner"
        )


def _understand(request: GenerationRequest) -> _Plan:
    _refuse_unmet(request)
    prime = prime_of(request)
    bars = request.bars or max(DEFAULT_BARS, prime.bars + 1)
    if prime.bars >= bars:
        raise RequestError(
            f"bars counts the prime's {prime.bars} too: ask for more than {bars}, or cut the prime"
        )
    if bars > LONGEST_BARS:
        raise RequestError(f"bars must be 1 to {LONGEST_BARS} for the grammar, got {bars}")
    roles, programs = _parts(request, prime)
    style = request.style
    if style is not None:
        style_named(style)
    elif not prime.patches:
        style = random.Random(f"style {request.seed}").choice(STYLES)  # noqa: S311 - not a secret
    elif set(roles) - set(prime.patches):
        missing = ", ".join(role for role in roles if role not in prime.patches)
        raise RequestError(f"the prime has no {missing}; name a style to compose one")
    key = parse_key(request.key) if request.key else prime.key
    return _Plan(
        request=request,
        prime=prime,
        given=_events(prime),
        bars=bars,
        style=style,
        roles=roles,
        programs=programs,
        key=key,
        tempo_bpm=request.tempo_bpm or prime.tempo_bpm or _usual_tempo(style),
    )


def _usual_tempo(style: str | None) -> float:
    return float(style_named(style).tempo_bpm[1]) if style else DEFAULT_TEMPO_BPM


def _refuse_unmet(request: GenerationRequest) -> None:
    for name in _UNMET:
        if getattr(request, name) is not None:
            raise RequestError(
                f"{name} means nothing to the grammar runner, which composes by rule; leave it out"
            )
    if request.time_signature != (4, 4):
        asked = "/".join(map(str, request.time_signature))
        raise RequestError(f"the grammar knows 4/4 only, got {asked}")


def _parts(request: GenerationRequest, prime: Prime) -> tuple[tuple[str, ...], dict[str, int]]:
    """The roles that play and the patches fixed for them by the prime or by a part's name."""
    programs = {role: patch for role, patch in prime.patches.items() if role != "drums"}
    wanted: set[str] = set(prime.patches) or {"drums"}
    if request.roles is not None:
        wanted = set()
        for name in request.roles:
            role, program = nearest_role(name)
            wanted.add(role)
            if program is not None:
                programs.setdefault(role, program)
    if request.instruments is not None:
        wanted, programs = _allowed(request.instruments, wanted, programs)
    return tuple(role for role in ROLES if role in wanted), programs


def _allowed(
    instruments: tuple[int, ...], wanted: set[str], programs: dict[str, int]
) -> tuple[set[str], dict[str, int]]:
    """Roles and patches that keep to the allowed instruments."""
    if DRUM_PATCH not in instruments:
        wanted = wanted - {"drums"}
    free = [p for p in instruments if p != DRUM_PATCH and p not in programs.values()]
    fixed = {role: program for role, program in programs.items() if program in instruments}
    for role in ROLES[1:]:
        if role in wanted and role not in fixed:
            if not free:
                raise RequestError(f"instruments leaves no program for the {role}; allow one more")
            fixed[role] = free.pop(0)
    if not wanted:
        raise RequestError("instruments allows no drums (128), and no other part was asked for")
    return wanted, fixed


def _events(prime: Prime) -> tuple[Event, ...]:
    """The prime's tokens as events with their roles."""
    role_of = {patch: ROLES.index(role) for role, patch in prime.patches.items()}
    events, now, patch, pitch = [], 0, 0, 0
    for token in prime.tokens:
        match kind(token):
            case "delta":
                now += token
            case "note":
                patch, pitch = patch_pitch(token)
            case "length":
                if patch not in role_of:
                    raise RequestError(
                        f"the grammar plays one instrument a role, and program {patch} of the "
                        "prime is one more; take it out"
                    )
                events.append(Event(now, role_of[patch], patch, pitch, *duration_bucket(token)))
            case _:
                pass
    return tuple(events)


def _compose(plan: _Plan, index: int, *, stopped: bool) -> tuple[Variation, tuple[int, ...]]:
    """One variation, cut at the last whole bar where it was stopped or grew past `max_tokens`.

    With the chord root of each bar as it is heard.
    """
    loop = _continued(plan, random.Random(f"grammar {plan.request.seed} {index}"))  # noqa: S311
    reason: StopReason = "stopped" if stopped else "eos"
    bars = plan.prime.bars if stopped else plan.bars
    tokens = _new_tokens(plan, loop, bars)
    most = plan.request.max_tokens
    while most is not None and len(tokens) > most:
        bars, reason = bars - 1, "max_tokens"
        tokens = _new_tokens(plan, loop, bars)
    if reason == "eos":
        tokens = (*tokens, EOS)
    score = _score(plan, loop, 0, bars)
    variation = Variation(
        index=index,
        score=score,
        continuation=_score(plan, loop, plan.prime.bars, bars) if plan.prime.bars else score,
        tokens=tokens,
        logprobs=np.full(len(tokens), np.nan, np.float32),
        removed={},
        stop_reason=reason,
    )
    up = plan.key.semitones_from_home if plan.key and loop.mode else 0
    return variation, tuple((root + up) % 12 for root in loop.roots)


def _upto(loop: Loop, bars: int) -> tuple[Event, ...]:
    return tuple(event for event in loop.events if event.onset < bars * UNITS_PER_BAR)


def _new_tokens(plan: _Plan, loop: Loop, bars: int) -> tuple[int, ...]:
    return tuple(event_tokens(_upto(loop, bars))[len(event_tokens(plan.given)) :])


def _score(plan: _Plan, loop: Loop, first_bar: int, bars: int) -> Score:
    start = first_bar * UNITS_PER_BAR
    events = [event._replace(onset=event.onset - start) for event in _upto(loop, bars)]
    heard = tuple(event for event in events if event.onset >= 0)
    score = loop_score(replace(loop, bars=bars - first_bar, events=heard))
    return transpose(score, plan.key.semitones_from_home) if plan.key and loop.mode else score


def _continued(plan: _Plan, rng: random.Random) -> Loop:
    """The whole loop in C major or A minor: the prime as it is, then new bars or its own again."""
    mode = None if plan.key is None else MINOR if plan.key.mode in MINOR_MODES else MAJOR
    if plan.style is None:
        return _repeated(plan, mode or 0)
    loop = compose_loop(
        rng, style=plan.style, bars=plan.bars, roles=plan.roles, mode=mode,
        programs=plan.programs, roots=_roots(plan, mode),
    )  # fmt: skip
    start = plan.prime.bars * UNITS_PER_BAR
    after = (event for event in loop.events if event.onset >= start)
    patches = {**dict(zip(ROLES, loop.programs, strict=True)), **plan.prime.patches}
    drums, bass, chords, melody = (patches[role] for role in ROLES)
    return replace(
        loop,
        programs=(drums, bass, chords, melody),
        tempo_bpm=plan.tempo_bpm,
        events=(*plan.given, *after),
    )


def _roots(plan: _Plan, mode: int | None) -> tuple[int, ...]:
    """The chord roots asked for, bar by bar, in C major or A minor."""
    asked = plan.request.chord_roots
    if not asked or plan.roles == ("drums",):
        return ()
    if mode is None:
        raise RequestError(
            "chord_roots needs a key, which says what chords stand on them; name one"
        )
    down = plan.key.semitones_from_home if plan.key else 0
    return tuple((asked[bar % len(asked)] - down) % 12 for bar in range(plan.bars))


def _repeated(plan: _Plan, mode: int) -> Loop:
    length = plan.prime.bars * UNITS_PER_BAR
    turns = range(0, plan.bars * UNITS_PER_BAR, length)
    events = (e._replace(onset=e.onset + turn) for turn in turns for e in plan.given)
    drums, bass, chords, melody = (plan.prime.patches.get(role) for role in ROLES)
    loop = Loop(
        style="repeat",
        groove="prime",
        bars=plan.bars,
        mode=mode if any((bass, chords, melody)) else 0,
        programs=(drums, bass, chords, melody),
        roots=(),
        tempo_bpm=plan.tempo_bpm,
        events=tuple(events),
    )
    return replace(loop, events=_upto(loop, plan.bars))


def _progress(
    variations: Sequence[Variation], total: int, result: GenerationResult | None = None
) -> Progress:
    waiting = total - len(variations)
    tokens = [len(item.tokens) for item in variations]
    bars = [len(item.score.bar_starts_ticks) for item in variations]
    return Progress(
        tokens=(*tokens, *[0] * waiting),
        bars=(*bars, *[0] * waiting),
        done=(*[True] * len(variations), *[False] * waiting),
        result=result,
    )
