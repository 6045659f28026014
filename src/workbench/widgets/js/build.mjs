// Builds ../static/player.js, what a notebook shows, and ../static/engine.js, what plays: apart, as
// anywidget gives a module two seconds to start, and a page needs the engine once. Both are stamped
// with the SHA-256 of their sources so that a test can tell a stale build.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));

/** SHA-256 over name and bytes of every source, the build script and the lockfile, by name. */
function sourceHash() {
  const sources = readdirSync(join(here, "src")).map((name) => `src/${name}`);
  const hash = createHash("sha256");
  for (const name of [...sources, "build.mjs", "package.json", "package-lock.json"].sort()) {
    hash.update(`${name}\0`).update(readFileSync(join(here, name))).update("\0");
  }
  return hash.digest("hex");
}

const shared = {
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  loader: { ".css": "text" },
  legalComments: "none", // THIRD-PARTY.txt beside the build holds the notices
  write: false,
  absWorkingDir: here,
  charset: "utf8",
};
const stamp = `/* Workbench player; notices in THIRD-PARTY.txt; source sha256 ${sourceHash()} */\n`;
for (const [entry, built] of [["src/main.js", "player.js"], ["src/engine.js", "engine.js"]]) {
  const [{ text }] = (await build({ ...shared, entryPoints: [entry] })).outputFiles;
  writeFileSync(join(here, "..", "static", built), stamp + text);
}
