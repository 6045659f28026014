// The page's one audio context and an engine on it for each player. Knows no notes and no screen.
const BLOCK = 128;
const FALLBACK_FRAMES = 4096; // what the main thread renders ahead: 85 ms at 48 kHz
const SHARED = Symbol.for("workbench.audio"); // one per page, whichever notebook cell came first

function shared() {
  globalThis[SHARED] ??= { context: null, engineUrl: null, worklet: null, players: new Set() };
  return globalThis[SHARED];
}

/** Whether this page may run audio worklets: browsers give them to https and localhost only. */
export function hasWorklets() {
  return typeof AudioWorkletNode === "function";
}

function audioContext() {
  const page = shared();
  page.context ??= new AudioContext({ latencyHint: "interactive" });
  return page.context;
}

/** Where the page finds the engine's program, whose text came with the first sounds. */
function engineUrl(text) {
  const page = shared();
  page.engineUrl ??= URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  return page.engineUrl;
}

/** Call inside a click or key press: browsers let sound begin only there. */
export async function wakeContext() {
  const context = audioContext();
  if (context.state !== "running") await context.resume();
}

// One player sounds at a time: within a page by this set, across frames by messages. Frames of a
// page may post to each other even when sandboxed, so pages need no script of ours.

const STARTED = "workbench:started";

/** Join the page's players: `pause()` is called when another one starts. Returns how to leave. */
export function joinPage(player) {
  const { players } = shared();
  players.add(player);
  const onMessage = ({ data, source }) => {
    if (data === STARTED && source !== window) player.pause();
  };
  window.addEventListener("message", onMessage);
  return () => {
    players.delete(player);
    window.removeEventListener("message", onMessage);
  };
}

/** Pause every other player of this page and of the frames beside, above and below it. */
export function silenceOthers(player) {
  for (const other of shared().players) if (other !== player) other.pause();
  const windows = new Set();
  if (window.parent !== window) windows.add(window.parent);
  for (const family of [window, window.parent]) {
    for (let i = 0; i < family.length; i++) windows.add(family[i]);
  }
  windows.delete(window);
  for (const other of windows) other.postMessage(STARTED, "*");
}

/** An engine on the audio thread, or on this one where the page has no worklets. */
export class Sound {
  /** `onClock(clock)` follows the engine; `onError(message)` tells what it could not do. */
  constructor(onClock, onError) {
    this.onClock = onClock;
    this.onError = onError;
    this.clock = null;
    this.serial = 0; // of the last move; clocks from before it are stale
    this.node = null;
  }

  /** Load {engine: text, bank: ArrayBuffer, pieces: [{midi, duration}]}; resolves when it can play. */
  async open({ engine, bank, pieces }) {
    const context = audioContext();
    const url = engineUrl(engine);
    this.analyser = new AnalyserNode(context, { fftSize: 1024 });
    this.samples = new Float32Array(this.analyser.fftSize);
    const loaded = new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
    });
    this.node = hasWorklets() ? await this.#worklet(context, url) : await this.#mainThread(context, url);
    this.node.connect(this.analyser).connect(context.destination);
    this.post({ kind: "load", bank, pieces });
    await loaded;
  }

  post(message) {
    this.send?.(message);
  }

  /** Post a message after which the clock stands elsewhere. */
  move(message) {
    this.serial += 1;
    this.clock = null;
    this.post({ ...message, serial: this.serial });
  }

  async #worklet(context, url) {
    const page = shared();
    page.worklet ??= context.audioWorklet.addModule(url);
    await page.worklet;
    const node = new AudioWorkletNode(context, "workbench-engine", {
      numberOfInputs: 0,
      outputChannelCount: [2],
    });
    node.port.onmessage = ({ data }) => this.#receive(data);
    node.onprocessorerror = () => this.onError("the audio engine stopped; press Play to start anew");
    this.send = (message) => node.port.postMessage(message);
    return node;
  }

  async #mainThread(context, url) {
    const { engineOn } = await import(url);
    const engine = engineOn(
      context.sampleRate,
      () => context.currentTime + FALLBACK_FRAMES / context.sampleRate,
      (message) => this.#receive(message),
    );
    // Deprecated, and the only way for pages without worklets to render as they play.
    const node = context.createScriptProcessor(FALLBACK_FRAMES, 0, 2);
    node.onaudioprocess = ({ outputBuffer }) => {
      const [left, right] = [outputBuffer.getChannelData(0), outputBuffer.getChannelData(1)];
      for (let i = 0; i < left.length; i += BLOCK) {
        engine.render(left.subarray(i, i + BLOCK), right.subarray(i, i + BLOCK));
      }
    };
    this.send = (message) => engine.receive(message);
    return node;
  }

  #receive(message) {
    if (message.kind === "clock") {
      if (message.serial !== this.serial) return;
      this.clock = message;
      this.onClock(message);
    } else if (message.kind === "ready") {
      this.settle.resolve();
    } else {
      this.settle.reject(new Error(message.message));
      this.onError(message.message);
    }
  }

  /** Seconds of the piece's own time now, by the audio clock; null before the first report. */
  position() {
    const { clock } = this;
    if (!clock) return null;
    if (!clock.playing) return clock.position;
    const since = Math.max(0, audioContext().currentTime - clock.at);
    const position = clock.position + since * clock.tempo;
    const { loop } = clock;
    if (!loop || clock.position > loop.end || position < loop.end) return position;
    return loop.start + ((position - loop.start) % (loop.end - loop.start));
  }

  /** Root mean square of what leaves this player, both channels summed to one. */
  rms() {
    if (!this.analyser) return 0;
    this.analyser.getFloatTimeDomainData(this.samples);
    let sum = 0;
    for (const sample of this.samples) sum += sample * sample;
    return Math.sqrt(sum / this.samples.length);
  }

  close() {
    this.send?.({ kind: "close" });
    if (this.node) {
      this.node.disconnect();
      if ("onaudioprocess" in this.node) this.node.onaudioprocess = null;
    }
    this.analyser?.disconnect();
    this.node = this.send = null;
  }
}
