// The rows of a variation grid: thumbnails, measures, keep or not; one row is what plays.
import { button, h } from "./dom.js";
import { partColours } from "./palette.js";

const THUMBNAIL = [132, 30]; // CSS pixels
const LONGEST_LABEL = 24; // characters that stay readable while measures give way
const DRUM_SHARE = 0.34; // of a thumbnail's height, where there are drums and pitches

/** Which variations are kept. Event: "kept". */
export class Choices extends EventTarget {
  constructor() {
    super();
    this.kept = new Set();
  }

  set(kept) {
    this.kept = new Set(kept);
    this.dispatchEvent(new Event("kept"));
  }

  toggle(row) {
    const kept = new Set(this.kept);
    if (!kept.delete(row)) kept.add(row);
    this.set(kept);
  }
}

export class Grid {
  /** `save` (may be null) writes what is kept and resolves to a sentence. */
  constructor(root, transport, choices, view, save) {
    Object.assign(this, { root, transport, choices, view });
    this.unlisten = new AbortController();
    this.rows = view.rows.map((row, i) => this.#row(row, i));
    this.count = h("span", { class: "wb-count" });
    this.said = h("span", { class: "wb-said", role: "status" });
    const foot = h("div", { class: "wb-foot" }, this.count, this.said);
    if (save) foot.prepend(this.#saveButton(save));
    this.list = h("div", { class: "wb-rows", role: "listbox", "aria-label": "Variations" }, ...this.rows);
    this.body = h("div", { class: "wb-grid" }, this.#head(), this.list, foot);
    const longest = Math.max(...view.rows.map(({ label }) => label.length));
    this.body.style.setProperty("--wb-label", `${Math.min(longest, LONGEST_LABEL)}ch`);
    root.append(this.body);
    const { signal } = this.unlisten;
    root.addEventListener("keydown", (event) => this.#key(event), { signal });
    transport.addEventListener("select", () => this.#refresh(), { signal });
    choices.addEventListener("kept", () => this.#refresh(), { signal });
    this.#refresh();
  }

  dispose() {
    this.unlisten.abort();
    this.body.remove();
  }

  #head() {
    const names = this.view.measures.map((name) => h("span", { class: "wb-measure", title: name }, name));
    return h("div", { class: "wb-row wb-head", "aria-hidden": "true" }, h("span"), h("span"), h("span"), ...names, h("span"));
  }

  #row({ label, measures }, i) {
    const keep = button("keep", `Keep ${label}`, (event) => {
      event.stopPropagation();
      this.choices.toggle(i);
    }, { class: "wb-keep", "aria-pressed": "false" });
    const texts = this.view.measures.map((name) => h("span", { class: "wb-measure" }, measureText(measures[name])));
    const row = h(
      "div",
      {
        class: "wb-row",
        role: "option",
        "aria-label": label,
        onclick: () => this.transport.select(i),
        ondblclick: () => this.transport.play(),
      },
      h("span", { class: "wb-number" }, String(i + 1)),
      this.#thumbnail(i),
      h("span", { class: "wb-label", title: label }, label),
      ...texts,
      keep,
    );
    return row;
  }

  #thumbnail(i) {
    const canvas = h("canvas", { class: "wb-thumbnail", "aria-hidden": "true" });
    drawThumbnail(canvas, this.view.pieces[i], this.view.pieces);
    return canvas;
  }

  #saveButton(save) {
    const label = "Save kept variations";
    const onclick = async () => {
      this.said.textContent = "Saving…";
      this.said.textContent = await save();
    };
    return h("button", { type: "button", class: "wb-save", title: label, onclick }, "Save kept");
  }

  #refresh() {
    const { transport, choices, rows, root } = this;
    root.dataset.piece = transport.piece;
    rows.forEach((row, i) => {
      row.setAttribute("aria-selected", String(i === transport.piece));
      const isKept = choices.kept.has(i);
      row.classList.toggle("wb-kept", isKept);
      row.querySelector(".wb-keep").setAttribute("aria-pressed", String(isKept));
    });
    this.count.textContent = `${choices.kept.size} of ${rows.length} kept`;
  }

  /** 1 to 9 and up, down choose a row; k keeps it. */
  #key(event) {
    const { transport, choices } = this;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { key } = event;
    if (event.target.tagName === "INPUT" && key.startsWith("Arrow")) return;
    if (/^[1-9]$/.test(key)) transport.select(Number(key) - 1);
    else if (key === "ArrowUp") transport.select(transport.piece - 1);
    else if (key === "ArrowDown") transport.select(transport.piece + 1);
    else if (key === "k") choices.toggle(transport.piece);
    else return;
    this.rows[transport.piece].scrollIntoView({ block: "nearest" });
    event.preventDefault();
    event.stopPropagation();
  }
}

/** A measure as a reader wants it: three significant digits, a dash where there is none. */
function measureText(value) {
  if (value === null || value === undefined) return "–";
  return Number.isInteger(value) ? String(value) : value.toPrecision(3);
}

function drawThumbnail(canvas, piece, pieces) {
  const scale = 2; // sharp on every screen, small enough not to care
  const [width, height] = THUMBNAIL;
  [canvas.width, canvas.height] = [width * scale, height * scale];
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  const colours = partColours(pieces);
  const longest = Math.max(0.1, ...pieces.map(({ duration }) => duration));
  const pitchesOf = (drums) => [...new Set(
    pieces.flatMap(({ tracks }) => tracks.filter((t) => t.drums === drums).flatMap((t) => t.notes.map((n) => n[2]))),
  )].sort((a, b) => a - b);
  const [pitched, drummed] = [pitchesOf(false), pitchesOf(true)];
  const split = pitched.length && drummed.length ? height * (1 - DRUM_SHARE) : drummed.length ? 0 : height;
  const y = (pitch, drums) => {
    if (drums) return split + (1 - (drummed.indexOf(pitch) + 1) / drummed.length) * (height - split - 3) + 1;
    const [low, high] = [pitched[0], pitched[pitched.length - 1]];
    return 1 + ((high - pitch) / Math.max(1, high - low)) * (split - 5);
  };
  for (const { part, drums, notes } of piece.tracks) {
    context.fillStyle = colours.get(part);
    for (const [start, duration, pitch, velocity] of notes) {
      context.globalAlpha = 0.35 + 0.65 * (velocity / 127);
      const length = drums ? 1.6 : Math.max(1.2, (duration / longest) * width - 0.4);
      context.fillRect((start / longest) * width, y(pitch, drums), length, drums ? 1.8 : 2);
    }
  }
}
