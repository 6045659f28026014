import io
import random
from collections import Counter
from fractions import Fraction

import mido
import pytest
import symusic
from hypothesis import example, given
from hypothesis import strategies as st
from tests.score.strategies import scores

from workbench.errors import MidiError, RequestError
from workbench.score import (
    Aftertouch,
    ControlChange,
    KeySignature,
    Note,
    PitchBend,
    ProgramChange,
    Score,
    Tempo,
    TimeSignature,
    Track,
)
from workbench.score.midi import normal_form
from workbench.score.midi_file import MAX_FILE_BYTES, parse_midi


def hexdump(text: str) -> bytes:
    """Bytes of an annotated dump: everything after a # is a remark."""
    return bytes.fromhex("".join(line.split("#")[0] for line in text.splitlines()))


def midi_file(*tracks: str, file_format: int = 1, division: int = 480) -> bytes:
    """A file around tracks given as dumps of their events."""
    chunks = [hexdump(track) for track in tracks]
    header = b"".join(value.to_bytes(2) for value in (file_format, len(chunks), division))
    body = b"".join(b"MTrk" + len(chunk).to_bytes(4) + chunk for chunk in chunks)
    return b"MThd\0\0\0\6" + header + body


WHOLE = midi_file(
    """
    00 ff 03 04 53 6f 6e 67     # name "Song"
    00 ff 51 03 09 27 c0        # 600,000 µs a quarter
    00 ff 58 04 03 02 18 08     # 3/4
    00 ff 59 02 fd 01           # 3 flats, minor
    8b 20 ff 51 03 07 a1 20     # after 1440 ticks 500,000 µs
    97 20 ff 2f 00              # end 2976 ticks later
    """,
    """
    00 ff 03 04 42 e4 73 73     # name "Bäss" in Latin-1
    00 b2 00 01                 # channel 3: bank select
    00 c2 21                    # program 33
    00 92 28 50                 # E on, velocity 80
    60 e2 00 00                 # bend to the bottom
    00 e2 7f 7f                 # and to the top
    00 d2 07                    # channel pressure 7
    00 a2 28 09                 # key pressure 9
    60 92 28 00                 # E off, as note-on of velocity 0
    00 28 40                    # E on again, running status
    60 82 28 40                 # E off
    00 ff 2f 00
    """,
)


def test_reads_every_kind_of_event() -> None:
    assert Score.from_midi(WHOLE) == Score(
        tracks=(
            Track(
                name="Bäss",
                notes=(Note(0, 40, 192, 80, 2), Note(192, 40, 96, 64, 2)),
                programs=(ProgramChange(0, 33, 2),),
                controls=(ControlChange(0, 0, 1, 2),),
                bends=(PitchBend(96, -8192, 2), PitchBend(96, 8191, 2)),
                aftertouch=(Aftertouch(96, 7, 2), Aftertouch(96, 9, 2, pitch=40)),
            ),
        ),
        tempos=(Tempo(0, 600_000), Tempo(1440, 500_000)),
        time_signatures=(TimeSignature(0, 3, 4),),
        key_signatures=(KeySignature(0, "Cm"),),
        name="Song",
        length_ticks=1440 + 2976,
    )


def test_format_0_becomes_a_track_a_channel() -> None:
    content = midi_file(
        """
        00 ff 03 01 41              # name "A"
        00 c1 05  00 91 3c 40       # channel 2
        00 99 24 40                 # drums
        00 90 30 40                 # channel 1
        60 ff 2f 00                 # nothing was ended
        """,
        file_format=0,
    )
    score = Score.from_midi(content)
    assert score.name == "A"
    assert [track.notes for track in score.tracks] == [
        (Note(0, 48, 96, 64, 0),),
        (Note(0, 60, 96, 64, 1),),
        (Note(0, 36, 96, 64, 9),),
    ]
    assert [track.programs for track in score.tracks] == [(), (ProgramChange(0, 5, 1),), ()]


def test_note_offs_end_the_oldest_note() -> None:
    score = Score.from_midi(
        midi_file("00 90 3c 01  0a 90 3c 02  0a 80 3c 00  0a 80 3c 00  0a 80 3c 00  00 ff 2f 00")
    )
    assert score.tracks[0].notes == (Note(0, 60, 20, 1), Note(10, 60, 20, 2))


def test_time_before_unknown_messages_counts() -> None:
    """mido 1.3.3 forgets it."""
    score = Score.from_midi(midi_file("60 ff 60 01 00  60 f0 02 7e f7  00 90 3c 40  00 ff 2f 00"))
    assert score.tracks[0].notes == (Note(192, 60, 0, 64),)


