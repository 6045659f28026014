// What a MIDI file asks a synth to do, as one list in order of time. Knows no synth and no clock.
import { BasicMIDI } from "spessasynth_core";

const DRUM_CHANNEL = 9; // General MIDI channel 10, counted from 0

/**
 * The events of a Standard MIDI File whose first track is the conductor (as Workbench writes it).
 *
 * Every part that plays gets a voice of its own (part, channel), so that parts that share a MIDI
 * channel can be muted apart; a message that is not a note goes to every voice of its channel.
 * Returns {voices: [{part, channel, drums}], events: [{time, rank, on, key, voices, bytes}]},
 * `time` in seconds.
 */
export function readEvents(buffer) {
  const midi = BasicMIDI.fromArrayBuffer(buffer);
  const voices = voicesOf(midi);
  const events = midi.tracks.flatMap((track, number) => trackEvents(midi, track, number - 1, voices));
  // Array.prototype.sort is stable: events of one tick and rank keep the order of the file.
  events.sort((a, b) => a.ticks - b.ticks || a.rank - b.rank);
  return { midi, voices, events };
}

function voicesOf(midi) {
  const found = new Map();
  midi.tracks.forEach((track, number) => {
    for (const message of track.events) {
      if (message.statusByte >> 4 !== 0x9) continue;
      const channel = message.statusByte & 15;
      const voice = { part: number - 1, channel, drums: channel === DRUM_CHANNEL };
      const name = `${voice.part}:${channel}`;
      if (!found.has(name)) found.set(name, voice);
    }
  });
  return [...found.values()];
}

function trackEvents(midi, track, part, voices) {
  const started = new Map(); // key and channel → tick of its latest start
  return track.events.flatMap((message) => {
    const kind = message.statusByte >> 4;
    if (kind < 0x8 || kind > 0xe) return [];
    const channel = message.statusByte & 15;
    const key = message.data[0];
    const isNote = kind === 0x8 || kind === 0x9;
    const on = kind === 0x9 && message.data[1] > 0;
    const targets = voices.flatMap((voice, i) =>
      voice.channel === channel && (!isNote || voice.part === part) ? [i] : [],
    );
    if (targets.length === 0) return [];
    const name = channel * 128 + key;
    let rank = 1; // at one tick: what ends, what sets up, what starts, what starts and ends at once
    if (on) {
      rank = 2;
      started.set(name, message.ticks);
    } else if (isNote) {
      rank = started.get(name) === message.ticks ? 3 : 0;
    }
    const { ticks } = message;
    return [
      {
        ticks,
        time: midi.midiTicksToSeconds(ticks),
        rank,
        on,
        off: isNote && !on,
        key,
        kind,
        targets,
        bytes: [...message.data],
      },
    ];
  });
}

/** Index of the first event at or after `time` seconds. */
export function firstAt(events, time) {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (events[middle].time < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
