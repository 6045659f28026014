// Makes ../gm.sf3, the sound bank of the package: 148 MB of Fluid R3 GM become 7.4 MB.
//
//   Needs  node 20, and from Debian 12: apt-get install fluid-soundfont-gm vorbis-tools
//          (FluidR3_GM.sf2 of fluid-soundfont-gm 3.1-5.3; oggenc 1.4.2 with libvorbis 1.3.7)
//   Run    npm ci && node build.mjs /tmp/gm.sf3     (a few minutes; it says whether the bank is
//          the shipped one)
//
// All of General MIDI stays: 128 programs, 8 drum kits, every velocity's filter and envelope. What
// goes: the second channel, pitches recorded closer than five semitones, tails nobody hears, the
// band above 15 kHz except of drums, and exactness, as samples are Vorbis. Two runs give the same
// bytes. Another encoder may give others; listen to that bank, and run tests/widgets/test_bank.py
// on it, before it replaces the shipped one and its sum below.
//
// The source has no sound for the TR-808 kit's notes 58, 65 and 66, nor for the contrabass above
// pitch 57, the tuba and the baritone saxophone above 72; neither has this bank.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { GeneratorTypes, SoundBankLoader } from "spessasynth_core";
import { TOO_LOUD_DB } from "./levels.mjs";
import * as sounds from "./sound.mjs";

const SOURCE = "/usr/share/sounds/sf2/FluidR3_GM.sf2";
const SOURCE_SHA256 = "74594e8f4250680adf590507a306655a299935343583256f3b722c48a1bc1cb0";
const BANK_SHA256 = "f7141f82cf3ab8aed8219f47c3379ea215966311ad87fb0d818be8ba26382e63";

const KITS = [0, 8, 16, 24, 25, 32, 40, 48]; // of General MIDI 2, all but the sound effects

const SIDE_PAN = 200; // tenths of a percent; a sample further out is half of a stereo pair
const MOST_DRUM_PAN = 300;
const DRUM_ENERGY_S = 1.5; // the stroke, without the room that follows

const KEY_SPACING = 5; // semitones between recorded pitches
const EVERY_KEY = [0, 1, 3]; // pianos: their low notes turn 1.5 octaves brighter when thinned
const FIRST_EFFECT = 119; // from reverse cymbal on, pitches are different sounds
const THINNEST = 3; // pitches; fewer are thin already
const FARTHEST_ROOT = 14; // semitones outside its keys: a sample stretched on purpose
const [LOWEST_ROOT, MIDDLE_C, HIGHEST_ROOT] = [26, 60, 100];

const RATE = { melodic: 32000, drum: 44100 }; // cymbals have most of their sound at the top
const LONGEST_S = { melodic: 4, drum: 2.5, cymbal: 4 }; // of what does not loop
const CYMBAL = /crsh|crash|ride|china|splash|bell tree|cym/i;
const LOOPING = [1, 3]; // sample modes: always, and until the key is released
const MONO = 1;
// Half of a pair in the middle is 3 dB softer than the pair. The others follow, so that the balance
// stays and nothing clips; players make it up (BANK_GAIN in js/src/engine.js).
const HEADROOM = Math.SQRT1_2;
const QUALITY = { long: 1, short: 5 }; // of Vorbis; a single cycle shows every error
const CENTIBELS_PER_DB = 10 / 0.4; // synths apply 0.4 of an attenuation, as the first ones did
const PLACES = [ // generators that move a sample's ends, which the sounds now have in themselves
  "startAddrsOffset",
  "startAddrsCoarseOffset",
  "endAddrOffset",
  "endAddrsCoarseOffset",
  "startloopAddrsOffset",
  "startloopAddrsCoarseOffset",
  "endloopAddrsOffset",
  "endloopAddrsCoarseOffset",
];

// Reading

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

function sourceBank() {
  const file = readFileSync(SOURCE);
  if (sha256(file) !== SOURCE_SHA256) {
    throw new Error(`${SOURCE} has sha256 ${sha256(file)}, expected ${SOURCE_SHA256}`);
  }
  return SoundBankLoader.fromArrayBuffer(new Uint8Array(file).buffer);
}

