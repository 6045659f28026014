"""The pocket runner: exact bars, keys, parts, primes, chains, and rows that do not see each other."""

import dataclasses
import random

import numpy as np
import pytest
import torch

from workbench.errors import CheckpointError, RequestError
from workbench.models import CancelToken, GenerationRequest, load_runner
from workbench.models.grammar import STYLES, compose_loop, loop_score
from workbench.models.nets.pocket import ABSENT, NOTE_KIND, unknown_condition
from workbench.models.nets.pocket_pretrained import PocketConfig, PocketDecoder
from workbench.models.runners.asking import Asked
from workbench.models.training.pocket import write_weights
from workbench.models.vocabulary import SOS
from workbench.score import DRUM_CHANNEL, Note, Score, Tempo, TimeSignature, Track, slice_bars

BAND = ("drums", "bass", "chords", "melody")
BAR_TICKS = 1920


def compose(runner, **fields):
    return runner.generate(GenerationRequest(**{"num_variations": 2, "seed": 3, **fields}))


def prime_loop(bars=1, roles=BAND, style="rock", seed=0):
    return loop_score(compose_loop(random.Random(seed), style=style, bars=bars, roles=roles))


@pytest.mark.parametrize("bars", [1, 2, 3, 4, 5, 6, 7, 8, 11, 16])
def test_loops_end_exactly_on_the_bar(small_pocket, bars):
    result = compose(small_pocket, style="funk", bars=bars, tempo_bpm=101.0)
    for variation in result.variations:
        assert variation.score.length_ticks == bars * BAR_TICKS
        assert all(note.end_ticks <= bars * BAR_TICKS for note in variation.score.notes)
        assert variation.score.tempos == (Tempo.of_bpm(101.0),)


def test_a_row_does_not_depend_on_the_batch_it_is_in(small_pocket):
    rows = {
        count: compose(small_pocket, style="jazz", roles=BAND, bars=2, num_variations=count)
        for count in (1, 2, 3, 5, 8, 32)
    }
    for result in rows.values():
        for variation, alone in zip(result.variations, rows[32].variations, strict=False):
            assert variation.tokens == alone.tokens
            assert np.array_equal(variation.logprobs, alone.logprobs)
            for name, taken in variation.removed.items():
                assert np.array_equal(taken, alone.removed[name])


def test_chained_rows_do_not_depend_on_the_batch_either(small_pocket):
    alone = compose(small_pocket, bars=6, num_variations=1)
    among = compose(small_pocket, bars=6, num_variations=6)
    assert alone.variations[0].tokens == among.variations[0].tokens


def test_surprise_of_new_tokens_equals_the_score_of_the_whole(small_pocket, pocket_folder):
    """Cached decoding tells the same log-probabilities as one pass over the finished sequence."""
    asked = Asked.of(GenerationRequest(style="samba", bars=2, seed=3), small_pocket.info)
    variation = compose(small_pocket, style="samba", bars=2, num_variations=1).variations[0]
    net = PocketDecoder.from_pretrained(pocket_folder).eval()
    programs = [[ABSENT if patch is None else patch for patch in asked.programs]]
    condition = unknown_condition(1)._replace(
        bars=torch.tensor([2]),
        style=torch.tensor([asked.style_id]),
        programs=torch.tensor(programs),
    )
    ids = torch.tensor([[SOS, *variation.tokens]])
    with torch.inference_mode():
        nll = net(ids[:, :-1], labels=ids[:, 1:], condition=condition).loss[0]
    assert np.allclose(-variation.logprobs, nll.numpy(), atol=1e-4)


def test_removed_mass_is_a_share_and_adds_up_to_less_than_all(small_pocket):
    result = compose(
        small_pocket, bars=2, roles=BAND, scale=(0, 2, 4), pitch_range=(40, 70), grid=8
    )
    for variation in result.variations:
        total = sum(variation.removed.values())
        assert (total <= 1 + 1e-5).all()
        assert all((taken >= 0).all() for taken in variation.removed.values())
        assert variation.removed["scale"].max() > 0


