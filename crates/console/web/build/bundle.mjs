// Bundles the pages into `dist`: an index, and assets with a content hash in their names, each with
// a gzip form. Unchanged files are not written again, because cargo would rebuild the service.
import { build } from "esbuild";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";

const here = (path) => new URL(`../${path}`, import.meta.url);
const path = (name) => here(name).pathname;
/** Largest size of all pages together, compressed, in bytes. */
const MOST_BYTES = 130_000;

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
  absWorkingDir: path("."),
});

const entry = Object.entries(metafile.outputs).find(([, output]) => output.entryPoint === "src/main.tsx");
const asset = (file) => `/console/assets/${file.split("/").at(-1)}`;
const index = (await readFile(here("src/index.html"), "utf8"))
  .replace("%STYLE%", asset(entry[1].cssBundle))
  .replace("%SCRIPT%", asset(entry[0]))
  .replace("%ICON%", "/console/assets/icon.svg");

/** The files of all pages by their path in `dist`; all are compressed. */
const first = new Map([["index.html", Buffer.from(index)]]);
for (const file of outputFiles) first.set(`assets/${file.path.split("/").at(-1)}`, Buffer.from(file.contents));
const made = new Map([["assets/icon.svg", await readFile(here("src/icon.svg"))]]);
let total = 0;
for (const [name, bytes] of first) {
  const packed = gzipSync(bytes, { level: 9 });
  made.set(name, bytes).set(`${name}.gz`, packed);
  total += packed.length;
  console.log(`${String(packed.length).padStart(7)} B gzip  ${name}`);
}
console.log(`${String(total).padStart(7)} B gzip  in total`);
if (total > MOST_BYTES) {
  console.error(`the bundle exceeds its limit of ${MOST_BYTES} B compressed: reduce its size`);
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