/** What a zone says, or else its instrument, or else the specification. */
function said(zone, generator, otherwise) {
  const { globalZone } = zone.parentInstrument;
  return zone.getGenerator(generator, globalZone.getGenerator(generator, otherwise));
}

const isDrums = (instrument) => instrument.linkedTo.some((preset) => preset.isGMGSDrum);

function grouped(items, keyOf) {
  const groups = new Map();
  for (const item of items) {
    const key = keyOf(item);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(item);
  }
  return groups;
}

const keysOf = ({ keyRange }) => `${keyRange.min}-${keyRange.max}`;
const velocitiesOf = ({ velRange }) => `${velRange.min}-${velRange.max}`;

function remove(zone) {
  const { zones } = zone.parentInstrument;
  zone.parentInstrument.deleteZone(zones.indexOf(zone), true);
}

// Choosing

function keepGeneralMidi(bank) {
  for (const preset of [...bank.presets]) {
    const isKept = preset.isGMGSDrum ? KITS.includes(preset.program) : preset.bankMSB === 0;
    if (!isKept) bank.deletePreset(preset);
  }
  bank.removeUnusedElements();
}

/** Make one channel of each stereo pair. Returns, by sample kept, the gains that make up for it. */
function foldStereo(bank) {
  const gains = new Map();
  for (const instrument of bank.instruments) {
    for (const [left, right] of stereoPairs(instrument)) {
      const { kept, dropped, pan, gain } = folded(left, right, isDrums(instrument));
      kept.setGenerator(GeneratorTypes.pan, pan);
      gains.set(kept.sample, [...(gains.get(kept.sample) ?? []), gain]);
      remove(dropped);
    }
  }
  bank.removeUnusedElements();
  return gains;
}

/** Zones that differ in nothing but the side and the last letters of the sample's name: (L), (R). */
function stereoPairs(instrument) {
  const panOf = (zone) => said(zone, GeneratorTypes.pan, 0);
  const stem = (zone) => zone.sample.name.slice(0, -3);
  const sides = instrument.zones.filter((zone) => Math.abs(panOf(zone)) >= SIDE_PAN);
  const pairs = [];
  const placeOf = (zone) =>
    [keysOf(zone), velocitiesOf(zone), zone.getGenerator(GeneratorTypes.coarseTune, 0)].join();
  for (const zones of grouped(sides, placeOf).values()) {
    const rights = zones.filter((zone) => panOf(zone) > 0);
    for (const left of zones.filter((zone) => panOf(zone) < 0)) {
      const i = rights.findIndex((right) => stem(right) === stem(left));
      if (i >= 0) pairs.push([left, ...rights.splice(i, 1)]);
    }
  }
  return pairs;
}

/** Melodic: the left channel in the middle. Drums: the louder one, near where the pair was heard. */
function folded(left, right, drums) {
  const [l, r] = [energyOf(left.sample), energyOf(right.sample)];
  const keepsLeft = !drums || l >= r / 2;
  const [kept, dropped] = keepsLeft ? [left, right] : [right, left];
  const gain = Math.sqrt((l + r) / (keepsLeft ? l : r));
  return { kept, dropped, pan: drums ? panBetween(l, r) : 0, gain };
}

function panBetween(left, right) {
  const angle = Math.atan2(Math.sqrt(right), Math.sqrt(left)) / (Math.PI / 2); // 0 left, 1 right
  const pan = Math.round((angle - 0.5) * 1000);
  return Math.max(-MOST_DRUM_PAN, Math.min(MOST_DRUM_PAN, pan)) || 0; // -0 is 0
}

const energies = new Map(); // a sample is in up to nine pairs, one for each velocity

function energyOf(sample) {
  if (!energies.has(sample)) {
    const stroke = sample.getAudioData().subarray(0, Math.floor(sample.sampleRate * DRUM_ENERGY_S));
    energies.set(sample, sounds.meanSquare(stroke));
  }
  return energies.get(sample);
}

