// The doors: an anywidget ({initialize, render}) for notebooks, `mountStatic` for saved pages.
import CSS from "./player.css";
import { Deck } from "./deck.js";
import { h } from "./dom.js";
import { Choices, Grid } from "./grid.js";
import { Transport } from "./transport.js";
import { bindTraits } from "./traits.js";

const STYLE_ID = "wb-player-style";

function addStyle() {
  let style = document.getElementById(STYLE_ID);
  if (!style) {
    style = h("style", { id: STYLE_ID });
    document.head.append(style);
  }
  style.textContent = CSS; // the newest build wins where several notebooks are open
}

/** The player's face in `element`: a deck, and above it a grid where there are rows to choose from. */
function mount(element, transport, choices, view, save = null) {
  addStyle();
  const root = h("div", {
    class: "wb-player",
    tabindex: "0",
    role: "region",
    "aria-label": view.title ? `Player: ${view.title}` : "Player",
    "data-lm-suppress-shortcuts": "true", // JupyterLab would take Space, arrows and digits
    "data-jp-suppress-context-menu": "true",
  });
  element.append(root);
  const grid = view.rows ? new Grid(root, transport, choices, view, save) : null;
  const deck = new Deck(root, transport, view);
  return () => {
    grid?.dispose();
    deck.dispose();
    root.remove();
  };
}

const bytesOf = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)).buffer;

/** A player in a saved page: {view, sound: {engine, bank, midis}}, bytes in base64. */
export function mountStatic(element, { view, sound }) {
  const fetchSound = async () => ({
    engine: sound.engine,
    bank: bytesOf(sound.bank),
    midis: sound.midis.map(bytesOf),
  });
  mount(element, new Transport(view.pieces, fetchSound), new Choices(), view);
  const tellHeight = () => {
    const height = Math.ceil(element.getBoundingClientRect().height) + 10; // 10: its margins
    window.parent.postMessage({ kind: "workbench:height", height }, "*");
  };
  new ResizeObserver(tellHeight).observe(element);
}

/** Ask the kernel for engine, bank and MIDI files; it answers once it is idle. */
function soundFrom(model) {
  return new Promise((resolve, reject) => {
    const onMessage = (message, buffers) => {
      if (message?.kind !== "sound" && message?.kind !== "problem") return;
      model.off("msg:custom", onMessage);
      if (message.kind === "problem") {
        reject(new Error(message.message));
        return;
      }
      const [engine, bank, ...midis] = buffers.map(({ buffer, byteOffset, byteLength }) =>
        buffer.slice(byteOffset, byteOffset + byteLength),
      );
      resolve({ engine: new TextDecoder().decode(engine), bank, midis });
    };
    model.on("msg:custom", onMessage);
    model.send({ kind: "sound" });
  });
}

/** Ask the kernel to save what is kept; resolves to what it says. */
function savedBy(model) {
  return new Promise((resolve) => {
    const onMessage = (message) => {
      if (message?.kind !== "saved") return;
      model.off("msg:custom", onMessage);
      resolve(message.message);
    };
    model.on("msg:custom", onMessage);
    model.send({ kind: "save" });
  });
}

/** One transport a model, however many views of it are open. */
export default () => {
  let transport;
  let views = 0;
  const choices = new Choices();
  return {
    initialize({ model }) {
      // Asked for now, not at the first Play: a kernel busy with the next cell cannot answer.
      let sound;
      const ask = () => {
        sound = soundFrom(model);
        sound.catch(() => {}); // told when somebody presses Play
      };
      ask();
      transport = new Transport(model.get("view").pieces, () => sound);
      const unbind = bindTraits(model, transport, choices, () => {
        ask();
        transport.setPieces(model.get("view").pieces);
      });
      return () => {
        unbind();
        transport.dispose();
      };
    },
    render({ model, el }) {
      const show = () => mount(el, transport, choices, model.get("view"), () => savedBy(model));
      let unmount = show();
      const again = () => {
        unmount();
        unmount = show();
      };
      transport.addEventListener("pieces", again);
      views += 1;
      return () => {
        transport.removeEventListener("pieces", again);
        unmount();
        views -= 1;
        if (views === 0) transport.sleep(); // its cell was run again or cleared
      };
    },
  };
};
