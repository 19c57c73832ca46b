// Bundles the pages into `dist`: an index, and assets with a content hash in their names, each with
// a gzip form. Unchanged files are not written again, because cargo would rebuild the service.
import { build } from "esbuild";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import "./limits.mjs";
import "./outline.mjs";

const here = (path) => new URL(`../${path}`, import.meta.url);
const path = (name) => here(name).pathname;
/** Largest size of all that the first view of a page loads in one language, compressed, in bytes. */
const MOST_BYTES = 130_000;

/**
 * Leaflet tests for SVG with markup when it is loaded, which the policy of the pages forbids. The
 * pages draw on a canvas and need no result.
 */
const leafletWithoutMarkup = {
  name: "leaflet-without-markup",
  setup({ onLoad }) {
    onLoad({ filter: /leaflet-src\.js$/ }, async ({ path: file }) => {
      const source = await readFile(file, "utf8");
      const contents = source.replace("div.innerHTML = '<svg/>';", "");
      if (contents === source) throw new Error("this version of Leaflet needs another replacement: build/bundle.mjs");
      return { contents, loader: "js" };
    });
  },
};

const { metafile, outputFiles } = await build({
  entryPoints: { console: path("src/main.tsx") },
  outdir: path("dist/assets"),
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  target: ["es2022"],
  jsx: "automatic",
  jsxImportSource: "preact",
  minify: true,
  charset: "utf8",
  legalComments: "none",
  metafile: true,
  write: false,
  plugins: [leafletWithoutMarkup],
  absWorkingDir: path("."),
});

const entry = Object.entries(metafile.outputs).find(([, output]) => output.entryPoint === "src/main.tsx");
const asset = (file) => `/console/assets/${file.split("/").at(-1)}`;
/** The parts of the first script, which the page requests together with it. */
const parts = entry[1].imports.filter(({ kind }) => kind === "import-statement").map(({ path: file }) => `<link rel="modulepreload" href="${asset(file)}">`);
const index = (await readFile(here("src/index.html"), "utf8"))
  .replace("%STYLE%", asset(entry[1].cssBundle))
  .replace("%SCRIPT%", asset(entry[0]))
  .replace("%PARTS%", parts.join(""))
  .replace("%ICON%", "/console/assets/icon.svg");

/** The files by their path in `dist`. */
const first = new Map([["index.html", Buffer.from(index)]]);
for (const file of outputFiles) first.set(`assets/${file.path.split("/").at(-1)}`, Buffer.from(file.contents));
const made = new Map([["assets/icon.svg", await readFile(here("src/icon.svg"))]]);
/** Compressed sizes by path in `dist`. */
const sizes = new Map();
for (const [name, bytes] of first) {
  const packed = gzipSync(bytes, { level: 9 });
  made.set(name, bytes).set(`${name}.gz`, packed);
  sizes.set(name, packed.length);
}

const TEXTS = /^src\/i18n\/(en|zh)\.ts$/;
const source = (file) => metafile.outputs[file].entryPoint ?? "";

/** `file` and the outputs that it imports; with `lazy`, also those that it loads later, except texts. */
function closure(file, lazy, found = new Set()) {
  if (found.has(file)) return found;
  found.add(file);
  for (const { path: next, kind, external } of metafile.outputs[file].imports) {
    if (external || TEXTS.test(source(next))) continue;
    if (lazy || kind === "import-statement") closure(next, lazy, found);
  }
  return found;
}

const texts = Object.keys(metafile.outputs).filter((file) => TEXTS.test(source(file)));
const size = (file) => sizes.get(`assets/${file.split("/").at(-1)}`);
const sum = (files) => [...files].reduce((total, file) => total + size(file), 0);
const frame = closure(entry[0], false);
const page = sizes.get("index.html") + size(entry[1].cssBundle) + Math.max(...texts.map(size));
const views = entry[1].imports
  .filter(({ path: file, kind }) => kind === "dynamic-import" && !TEXTS.test(source(file)))
  .map(({ path: file }) => [source(file), page + sum(closure(file, true, new Set(frame)))])
  .sort(([, one], [, other]) => one - other);
for (const [of, bytes] of views) console.log(`${String(bytes).padStart(7)} B gzip  first view of ${of}`);
if (views.some(([, bytes]) => bytes > MOST_BYTES)) {
  console.error(`the first view of a page exceeds its limit of ${MOST_BYTES} B compressed: reduce its size, or load a part later`);
  process.exit(1);
}

await mkdir(here("dist/assets"), { recursive: true });
for (const { parentPath, path: folder, name } of (await readdir(here("dist"), { recursive: true, withFileTypes: true })).filter((one) => one.isFile())) {
  const place = `${parentPath ?? folder}/${name}`.slice(path("dist/").length);
  if (!made.has(place) && name !== ".gitignore") await rm(here(`dist/${place}`));
}
for (const [name, bytes] of made) {
  const there = await readFile(here(`dist/${name}`)).catch(() => null);
  if (there === null || !there.equals(bytes)) await writeFile(here(`dist/${name}`), bytes);
}
