// The piano roll: pitches over time on a canvas, drums in a lane of their own with their names.
// Draws and reads the pointer; what a gesture means is told to its owner. Knows no sound.
import { countUntil, isBlackKey, pitchName, placeOf, snap } from "./music.js";

const RULER = 24;
const DRUM_ROW = { withPitches: 16, alone: 21 };
const DRUM_HIT = { least: 4, most: 11, seconds: 0.11 }; // a lozenge's width: a fast sixteenth
const PITCHED_HEIGHT = [130, 260]; // least and most pixels for all pitched rows
const ROW_HEIGHT = [3, 12];
const LANE_GAP = 6;
const FEWEST_ROWS = 13; // an octave, so that a one-note part does not fill the screen
const DRAG_PX = 4; // less is a click
const EDGE_PX = 6; // how near a loop edge a drag must start to move it
const MAX_PX_PER_S = 800;

const clamp = (value, low, high) => Math.max(low, Math.min(high, value));

/** Rows of a set of pieces, so that switching between them keeps every pitch where it was. */
function layoutOf(pieces) {
  const notes = (wanted) =>
    pieces.flatMap(({ tracks }) => tracks.filter((t) => t.drums === wanted).flatMap((t) => t.notes));
  const pitches = notes(false).map((note) => note[2]);
  const drums = [...new Set(notes(true).map((note) => note[2]))].sort((a, b) => a - b);
  let [low, high] = [0, -1];
  if (pitches.length > 0) {
    low = pitches.reduce((a, b) => Math.min(a, b)) - 1;
    high = pitches.reduce((a, b) => Math.max(a, b)) + 1;
    const missing = Math.max(0, FEWEST_ROWS - (high - low + 1));
    low = Math.max(0, low - Math.ceil(missing / 2));
    high = Math.min(127, Math.max(high + Math.floor(missing / 2), low + FEWEST_ROWS - 1));
  }
  const rows = high - low + 1;
  const rowHeight = rows ? clamp(PITCHED_HEIGHT[1] / rows, ...ROW_HEIGHT) : 0;
  const pitchedHeight = rows ? Math.max(PITCHED_HEIGHT[0], Math.round(rows * rowHeight)) : 0;
  const drumRow = rows ? DRUM_ROW.withPitches : DRUM_ROW.alone;
  const gap = rows && drums.length ? LANE_GAP : 0;
  return {
    low,
    high,
    drums,
    rowHeight: rows ? pitchedHeight / rows : 0,
    drumRow,
    drumsTop: RULER + pitchedHeight + gap,
    height: RULER + pitchedHeight + gap + drums.length * drumRow + 1,
    gutter: drums.length ? 116 : 46,
  };
}

export class Roll {
  /**
   * `gestures`: {seek(s), region([start, end]), hover(note | null, x, y)}. `colours` maps part to
   * colour, `gainOf(part)` tells what is audible.
   */
  constructor(pieces, { colours, gainOf, gestures }) {
    this.canvas = document.createElement("canvas");
    this.canvas.className = "wb-roll";
    this.context = this.canvas.getContext("2d");
    this.backdrop = document.createElement("canvas");
    this.gestures = gestures;
    this.gainOf = gainOf;
    this.loop = { on: false, region: null };
    this.drag = null;
    this.setPieces(pieces, colours);
    this.#listen();
  }

  setPieces(pieces, colours) {
    this.pieces = pieces;
    this.colours = colours;
    this.layout = layoutOf(pieces);
    this.longest = Math.max(0.1, ...pieces.map((piece) => piece.duration));
    this.piece = pieces[0];
    this.zoom = 1; // 1 shows the whole piece
    this.from = 0; // seconds at the left edge
    this.canvas.style.height = `${this.layout.height}px`;
    this.stale = true;
  }

  show(piece) {
    this.piece = this.pieces[piece];
    this.stale = true;
  }