def test_a_rest_at_the_end_is_kept() -> None:
    assert Score.from_midi(midi_file("83 60 ff 2f 00")).length_ticks == 480


@given(scores())
@example(Score(tracks=(Track(notes=(Note(0, 60, 20, 1), Note(5, 60, 0, 2), Note(5, 60, 5, 3))),)))
def test_round_trip_is_the_normal_form(score: Score) -> None:
    normal = normal_form(score)
    assert Score.from_midi(score.to_midi()) == normal
    assert normal_form(normal) == normal
    assert Score.from_midi(normal.to_midi()) == normal


def sounding_edges(track: Track) -> list[tuple[Counter[tuple[int, ...]], ...]]:
    starts = Counter((note.channel, note.pitch, note.start_ticks) for note in track.notes)
    ends = Counter((note.channel, note.pitch, note.end_ticks) for note in track.notes)
    return [(starts, ends)]


@given(scores())
def test_normal_form_keeps_every_start_and_end(score: Score) -> None:
    for before, after in zip(score.tracks, normal_form(score).tracks, strict=True):
        assert sounding_edges(before) == sounding_edges(after)
        assert sorted(n.velocity for n in before.notes) == sorted(n.velocity for n in after.notes)


@given(scores())
def test_other_readers_read_the_same(score: Score) -> None:
    """mido's own parser and symusic's, on what we write."""
    content = score.to_midi()
    normal = normal_form(score)
    messages = [message for track in parse_midi(content).tracks for message in track]
    theirs = [message for track in mido_file(content).tracks for message in track]
    assert [without_name(message) for message in messages] == [without_name(m) for m in theirs]
    # symusic pairs notes by channel and track, but holds starts and lengths as 32-bit numbers.
    theirs = symusic.Score.from_midi(content)
    assert theirs.ticks_per_quarter == 480
    assert [(tempo.time, tempo.mspq) for tempo in theirs.tempos] == [
        (tempo.ticks, tempo.us_per_quarter) for tempo in normal.tempos
    ]
    if not any(note.duration_ticks == 0 for note in normal.notes):
        found = sorted(
            (n.time, n.pitch, n.duration, n.velocity) for t in theirs.tracks for n in t.notes
        )
        ours = sorted((n.start_ticks, n.pitch, n.duration_ticks, n.velocity) for n in normal.notes)
        assert found == ours


def without_name(message: mido.Message) -> mido.Message:
    return message.copy(name="") if message.type == "track_name" else message


def mido_file(content: bytes) -> mido.MidiFile:
    return mido.MidiFile(file=io.BytesIO(content))


@given(st.integers(1, 0x7FFF), st.lists(st.integers(0, 2000), min_size=1, max_size=12))
def test_any_resolution_is_rounded_on_absolute_positions(division: int, gaps: list[int]) -> None:
    file = mido.MidiFile(ticks_per_beat=division)
    file.tracks.append(mido.MidiTrack())
    for i, gap in enumerate(gaps):
        file.tracks[0].append(mido.Message("note_on", note=60 + i % 2, velocity=1 + i, time=gap))
    positions = [sum(gaps[: i + 1]) for i in range(len(gaps))]
    starts = sorted((n.velocity, n.start_ticks) for n in Score.from_midi(saved(file)).notes)
    for (_, start), position in zip(starts, positions, strict=True):
        assert abs(start - Fraction(position * 480, division)) <= Fraction(1, 2)


def saved(file: mido.MidiFile) -> bytes:
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