@pytest.mark.parametrize("role", BAND)
def test_only_the_roles_asked_for_sound(small_pocket, role):
    result = compose(small_pocket, roles=(role,), style="house", bars=2)
    for variation in result.variations:
        assert [track.name for track in variation.score.tracks] in ([role.capitalize()], [])
        drums = all(note.channel == DRUM_CHANNEL for note in variation.score.notes)
        assert drums == (role == "drums") or not variation.score.tracks


def test_a_tenor_sax_stays_a_tenor_sax(small_pocket):
    result = compose(small_pocket, roles=("drums", "tenor sax"), style="jazz", bars=4)
    programs = {t.program for v in result.variations for t in v.score.tracks if t.name == "Melody"}
    assert programs == {66}


def test_two_parts_of_one_role_are_refused(small_pocket):
    with pytest.raises(RequestError, match="'strings' is a second chords part"):
        compose(small_pocket, roles=("piano", "strings"))


def test_the_key_is_the_same_music_elsewhere(small_pocket):
    home = compose(small_pocket, roles=BAND, bars=2, key="C", style="rock")
    away = compose(small_pocket, roles=BAND, bars=2, key="D", style="rock")
    for here, there in zip(home.variations, away.variations, strict=True):
        assert here.tokens == there.tokens
        assert there.score.key_signatures[0].key == "D"
        for a, b in zip(here.score.tracks, there.score.tracks, strict=True):
            shift = 0 if a.is_drums else 2
            assert [note.pitch + shift for note in a.notes] == [note.pitch for note in b.notes]


def test_the_prime_is_heard_first_and_new_notes_follow_it(small_pocket):
    prime = prime_loop(bars=1, roles=("drums",))
    result = compose(small_pocket, prime=prime, bars=4, tempo_bpm=prime.tempo_bpm)
    for variation in result.variations:
        first = slice_bars(variation.score, 0, 1)
        assert {(n.start_ticks, n.pitch) for n in first.notes} == {
            (n.start_ticks, n.pitch) for n in prime.notes
        }


def test_a_prime_in_another_key_comes_back_in_it(small_pocket):
    from workbench.score import transpose

    prime = transpose(prime_loop(bars=2), 3)
    result = compose(small_pocket, prime=prime, bars=4)
    heard = slice_bars(result.variations[0].score, 0, 2)
    wanted = {(n.start_ticks, n.pitch) for t in prime.tracks if not t.is_drums for n in t.notes}
    given = {(n.start_ticks, n.pitch) for t in heard.tracks if not t.is_drums for n in t.notes}
    assert wanted == given


def test_a_long_prime_is_continued_from_its_last_bars(small_pocket):
    prime = prime_loop(bars=12, roles=("drums",))
    result = compose(small_pocket, prime=prime, bars=14)
    assert result.variations[0].score.length_ticks == 14 * BAR_TICKS


def waltz():
    loop = prime_loop(roles=("drums",))
    return dataclasses.replace(loop, time_signatures=(TimeSignature(0, 3, 4),))


def test_a_prime_whose_parts_share_a_program_is_one_part(small_pocket):
    parts = tuple(
        Track(name, tuple(Note(beat * 480, pitch + beat, 480) for beat in range(4)))
        for name, pitch in (("Soprano", 72), ("Alto", 65), ("Tenor", 57), ("Bass", 45))
    )
    prime = Score(tracks=parts, tempos=(Tempo.of_bpm(96),))
    result = compose(small_pocket, prime=prime, bars=2)
    assert {track.name for score in result.scores for track in score.tracks} == {"Chords"}


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"style": "polka"}, "polka"),
        ({"style": "soca"}, "not trained on soca"),
        ({"time_signature": (3, 4)}, "4/4 only"),
        ({"key": "H"}, "key"),
        ({"roles": ("theremzz",)}, "theremzz"),
        ({"roles": ("drums",), "instruments": (0,)}, "drum kit"),
        ({"prime": Score()}, "no notes"),
        ({"prime": (18816, 0, 5)}, "expected note"),
        ({"prime": prime_loop(bars=4), "bars": 4}, "nothing to compose"),
        ({"prime": prime_loop(roles=("bass",)), "roles": ("drums", "bass")}, "cannot add drums"),
        ({"prime": waltz()}, "in 3/4 and only 4/4"),
        ({"roles": ("bass",), "pitch_range": (60, 60), "scale": (1,)}, "leaves no note"),
    ],
)
def test_what_it_cannot_do_is_said_in_a_sentence(small_pocket, fields, says):
    with pytest.raises(RequestError, match=says) as caught:
        compose(small_pocket, **fields)
    assert "\n" not in str(caught.value)