  get #width() {
    return Math.max(1, this.canvas.clientWidth - this.layout.gutter);
  }

  get #pxPerSecond() {
    return (this.#width / this.longest) * this.zoom;
  }

  get #hitSize() {
    return clamp(DRUM_HIT.seconds * this.#pxPerSecond, DRUM_HIT.least, DRUM_HIT.most);
  }

  #x(time) {
    return this.layout.gutter + (time - this.from) * this.#pxPerSecond;
  }

  #time(x) {
    return clamp(this.from + (x - this.layout.gutter) / this.#pxPerSecond, 0, this.piece.duration);
  }

  #y(note, drums) {
    const { layout } = this;
    if (drums) {
      const row = layout.drums.length - 1 - layout.drums.indexOf(note[2]);
      return layout.drumsTop + row * layout.drumRow;
    }
    return RULER + (layout.high - note[2]) * layout.rowHeight;
  }

  /** Zoom by `factor` around a time that stays where it is. */
  zoomBy(factor, around = this.from + this.#width / this.#pxPerSecond / 2) {
    const x = this.#x(around);
    const most = Math.max(1, MAX_PX_PER_S / (this.#width / this.longest));
    this.zoom = clamp(this.zoom * factor, 1, most);
    this.scrollTo(around - (x - this.layout.gutter) / this.#pxPerSecond);
  }

  scrollTo(from) {
    this.from = clamp(from, 0, Math.max(0, this.longest - this.#width / this.#pxPerSecond));
    this.stale = true;
  }

  /** Turn the page when the playhead leaves it. */
  follow(position) {
    const span = this.#width / this.#pxPerSecond;
    if (this.drag || span >= this.longest) return;
    if (position < this.from || position > this.from + span) this.scrollTo(position - span * 0.05);
  }

  /** Draw everything as it is at `position` seconds. */
  draw(position, playing) {
    const { canvas, context } = this;
    const scale = window.devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, this.layout.height];
    if (width === 0) return;
    if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
      this.stale = true;
    }
    if (this.stale) this.#drawBackdrop(width, height, scale);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.drawImage(this.backdrop, 0, 0);
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.save();
    context.beginPath();
    context.rect(this.layout.gutter, 0, width, height);
    context.clip();
    this.#drawLoop(context, height);
    if (playing) this.#drawSounding(context, position);
    this.#drawPlayhead(context, position, height);
    context.restore();
  }

  /** The colours of the page, read again whenever the backdrop is redrawn. */
  #readTheme() {
    const style = getComputedStyle(this.canvas);
    const read = (name) => style.getPropertyValue(name).trim();
    this.theme = {
      back: read("--wb-back"),
      row: read("--wb-row"),
      ink: read("--wb-ink"),
      dim: read("--wb-dim"),
      bar: read("--wb-bar"),
      beat: read("--wb-beat"),
      accent: read("--wb-accent"),
      keyWhite: read("--wb-key-white"),
      keyBlack: read("--wb-key-black"),
      font: style.fontFamily,
    };
  }

  #drawBackdrop(width, height, scale) {
    this.stale = false;
    this.#readTheme();
    this.backdrop.width = Math.round(width * scale);
    this.backdrop.height = Math.round(height * scale);
    const context = this.backdrop.getContext("2d");
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.fillStyle = this.theme.back;
    context.fillRect(0, 0, width, height);
    context.textBaseline = "middle";
    this.#drawRows(context, width);
    context.save();
    context.beginPath();
    context.rect(this.layout.gutter, 0, width, height);
    context.clip();
    this.#drawGrid(context, height);
    for (const track of this.piece.tracks) this.#drawNotes(context, track);
    this.#drawPastEnd(context, width, height);
    context.restore();
    this.#drawGutter(context);
  }

  #drawRows(context, width) {
    const { low, high, rowHeight, drums, drumsTop, drumRow, gutter } = this.layout;
    context.fillStyle = this.theme.row;
    for (let pitch = low; pitch <= high; pitch++) {
      if (isBlackKey(pitch)) {
        context.fillRect(gutter, RULER + (high - pitch) * rowHeight, width - gutter, rowHeight);
      }
    }
    drums.forEach((_, i) => {
      if (i % 2 === 0) context.fillRect(gutter, drumsTop + i * drumRow, width - gutter, drumRow);
    });
  }

  #drawGrid(context, height) {
    const { bars, beats } = this.piece;
    const span = this.#width / this.#pxPerSecond;
    const seen = (times) => times.slice(Math.max(0, countUntil(times, this.from) - 1), countUntil(times, this.from + span));
    const spacing = (times) => (times.length > 1 ? (this.#pxPerSecond * this.longest) / times.length : Infinity);
    const line = (time, colour, top) => {
      context.fillStyle = colour;
      context.fillRect(Math.round(this.#x(time)), top, 1, height - top);
    };
    if (spacing(beats) > 7) for (const time of seen(beats)) line(time, this.theme.beat, RULER - 5);
    if (spacing(bars) > 3) for (const time of seen(bars)) line(time, this.theme.bar, RULER - 10);
    const every = [1, 2, 4, 8, 16, 32, 64, 128].find((n) => spacing(bars) * n > 34) ?? 256;
    context.font = `11px ${this.theme.font}`;
    context.textAlign = "left";
    context.fillStyle = this.theme.dim;
    bars.forEach((time, i) => {
      if (i % every === 0) context.fillText(String(i + 1), this.#x(time) + 4, RULER / 2 - 2);
    });
    context.fillStyle = this.theme.bar;
    context.fillRect(this.layout.gutter, RULER - 1, this.canvas.clientWidth, 1);
  }

  #drawNotes(context, track) {
    const audible = this.gainOf(track.part) > 0;
    context.fillStyle = audible ? this.colours.get(track.part) : this.theme.dim;
    for (const note of track.notes) {
      // Velocity as opacity: the softest stays readable, the loudest is solid.
      context.globalAlpha = audible ? 0.3 + 0.7 * (note[3] / 127) : 0.22;
      this.#noteShape(context, note, track.drums);
      context.fill();
    }
    context.globalAlpha = 1;
  }

  #noteShape(context, note, drums) {
    const x = this.#x(note[0]);
    const y = this.#y(note, drums);
    context.beginPath();
    if (drums) {
      // A drum hit is a moment: a lozenge where it starts.
      const [half, middle] = [this.#hitSize / 2, y + this.layout.drumRow / 2];
      context.moveTo(x, middle);
      context.lineTo(x + half, middle - DRUM_HIT.most / 2);
      context.lineTo(x + 2 * half, middle);
      context.lineTo(x + half, middle + DRUM_HIT.most / 2);
      context.closePath();
    } else {
      const height = Math.max(2, this.layout.rowHeight - 1);
      const width = Math.max(2, note[1] * this.#pxPerSecond - 1);
      context.roundRect(x, y + 0.5, width, height, Math.min(2.5, height / 2, width / 2));
    }
  }

  #drawPastEnd(context, width, height) {
    const end = this.#x(this.piece.duration);
    if (end >= width - 1) return;
    context.globalAlpha = 0.55;
    context.fillStyle = this.theme.row;
    context.fillRect(end, RULER, width - end, height);
    context.globalAlpha = 1;
  }

  #drawGutter(context) {
    const { low, high, rowHeight, drums, drumsTop, drumRow, gutter } = this.layout;
    const keys = gutter - 1;
    for (let pitch = low; pitch <= high; pitch++) {
      const y = RULER + (high - pitch) * rowHeight;
      context.fillStyle = isBlackKey(pitch) ? this.theme.keyBlack : this.theme.keyWhite;
      context.fillRect(keys - 22, y, 22, rowHeight + 0.5);
      if (pitch % 12 !== 0) continue;
      context.fillStyle = this.theme.dim;
      context.font = `10.5px ${this.theme.font}`;
      context.textAlign = "right";
      context.fillText(pitchName(pitch), keys - 27, y + rowHeight / 2);
    }
    context.textAlign = "right";
    context.font = `10.5px ${this.theme.font}`;
    context.fillStyle = this.theme.dim;
    [...drums].reverse().forEach((pitch, i) => {
      const name = this.piece.drumNames[pitch] ?? this.#drumName(pitch);
      context.fillText(name, keys - 7, drumsTop + (i + 0.5) * drumRow, keys - 12);
    });
    context.fillStyle = this.theme.bar;
    context.fillRect(keys, 0, 1, this.layout.height);
  }

  #drumName(pitch) {
    return this.pieces.map(({ drumNames }) => drumNames[pitch]).find(Boolean) ?? pitchName(pitch);
  }

  #drawLoop(context, height) {
    const { region } = this.loop;
    if (!region) return;
    const [left, right] = region.map((time) => this.#x(time));
    context.fillStyle = this.loop.on ? this.theme.accent : this.theme.dim;
    context.globalAlpha = 0.13;
    context.fillRect(left, RULER, right - left, height);
    context.globalAlpha = this.loop.on ? 0.85 : 0.4;
    context.fillRect(left, RULER - 6, right - left, 5);
    context.fillRect(left, 0, 1.5, height);
    context.fillRect(right - 1.5, 0, 1.5, height);
    context.globalAlpha = 1;
  }

  #drawSounding(context, position) {
    for (const track of this.piece.tracks) {
      if (this.gainOf(track.part) === 0) continue;
      context.fillStyle = this.colours.get(track.part);
      context.strokeStyle = this.theme.ink;
      context.lineWidth = 1.25;
      for (const note of track.notes) {
        const lasts = track.drums ? Math.max(note[1], 0.09) : note[1];
        if (note[0] > position || note[0] + lasts < position) continue;
        this.#noteShape(context, note, track.drums);
        context.fill();
        context.stroke();
      }
    }
  }

  #drawPlayhead(context, position, height) {
    const x = this.#x(position);
    context.fillStyle = this.theme.accent;
    context.fillRect(x - 0.75, 8, 1.5, height);
    context.beginPath();
    context.moveTo(x - 5.5, 2);
    context.lineTo(x + 5.5, 2);
    context.lineTo(x, 11);
    context.fill();
  }

  /** The note under a point of the canvas, the topmost one, as {note, track}; null for none. */
  noteAt(x, y) {
    if (x < this.layout.gutter) return null;
    for (const track of [...this.piece.tracks].reverse()) {
      for (const note of track.notes) {
        const left = this.#x(note[0]);
        const width = track.drums ? this.#hitSize : Math.max(4, note[1] * this.#pxPerSecond);
        const top = this.#y(note, track.drums);
        const height = track.drums ? this.layout.drumRow : Math.max(3, this.layout.rowHeight);
        if (x >= left && x <= left + width && y >= top && y < top + height) return { note, track };
      }
    }
    return null;
  }

  #listen() {
    const at = (event) => {
      const box = this.canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    const { canvas, gestures } = this;
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      const [x] = at(event);
      if (x < this.layout.gutter) return;
      canvas.setPointerCapture(event.pointerId);
      this.drag = { x, anchor: this.#anchor(x), moved: false };
    });
    canvas.addEventListener("pointermove", (event) => {
      const [x, y] = at(event);
      if (!this.drag) {
        canvas.style.cursor = this.#edgeAt(x) === null ? "" : "ew-resize";
        gestures.hover(this.noteAt(x, y), x, y);
        return;
      }
      if (Math.abs(x - this.drag.x) < DRAG_PX && !this.drag.moved) return;
      this.drag.moved = true;
      gestures.hover(null, x, y);
      gestures.region(this.#regionTo(x, event.altKey));
    });
    canvas.addEventListener("pointerup", (event) => {
      const { drag } = this;
      this.drag = null;
      if (drag && !drag.moved) gestures.seek(this.#time(at(event)[0]));
    });
    canvas.addEventListener("pointercancel", () => {
      this.drag = null;
    });
    canvas.addEventListener("pointerleave", () => gestures.hover(null, 0, 0));
    canvas.addEventListener("wheel", (event) => this.#wheel(event, at(event)[0]), { passive: false });
  }

  /** Ctrl or ⌘ and the wheel zooms; sideways, or with Shift, it scrolls; else the page has it. */
  #wheel(event, x) {
    const sideways = event.shiftKey ? event.deltaY : event.deltaX;
    if (event.ctrlKey || event.metaKey) {
      this.zoomBy(Math.exp(-event.deltaY / 200), this.#time(x));
    } else if (Math.abs(sideways) > 0 && this.zoom > 1) {
      this.scrollTo(this.from + sideways / this.#pxPerSecond);
    } else {
      return;
    }
    event.preventDefault();
  }

  /** The other end of the region a drag from `x` draws: a loop edge near by moves instead. */
  #anchor(x) {
    const edge = this.#edgeAt(x);
    return edge === null ? this.#time(x) : this.loop.region[1 - edge];
  }

  #edgeAt(x) {
    const { region } = this.loop;
    if (!region) return null;
    const edge = region.findIndex((time) => Math.abs(this.#x(time) - x) <= EDGE_PX);
    return edge < 0 ? null : edge;
  }

  #regionTo(x, exact) {
    const ends = [this.drag.anchor, this.#time(x)].map((t) => (exact ? t : snap(this.piece, t)));
    return [Math.min(...ends), Math.max(...ends)];
  }

  /** "bar 2, beat 1" at a time, for hovering and for those who cannot see the roll. */
  placeText(time) {
    const { bar, beat } = placeOf(this.piece, time);
    return `bar ${bar}, beat ${beat}`;
  }
}
