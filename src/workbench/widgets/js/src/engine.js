// Plays pieces on a synth: the only clock there is. Runs on the audio thread (see the end of the
// file) or, where a page has no audio worklets, on the main thread. Knows no page.
import { SoundBankLoader, SpessaLog, SpessaSynthProcessor } from "spessasynth_core";
import { firstAt, readEvents } from "./events.js";
import { Limiter } from "./limiter.js";

const BLOCK = 128; // frames a synth renders at once; also the grain of event times (2.7 ms)
const BANK_GAIN = 1.41; // the bank sits 3 dB below its source so that nothing in it clips
const REPORT_BLOCKS = 8; // blocks between two reports of the clock: 21 ms at 48 kHz
const EDGE_S = 1e-6; // events this close to an edge belong to it: a float is not a tick
const TAIL_S = 6; // how long a piece's last notes and its room may ring after its end
const FADE_S = 0.15; // how fast sound goes when a listener pauses
const VOICE_CAP = 256;
const DAMAGED = "the sound bank of this player is damaged: run its cell, or export its page, again";

SpessaLog.setLogLevel(false, false, false);

/** The bank in `bytes`. Throws a sentence for the listener where it is damaged. */
function readBank(bytes) {
  let bank;
  try {
    bank = SoundBankLoader.fromArrayBuffer(bytes);
  } catch (error) {
    throw new Error(DAMAGED, { cause: error });
  }
  if (!bank.samples.every(isSound)) throw new Error(DAMAGED);
  return bank;
}

/** Whether a sample could be decoded: of a damaged one the decoder makes silence and says nothing. */
function isSound(sample) {
  const frames = sample.getAudioData();
  let energy = 0;
  for (const frame of frames) energy += frame * frame;
  return frames.length >= sample.loopEnd && energy > 0 && Number.isFinite(energy);
}

export class Engine {
  /** `report(clock)` is called with {position, playing, ended, piece} as time goes on. */
  constructor(sampleRate, report) {
    this.sampleRate = sampleRate;
    this.report = report;
    this.synth = new SpessaSynthProcessor(sampleRate, { eventsEnabled: false, maxBufferSize: BLOCK });
    this.synth.setSystemParameter("voiceCap", VOICE_CAP);
    this.synth.onMissingPreset = () => undefined;
    this.limiter = new Limiter(BLOCK, sampleRate);
    this.pieces = [];
    this.piece = 0;
    this.position = 0; // seconds of the piece's own time
    this.tempo = 1;
    this.loop = null; // {start, end} in seconds
    this.gain = 1;
    this.mix = []; // per piece, per part: gain
    this.playing = false;
    this.cursor = 0;
    this.blocks = 0;
    this.serial = 0; // of the last message that moved the clock
    this.tail = { blocks: 0, total: 1, fades: false }; // what is still rendered while not playing
    this.ready = this.synth.processorInitialized;
  }

  /** Take a sound bank and pieces [{midi: ArrayBuffer, duration: seconds}]. */
  load({ bank, pieces }) {
    this.synth.stopAllChannels(true);
    this.synth.soundBankManager.addSoundBank(readBank(bank), "bank");
    this.pieces = pieces.map(({ midi, duration }) => ({ ...readEvents(midi), duration }));
    const voices = Math.max(16, ...this.pieces.map((piece) => piece.voices.length));
    while (this.synth.midiChannels.length < voices) this.synth.createMIDIChannel();
    // Decodes every sample of the piece now: decoding in the middle of playing would crackle.
    for (const piece of this.pieces) piece.midi.preloadSynth(this.synth);
    this.piece = Math.min(this.piece, this.pieces.length - 1);
    this.#jump(this.position, { resound: false });
  }

  play() {
    this.playing = true;
    this.#jump(this.position, { resound: true });
    this.#tell();
  }

  pause() {
    if (this.playing) this.#ring(FADE_S, true);
    this.playing = false;
    this.#tell();
  }

  seek(position) {
    this.#jump(Math.max(0, Math.min(position, this.#duration)), { resound: this.playing });
    this.#tell();
  }

  select(piece) {
    this.piece = piece;
    this.#jump(Math.min(this.position, this.#duration), { resound: this.playing });
    this.#tell();
  }

  setMix(mix) {
    this.mix = mix;
    this.#applyMix();
  }

  /** Carry out a message {kind, ...} from the page. */
  obey(message) {
    this.serial = message.serial ?? this.serial;
    switch (message.kind) {
      case "load": return this.load(message);
      case "play": return this.play();
      case "pause": return this.pause();
      case "seek": return this.seek(message.position);
      case "select": return this.select(message.piece);
      case "loop": this.loop = message.loop; return undefined;
      case "tempo": this.tempo = message.tempo; return this.#tell();
      case "gain": this.gain = message.gain; return undefined;
      case "mix": return this.setMix(message.mix);
      default: throw new Error(`the engine knows no message ${message.kind}`);
    }
  }

  /** Fill one block of 128 frames. */
  render(left, right) {
    left.fill(0);
    right.fill(0);
    if (this.pieces.length === 0) return;
    if (this.playing) this.#advance((this.tempo * BLOCK) / this.sampleRate);
    if (this.playing || this.tail.blocks > 0) {
      this.synth.process(left, right);
      this.limiter.apply(left, right, this.gain * BANK_GAIN * this.#fade());
    }
    this.blocks += 1;
    if (this.playing && this.blocks % REPORT_BLOCKS === 0) this.#tell();
  }

  get #duration() {
    return this.pieces[this.piece]?.duration ?? 0;
  }

