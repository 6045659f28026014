"""Written music to and from a `Score` through music21: MusicXML, ABC, kern, and what else it reads.

Keeps what sounds at concert pitch: notes, tempos, meters, keys, names, programs. The look of the
page, lyrics and slurs are not kept. Grace notes take no time, repeats are not played out and chord
symbols are silent, as in music21 itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import RequestError
from workbench.score.gm import PROGRAM_NAMES
from workbench.score.midi import normal_form
from workbench.score.model import (
    DRUM_CHANNEL,
    KEY_NAMES,
    TICKS_PER_QUARTER,
    KeySignature,
    Note,
    ProgramChange,
    Score,
    Tempo,
    TimeSignature,
    Track,
)

if TYPE_CHECKING:
    from music21 import stream

# music21 is imported in the functions that need it: that takes seconds.

_PITCHED_CHANNELS = tuple(channel for channel in range(16) if channel != DRUM_CHANNEL)


def read_music21(source: stream.Stream | str | Path) -> Score:
    """The score in a music21 stream or in a file that music21 reads, in normal form.

    Each part is a track on a channel of its own (from the sixteenth on they share), unpitched
    percussion on the drum channel. Raises `RequestError`.
    """
    from music21 import key, meter, stream

    written = _parsed(Path(source)) if isinstance(source, str | Path) else source
    if isinstance(written, stream.Opus):
        raise RequestError(
            f"expected one piece, got a book of {len(written.scores)}; give one of its scores"
        )
    sounding = written.toSoundingPitch().stripTies()
    parts = list(sounding.parts) if isinstance(sounding, stream.Score) else [sounding]
    flat = sounding.flatten()
    tracks = tuple(_track(part, _PITCHED_CHANNELS[i % 15]) for i, part in enumerate(parts))
    meters = tuple(
        TimeSignature(_ticks(event.offset), event.numerator, event.denominator)
        for event in flat.getElementsByClass(meter.TimeSignature)
    )
    keys = tuple(
        KeySignature(_ticks(event.offset), _key_name(event))
        for event in flat.getElementsByClass(key.KeySignature)
    )
    tempos = tuple(_tempos(flat))
    ends = [track.end_ticks for track in tracks]
    ends.extend(event.ticks for timeline in (meters, keys, tempos) for event in timeline)
    score = Score(
        tracks=tracks,
        tempos=tempos,
        time_signatures=meters,
        key_signatures=keys,
        name=(written.metadata and written.metadata.title) or "",
        length_ticks=max([*ends, _ticks(sounding.highestTime)]),
    )
    return normal_form(score)


def _parsed(path: Path) -> stream.Stream:
    from music21 import converter

    if not path.is_file():
        raise RequestError(f"there is no file {str(path)!r} to read music from")
    try:
        return converter.parse(path, forceSource=True)  # not from its cache of pickles
    except Exception as error:  # its many parsers raise anything
        raise RequestError(f"music21 cannot read {str(path)!r}: {error}") from error


def _ticks(quarters: float | Fraction) -> int:
    return round(quarters * TICKS_PER_QUARTER)


def _track(part: stream.Stream, channel: int) -> Track:
    from music21 import instrument

    flat = part.flatten()
    instruments = list(flat.getElementsByClass(instrument.Instrument))
    is_drums = any(
        isinstance(player, instrument.UnpitchedPercussion) or player.midiChannel == DRUM_CHANNEL
        for player in instruments
    )
    channel = DRUM_CHANNEL if is_drums else channel
    return Track(
        name=getattr(part, "partName", None) or "",
        notes=tuple(sorted(_notes(flat, channel))),
        programs=tuple(
            ProgramChange(_ticks(player.offset), player.midiProgram, channel)
            for player in instruments
            if player.midiProgram is not None
        ),
    )


def _notes(flat: stream.Stream, channel: int) -> Iterator[Note]:
    from music21 import harmony, note

    for element in flat.notes:
        if isinstance(element, harmony.Harmony):
            continue
        start = _ticks(element.offset)
        duration = _ticks(element.offset + element.quarterLength) - start
        velocity = min(max(round(element.volume.getRealized() * 127), 1), 127)
        if isinstance(element, note.Unpitched):
            player = element.storedInstrument
            pitches = [getattr(player, "percMapPitch", None) or element.displayPitch().midi]
        else:
            pitches = [pitch.midi for pitch in element.pitches]
        for pitch in pitches:
            yield Note(start, pitch, duration, velocity, channel)


def _tempos(flat: stream.Stream) -> Iterator[Tempo]:
    from music21 import tempo

    if not flat.getElementsByClass(tempo.TempoIndication):
        return  # music21 would say 120, but nobody wrote it
    for start, _, mark in flat.metronomeMarkBoundaries():
        bpm = mark.getQuarterBPM()
        if bpm is not None:
            yield Tempo.of_bpm(bpm, _ticks(start))


def _key_name(signature: Any) -> str:
    """As MIDI names it: `KEY_NAMES` holds 7 flats to 7 sharps, major then minor."""
    sharps = signature.sharps
    sharps += 12 * (sharps < -7) - 12 * (sharps > 7)  # nine flats sound as three sharps
    is_minor = getattr(signature, "mode", "major") == "minor"
    return KEY_NAMES[15 * is_minor + 7 + sharps]


def write_music21(score: Score) -> stream.Score:
    """The score as a music21 one: a part a track; controllers, bends and pressure have no place."""
    from music21 import key, metadata, meter, stream, tempo

    written = stream.Score()
    written.metadata = metadata.Metadata(title=score.name)
    for track in score.tracks:
        written.insert(0, _part(track))
    for mark in score.tempos:
        written.insert(_quarters(mark.ticks), tempo.MetronomeMark(number=mark.bpm))
    for time in score.time_signatures:
        signature = meter.TimeSignature(f"{time.numerator}/{time.denominator}")
        written.insert(_quarters(time.ticks), signature)
    for given in score.key_signatures:
        tonic = given.key.removesuffix("m").replace("b", "-")
        mode = "minor" if given.key.endswith("m") else "major"
        written.insert(_quarters(given.ticks), key.Key(tonic, mode))
    return written


def _quarters(ticks: int) -> Fraction:
    return Fraction(ticks, TICKS_PER_QUARTER)


def _part(track: Track) -> stream.Part:
    from music21 import instrument, note, pitch, stream

    part = stream.Part()
    part.partName = track.name
    for change in track.programs or (None,):
        player = instrument.UnpitchedPercussion() if track.is_drums else instrument.Instrument()
        if change is not None:
            player.midiProgram = change.program
            player.instrumentName = None if track.is_drums else PROGRAM_NAMES[change.program]
        part.insert(_quarters(change.ticks if change else 0), player)
    for event in track.notes:
        written = note.Note(pitch.Pitch(midi=event.pitch))  # a bare number below 12 is a class
        written.quarterLength = _quarters(event.duration_ticks)  # the constructor takes 0 for none
        written.volume.velocity = event.velocity
        part.insert(_quarters(event.start_ticks), written)
    return part