/** Stretch fewer recorded pitches over the keys of each melodic instrument. */
function thinKeys(bank) {
  for (const instrument of bank.instruments) {
    const program = Math.min(...instrument.linkedTo.map((preset) => preset.program));
    if (isDrums(instrument) || EVERY_KEY.includes(program) || program >= FIRST_EFFECT) continue;
    // Keys that are not a semitone apart play something else than a scale.
    const isScale = (zone) => said(zone, GeneratorTypes.scaleTuning, 100) === 100;
    if (!instrument.zones.every(isScale)) continue;
    for (const layer of grouped(instrument.zones, velocitiesOf).values()) thinLayer(layer);
  }
  bank.removeUnusedElements();
}

function thinLayer(zones) {
  const pitches = [...grouped(zones, keysOf).values()].map(recordedPitch);
  pitches.sort((a, b) => a.low - b.low);
  if (!isLadder(pitches)) return;
  const kept = spaced(pitches);
  stretch(kept, pitches[0].low, pitches.at(-1).high);
  for (const pitch of pitches) if (!kept.includes(pitch)) pitch.zones.forEach(remove);
}

/** The zones of one recorded pitch, its keys `low` to `high` and its `root`. */
function recordedPitch(zones) {
  const [{ sample, keyRange }] = zones;
  const root = said(zones[0], GeneratorTypes.overridingRootKey, -1);
  return {
    zones,
    low: Math.max(0, keyRange.min), // -1: from the lowest
    high: keyRange.max,
    root: root < 0 ? sample.originalKey : root,
  };
}

/** Whether pitches follow each other without overlap, each on keys near its own. */
function isLadder(pitches) {
  return (
    pitches.length >= THINNEST &&
    pitches.every(({ low }, i) => i === 0 || low > pitches[i - 1].high) &&
    pitches.every(({ low, high, root }) => root >= low - FARTHEST_ROOT && root <= high + FARTHEST_ROOT)
  );
}

/** Some of the pitches, far enough apart, from middle C outwards: there it is played most. */
function spaced(pitches) {
  const holdsMiddle = pitches.findIndex(({ low, high }) => low <= MIDDLE_C && MIDDLE_C <= high);
  const middle = holdsMiddle < 0 ? pitches.length >> 1 : holdsMiddle;
  const kept = [pitches[middle]];
  for (const pitch of pitches.slice(middle + 1)) {
    if (pitch.root - kept.at(-1).root >= KEY_SPACING && pitch.root <= HIGHEST_ROOT) kept.push(pitch);
  }
  for (const pitch of pitches.slice(0, middle).reverse()) {
    if (kept[0].root - pitch.root >= KEY_SPACING && pitch.root >= LOWEST_ROOT) kept.unshift(pitch);
  }
  return kept;
}

/** Cover the keys `low` to `high` with `pitches`, each as far as half-way to the next root. */
function stretch(pitches, low, high) {
  let from = low;
  pitches.forEach((pitch, i) => {
    const next = pitches[i + 1];
    const halfWay = next && Math.min(next.high, Math.floor((pitch.root + next.root) / 2));
    const to = next ? Math.max(pitch.low, halfWay) : high;
    for (const zone of pitch.zones) zone.keyRange = { min: from, max: to };
    from = to + 1;
  });
}

// Sounding

/** Shorten, resample and level every sample. Returns those whose loop was written out. */
function prepareSounds(bank, gains) {
  const zones = bank.instruments.flatMap((instrument) => instrument.zones);
  const short = new Set();
  for (const [sample, users] of grouped(zones, (zone) => zone.sample)) {
    const { sound, isShort } = prepared(sample, users, gains.get(sample) ?? [1]);
    if (isShort) short.add(sample);
    setSound(sample, sound);
    for (const zone of users) {
      for (const place of PLACES) zone.setGenerator(GeneratorTypes[place], null);
    }
  }
  return short;
}