  #advance(step) {
    const target = this.position + step;
    const loop = this.#loopHere();
    if (loop && this.position <= loop.end && target >= loop.end - EDGE_S) {
      this.#dispatchUntil(loop.end - EDGE_S);
      const over = Math.max(0, target - loop.end) % (loop.end - loop.start);
      this.#jump(loop.start, { resound: false });
      this.position = loop.start + over;
      this.#dispatchUntil(this.position);
      this.#tell();
      return;
    }
    this.#dispatchUntil(target);
    this.position = target;
    if (target >= this.#duration) this.#end();
  }

  /** The region that repeats in this piece, cut to its length; null when there is none. */
  #loopHere() {
    if (!this.loop) return null;
    const end = Math.min(this.loop.end, this.#duration);
    const start = Math.min(this.loop.start, end);
    return end - start > 0.01 ? { start, end } : null;
  }

  #end() {
    this.playing = false;
    this.position = 0;
    this.#release();
    this.#ring(TAIL_S, false);
    this.#tell(true);
  }

  #ring(seconds, fades) {
    const blocks = Math.ceil((seconds * this.sampleRate) / BLOCK);
    this.tail = { blocks, total: blocks, fades };
  }

  /** The gain of what rings on, one block further. */
  #fade() {
    if (this.playing) return 1;
    this.tail.blocks -= 1;
    if (this.tail.blocks === 0) this.synth.stopAllChannels(true);
    return this.tail.fades ? this.tail.blocks / this.tail.total : 1;
  }

  #dispatchUntil(time) {
    const { events } = this.pieces[this.piece];
    while (this.cursor < events.length && events[this.cursor].time < time) {
      this.#send(events[this.cursor]);
      this.cursor += 1;
    }
  }

  #send(event) {
    for (const voice of event.targets) {
      const [first, second] = event.bytes;
      if (event.on) this.synth.noteOn(voice, first, second);
      else if (event.off) this.synth.noteOff(voice, first);
      else if (event.kind === 0xb) this.synth.controllerChange(voice, first, second);
      else if (event.kind === 0xc) this.synth.programChange(voice, first);
      else if (event.kind === 0xd) this.synth.channelPressure(voice, first);
      else if (event.kind === 0xe) this.synth.pitchWheel(voice, (second << 7) | first);
      else this.synth.polyPressure(voice, first, second);
    }
  }

  /** Let every sounding note end as its instrument ends it. */
  #release() {
    for (const channel of this.synth.midiChannels) channel.stopAllNotes(false);
  }

  /** Go to `position` with programs, controllers and bends as they are there. */
  #jump(position, { resound }) {
    this.position = position;
    const piece = this.pieces[this.piece];
    if (!piece) return;
    this.#release();
    this.synth.reset();
    piece.voices.forEach((voice, i) => this.synth.midiChannels[i].setDrums(voice.drums));
    this.#applyMix();
    this.cursor = firstAt(piece.events, position - EDGE_S);
    const sounding = new Map();
    for (const event of piece.events.slice(0, this.cursor)) {
      if (event.on) sounding.set(`${event.targets[0]}:${event.key}`, event);
      else if (event.off) sounding.delete(`${event.targets[0]}:${event.key}`);
      else this.#send(event);
    }
    if (!resound) return;
    for (const event of sounding.values()) {
      if (!piece.voices[event.targets[0]].drums) this.#send(event);
    }
  }

  #applyMix() {
    const gains = this.mix[this.piece] ?? [];
    this.pieces[this.piece]?.voices.forEach((voice, i) => {
      this.synth.midiChannels[i].setSystemParameter("gain", gains[voice.part] ?? 1);
    });
  }

  #tell(ended = false) {
    const { position, playing, piece, tempo, serial } = this;
    this.report({ position, playing, piece, tempo, serial, ended, loop: this.#loopHere() });
  }
}

/** Read a message, keep what it throws from killing the audio thread. */
function obeySafely(engine, message, post) {
  try {
    engine.obey(message);
    if (message.kind === "load") post({ kind: "ready" });
  } catch (error) {
    post({ kind: "error", message: String(error?.message ?? error) });
  }
}

/** An engine that answers messages: `post` gets {kind: clock | ready | error, ...}. */
export function engineOn(sampleRate, now, post) {
  const engine = new Engine(sampleRate, (clock) => post({ kind: "clock", at: now(), ...clock }));
  const waiting = [];
  let isReady = false;
  engine.ready.then(() => {
    isReady = true;
    for (const message of waiting.splice(0)) obeySafely(engine, message, post);
  });
  const receive = (message) => {
    if (isReady) obeySafely(engine, message, post);
    else waiting.push(message);
  };
  return { receive, render: (left, right) => engine.render(left, right) };
}

if (globalThis.AudioWorkletProcessor) {
  /* global AudioWorkletProcessor, registerProcessor, sampleRate, currentTime */
  class EngineProcessor extends AudioWorkletProcessor {
    constructor() {
      super();
      this.alive = true;
      this.engine = engineOn(sampleRate, () => currentTime, (message) => this.port.postMessage(message));
      this.port.onmessage = ({ data }) => {
        if (data.kind === "close") this.alive = false;
        else this.engine.receive(data);
      };
    }

    process(_inputs, [[left, right]]) {
      if (left) this.engine.render(left, right ?? left);
      return this.alive;
    }
  }
  registerProcessor("workbench-engine", EngineProcessor);
}
