// Small DOM builders. Text always goes in as text: names in MIDI files are other people's data.

/** An element with attributes, listeners ("onclick") and children (nodes or text). */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

const PATHS = {
  play: "M8 5.5v13a1 1 0 0 0 1.5.86l10.5-6.5a1 1 0 0 0 0-1.72L9.500 4.640A1 1 0 0 0 8 5.500Z",
  pause: "M7 5h3.500v14H7zM13.500 5H17v14h-3.500z",
  stop: "M6.500 6.500h11v11h-11z",
  loop: "M17 4l3.500 3.500L17 11V8.500H8.500A3.500 3.500 0 0 0 5 12v1H3v-1a5.500 5.500 0 0 1 5.500-5.500H17zM7 20l-3.500-3.500L7 13v2.500h8.500A3.500 3.500 0 0 0 19 12v-1h2v1a5.500 5.500 0 0 1-5.500 5.500H7z",
  volume: "M4 9.500v5h3.500L12 19V5L7.500 9.500zM15 8.500a5 5 0 0 1 0 7zM15 4.500v2a6 6 0 0 1 0 11v2a8 8 0 0 0 0-15z",
  minus: "M5 11h14v2H5z",
  plus: "M11 5h2v6h6v2h-6v6h-2v-6H5v-2h6z",
  fit: "M3 5h2v14H3zM19 5h2v14h-2zM7 12l4-4v3h2V8l4 4-4 4v-3h-2v3z",
  keep: "M9.500 17.500L4 12l1.500-1.500 4 4 9-9L20 7z",
  save: "M11 4h2v8l3-3 1.500 1.500L12 16l-5.500-5.500L8 9l3 3zM5 18h14v2H5z",
};

/** One of the icons above, filled with the colour of the text around it. */
export function icon(name) {
  const namespace = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(namespace, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(namespace, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** A button with an icon or text, a label for those who cannot see it, and a tooltip. */
export function button(face, label, onclick, attributes = {}) {
  const content = PATHS[face] ? icon(face) : face;
  return h("button", { type: "button", "aria-label": label, title: label, onclick, ...attributes }, content);
}

export function slider(label, { min, max, step, value }, oninput) {
  return h("input", {
    type: "range",
    "aria-label": label,
    title: label,
    min,
    max,
    step,
    value,
    oninput: (event) => oninput(Number(event.target.value)),
  });
}