def test_a_prime_longer_than_the_context_is_refused(small_pocket):
    crowd = tuple(
        Note(start_ticks=step * 120, pitch=35 + voice, duration_ticks=120, channel=DRUM_CHANNEL)
        for step in range(7 * 16)
        for voice in range(10)
    )
    prime = Score(tracks=(Track("crowd", crowd),), tempos=(Tempo.of_bpm(120),))
    with pytest.raises(RequestError, match=r"at most 1024 fit"):
        compose(small_pocket, prime=prime, bars=8)


def test_stopping_keeps_whole_bars(small_pocket):
    cancel = CancelToken()
    seen = []

    def stop_later(progress):
        seen.append(progress)
        if min(progress.bars) >= 1 and progress.result is None:
            cancel.cancel()

    request = GenerationRequest(num_variations=3, bars=8, seed=11)
    result = small_pocket.generate(request, cancel=cancel, on_progress=stop_later)
    stopped = [v for v in result.variations if v.stop_reason == "stopped"]
    assert stopped
    whole = small_pocket.generate(request)
    for variation in stopped:
        assert variation.score.length_ticks % BAR_TICKS == 0
        assert variation.tokens == whole.variations[variation.index].tokens[: len(variation.tokens)]
        assert all(n.start_ticks < variation.score.length_ticks for n in variation.score.notes)


def test_damaged_weights_are_refused(tmp_path, pocket_folder):
    import shutil

    broken = tmp_path / "broken"
    shutil.copytree(pocket_folder, broken)
    weights = broken / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(CheckpointError, match="not a pocket network"):
        load_runner("pocket", folder=broken)
    with pytest.raises(CheckpointError, match="no pocket weights"):
        load_runner("pocket", folder=tmp_path)


def test_request_values_are_recorded_whole(small_pocket):
    result = compose(small_pocket, style="funk", bars=1, temperature=0.7)
    asked = result.record["request"]
    assert set(asked) == {field.name for field in dataclasses.fields(GenerationRequest)}
    assert asked["temperature"] == 0.7


def test_a_full_context_ends_a_variation_and_says_so(tmp_path):
    torch.manual_seed(7)
    config = PocketConfig(
        width=128, heads=2, metrical_heads=1, layers=1, context=96, styles=list(STYLES)
    )
    net = PocketDecoder(config)
    with torch.no_grad():  # one endless chord
        net.kind_head.bias[NOTE_KIND] = 30.0
    runner = load_runner("pocket", folder=write_weights(tmp_path, net, {}))
    for variation in compose(runner, bars=4).variations:
        assert variation.stop_reason == "context"
        assert len(variation.tokens) == 96 - 1  # SOS is in the context too
        assert variation.score.length_ticks == 4 * BAR_TICKS


def test_the_record_tells_the_chords_as_they_are_heard(small_pocket):
    home, away = (
        compose(small_pocket, roles=BAND, bars=4, key=key).record["variations"]
        for key in ("C", "D")
    )
    for here, there in zip(home, away, strict=True):
        assert len(here["chord_roots"]) == 4
        assert [(root + 2) % 12 for root in here["chord_roots"]] == there["chord_roots"]
    assert len({tuple(row["chord_roots"]) for row in home}) > 1
    drums = compose(small_pocket, roles=("drums",), bars=4).record["variations"]
    assert all(row["chord_roots"] == [] for row in drums)
