// The pages, bundled into `dist`: an index, and assets that have their content's hash in their names, each beside its packed form.
import { build } from "esbuild";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";

const here = (path) => new URL(`../${path}`, import.meta.url);
const path = (name) => here(name).pathname;
/** What the first view may weigh, packed. */
const MOST_BYTES = 100_000;

for (const name of await readdir(here("dist"))) {
  if (name !== ".gitignore") await rm(here(`dist/${name}`), { recursive: true });
}
await mkdir(here("dist/assets"), { recursive: true });

const { metafile } = await build({
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
  absWorkingDir: path("."),
});

const outputs = Object.entries(metafile.outputs);
const entry = outputs.find(([, output]) => output.entryPoint === "src/main.tsx");
const asset = (file) => `/console/assets/${file.split("/").at(-1)}`;
const icon = await readFile(here("src/icon.svg"));
await writeFile(here("dist/assets/icon.svg"), icon);
const index = (await readFile(here("src/index.html"), "utf8"))
  .replace("%STYLE%", asset(entry[1].cssBundle))
  .replace("%SCRIPT%", asset(entry[0]))
  .replace("%ICON%", "/console/assets/icon.svg");
await writeFile(here("dist/index.html"), index);

let total = 0;
for (const file of ["dist/index.html", ...outputs.map(([file]) => file)]) {
  const bytes = await readFile(here(file));
  const packed = gzipSync(bytes, { level: 9 });
  await writeFile(here(`${file}.gz`), packed);
  total += packed.length;
  console.log(`${String(packed.length).padStart(7)} B packed  ${file}`);
}
console.log(`${String(total).padStart(7)} B packed  in all`);
if (total > MOST_BYTES) {
  console.error(`more than ${MOST_BYTES} B`);
  process.exit(1);
}
