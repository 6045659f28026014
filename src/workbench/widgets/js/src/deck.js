// What a listener sees and touches: transport, roll and parts of the piece that plays.
import { button, h, icon, slider } from "./dom.js";
import { clockText, countUntil, pitchName, placeOf } from "./music.js";
import { partColours } from "./palette.js";
import { Roll } from "./roll.js";
import { hasWorklets } from "./sound.js";

const TEMPO_STEPS_PER_OCTAVE = 24; // the slider is in octaves of speed: half as far from 1 as double

/** Transport, roll and parts under `root`, driven by `transport`. Call `dispose()` at the end. */
export class Deck {
  constructor(root, transport, { title = "" } = {}) {
    this.root = root;
    this.transport = transport;
    this.unlisten = new AbortController();
    this.colours = partColours(transport.pieces);
    this.roll = new Roll(transport.pieces, {
      colours: this.colours,
      gainOf: (part) => transport.gainOf(part),
      gestures: {
        seek: (time) => transport.seek(time),
        region: (region) => transport.setLoop(true, region),
        hover: (found, x, y) => this.#hover(found, x, y),
      },
    });
    this.title = title;
    this.#build();
    this.#listen();
    this.#refresh();
    this.frame = requestAnimationFrame(() => this.#tick());
  }

  dispose() {
    cancelAnimationFrame(this.frame);
    this.unlisten.abort();
    this.resizes.disconnect();
    this.themes.disconnect();
  }

  #build() {
    const { transport } = this;
    const [play, stop] = [
      button("play", "Play", () => transport.toggle(), { class: "wb-play" }),
      button("stop", "Stop", () => transport.stop(), { class: "wb-tool" }),
    ];
    const loop = button("loop", "Loop", () => transport.setLoop(!transport.looping), {
      class: "wb-tool",
      "aria-pressed": "false",
    });
    this.play = play;
    this.loop = loop;
    this.place = h("span", { class: "wb-place" });
    this.time = h("span", { class: "wb-time" });
    this.tempo = slider("Tempo", { min: -2, max: 1, step: 1 / TEMPO_STEPS_PER_OCTAVE, value: 0 }, (octaves) =>
      transport.setTempo(Math.abs(octaves) < 0.03 ? 1 : 2 ** octaves),
    );
    this.tempo.addEventListener("dblclick", () => transport.setTempo(1));
    this.bpm = h("button", { type: "button", class: "wb-bpm", title: "Back to the written tempo", onclick: () => transport.setTempo(1) });
    this.volume = slider("Volume", { min: 0, max: 1, step: 0.01, value: 1 }, (volume) => transport.setVolume(volume));
    this.problem = h("div", { class: "wb-problem", role: "alert", hidden: true });
    this.tip = h("div", { class: "wb-tip", hidden: true });
    this.parts = h("div", { class: "wb-parts", role: "group", "aria-label": "Parts" });
    this.roll.canvas.setAttribute("role", "slider");
    this.roll.canvas.setAttribute("aria-label", "Position");
    this.roll.canvas.setAttribute("aria-valuemin", "0");
    const zoom = (factor) => () => this.roll.zoomBy(factor, transport.position());
    this.bar = h(
      "div",
      { class: "wb-bar", role: "toolbar", "aria-label": "Transport" },
      play,
      stop,
      loop,
      h("div", { class: "wb-clock" }, this.place, this.time),
      h("div", { class: "wb-title", title: this.title }, this.title),
      h("label", { class: "wb-field wb-tempo" }, this.bpm, this.tempo),
      h("label", { class: "wb-field wb-volume" }, icon("volume"), this.volume),
      h(
        "div",
        { class: "wb-zoom" },
        button("minus", "Zoom out", zoom(1 / 1.6), { class: "wb-tool" }),
        button("fit", "Show the whole piece", () => this.roll.zoomBy(0), { class: "wb-tool" }),
        button("plus", "Zoom in", zoom(1.6), { class: "wb-tool" }),
      ),
    );
    const stage = h("div", { class: "wb-stage" }, this.roll.canvas, this.tip);
    this.body = h("div", { class: "wb-deck" }, this.bar, this.problem, stage, this.parts);
    this.root.append(this.body);
  }

