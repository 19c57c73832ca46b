// Bundles the pages into `dist`: an index, and assets with a content hash in their names, each with
// a gzip form. Unchanged files are not written again, because cargo would rebuild the service.
import { build } from "esbuild";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";

const here = (path) => new URL(`../${path}`, import.meta.url);
const path = (name) => here(name).pathname;
/** Largest size of all pages without the map, compressed, in bytes. The map is loaded with it. */
const MOST_BYTES = 130_000;
/** Largest size of the map, compressed, in bytes. */
const MOST_MAP_BYTES = 70_000;

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
const index = (await readFile(here("src/index.html"), "utf8"))
  .replace("%STYLE%", asset(entry[1].cssBundle))
  .replace("%SCRIPT%", asset(entry[0]))
  .replace("%ICON%", "/console/assets/icon.svg");

/** The files of the first view by their path in `dist`; all are compressed. */
const first = new Map([["index.html", Buffer.from(index)]]);
for (const file of outputFiles) first.set(`assets/${file.path.split("/").at(-1)}`, Buffer.from(file.contents));
const made = new Map([["assets/icon.svg", await readFile(here("src/icon.svg"))]]);
/** The modules that only the map loads. */
const ofMap = Object.entries(metafile.outputs).filter(([, { inputs }]) => Object.keys(inputs).some((name) => /leaflet|fleet\/engine/.test(name)));
const mapFiles = new Set(ofMap.map(([file]) => `assets/${file.split("/").at(-1)}`));
let total = 0;
let map = 0;
for (const [name, bytes] of first) {
  const packed = gzipSync(bytes, { level: 9 });
  made.set(name, bytes).set(`${name}.gz`, packed);
  if (mapFiles.has(name)) map += packed.length;
  else total += packed.length;
  console.log(`${String(packed.length).padStart(7)} B gzip  ${name}`);
}
console.log(`${String(total).padStart(7)} B gzip  in total, ${map} B of the map in addition`);
if (total > MOST_BYTES || map > MOST_MAP_BYTES || mapFiles.size !== 1) {
  console.error(`the bundle exceeds its limits of ${MOST_BYTES} B and ${MOST_MAP_BYTES} B for the map, compressed: reduce its size`);
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
