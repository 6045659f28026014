"""Composed loops are well formed, in their style, and harmonise; held-out grooves stay out."""

from __future__ import annotations

import itertools
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import RequestError
from workbench.models.grammar import (
    EVALUATION_STYLES,
    ROLES,
    STYLES,
    Loop,
    compose_loop,
    grooves_of,
    loop_score,
    loop_tokens,
    style_named,
)
from workbench.models.grammar.harmony import MAJOR, MINOR, all_progressions, chord_named
from workbench.models.grammar.patterns import VOICES, parse_fills, parse_grooves
from workbench.models.grammar.styles import TABLE, fills
from workbench.score import DRUM_CHANNEL

BAR = 128
ALL_STYLES = (*STYLES, *EVALUATION_STYLES)
SUBSETS = [
    tuple(role for bit, role in enumerate(ROLES) if number >> bit & 1) for number in range(1, 16)
]


@st.composite
def loops(draw: st.DrawFn) -> Loop:
    return compose_loop(
        random.Random(draw(st.integers(0, 2**32))),
        style=draw(st.sampled_from([None, "random", *ALL_STYLES])),
        bars=draw(st.sampled_from([1, 2, 3, 4, 5, 8, 13])),
        roles=draw(st.sampled_from([None, *SUBSETS])),
        mode=draw(st.sampled_from([None, MAJOR, MINOR])),
    )


