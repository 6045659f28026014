// Names and places of music as a reader sees them. Knows no screen and no sound.

const PITCH_CLASSES = ["C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"];

/** The name of a MIDI pitch, middle C (60) as C4. */
export const pitchName = (pitch) => `${PITCH_CLASSES[pitch % 12]}${Math.floor(pitch / 12) - 1}`;

export const isBlackKey = (pitch) => [1, 3, 6, 8, 10].includes(pitch % 12);

/** How many of the sorted `times` are at or before `time`. */
export function countUntil(times, time) {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** {bar, beat} from 1 of a time in seconds, by the piece's bar and beat starts. */
export function placeOf({ bars, beats }, time) {
  const bar = Math.max(1, countUntil(bars, time + 1e-6));
  const beat = countUntil(beats, time + 1e-6) - countUntil(beats, (bars[bar - 1] ?? 0) - 1e-6);
  return { bar, beat: Math.max(1, beat) };
}

/** The beat or bar start nearest to `time`, or the end. */
export function snap(piece, time) {
  const times = [...piece.beats, piece.duration];
  return times.reduce((best, t) => (Math.abs(t - time) < Math.abs(best - time) ? t : best));
}

/** "1:05.2" for a time in seconds. */
export function clockText(seconds) {
  const tenths = Math.floor(seconds * 10 + 1e-6);
  const minutes = Math.floor(tenths / 600);
  return `${minutes}:${((tenths % 600) / 10).toFixed(1).padStart(4, "0")}`;
}
