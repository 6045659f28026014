"""The vocabulary against the author's encoder and application, and on anything at all."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import MidiError, RequestError
from workbench.models.vocabulary import (
    DRUM_PATCH,
    EOS,
    LENGTH,
    NOTE,
    OUTRO,
    PAD,
    SOS,
    VOCABULARY_SIZE,
    bucket_of,
    decode_tokens,
    duration_bucket,
    encode_midi,
    encode_score,
    kind,
    length_id,
    note_id,
    patch_pitch,
    velocity_of,
)
from workbench.score import ControlChange, Note, ProgramChange, Score, Tempo, Track

VECTORS = Path(__file__).parent / "vectors"
PIECES = sorted(path.stem for path in VECTORS.glob("*.mid"))
DEVIATING = {"edge_dup_pitch", "edge_no_tempo"}  # Δt 0, 31, 31 merged by TMIDIX; no tempo event
INVALID = json.loads((VECTORS / "decode_invalid_cases.json").read_text())


def piece(name: str) -> tuple[bytes, dict[str, Any]]:
    midi = (VECTORS / f"{name}.mid").read_bytes()
    return midi, json.loads((VECTORS / f"{name}.json").read_text())


def notes_ms(score: Score) -> list[list[object]]:
    """As the vectors list them: kind, start, duration, channel, pitch, velocity, patch."""
    rows: list[list[object]] = []
    for track in score.tracks:
        patch = DRUM_PATCH if track.is_drums else track.program
        for note in track.notes:
            assert note.start_ticks % 15 == note.duration_ticks % 15 == 0
            start_ms, duration_ms = note.start_ticks // 15 * 16, note.duration_ticks // 15 * 16
            rows.append(
                ["note", start_ms, duration_ms, note.channel, note.pitch, note.velocity, patch]
            )
    return sorted(rows)


# ---------------------------------------------------------------------- the ids


def test_the_released_layout() -> None:
    assert (NOTE, LENGTH, SOS, OUTRO, EOS, PAD, VOCABULARY_SIZE) == (
        256, 16768, 18816, 18817, 18818, 18819, 18820,
    )  # fmt: skip
    assert note_id(DRUM_PATCH, 36) == 16676
    assert length_id(16, 7) == 16768 + 8 * 16 + 7


@given(st.integers(0, VOCABULARY_SIZE - 1))
def test_every_id_is_of_one_kind_and_made_of_its_parts(token: int) -> None:
    if kind(token) == "note":
        assert note_id(*patch_pitch(token)) == token
    elif kind(token) == "length":
        assert length_id(*duration_bucket(token)) == token
    else:
        assert (kind(token), token) in {
            ("sos", SOS), ("outro", OUTRO), ("eos", EOS), ("pad", PAD), ("delta", min(token, 255)),
        }  # fmt: skip


def test_velocity_buckets() -> None:
    lowest = {22: 0, 23: 1, 37: 1, 38: 2, 52: 2, 53: 3, 67: 3, 68: 4, 82: 4, 83: 5, 97: 5, 98: 6}
    assert {velocity: bucket_of(velocity) for velocity in lowest} == lowest
    assert [bucket_of(velocity) for velocity in (1, 112, 113, 127)] == [0, 6, 7, 7]
    assert [bucket_of(velocity_of(bucket)) for bucket in range(8)] == list(range(8))


# ---------------------------------------------------------------------- against the author's


@pytest.mark.parametrize("name", PIECES)
def test_encoding_as_the_author_does(name: str) -> None:
    midi, expected = piece(name)
    assert encode_midi(midi, tmidix_parity=True) == expected["tokens"]
    assert (encode_midi(midi) == expected["tokens"]) == (name not in DEVIATING)


def test_onsets_are_split_where_time_passes_and_merged_only_for_parity() -> None:
    """Sixteen hats every 240 ms: fifteen units each, which TMIDIX takes for times."""
    hats = tuple(Note(225 * i, 42, 30, 100, 9) for i in range(16))
    midi = Score((Track("hats", hats),), tempos=(Tempo(0, 512_000),)).to_midi()
    hat = [note_id(DRUM_PATCH, 42), length_id(2, 6)]
    assert encode_midi(midi) == [SOS, 0, *hat, *([15, *hat] * 15)]
    assert encode_midi(midi, tmidix_parity=True) == [SOS, 0, *hat, 15, *(hat * 15)]


def test_without_a_tempo_a_quarter_lasts_half_a_second_and_400_ms_only_for_parity() -> None:
    midi, _ = piece("edge_no_tempo")
    assert encode_midi(midi)[:5] == [SOS, 0, note_id(0, 60), length_id(250 // 16, 4), 31]
    assert encode_midi(midi, tmidix_parity=True)[4] == 25


@pytest.mark.parametrize("name", PIECES)
def test_decoding_as_the_authors_application_does(name: str) -> None:
    _, expected = piece(name)
    score = decode_tokens(expected["tokens"])
    assert notes_ms(score) == sorted(expected["author_app_decoded_notes_ms"])
    assert (encode_midi(score.to_midi()) == expected["tokens"]) == expected["retokenized_equal"]


@pytest.mark.parametrize("name", INVALID)
def test_repairing_as_the_authors_application_does(name: str) -> None:
    case = INVALID[name]
    assert notes_ms(decode_tokens(case["tokens"])) == sorted(case["author_notes_ms"])


# ---------------------------------------------------------------------- encoding, step by step


def midi_file(*tracks: Sequence[mido.Message], ticks_per_beat: int = 480) -> bytes:
    file = mido.MidiFile(ticks_per_beat=ticks_per_beat, tracks=[mido.MidiTrack(t) for t in tracks])
    stream = io.BytesIO()
    file.save(file=stream)
    return stream.getvalue()


def on(time: int, pitch: int, velocity: int = 90, channel: int = 0) -> mido.Message:
    return mido.Message("note_on", time=time, note=pitch, velocity=velocity, channel=channel)


def off(time: int, pitch: int, channel: int = 0) -> mido.Message:
    return mido.Message("note_off", time=time, note=pitch, channel=channel)


def starts(tokens: Sequence[int]) -> list[int]:
    """Onset times in units."""
    times, now = [], 0
    for token in tokens:
        if kind(token) == "delta":
            now += token
            times.append(now)
    return times


def test_milliseconds_are_rounded_event_by_event() -> None:
    """At 1 ms a tick and a third, ten events of 1.3 ms each count 1 ms: 3 ms late, not 0."""
    tempo = mido.MetaMessage("set_tempo", tempo=1_300_000)
    pulses = [mido.Message("control_change", control=7, value=i, time=1) for i in range(100)]
    track = [tempo, on(0, 60), off(1, 60), *pulses, on(0, 62), off(1, 62)]
    assert starts(encode_midi(midi_file(track, ticks_per_beat=1000))) == [0, 101 // 16]
    bare = [tempo, on(0, 60), off(1, 60), on(100, 62), off(1, 62)]
    assert starts(encode_midi(midi_file(bare, ticks_per_beat=1000))) == [0, 131 // 16]


def test_a_tempo_acts_from_the_first_later_event() -> None:
    tempos = [
        mido.MetaMessage("set_tempo", tempo=t, time=w) for t, w in ((480_000, 0), (960_000, 480))
    ]
    notes = [on(0, 60), off(480, 60), on(0, 62), off(480, 62)]
    tokens = encode_midi(midi_file(tempos, notes))
    assert tokens == [SOS, 0, 316, length_id(30, 5), 30, 318, length_id(60, 5)]


def test_notes_of_one_channel_and_pitch_end_first_come_first_served_across_tracks() -> None:
    tempo = mido.MetaMessage("set_tempo", tempo=480_000)  # 1 ms a tick
    long = [tempo, on(0, 60), off(1600, 60)]
    short = [on(160, 60), off(320, 60)]
    tokens = encode_midi(midi_file(long, short))
    assert tokens == [SOS, 0, 316, length_id(10, 5), 10, 316, length_id(90, 5)]


def test_the_order_within_an_onset() -> None:
    """Where a (pitch, patch) was first heard in the piece decides; drums come last."""
    score = Score(
        (
            Track("", (Note(0, 60, 15), Note(480, 60, 15), Note(480, 72, 15))),
            Track("", (Note(0, 90, 15, channel=1),), programs=(ProgramChange(0, 5, 1),)),
            Track("", (Note(0, 99, 15, channel=9), Note(480, 36, 15, channel=9))),
        ),
        tempos=(Tempo(0, 512_000),),
    )
    length = length_id(1, 3)
    assert encode_midi(score.to_midi()) == [
        SOS, 0, note_id(5, 90), length, note_id(0, 60), length, note_id(128, 99), length,
        32, note_id(0, 60), length, note_id(0, 72), length, note_id(128, 36), length,
    ]  # fmt: skip


def test_a_note_that_ends_as_the_pedal_goes_down_is_not_held() -> None:
    pedal = (ControlChange(240, 64, 127), ControlChange(960, 64, 0))
    track = Track("", (Note(0, 60, 240), Note(0, 62, 255), Note(960, 64, 15)), controls=pedal)
    assert encode_midi(Score((track,), tempos=(Tempo(0, 512_000),)).to_midi())[:6] == [
        SOS, 0, 318, length_id(64, 3), 316, length_id(16, 3),
    ]  # fmt: skip


def test_long_times_are_cut_and_leading_silence_dropped() -> None:
    track = (Note(480, 60, 480 * 100), Note(480 * 200, 61, 15))
    tokens = encode_midi(Score((Track("", track),), tempos=(Tempo(0, 512_000),)).to_midi())
    assert tokens == [SOS, 0, 316, length_id(255, 3), 255, 317, length_id(1, 3)]


def test_a_file_without_notes() -> None:
    assert encode_midi(Score().to_midi()) == [SOS]


@pytest.mark.parametrize("name", ["m21_bwv66_6", "edge_sustain"])
def test_damaged_bytes_are_a_midi_error(name: str) -> None:
    midi, _ = piece(name)
    for broken in (b"", b"RIFF" + midi[4:], midi[:-5], midi[:30], midi[: len(midi) // 2]):
        with pytest.raises(MidiError):
            encode_midi(broken)


@given(st.data())
def test_flipped_bytes_never_crash(data: st.DataObject) -> None:
    midi = bytearray(piece("edge_tempo_change")[0])
    for place in data.draw(st.lists(st.integers(0, len(midi) - 1), min_size=1, max_size=4)):
        midi[place] = data.draw(st.integers(0, 255))
    try:
        tokens = encode_midi(bytes(midi))
    except MidiError:
        return
    assert tokens[0] == SOS


# ---------------------------------------------------------------------- grid time


def test_grid_time_is_exact_at_any_tempo() -> None:
    sixteenths = tuple(Note(120 * i, 42, 60, 105, 9) for i in range(32))
    score = Score((Track("hats", sixteenths),), tempos=(Tempo.of_bpm(173.3),))
    tokens = encode_score(score, grid_time=True)
    assert starts(tokens) == [8 * i for i in range(32)]
    decoded = decode_tokens(tokens, tempo_bpm=173.3)
    assert tuple(decoded.notes) == sixteenths
    assert decoded.tempos == score.tempos
    real_time_units = starts(encode_score(score, grid_time=False))[-1]
    assert abs(real_time_units - score.seconds_at(31 * 120) / 0.016) < 2


def test_grid_time_rounds_positions_not_steps() -> None:
    triplets = tuple(Note(160 * i, 60, 160) for i in range(25))
    tokens = encode_score(Score((Track("", triplets),)), grid_time=True)
    assert starts(tokens) == [round(32 * i / 3) for i in range(25)]


def test_a_long_rest_in_grid_time_keeps_the_place_in_the_bar() -> None:
    notes = (Note(0, 60, 15), Note(5 * 1920 + 480, 60, 15))
    assert starts(encode_score(Score((Track("", notes),)), grid_time=True)) == [0, 128 + 32]


def test_pedal_and_programs_count_in_grid_time() -> None:
    track = Track(
        "",
        (Note(0, 60, 240), Note(960, 60, 240)),
        programs=(ProgramChange(0, 4), ProgramChange(900, 5)),
        controls=(ControlChange(100, 64, 127), ControlChange(720, 64, 0)),
    )
    tokens = encode_score(Score((track,)), grid_time=True)
    assert tokens == [
        SOS, 0, note_id(4, 60), length_id(48, 3), 64, note_id(5, 60), length_id(16, 3),
    ]  # fmt: skip


# ---------------------------------------------------------------------- anything decodes

ANY_TOKENS = st.lists(
    st.one_of(
        st.integers(0, 255),
        st.builds(note_id, st.integers(0, 128), st.integers(55, 65)),
        st.builds(length_id, st.integers(0, 255), st.integers(0, 7)),
        st.integers(0, VOCABULARY_SIZE - 1),
    ),
    max_size=80,
)


@given(ANY_TOKENS, st.one_of(st.none(), st.floats(20, 300)))
def test_any_tokens_decode_to_a_score_that_survives_a_file(
    tokens: list[int], tempo_bpm: float | None
) -> None:
    score = decode_tokens(tokens, tempo_bpm=tempo_bpm)
    again = Score.from_midi(score.to_midi())
    assert sorted(_without_length(note) for note in again.notes) == sorted(
        _without_length(note) for note in score.notes
    )
    # Only drums may still overlap themselves, and a file cannot say which of two ends which.
    assert sorted(n for n in again.notes if n.channel != 9) == sorted(
        n for n in score.notes if n.channel != 9
    )
    assert again.tempos == score.tempos
    assert again.length_ticks == score.length_ticks


def _without_length(note: Note) -> tuple[int, int, int, int]:
    return note.start_ticks, note.pitch, note.velocity, note.channel


@given(ANY_TOKENS)
def test_melodic_notes_never_overlap_themselves(tokens: list[int]) -> None:
    ends: dict[tuple[int, int], int] = {}
    for note in sorted(decode_tokens(tokens).notes):
        if note.channel != 9:
            assert note.start_ticks >= ends.get((note.channel, note.pitch), 0)
            ends[note.channel, note.pitch] = note.end_ticks


@pytest.mark.parametrize("token", [-1, VOCABULARY_SIZE, 10**9])
def test_what_is_no_token_is_refused(token: int) -> None:
    with pytest.raises(RequestError, match=f"must be 0 to 18819, got {token}"):
        decode_tokens([SOS, 0, token])


@pytest.mark.parametrize("tempo_bpm", [0, -1, float("nan"), float("inf"), 1])
def test_a_tempo_that_cannot_be_is_refused(tempo_bpm: float) -> None:
    with pytest.raises(RequestError):
        decode_tokens([SOS], tempo_bpm=tempo_bpm)


def test_a_delta_at_the_end_is_rest() -> None:
    assert decode_tokens([SOS, 0, 316, length_id(8, 4), 128]).length_ticks == 1920


@st.composite
def canonical(draw: st.DrawFn) -> list[int]:
    """What the encoder itself can write: sorted onsets, at most 15 patches, nothing overlapping."""
    patches = draw(st.lists(st.integers(0, 127), min_size=1, max_size=15, unique=True))
    voices = draw(
        st.lists(
            st.tuples(st.sampled_from([*patches, DRUM_PATCH]), st.integers(1, 127)),
            min_size=1, max_size=6, unique=True,
        )
    )  # fmt: skip
    melodic = [voice for voice in voices if voice[0] != DRUM_PATCH]
    drums = sorted((v for v in voices if v[0] == DRUM_PATCH), key=lambda v: -v[1])
    melodic.sort(key=lambda voice: (-voice[1], voice[0]))
    tokens = [SOS]
    for i in range(draw(st.integers(1, 12))):
        step = draw(st.integers(1, 255))
        tokens.append(0 if i == 0 else step)
        for patch, pitch in (*melodic, *drums):
            # Every voice at every onset, so that the order of first hearing is the order by pitch;
            # lengths of 1 so that none reaches the next onset.
            tokens += [note_id(patch, pitch), length_id(1, draw(st.integers(0, 7)))]
    return tokens


@given(canonical())
def test_encoding_undoes_decoding(tokens: list[int]) -> None:
    assert encode_midi(decode_tokens(tokens).to_midi()) == tokens
    grid = decode_tokens(tokens, tempo_bpm=97)
    assert encode_score(grid, grid_time=True) == tokens
    assert encode_score(decode_tokens(tokens), grid_time=False) == tokens


def test_more_than_fifteen_patches_share_channels_by_program_changes() -> None:
    notes = [(4 * i, patch) for i, patch in enumerate([*range(30), 3])]
    tokens = [SOS]
    for i, (_, patch) in enumerate(notes):
        tokens += [4 if i else 0, note_id(patch, 60 + patch % 7), length_id(4, 5)]
    score = decode_tokens(tokens)
    assert encode_midi(Score.from_midi(score.to_midi()).to_midi()) == tokens
    assert {note.channel for note in score.notes} == set(range(16)) - {9}


def test_a_channel_taken_over_ends_the_same_key_of_its_former_patch() -> None:
    tokens = [SOS, 0, note_id(0, 60), length_id(255, 5)]
    for patch in range(1, 16):
        tokens += [1, note_id(patch, 60), length_id(1, 5)]
    former, *_, last = sorted(decode_tokens(tokens).notes)
    assert former.channel == last.channel == 0
    assert former.end_ticks == last.start_ticks == 15 * 15


def test_the_sixteenth_patch_of_one_onset_sounds_as_its_nearest() -> None:
    chord = [token for patch in range(0, 85, 5) for token in (note_id(patch, 60), length_id(4, 5))]
    score = decode_tokens([SOS, 0, *chord])
    assert [track.program for track in score.tracks] == list(range(0, 75, 5))
    assert len(list(score.notes)) == 15  # 75 and 80 would double the note of 70
