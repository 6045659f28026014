// What happens to the sound of one sample. A sound is {frames: Float32Array, rate: Hz, loop}, where
// loop is {start, end} in frames, end excluded, or null. Knows no SoundFont.

const SILENCE = 10 ** (-54 / 20); // of the peak; below it a tail cannot be told from the room
const SPARE_FRAMES = 64; // kept after the last frame that is heard
const CUT_FADE_S = 0.25; // for a sound that still rings where it is cut
const END_FADE_S = 0.01; // for one that has died away
const NEARLY = 1.08; // a rate this close to the wanted one is not worth a resampling
const SHORT_FRAMES = 1500; // sounds up to this long gain nothing from a lower rate
const SINC_ZEROS = 24; // on each side of the middle
const BAND = 0.96; // of what the new rate can hold; the rest is the filter's slope
const STEADY_FRAMES = 6000; // Vorbis smears a loop of one cycle; three of its long blocks are enough
const LEAD_FRAMES = 2048; // one long block of Vorbis, so that the loop begins in steady sound
const GUARD_FRAMES = 8; // after a loop's end, as synths interpolate across it
const FULL_SCALE = 0.999;

export function meanSquare(frames) {
  let sum = 0;
  for (const frame of frames) sum += frame * frame;
  return sum / Math.max(1, frames.length);
}

function peak(frames) {
  let highest = 0;
  for (const frame of frames) highest = Math.max(highest, Math.abs(frame));
  return highest;
}

/** What a sound that always loops plays: nothing after its loop. */
export function untilLoopEnd({ frames, rate, loop }) {
  return { frames: frames.slice(0, loop.end), rate, loop };
}

/** The sound until it is silent, at most `longestS` seconds; a loop is kept whole. */
export function untilSilence({ frames, rate, loop }, longestS) {
  const threshold = peak(frames) * SILENCE;
  let last = frames.length - 1;
  while (last > SPARE_FRAMES && Math.abs(frames[last]) < threshold) last--;
  const cap = Math.floor(rate * longestS);
  const longest = loop ? Math.max(loop.end + GUARD_FRAMES, cap) : cap;
  const length = Math.min(last + 1 + SPARE_FRAMES, frames.length, longest);
  const kept = frames.slice(0, length);
  if (!loop) fadeOut(kept, Math.floor(rate * (length < last ? CUT_FADE_S : END_FADE_S)));
  return { frames: kept, rate, loop };
}

/** Bring the end down to nothing, in place, over `fadeFrames` or a quarter of the sound. */
function fadeOut(frames, fadeFrames) {
  const count = Math.min(frames.length >> 2, fadeFrames);
  for (let i = 0; i < count; i++) frames[frames.length - 1 - i] *= i / count;
}

/** The sound at about `wantedRate`. Where it `alwaysLoops` its loop stays whole frames long. */
export function resampled(sound, wantedRate, alwaysLoops) {
  const { frames, rate, loop } = sound;
  if (rate <= wantedRate * NEARLY || frames.length <= SHORT_FRAMES) return sound;
  let ratio = wantedRate / rate;
  if (!loop) {
    const length = Math.floor(frames.length * ratio);
    return { frames: interpolated(frames, ratio, length), rate: Math.round(rate * ratio), loop };
  }
  const period = loop.end - loop.start;
  // A loop of a fraction of a frame would be out of tune: bend the rate until it fits.
  if (alwaysLoops) ratio = Math.max(8, Math.round(period * ratio)) / period;
  const start = Math.round(loop.start * ratio);
  const end = start + Math.round(period * ratio);
  const length = alwaysLoops ? end : Math.floor(frames.length * ratio);
  const repeated = alwaysLoops ? (i) => frames[loop.start + ((i - loop.start) % period)] : undefined;
  return {
    frames: interpolated(frames, ratio, length, repeated),
    rate: Math.round(rate * ratio),
    loop: { start, end: Math.min(end, length) },
  };
}

/** `length` frames at `ratio` times the rate, through a sinc under a Hann window. */
function interpolated(frames, ratio, length, after = () => 0) {
  const band = Math.min(1, ratio) * BAND;
  const reach = Math.ceil(SINC_ZEROS / band);
  const result = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    const time = i / ratio;
    const middle = Math.floor(time);
    let [sum, weights] = [0, 0];
    for (let k = middle - reach + 1; k <= middle + reach; k++) {
      const distance = time - k;
      const weight = sinc(distance * band) * (0.5 + 0.5 * Math.cos((Math.PI * distance) / reach));
      const frame = k < 0 ? 0 : k < frames.length ? frames[k] : after(k);
      sum += weight * frame;
      weights += weight;
    }
    result[i] = sum / weights;
  }
  return result;
}

function sinc(x) {
  return Math.abs(x) < 1e-9 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** Whether a loop that ends with its sound is too short for the codec as it stands. */
export function isShortLoop({ frames }) {
  return frames.length < STEADY_FRAMES;
}

/** The same tone, its loop written out often enough for a codec to settle before and within it. */
export function unrolled({ frames, rate, loop }) {
  const period = loop.end - loop.start;
  const lead = period * Math.ceil(LEAD_FRAMES / period);
  const body = period * Math.ceil((STEADY_FRAMES - LEAD_FRAMES) / period);
  const start = loop.start + lead;
  const end = start + body;
  return { frames: continued(frames, loop, end), rate, loop: { start, end } };
}

/** A looped sound with the first frames of its loop once more at its end. */
export function guarded({ frames, rate, loop }) {
  return { frames: continued(frames, loop, frames.length + GUARD_FRAMES), rate, loop };
}

/** `length` frames of a sound that ends with its loop, playing on where it has no more. */
function continued(frames, loop, length) {
  const period = loop.end - loop.start;
  const result = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    result[i] = i < frames.length ? frames[i] : frames[loop.start + ((i - loop.start) % period)];
  }
  return result;
}

/** The sound times `gain`, or as loud as it can be without clipping. */
export function amplified({ frames, rate, loop }, gain) {
  const highest = peak(frames);
  const safe = highest * gain > FULL_SCALE ? FULL_SCALE / highest : gain;
  return { frames: frames.map((frame) => frame * safe), rate, loop };
}

/** 16-bit little-endian PCM, as an encoder reads it. */
export function pcmOf(frames) {
  const pcm = Buffer.alloc(frames.length * 2);
  frames.forEach((frame, i) => {
    pcm.writeInt16LE(Math.max(-32768, Math.min(32767, Math.round(frame * 32767))), i * 2);
  });
  return pcm;
}