MALFORMED = {
    "nothing": (b"", "expected 'MThd' at byte 0"),
    "something else": (b"RIFF\0\0\0\0", "expected 'MThd' at byte 0, got b'RIFF'"),
    "half a header": (WHOLE[:12], "cut short"),
    "format 2": (midi_file("00 ff 2f 00", file_format=2), "format 2 at byte 8"),
    "two tracks in format 0": (
        midi_file("00 ff 2f 00", "00 ff 2f 00", file_format=0),
        "exactly 1 track",
    ),
    "film frames": (midi_file("00 ff 2f 00", division=0xE728), "film frames"),
    "no resolution": (midi_file("00 ff 2f 00", division=0), "0x0000"),
    "fewer tracks than promised": (
        midi_file("00 ff 2f 00").replace(b"\0\1\0\1\1\xe0", b"\0\1\0\2\1\xe0"),
        "promises 2 tracks",
    ),
    "no end of track": (midi_file("00 90 3c 40"), "without an end of track"),
    "more after the end": (midi_file("00 ff 2f 00 00 90 3c 40"), "goes on after its end"),
    "no status": (midi_file("00 3c 40 00 ff 2f 00"), "track 0: data byte 0x3c without a status"),
    "half a message": (midi_file("00 90 3c"), "message 0x90 at byte 22 lacks data"),
    "status among data": (midi_file("00 90 3c 90 00 ff 2f 00"), "0x90 at byte 22 lacks data"),
    "clock": (midi_file("00 f8 00 ff 2f 00"), "status 0xf8 at byte 22"),
    "five-byte number": (midi_file("ff ff ff ff 7f ff 2f 00"), "longer than four bytes"),
    "long text": (midi_file("00 ff 01 7f 41 00 ff 2f 00"), "promises 127 bytes"),
    "short tempo": (midi_file("00 ff 51 02 00 01 00 ff 2f 00"), "meta message 0x51 has 3 bytes"),
    "tempo 0": (midi_file("00 ff 51 03 00 00 00 00 ff 2f 00"), "us_per_quarter must be 1"),
    "meter of 0 beats": (midi_file("00 ff 58 04 00 02 18 08 00 ff 2f 00"), "numerator must be 1"),
    "meter over 2 to the 255": (
        midi_file("00 ff 58 04 04 ff 18 08 00 ff 2f 00"),
        "denominator must be",
    ),
    "8 flats": (midi_file("00 ff 59 02 f8 00 00 ff 2f 00"), "says nothing with the bytes f8 00"),
    "aeons": (
        midi_file("ff ff ff 7f 90 3c 40 ff ff ff 7f ff 2f 00"),
        "quarter notes from the start",
    ),
    "too many bytes": (bytes(MAX_FILE_BYTES + 1), "at most 8 MiB"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_bytes_are_refused_with_the_place(case: str) -> None:
    content, message = MALFORMED[case]
    with pytest.raises(MidiError) as caught:
        Score.from_midi(content)
    assert message in str(caught.value)


def test_a_missing_file_is_refused(tmp_path) -> None:
    with pytest.raises(MidiError, match="No such file"):
        Score.from_midi(tmp_path / "none.mid")


def test_reads_paths(tmp_path) -> None:
    path = tmp_path / "whole.mid"
    path.write_bytes(WHOLE)
    assert Score.from_midi(path) == Score.from_midi(str(path)) == Score.from_midi(WHOLE)


def test_chunks_of_other_kinds_are_passed_over() -> None:
    head, tail = WHOLE[:14], WHOLE[14:]
    foreign = b"XFIH\0\0\0\2MT"
    assert Score.from_midi(head + foreign + tail + foreign) == Score.from_midi(WHOLE)


@pytest.mark.parametrize("length", range(len(WHOLE)))
def test_every_truncation_is_refused(length: int) -> None:
    with pytest.raises(MidiError):
        Score.from_midi(WHOLE[:length])


def survives(content: bytes) -> bool:
    """Whether `content` reads as a score, which then must be whole and writable."""
    try:
        score = Score.from_midi(content)
    except MidiError:
        return False
    assert Score.from_midi(score.to_midi()) == normal_form(score)
    return True


def test_flipped_bytes_are_refused_or_read_whole() -> None:
    rng = random.Random(0)
    outcomes = Counter()
    for _ in range(4000):
        content = bytearray(WHOLE)
        for _ in range(rng.choice((1, 1, 2, 5))):
            content[rng.randrange(len(content))] = rng.randrange(256)
        outcomes[survives(bytes(content))] += 1
    assert min(outcomes[True], outcomes[False]) > 400  # both doors were tried


@given(st.binary(max_size=200), st.integers(0, 2))
def test_random_bytes_are_refused_or_read_whole(content: bytes, wrapping: int) -> None:
    track = b"MTrk" + (len(content) + 4).to_bytes(4) + content + b"\0\xff\x2f\0"
    header = b"MThd\0\0\0\6\0\1\0\1\1\xe0"
    survives((content, header + content, header + track)[wrapping])


def test_more_tracks_than_a_file_holds_are_refused() -> None:
    with pytest.raises(RequestError, match="32766 parts"):
        Score(tracks=(Track(),) * 0x7FFF).to_midi()


def test_many_small_tracks_take_no_quadratic_time() -> None:
    empty = b"MTrk\0\0\0\4\0\xff\x2f\0"
    content = b"MThd\0\0\0\6\0\1\x7f\xff\1\xe0" + empty * 0x7FFF + b"\0" * (4 << 20)
    assert len(Score.from_midi(content).tracks) == 0x7FFE
