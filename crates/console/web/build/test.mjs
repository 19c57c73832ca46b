// Bundles and runs the tests that need no browser, with Node.
import { build } from "esbuild";
import "./outline.mjs";
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import "./limits.mjs";

const source = new URL("../src/", import.meta.url).pathname;
const tests = (await readdir(source, { recursive: true })).filter((name) => name.endsWith(".test.ts"));
const place = await mkdtemp(join(tmpdir(), "console-test-"));
await build({
  entryPoints: tests.map((name) => join(source, name)), outdir: place, outExtension: { ".js": ".mjs" }, bundle: true, format: "esm", platform: "node", sourcemap: "inline",
  // Node 18 has it only in a module.
  banner: { js: 'import { webcrypto } from "node:crypto"; globalThis.crypto ??= webcrypto;' },
});
const built = (await readdir(place, { recursive: true })).filter((name) => name.endsWith(".mjs")).map((name) => join(place, name));
const { status } = spawnSync(process.execPath, ["--enable-source-maps", "--test", ...built], { cwd: join(source, ".."), stdio: "inherit" });
await rm(place, { recursive: true });
process.exit(status ?? 1);