function prepared(sample, users, gains) {
  const drums = users.some((zone) => isDrums(zone.parentInstrument));
  const loops = (zone) => LOOPING.includes(said(zone, GeneratorTypes.sampleModes, 0));
  const alwaysLoops = users.every(loops);
  let sound = soundOf(sample, users.some(loops));
  if (alwaysLoops) sound = sounds.untilLoopEnd(sound);
  else sound = sounds.untilSilence(sound, longestS(sample, drums));
  sound = sounds.resampled(sound, drums ? RATE.drum : RATE.melodic, alwaysLoops);
  const isShort = alwaysLoops && sounds.isShortLoop(sound);
  if (isShort) sound = sounds.unrolled(sound);
  if (alwaysLoops) sound = sounds.guarded(sound);
  const gain = gains.reduce((sum, one) => sum + one, 0) / gains.length;
  return { sound: sounds.amplified(sound, gain * HEADROOM), isShort };
}

function soundOf(sample, loops) {
  const { sampleRate: rate, loopStart: start, loopEnd: end } = sample;
  return { frames: sample.getAudioData(), rate, loop: loops ? { start, end } : null };
}

function longestS(sample, drums) {
  if (!drums) return LONGEST_S.melodic;
  return CYMBAL.test(sample.name) ? LONGEST_S.cymbal : LONGEST_S.drum;
}

function setSound(sample, { frames, rate, loop }) {
  const { start, end } = loop ?? { start: 0, end: frames.length - 1 };
  sample.setAudioData(frames, rate);
  Object.assign(sample, { loopStart: start, loopEnd: end, sampleType: MONO, linkedSample: undefined });
}

function levelPresets(bank) {
  for (const preset of bank.presets) {
    const tooLoudDb = preset.isGMGSDrum ? 0 : (TOO_LOUD_DB.get(preset.program) ?? 0);
    if (tooLoudDb === 0) continue;
    const attenuation = preset.globalZone.getGenerator(GeneratorTypes.initialAttenuation, 0);
    preset.globalZone.setGenerator(
      GeneratorTypes.initialAttenuation,
      Math.round(attenuation + tooLoudDb * CENTIBELS_PER_DB),
    );
  }
}

// Writing

/** Every sample: FluidSynth (issue 1457) fails at random on banks that hold some as PCM. */
function encodeSounds(bank, short) {
  for (const sample of bank.samples) {
    const quality = short.has(sample) ? QUALITY.short : QUALITY.long;
    sample.setCompressedData(vorbis(sample.getAudioData(), sample.sampleRate, quality));
  }
}

function vorbis(frames, rate, quality) {
  const format = ["--raw", "--raw-bits=16", "--raw-chan=1", `--raw-rate=${rate}`];
  const sameEachTime = ["--serial=7", "--discard-comments"];
  const command = ["--quiet", ...format, `--quality=${quality}`, ...sameEachTime, "--output=-", "-"];
  return new Uint8Array(execFileSync("oggenc", command, { input: sounds.pcmOf(frames) }));
}

/** The licence asks that its notice goes with every copy, also with what is cut from this bank. */
function sign(bank) {
  Object.assign(bank.soundBankInfo, {
    name: "Workbench GM (from Fluid R3 GM)",
    copyright: "Copyright (c) 2000-2002, 2008 Frank Wen; (c) 2008 Toby Smithe. MIT License",
    comment:
      "Derived from Fluid (R3) GM by Frank Wen: mono, resampled, key splits thinned. " +
      "Licensed under the MIT License; see LICENSE.FluidR3.txt.",
    engineer: "Frank Wen",
    software: "build.mjs + spessasynth_core",
    creationDate: new Date(0), // not today's: the same bank every day
    version: { major: 3, minor: 0 }, // SF3
  });
}

function build(target) {
  const bank = sourceBank();
  keepGeneralMidi(bank);
  const gains = foldStereo(bank);
  thinKeys(bank);
  const short = prepareSounds(bank, gains);
  levelPresets(bank);
  encodeSounds(bank, short);
  sign(bank);
  const file = new Uint8Array(bank.writeSF2());
  writeFileSync(target, file);
  const found = sha256(file);
  console.log(`${target}: ${file.length} bytes, sha256 ${found}`);
  if (found === BANK_SHA256) return;
  console.error(`not the shipped bank, which has ${BANK_SHA256}`);
  process.exitCode = 1;
}

if (process.argv.length !== 3) throw new Error("say where to write: node build.mjs /tmp/gm.sf3");
build(process.argv[2]);