@settings(max_examples=300, deadline=None)
@given(loops())
def test_a_loop_is_well_formed(loop: Loop) -> None:
    assert list(loop.events) == sorted(loop.events)
    spots = [(event.onset, event.patch, event.pitch) for event in loop.events]
    assert len(spots) == len(set(spots))
    assert {event.onset // BAR for event in loop.events} == set(range(loop.bars)), "no empty bar"
    for event in loop.events:
        assert 1 <= event.pitch <= 127
        assert 1 <= event.duration <= 255
        assert 0 <= event.bucket <= 7
        assert event.patch == loop.programs[event.role]
        if event.role == 0:
            assert (event.patch, event.duration) == (128, 8)
        else:
            assert event.onset + event.duration <= loop.bars * BAR
    present = [role for role, program in enumerate(loop.programs) if program is not None]
    assert {event.role for event in loop.events} == set(present)
    pitched = [program for program in loop.programs[1:] if program is not None]
    assert len(pitched) == len(set(pitched))
    assert all(0 <= program <= 127 for program in pitched)
    assert len(loop.roots) == (loop.bars if pitched else 0)
    assert (loop.mode == 0) == (not pitched)


@settings(max_examples=100, deadline=None)
@given(loops())
def test_no_note_of_a_part_sounds_on_when_its_pitch_is_struck_again(loop: Loop) -> None:
    last: dict[tuple[int, int], int] = {}
    for event in loop.events:
        if event.role:
            assert last.get((event.patch, event.pitch), 0) <= event.onset
            last[event.patch, event.pitch] = event.onset + event.duration


@settings(max_examples=100, deadline=None)
@given(loops())
def test_tokens_follow_the_strict_grammar_and_give_the_events_back(loop: Loop) -> None:
    tokens = loop_tokens(loop)
    assert (tokens[0], tokens[-1]) == (18_816, 18_818)
    follows = {"start": "d", "d": "n", "n": "l", "l": "dn"}
    state, now, note, read = "start", 0, 0, []
    for token in tokens[1:-1]:
        kind = "d" if token < 256 else "n" if token < 16_768 else "l"
        assert kind in follows[state]
        assert token < 18_816
        if kind == "d":
            assert token > 0 or state == "start", "one Δt an onset"
            now += token
        elif kind == "n":
            note = token - 256
        else:
            length = token - 16_768
            read.append((now, note // 128, note % 128, length // 8, length % 8))
        state = kind
    assert state == "l"
    assert read == [(e.onset, e.patch, e.pitch, e.duration, e.bucket) for e in loop.events]


@settings(max_examples=60, deadline=None)
@given(loops())
def test_the_score_holds_the_loop(loop: Loop) -> None:
    score = loop_score(loop)
    assert score.length_ticks == loop.bars * 1920
    assert score.tempo_bpm == pytest.approx(loop.tempo_bpm, abs=1e-3)
    wanted = [
        role for role, program in zip(ROLES, loop.programs, strict=True) if program is not None
    ]
    assert [track.name for track in score.tracks] == wanted
    for track in score.tracks:
        role = ROLES.index(track.name)
        events = [event for event in loop.events if event.role == role]
        assert [(n.start_ticks, n.pitch) for n in track.notes] == [
            (15 * e.onset, e.pitch) for e in events
        ]
        assert {n.channel == DRUM_CHANNEL for n in track.notes} == {role == 0}
        assert role == 0 or track.program == loop.programs[role]
        assert track.end_ticks <= score.length_ticks


def test_equal_generators_give_equal_loops_and_others_differ() -> None:
    first, again = (compose_loop(random.Random(7)) for _ in range(2))
    assert first == again
    assert len({compose_loop(random.Random(seed), style="funk").events for seed in range(50)}) > 45


@pytest.mark.parametrize("roles", SUBSETS, ids="+".join)
def test_only_the_parts_asked_for_play(roles: tuple[str, ...]) -> None:
    loop = compose_loop(random.Random(1), style="samba", roles=roles)
    assert {ROLES[event.role] for event in loop.events} == set(roles)


def test_free_roles_draw_every_subset() -> None:
    rng = random.Random(2)
    seen = Counter(
        tuple(program is not None for program in compose_loop(rng, bars=1).programs)
        for _ in range(1500)
    )
    assert len(seen) == 15
    assert seen[True, True, True, True] / 1500 == pytest.approx(0.6 + 0.4 / 15, abs=0.05)


@pytest.mark.parametrize("style", STYLES)
def test_training_never_draws_the_held_out_groove(style: str) -> None:
    rng = random.Random(3)
    held_out = [groove.name for groove in grooves_of(style) if groove.held_out]
    assert len(held_out) == 1
    assert len(grooves_of(style)) >= 5
    drawn = {compose_loop(rng, style=style, roles=("drums",), bars=1).groove for _ in range(200)}
    assert drawn == {groove.name for groove in grooves_of(style) if not groove.held_out}
    assert compose_loop(rng, style=style, held_out=True).groove == held_out[0]


def test_evaluation_styles_are_never_drawn() -> None:
    rng = random.Random(4)
    drawn = Counter(compose_loop(rng, bars=1).style for _ in range(3000))
    assert set(drawn) == {*STYLES, "random"}
    assert drawn["random"] / 3000 == pytest.approx(0.15, abs=0.025)
    assert all(len(grooves_of(style)) >= 2 for style in EVALUATION_STYLES)


@pytest.mark.parametrize("style", ALL_STYLES)
def test_grooves_of_a_style_differ(style: str) -> None:
    for one, other in itertools.combinations(grooves_of(style), 2):
        shared = 2 * len(one.slots & other.slots) / (len(one.slots) + len(other.slots))
        assert shared <= 0.8, f"{one.name} and {other.name} share {shared:.2f}"


@pytest.mark.parametrize("held_out", [False, True], ids=["training", "held-out"])
@pytest.mark.parametrize("style", ALL_STYLES)
def test_anchors_hold_at_the_rate_the_table_states(style: str, held_out: bool) -> None:
    anchor, rng = TABLE[style].anchor, random.Random(5)
    voices = {VOICES[voice] for voice in anchor.voices}
    held_out = held_out and style in STYLES
    hits = total = 0
    for _ in range(80):
        loop = compose_loop(rng, style=style, roles=("drums",), held_out=held_out)
        struck = {
            event.onset + shift
            for event in loop.events
            if event.pitch in voices
            for shift in (-1, 0, 1)
        }
        swing = TABLE[style].swing16[1] - 8
        for bar, slot in itertools.product(range(4), anchor.slots):
            places = range(bar * BAR + 8 * slot, bar * BAR + 8 * slot + 1 + swing * (slot % 2))
            hits += any(place in struck for place in places)
            total += 1
    assert hits / total >= anchor.rate


@pytest.mark.parametrize("style", ALL_STYLES)
def test_tempo_stays_in_the_style(style: str) -> None:
    slowest, usual, fastest = TABLE[style].tempo_bpm
    rng = random.Random(6)
    tempi = [compose_loop(rng, style=style, roles=("drums",), bars=1).tempo_bpm for _ in range(60)]
    assert slowest <= usual <= fastest
    assert slowest <= min(tempi) < max(tempi) <= fastest


def test_jazz_swings_and_techno_does_not() -> None:
    def late_eighths(style: str) -> Counter[int]:
        rng = random.Random(8)
        loops = [compose_loop(rng, style=style, roles=("drums",)) for _ in range(60)]
        return Counter(e.onset % 32 for loop in loops for e in loop.events)

    jazz, techno = late_eighths("jazz"), late_eighths("techno")
    assert sum(jazz[unit] for unit in (18, 19, 20, 21, 22)) > 10 * jazz[16]
    assert set(techno) <= {0, 4, 8, 12, 16, 20, 24, 28}


def test_one_swing_moves_every_part_of_a_loop() -> None:
    rng = random.Random(14)
    for _ in range(30):
        loop = compose_loop(rng, style="hip-hop", groove="sixteenth-lean", roles=ROLES)
        places = Counter(e.onset % 16 for e in loop.events if e.role == 0 and e.onset % 16 > 4)
        ((swung, _),) = places.most_common(1)
        assert swung in (9, 10, 11)
        off = [e.onset % 16 for e in loop.events if e.role and 4 < e.onset % 16 < 13]
        assert all(abs(place - swung) <= 1 for place in off)


def test_jazz_swing_differs_from_loop_to_loop() -> None:
    rng = random.Random(15)
    late = Counter(
        Counter(e.onset % 32 for e in loop.events if 17 < e.onset % 32 < 24).most_common(1)[0][0]
        for loop in (
            compose_loop(rng, style="jazz", groove="ride-swing", roles=("drums",))
            for _ in range(60)
        )
    )
    assert set(late) == {19, 20, 21}


def test_humans_jitter_a_little_and_machines_not_at_all() -> None:
    def off_grid(style: str) -> float:
        rng = random.Random(9)
        onsets = [
            event.onset
            for _ in range(80)
            for event in compose_loop(
                rng, style=style, groove=grooves_of(style)[0].name, roles=("drums",)
            ).events
        ]
        return sum(onset % 8 in (1, 7) for onset in onsets) / len(onsets)

    assert 0.01 < off_grid("rock") < 0.06
    assert off_grid("house") == off_grid("techno") or off_grid("techno") == 0.0


def test_random_loops_repeat_their_pattern() -> None:
    rng = random.Random(10)
    same = []
    for _ in range(60):
        loop = compose_loop(rng, style="random", roles=("drums",))
        first, other = (
            {(e.onset % BAR // 4, e.pitch) for e in loop.events if e.onset // BAR == bar}
            for bar in (0, 1)
        )
        same.append(2 * len(first & other) / (len(first) + len(other)))
    assert sum(same) / len(same) > 0.85
    assert (
        len(
            {
                frozenset(
                    e.pitch for e in compose_loop(rng, style="random", roles=("drums",)).events
                )
                for _ in range(40)
            }
        )
        > 35
    )


BAND = [
    compose_loop(random.Random(f"{style} {seed}"), style=style, roles=ROLES)
    for style in ALL_STYLES
    for seed in range(12)
]


def chord_tones(loop: Loop, bar: int, sevenths: bool = False) -> set[int]:
    names = {name for row in all_progressions(loop.mode) for name in row}
    chord = next(chord for chord in map(chord_named, names) if chord.root == loop.roots[bar])
    extra = {(chord.root + chord.seventh) % 12} if sevenths else set()
    return set(chord.pitch_classes) | extra


def test_a_root_names_its_chord_within_a_mode() -> None:
    for mode in (MAJOR, MINOR):
        names = {name for row in all_progressions(mode) for name in row}
        assert len(names) == len({chord_named(name).root for name in names})
        assert len(all_progressions(mode)) >= 8
        assert all(len(row) == 4 for row in all_progressions(mode))


def test_every_bar_of_a_loop_follows_a_progression() -> None:
    for loop in BAND:
        roots = {tuple(chord_named(n).root for n in row) for row in all_progressions(loop.mode)}
        assert loop.roots in roots


def test_bass_stands_in_the_chord_on_strong_beats() -> None:
    strong = [(loop, e) for loop in BAND for e in loop.events if e.role == 1 and e.onset % 64 == 0]
    assert len(strong) > 500
    assert all(e.pitch % 12 in chord_tones(loop, e.onset // BAR) for loop, e in strong)


def test_chords_are_chords_and_change_with_the_roots() -> None:
    for loop in BAND:
        for bar in range(loop.bars):
            heard = {e.pitch % 12 for e in loop.events if e.role == 2 and e.onset // BAR == bar}
            assert len(heard) >= 3
            assert heard <= chord_tones(loop, bar, sevenths=True)


def test_melody_meets_the_chord_on_the_beats() -> None:
    met = [
        e.pitch % 12 in chord_tones(loop, e.onset // BAR)
        for loop in BAND
        for e in loop.events
        if e.role == 3 and e.onset % 32 == 0
    ]
    assert len(met) > 1000
    assert sum(met) / len(met) > 0.99  # jitter moves an off-beat note onto a beat now and then


def test_parts_keep_to_their_registers_and_the_key() -> None:
    in_key = Counter[bool]()
    for loop in BAND:
        for event in loop.events:
            if event.role:
                low, high = ((24, 60), (52, 77), (48, 96))[event.role - 1]
                assert low <= event.pitch <= high
                in_key[event.pitch % 12 in (0, 2, 4, 5, 7, 9, 11)] += 1
    assert in_key[True] / in_key.total() > 0.94


def test_basses_play_on_the_kicks_of_rock() -> None:
    rng = random.Random(11)
    near = []
    for _ in range(60):
        loop = compose_loop(rng, style="rock", roles=("drums", "bass"))
        kicks = {
            e.onset + shift
            for e in loop.events
            if e.pitch == 36 and e.role == 0
            for shift in range(-9, 10)
        }
        near += [e.onset in kicks for e in loop.events if e.role == 1]
    assert sum(near) / len(near) > 0.62


def test_instruments_come_from_the_palette_and_from_anywhere() -> None:
    rng = random.Random(12)
    drawn = [compose_loop(rng, style="house", bars=1, roles=ROLES).programs for _ in range(400)]
    basses = Counter(programs[1] for programs in drawn)
    assert sum(n for program, n in basses.items() if program in range(32, 40)) / 400 > 0.9
    assert len(basses) > 8
    assert len({programs[2] for programs in drawn}) > 20
    own = sum(programs[2] in TABLE["house"].chord_programs for programs in drawn) / 400
    assert own == pytest.approx(0.55, abs=0.1)


def test_fixed_instruments_are_kept() -> None:
    loop = compose_loop(
        random.Random(13), style="funk", roles=ROLES, programs={"bass": 58, "melody": 4}
    )
    assert (loop.programs[1], loop.programs[3]) == (58, 4)
    assert loop.programs[2] not in (58, 4)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"style": "polka"}, "style must be one of rock, .*got 'polka'"),
        ({"style": "rock", "groove": "linear"}, "groove of rock must be one of .*got 'linear'"),
        ({"groove": "linear"}, "needs a style"),
        ({"roles": ("drums", "kazoo")}, "roles must be some of .*kazoo"),
        ({"roles": ()}, "roles must be some of"),
        ({"bars": 0}, "bars must be at least 1, got 0"),
        ({"style": "soca", "held_out": True}, "soca has no held-out groove"),
    ],
)
def test_bad_requests_are_refused_in_a_sentence(asked: dict[str, object], message: str) -> None:
    with pytest.raises(RequestError, match=message):
        compose_loop(random.Random(0), **asked)  # type: ignore[arg-type]


def test_notation_reads_marks_bars_and_triplets() -> None:
    (groove,) = parse_grooves("= test held triplet\nkick X..g|....\nride x..o.ox..o.o\n")
    assert (groove.name, groove.held_out, groove.triplet, len(groove.bars)) == (
        "test",
        True,
        True,
        2,
    )
    kicks = [(hit.unit, hit.bucket, hit.chance) for hit in groove.bars[0] if hit.pitch == 36]
    assert kicks == [(0, 6, 1.0), (96, 1, 0.7)]
    assert not any(hit.pitch == 36 for hit in groove.bars[1])
    assert [hit.unit for hit in groove.bars[1]] == [0, 32, 53, 64, 96, 117]
    assert parse_fills("= roll 1\nsnare xo..")["roll"].beats == 1


def test_every_named_fill_exists_and_fits() -> None:
    for style in TABLE.values():
        for name in style.fills:
            assert all(hit.unit < fills()[name].beats * 32 for hit in fills()[name].hits)


@pytest.mark.parametrize(
    ("written", "style"),
    [
        ("Hip Hop", "hip-hop"),
        ("drum and bass", "drum-and-bass"),
        ("DnB", "drum-and-bass"),
        ("bossa", "bossa-nova"),
        ("Afro Cuban", "afro-cuban"),
    ],
)
def test_a_style_is_known_however_it_is_written(written: str, style: str) -> None:
    assert style_named(written).name == style
