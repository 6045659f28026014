"""Bridges: where they start, where they arrive, and that both sections count."""

from itertools import pairwise

import pytest

from workbench.errors import RequestError
from workbench.models import CancelToken, GenerationRequest, load_runner
from workbench.models.bridging import bridge
from workbench.score import Score, find_key, joined, parse_key, slice_bars

BAND = ("drums", "bass", "chords", "melody")


@pytest.fixture(scope="module")
def grammar():
    return load_runner("grammar")


@pytest.fixture(scope="module")
def sections(grammar):
    """A rock band in C at 100, and a bossa band in E flat at 140 that begins on its second beat."""

    def band(style, key, tempo_bpm):
        request = GenerationRequest(
            style=style, roles=BAND, key=key, bars=4, tempo_bpm=tempo_bpm, num_variations=1, seed=5
        )
        return grammar.generate(request).variations[0].score

    return band("rock", "C", 100), without_beat_one(band("bossa-nova", "Eb", 140))


def without_beat_one(score):
    from dataclasses import replace

    tracks = (
        replace(track, notes=tuple(note for note in track.notes if note.start_ticks >= 480))
        for track in score.tracks
    )
    return replace(score, tracks=tuple(tracks))


@pytest.fixture(scope="module", params=["grammar", "pocket"])
def bridged(request, sections):
    asked = GenerationRequest(bars=4, num_variations=3, seed=2)
    return bridge(load_runner(request.param), *sections, asked)


def test_a_bridge_is_whole_bars_and_what_lacks_to_the_first_onset(bridged):
    assert len(bridged.variations) == 3
    for variation in bridged.variations:
        assert variation.continuation.length_ticks == 4 * 1920 + 480
        assert variation.score.length_ticks == 8 * 1920 + 480
        assert max(note.end_ticks for note in variation.continuation.notes) <= 4 * 1920 + 480


def test_it_starts_with_the_tempo_of_the_one_and_arrives_at_that_of_the_other(bridged):
    tempos = bridged.variations[0].continuation.tempos
    assert tempos[0].bpm == pytest.approx(100, abs=0.01)
    assert (tempos[-1].ticks, tempos[-1].bpm) == (3 * 1920, pytest.approx(140, abs=0.01))
    assert all(0 < after.bpm - before.bpm < 4 for before, after in pairwise(tempos))


def test_it_leaves_in_the_one_key_and_arrives_in_the_other(bridged):
    for variation in bridged.variations:
        new = variation.continuation
        for bars, key in (((0, 2), "C"), ((2, 4), "Eb")):
            classes = parse_key(key).pitch_classes
            pitches = [
                note.pitch % 12 for note in slice_bars(new, *bars).notes if note.channel != 9
            ]
            inside = sum(pitch in classes for pitch in pitches) / len(pitches)
            assert inside > 0.85, (bars, key, inside)


def test_the_second_section_counts(grammar, sections):
    rock, bossa = sections
    request = GenerationRequest(bars=4, num_variations=1, seed=2)
    to_bossa, to_rock = (
        bridge(grammar, rock, second, request).variations[0].continuation
        for second in (bossa, rock)
    )
    assert list(slice_bars(to_bossa, 0, 2).notes) == list(slice_bars(to_rock, 0, 2).notes)
    assert list(slice_bars(to_bossa, 2, 4).notes) != list(slice_bars(to_rock, 2, 4).notes)
    assert find_key(slice_bars(to_bossa, 2, 4)) != find_key(slice_bars(to_rock, 2, 4))


def test_the_three_play_on_without_a_hole(bridged, sections):
    rock, bossa = sections
    first_onset = min(note.start_ticks for note in bossa.notes)
    whole = joined(rock, bridged.variations[0].continuation)
    assert whole.length_ticks == rock.length_ticks + 4 * 1920 + first_onset
    again = Score.from_midi(whole.to_midi())
    assert len(list(again.notes)) == len(list(whole.notes))


def test_progress_is_of_the_whole_bridge_and_tokens_are_those_of_both_halves(grammar, sections):
    seen = []
    request = GenerationRequest(bars=2, num_variations=2, seed=1)
    result = bridge(grammar, *sections, request, on_progress=seen.append)
    for variation in result.variations:
        assert len(variation.tokens) == len(variation.logprobs) or not len(variation.logprobs)
    assert seen[-1].result is result
    assert not any(any(progress.done) for progress in seen[:-1])
    assert seen[-1].tokens == tuple(len(variation.tokens) for variation in result.variations)


def test_what_is_cancelled_ends_early_and_says_so(sections):
    cancel = CancelToken()
    cancel.cancel()
    request = GenerationRequest(bars=4, num_variations=2)
    result = bridge(load_runner("pocket"), *sections, request, cancel=cancel)
    assert {variation.stop_reason for variation in result.variations} == {"stopped"}
    assert all(v.continuation.length_ticks < 4 * 1920 for v in result.variations)


@pytest.mark.parametrize("bars", [65, 512])
def test_a_bridge_of_no_length_is_refused(bars, grammar, sections):
    with pytest.raises(RequestError, match="1 to 64 bars"):
        bridge(grammar, *sections, GenerationRequest(bars=bars))