  #listen() {
    const { transport, roll } = this;
    const { signal } = this.unlisten;
    const redraw = () => {
      roll.stale = true;
    };
    for (const name of ["state", "tempo", "loop", "volume", "mix", "select"]) {
      transport.addEventListener(name, () => this.#refresh(), { signal });
    }
    this.root.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.resizes = new ResizeObserver(redraw);
    this.resizes.observe(roll.canvas);
    this.themes = new MutationObserver(redraw); // JupyterLab names its theme on the body
    this.themes.observe(document.body, { attributes: true });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw, { signal });
  }

  #refresh() {
    const { transport, roll, root } = this;
    const isOn = transport.state === "playing" || transport.state === "loading";
    const label = isOn ? "Pause" : "Play";
    root.dataset.state = transport.state;
    this.play.replaceChildren(icon(isOn ? "pause" : "play"));
    this.play.setAttribute("aria-label", label);
    this.play.title = `${label} (Space)`;
    this.loop.setAttribute("aria-pressed", String(transport.looping));
    this.tempo.value = Math.log2(transport.tempo);
    const bpm = (transport.pieces[transport.piece]?.tempoBpm ?? 120) * transport.tempo;
    const ratio = transport.tempo === 1 ? "" : ` ×${transport.tempo.toFixed(2)}`;
    this.bpm.textContent = `${Math.round(bpm)} BPM${ratio}`;
    this.tempo.setAttribute("aria-valuetext", this.bpm.textContent);
    this.volume.value = transport.volume;
    this.#sayProblem();
    roll.loop = { on: transport.looping, region: transport.region };
    roll.show(transport.piece);
    roll.canvas.setAttribute("aria-valuemax", transport.duration.toFixed(1));
    this.#showParts();
  }

  #sayProblem() {
    const { state, problem } = this.transport;
    this.problem.hidden = state !== "error" && hasWorklets();
    this.problem.textContent =
      state === "error"
        ? `No sound: ${problem}`
        : "This page is not served over https or from localhost, so sound is made on its main " +
          "thread and may stutter.";
  }

  #showParts() {
    const { transport } = this;
    const tracks = transport.pieces[transport.piece]?.tracks ?? [];
    const known = this.parts.dataset.parts;
    const wanted = JSON.stringify(tracks.map(({ part, name, instrument }) => [part, name, instrument]));
    if (known !== wanted) {
      this.parts.dataset.parts = wanted;
      this.parts.replaceChildren(...tracks.map((track) => this.#partStrip(track)));
    }
    for (const strip of this.parts.children) {
      const { part } = strip.dataset;
      const [mute, solo] = strip.querySelectorAll("button");
      mute.setAttribute("aria-pressed", String(transport.muted.has(part)));
      solo.setAttribute("aria-pressed", String(transport.soloed.has(part)));
      strip.querySelector("input").value = transport.partVolumes.get(part) ?? 1;
      strip.classList.toggle("wb-silent", transport.gainOf(part) === 0);
    }
  }

  #partStrip({ part, name, instrument }) {
    const { transport } = this;
    const flip = (set) => {
      const flipped = new Set(set);
      if (!flipped.delete(part)) flipped.add(part);
      return flipped;
    };
    const swatch = h("span", { class: "wb-swatch" });
    swatch.style.background = this.colours.get(part);
    const title = name && name !== instrument ? `${name} – ${instrument}` : instrument;
    return h(
      "div",
      { class: "wb-part", "data-part": part, role: "group", "aria-label": title },
      swatch,
      h("span", { class: "wb-part-name", title }, name || instrument),
      button("M", `Mute ${title}`, () => transport.setMix({ muted: flip(transport.muted) }), { class: "wb-mute" }),
      button("S", `Solo ${title}`, () => transport.setMix({ soloed: flip(transport.soloed) }), { class: "wb-solo" }),
      slider(`Volume of ${title}`, { min: 0, max: 1, step: 0.01, value: 1 }, (volume) =>
        transport.setMix({ partVolumes: new Map(transport.partVolumes).set(part, volume) }),
      ),
    );
  }

  #tick() {
    this.frame = requestAnimationFrame(() => this.#tick());
    const { transport, roll, root } = this;
    const position = transport.position();
    const playing = transport.state === "playing";
    root.dataset.time = position.toFixed(4);
    root.dataset.rms = transport.rms().toFixed(5);
    if (playing) roll.follow(position);
    const { clientWidth } = roll.canvas;
    const seen = `${position} ${playing} ${clientWidth} ${window.devicePixelRatio}`;
    if (seen === this.seen && !roll.stale) return;
    this.seen = seen;
    roll.draw(position, playing);
    const { bar, beat } = placeOf(roll.piece, position);
    this.place.textContent = `${bar}.${beat}`;
    this.time.textContent = `${clockText(position)} / ${clockText(transport.duration)}`;
    roll.canvas.setAttribute("aria-valuenow", position.toFixed(1));
    roll.canvas.setAttribute("aria-valuetext", `bar ${bar}, beat ${beat}`);
  }

  #hover(found, x, y) {
    this.tip.hidden = !found;
    if (!found) return;
    const { note, track } = found;
    const [start, , pitch, velocity] = note;
    const drum = track.drums ? this.transport.pieces[this.transport.piece].drumNames[pitch] : null;
    this.tip.replaceChildren(
      h("b", {}, drum ?? pitchName(pitch)),
      drum ? ` (${pitch})` : "",
      ` · velocity ${velocity}`,
      h("br"),
      `${track.name || track.instrument} · ${this.roll.placeText(start)}`,
    );
    const room = this.roll.canvas.clientWidth - this.tip.offsetWidth - 8;
    this.tip.style.left = `${Math.max(4, Math.min(x + 12, room))}px`;
    this.tip.style.top = `${Math.max(2, y - this.tip.offsetHeight - 10)}px`;
  }

  /** Keys work wherever the focus is inside, except that a slider keeps its arrows. */
  #key(event) {
    const { transport, roll } = this;
    const { target, key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (target.tagName === "INPUT" && (key.startsWith("Arrow") || key === "Home")) return;
    if (target.tagName === "BUTTON" && (key === " " || key === "Enter")) return;
    const actions = {
      " ": () => transport.toggle(),
      ArrowLeft: () => transport.seek(this.#neighbour(-1, event.shiftKey)),
      ArrowRight: () => transport.seek(this.#neighbour(1, event.shiftKey)),
      Home: () => transport.seek(0),
      End: () => transport.seek(transport.duration),
      l: () => transport.setLoop(!transport.looping),
      Escape: () => transport.setLoop(false, null),
      "+": () => roll.zoomBy(1.6, transport.position()),
      "-": () => roll.zoomBy(1 / 1.6, transport.position()),
    };
    const action = actions[key];
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  }

  /** The beat (or bar) before or after the playhead. */
  #neighbour(direction, byBar) {
    const { transport } = this;
    const piece = transport.pieces[transport.piece];
    const times = byBar ? piece.bars : piece.beats;
    const now = transport.position();
    if (direction > 0) return times[countUntil(times, now + 0.01)] ?? piece.duration;
    // While it plays, "back" within a moment after a beat means the one before.
    const slack = transport.state === "playing" ? 0.2 : 0.01;
    return times[Math.max(0, countUntil(times, now - slack) - 1)] ?? 0;
  }
}
