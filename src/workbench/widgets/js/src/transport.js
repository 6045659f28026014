// Play, pause, seek, loop, tempo, mix and choice of piece: one state, one clock. Knows no screen.
import { Sound, joinPage, silenceOthers, wakeContext } from "./sound.js";

export const TEMPO_RANGE = [0.25, 2];
const SHORTEST_LOOP_S = 0.05;

const clamp = (value, low, high) => Math.max(low, Math.min(high, value));

/**
 * Events: "state" (idle, loading, playing, paused, stopped, error), "seek", "tempo", "loop",
 * "volume", "mix", "select", "pieces". `pieces` are views: {duration, tracks: [{part}], ...}.
 */
export class Transport extends EventTarget {
  /** `fetchSound()` resolves to {engine: text, bank: ArrayBuffer, midis: [ArrayBuffer]}, once per set of pieces. */
  constructor(pieces, fetchSound) {
    super();
    this.fetchSound = fetchSound;
    this.tempo = 1;
    this.looping = false;
    this.region = null; // [start, end] in seconds
    this.volume = 1;
    this.muted = new Set(); // of parts, as are the next two
    this.soloed = new Set();
    this.partVolumes = new Map();
    this.state = "idle";
    this.problem = "";
    this.leavePage = joinPage(this);
    this.setPieces(pieces);
  }

  /** Replace what there is to play; whatever played stops. */
  setPieces(pieces) {
    this.sound?.close();
    this.sound = null;
    this.opening = null;
    this.pieces = pieces;
    this.piece = 0;
    this.rest = 0; // position while nothing plays
    this.#emit("pieces");
    this.#become("idle");
  }

  get duration() {
    return this.pieces[this.piece]?.duration ?? 0;
  }

  /** Seconds of the piece's own time: at twice the tempo it runs twice as fast. */
  position() {
    if (this.state !== "playing") return this.rest;
    return clamp(this.sound.position() ?? this.rest, 0, this.duration);
  }

  rms() {
    return this.sound?.rms() ?? 0;
  }

  async play() {
    if (this.state === "playing" || this.state === "loading") return;
    silenceOthers(this);
    this.#become("loading");
    try {
      const wake = wakeContext(); // first, while the click still counts
      await this.#open();
      await wake;
    } catch (error) {
      this.#fail(error.message);
      return;
    }
    if (this.state !== "loading") return; // paused, or another player started, meanwhile
    this.sound.move({ kind: "seek", position: this.rest });
    this.sound.move({ kind: "play" });
    this.#become("playing");
  }

  pause() {
    if (this.state !== "playing" && this.state !== "loading") return;
    this.rest = this.position();
    this.sound?.post({ kind: "pause" });
    this.#become("paused");
  }

  stop() {
    this.sound?.post({ kind: "pause" });
    this.rest = 0;
    this.#become("stopped");
    this.#emit("seek");
  }

  toggle() {
    if (this.state === "playing" || this.state === "loading") this.pause();
    else this.play();
  }

  seek(position) {
    this.rest = clamp(position, 0, this.duration);
    this.sound?.move({ kind: "seek", position: this.rest });
    if (this.state === "stopped" || this.state === "idle") this.#become("paused");
    this.#emit("seek");
  }

  setTempo(tempo) {
    this.tempo = clamp(tempo, ...TEMPO_RANGE);
    this.sound?.post({ kind: "tempo", tempo: this.tempo });
    this.#emit("tempo");
  }

  /** Loop on or off; `region` is [start, end] in seconds, null for the whole piece. */
  setLoop(looping, region = this.region) {
    this.looping = looping;
    this.region = region && region[1] - region[0] >= SHORTEST_LOOP_S ? region : null;
    this.#postLoop();
    this.#emit("loop");
  }

  setVolume(volume) {
    this.volume = clamp(volume, 0, 1);
    this.sound?.post({ kind: "gain", gain: this.volume });
    this.#emit("volume");
  }

  setMix({ muted = this.muted, soloed = this.soloed, partVolumes = this.partVolumes }) {
    Object.assign(this, { muted, soloed, partVolumes });
    this.#postMix();
    this.#emit("mix");
  }

  /** How loud a part is, 0 to 1: mutes, solos and its volume together. */
  gainOf(part) {
    const silent = this.muted.has(part) || (this.soloed.size > 0 && !this.soloed.has(part));
    return silent ? 0 : (this.partVolumes.get(part) ?? 1);
  }

  /** Go on with another piece from the same place. */
  select(piece) {
    if (piece === this.piece || piece < 0 || piece >= this.pieces.length) return;
    this.rest = this.position();
    this.piece = piece;
    this.rest = Math.min(this.rest, this.duration);
    if (this.sound) {
      this.sound.move({ kind: "select", piece });
      this.#postLoop();
    }
    this.#emit("select");
  }

  /** Nobody shows this player any more: fall silent and give the engine back until it is played. */
  sleep() {
    this.pause();
    this.sound?.close();
    this.sound = this.opening = null;
  }

  dispose() {
    this.leavePage();
    this.sleep();
  }

  async #open() {
    this.opening ??= this.#load();
    await this.opening;
  }

  async #load() {
    const { engine, bank, midis } = await this.fetchSound();
    const sound = new Sound(
      (clock) => sound === this.sound && this.#follow(clock),
      (message) => sound === this.sound && this.#fail(message),
    );
    this.sound = sound;
    const pieces = midis.map((midi, i) => ({ midi, duration: this.pieces[i].duration }));
    await sound.open({ engine, bank, pieces });
    sound.move({ kind: "select", piece: this.piece });
    sound.post({ kind: "tempo", tempo: this.tempo });
    sound.post({ kind: "gain", gain: this.volume });
    this.#postLoop();
    this.#postMix();
  }

  #follow(clock) {
    if (!clock.ended || this.state !== "playing") return;
    this.rest = 0;
    this.#become("stopped");
    this.#emit("seek");
  }

  #postLoop() {
    const [start, end] = this.region ?? [0, this.duration];
    this.sound?.post({ kind: "loop", loop: this.looping ? { start, end } : null });
  }

  #postMix() {
    const mix = this.pieces.map(({ tracks }) => tracks.map((track) => this.gainOf(track.part)));
    this.sound?.post({ kind: "mix", mix });
  }

  /** Say what went wrong and give the engine back: the next Play starts a new one. */
  #fail(problem) {
    this.rest = this.position();
    this.sound?.close();
    this.sound = this.opening = null;
    this.#become("error", problem);
  }

  #become(state, problem = "") {
    this.state = state;
    this.problem = problem;
    this.#emit("state");
  }

  #emit(name) {
    this.dispatchEvent(new Event(name));
  }
}
