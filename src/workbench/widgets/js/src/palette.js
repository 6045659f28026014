// Colours of parts, told apart in light and dark and by most colour-blind eyes.

const PITCHED = ["#4c8dff", "#2fb58a", "#c56be0", "#e8607a", "#27b1cf", "#94a82c", "#8d7bf5", "#d9804a"];
const DRUMS = "#f0a029";

/** A colour for every part of `pieces`, the same for one part wherever it occurs. */
export function partColours(pieces) {
  const colours = new Map();
  let next = 0;
  for (const { tracks } of pieces) {
    for (const { part, drums } of tracks) {
      if (colours.has(part)) continue;
      colours.set(part, drums ? DRUMS : PITCHED[next++ % PITCHED.length]);
    }
  }
  return colours;
}
