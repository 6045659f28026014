"""The critic against cases worked by hand, one quality at a time."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest

from workbench.evals.critic import DRUM_WEIGHTS, critique
from workbench.models.grammar import STYLES, compose_loop, loop_score
from workbench.score import DRUM_CHANNEL, Note, ProgramChange, Score, Track

STEP, BAR = 120, 1920
KICK, RIM, SNARE, HAT, OPEN, TOM = 36, 37, 38, 42, 46, 45


def hits(pattern: str, pitch: int, velocity: int = 90, *, late: int = 0) -> list[Note]:
    """A note a mark, a sixteenth each; `late` ticks late."""
    return [
        Note(STEP * step + late, pitch, 60, velocity, DRUM_CHANNEL)
        for step, mark in enumerate(pattern)
        if mark == "x"
    ]


def kit(*voices: list[Note], bars: int = 1) -> Score:
    notes = tuple(sorted(note for voice in voices for note in voice))
    return Score(tracks=(Track("Drums", notes),), length_ticks=bars * BAR)


def drums(quality: str, score: Score) -> float:
    return critique(score).parts["drums"][quality]


def part(name: str, program: int, steps: list[int]) -> Track:
    return Track(name, tuple(Note(STEP * s, 48, 60) for s in steps), (ProgramChange(0, program),))


ROCK = (
    hits("x.......x.......", KICK),
    hits("....x.......x...", SNARE),
    hits("x.x.x.x.x.x.x.x.", HAT),
)


def test_the_rubric_is_the_references() -> None:
    assert dict(DRUM_WEIGHTS) == {
        "groove_pocket": 0.20, "hat_articulation": 0.18, "fill_localization": 0.15, "ghost": 0.12,
        "layer_balance": 0.12, "repetition": 0.10, "velocity": 0.08, "syncopation": 0.05,
    }  # fmt: skip
    assert sum(DRUM_WEIGHTS.values()) == pytest.approx(1)


def test_drums_are_the_weighted_sum_of_their_qualities() -> None:
    thought = critique(kit(*ROCK))
    weighed = sum(DRUM_WEIGHTS[name] * value for name, value in thought.parts["drums"].items())
    assert thought.value == pytest.approx(weighed)


@pytest.mark.parametrize(
    ("voices", "pocket"),
    [
        (ROCK, 1.0),
        ((*ROCK[:2], hits("x.x.x.x.x.x.x.x.", HAT, late=25)), 1.0),  # laid back, all alike
        (ROCK[1:], 0.0),  # no kick
        ((hits("x...............", KICK), *ROCK[1:]), 1.0),
        (
            (*ROCK[:2], hits("x.x.x.x.x.x.x...", HAT), hits("..............x.", HAT, late=50)),
            11 / 12,  # one hat of twelve hits strays
        ),
    ],
)
def test_groove_pocket(voices: tuple[list[Note], ...], pocket: float) -> None:
    assert drums("groove_pocket", kit(*voices)) == pytest.approx(pocket)


def test_swing_is_a_habit_and_half_the_bars_half_a_frame() -> None:
    swung = hits("x.x.x.x.x.x.x.x.", HAT) + hits(".x.x.x.x.x.x.x.x", HAT, late=40)
    assert drums("groove_pocket", kit(*ROCK, swung)) == 1
    assert drums("groove_pocket", kit(*ROCK, hits("." * 16 + "x", HAT), bars=2)) == 0.5


@pytest.mark.parametrize(
    ("voices", "articulation"),
    [
        ((hits("x...", KICK),), 0.0),
        ((hits("x.x.x.x.", HAT),), 0.0),
        ((hits("x...x...", HAT), hits("..x...x.", OPEN)), 0.5),
        ((hits("x...x...", HAT, 80), hits("..x...x.", HAT, 92)), 0.25),  # 6 of 12 apart
        ((hits("x...x...", HAT, 60), hits("..x...x.", OPEN, 100)), 1.0),
    ],
)
def test_hat_articulation(voices: tuple[list[Note], ...], articulation: float) -> None:
    assert drums("hat_articulation", kit(*voices)) == pytest.approx(articulation)


def test_fills_belong_in_the_last_bar() -> None:
    def fill(*bars: int) -> Score:
        toms = [Note(bar * BAR, TOM, 60, 90, DRUM_CHANNEL) for bar in bars]
        return kit(ROCK[0], toms, bars=6)

    assert drums("fill_localization", fill()) == 0.5
    assert drums("fill_localization", fill(3, 5)) == 1
    assert drums("fill_localization", fill(0, 3, 4, 5)) == 0.5


def test_ghosts_up_to_two_a_bar() -> None:
    for count, value in ((0, 0.0), (1, 0.5), (2, 1.0), (3, 1.0)):
        soft = hits("x" * count, SNARE, 59)
        assert drums("ghost", kit(ROCK[1], soft)) == value
    assert drums("ghost", kit(hits("xx", HAT, 40), hits("xx", RIM, 60))) == 0


def test_layers_in_balance() -> None:
    even = kit(hits("xx", KICK), hits("xx", RIM), hits("xx", HAT))
    assert drums("layer_balance", even) == pytest.approx(1)
    two = kit(hits("xx", KICK), hits("xx", HAT))
    assert drums("layer_balance", two) == pytest.approx(math.log(2) / math.log(3))
    assert drums("layer_balance", kit(hits("xx", HAT))) == 0


def test_repetition_velocity_and_syncopation() -> None:
    again = [[replace(n, start_ticks=n.start_ticks + BAR) for n in voice] for voice in ROCK]
    assert drums("repetition", kit(*ROCK)) == 1
    assert drums("repetition", kit(*ROCK, *again, bars=2)) == 1
    assert drums("repetition", kit(*ROCK, bars=2)) == 0.5  # eight of sixteen steps differ
    assert drums("velocity", kit(hits("x", HAT, 80) + hits(".x", HAT, 100))) == 0.5
    assert drums("velocity", kit(*ROCK)) == 0
    # The backbeat alone: 1 + 2 in Longuet-Higgins & Lee's weights, of twenty.
    assert drums("syncopation", kit(hits("....x.......x...", SNARE))) == pytest.approx(3 / 20)


@pytest.mark.parametrize(
    ("steps", "aligned"),
    [([0, 8], 1.0), ([1, 9], 1.0), ([15, 7], 0.5), ([0, 4], 0.5), ([4, 12], 0.0)],
)
def test_bass_and_kick_within_a_quarter_of_a_beat(steps: list[int], aligned: float) -> None:
    tracks = (*kit(ROCK[0]).tracks, part("Bass", 33, sorted(steps)))
    thought = critique(Score(tracks=tracks, length_ticks=BAR))
    assert thought.parts["bass"] == {"kick_alignment": aligned, "density": 1.0}


@pytest.mark.parametrize(("count", "density"), [(1, 0.5), (2, 1.0), (8, 1.0), (16, 0.5)])
def test_bass_density_alone_without_drums(count: int, density: float) -> None:
    thought = critique(Score(tracks=(part("Bass", 33, list(range(count))),), length_ticks=BAR))
    assert thought.parts == {"bass": {"density": density}}
    assert thought.value == density


@pytest.mark.parametrize(
    ("name", "program", "count", "value"),
    [
        ("Melody", 80, 7, 0.4), ("Melody", 80, 12, 0.4), ("Melody", 80, 16, 0.5),
        ("Melody", 80, 32, 1.0), ("Melody", 80, 60, 1.0),
        ("Chords", 4, 3, 0.5), ("Chords", 4, 18, 0.75), ("Chords", 4, 30, 1.0),
    ],
)  # fmt: skip
def test_melody_and_chords_by_their_notes(
    name: str, program: int, count: int, value: float
) -> None:
    track = part(name, program, list(range(count)))
    assert critique(Score(tracks=(track,), length_ticks=4 * BAR)).value == pytest.approx(value)


def test_a_band_is_the_mean_of_its_parts_and_silence_none() -> None:
    bass, chords = part("Bass", 33, [0]), part("Chords", 4, list(range(18)))
    both = Score(tracks=(bass, Track("rests"), chords), length_ticks=2 * BAR)
    assert critique(both).value == pytest.approx((0.25 + 0.75) / 2)
    assert math.isnan(critique(Score()).value)
    assert critique(Score()).parts == {}


def test_grooves_are_better_than_the_same_hits_anywhere() -> None:
    better = 0
    loops = [
        loop_score(compose_loop(random.Random(f"{style} {seed}"), style=style, roles=("drums",)))
        for style in STYLES
        for seed in range(3)
    ]
    for score in loops:
        rng = random.Random(1)
        (track,) = score.tracks
        latest = score.length_ticks - BAR // 8
        anywhere = tuple(sorted(replace(n, start_ticks=rng.randrange(latest)) for n in track.notes))
        thought = critique(score)
        assert all(0 <= value <= 1 for value in thought.parts["drums"].values())
        scattered = replace(score, tracks=(replace(track, notes=anywhere),))
        better += thought.value > critique(scattered).value
    assert better >= 0.9 * len(loops)
