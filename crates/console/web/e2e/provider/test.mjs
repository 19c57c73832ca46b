// The console's sign-in against the provider, without a browser: `npm test` in this folder. The
// steps of the user's browser at the provider are made with `fetch`.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { build } from "../../node_modules/esbuild/lib/main.js";
import { RESOURCE, startProvider } from "./provider.mjs";

const PAGE = "http://127.0.0.1:9";

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((listening) => server.once("listening", listening));
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return port;
}

/** The parts of a tab that the sign-in uses. */
const stored = new Map();
globalThis.sessionStorage = {
  getItem: (name) => stored.get(name) ?? null, setItem: (name, value) => stored.set(name, value), removeItem: (name) => stored.delete(name),
};
let left;
globalThis.location = { origin: PAGE, pathname: "/console/piles/1", search: "?x=1", assign: (url) => left(url) };
/** Waits for the tab to be left by `act`; returns where to. */
const leaving = (act) => new Promise((resolve, reject) => {
  left = resolve;
  act().then(() => reject(new Error("the tab was not left")), reject);
});

const folder = await mkdtemp(join(tmpdir(), "console-provider-"));
const source = new URL("../../src/app/", import.meta.url).pathname;
await writeFile(join(folder, "entry.ts"), `export * from "${source}oidc/flow.ts";\nexport * from "${source}session.ts";\n`);
await build({
  entryPoints: [join(folder, "entry.ts")], outfile: join(folder, "entry.mjs"), bundle: true, format: "esm", platform: "node",
  nodePaths: [new URL("../../node_modules", import.meta.url).pathname],
});
const { begin, complete, end, failure, renewed, resume, session, settings } = await import(join(folder, "entry.mjs"));

const issuer = `http://127.0.0.1:${await freePort()}`;
const { d, x } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
const provider = await startProvider({ issuer, page: PAGE, key: { kid: "test", d, x }, lifetime: 300 });
after(async () => {
  provider.stop();
  // Its timers would keep the process alive.
  session.value = null;
  await rm(folder, { recursive: true });
  setImmediate(() => process.exit());
});
const by = { issuer, clientId: "console", scopes: "openid assets:read assets:write operations", parameters: `resource=${encodeURIComponent(RESOURCE)}` };
settings.value = { dispatcher: null, asksForTokens: true, operatorsClaim: "operators", signIn: by, mapTiles: null, version: "1" };

/** The user's browser at the provider. */
class Visitor {
  cookies = new Map();
  /** Follows `url` through the provider's forms until it leads to the console; returns that address. */
  async follow(url, user) {
    let next = new Request(url);
    for (let step = 0; step < 20; step += 1) {
      if (next.url.startsWith(PAGE)) return new URL(next.url);
      next.headers.set("cookie", [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; "));
      const response = await fetch(next, { redirect: "manual" });
      for (const set of response.headers.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(set);
        if (value === "") this.cookies.delete(name);
        else this.cookies.set(name, value);
      }
      const location = response.headers.get("location");
      next = location === null ? this.answer(response.url, await response.text(), user) : new Request(new URL(location, response.url));
    }
    throw new Error("too many steps");
  }
  answer(at, page, user) {
    const action = /<form[^>]* action="([^"]+)"/.exec(page)?.[1];
    assert.ok(action, page);
    const form = new URLSearchParams({ login: user ?? "", password: "x", logout: "yes" });
    for (const [, name, value] of page.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)) form.set(name, value);
    assert.ok(user !== undefined || action.includes("/session/end"), "the provider asks questions");
    return new Request(new URL(action, at), { method: "POST", body: form });
  }
}
const visitor = new Visitor();
const returned = async (url, user) => complete(by, (await visitor.follow(url, user)).searchParams);

test("a user signs in, and returns to the page", async () => {
  assert.equal(await returned(await leaving(() => begin(by, "/console/piles/1?x=1")), "hanmei"), "/console/piles/1?x=1");
  assert.equal(failure.value, null);
  assert.equal(session.value.subject, "hanmei");
  assert.equal(session.value.name, "韩梅梅");
  assert.deepEqual([...session.value.scopes], ["assets:read"]);
  assert.deepEqual(session.value.operators, ["op-7"]);
  assert.ok(![...stored.values()].some((value) => value.includes("eyJ")), "no token is stored");
});

test("a token is renewed by the refresh token, again and again", async () => {
  for (let time = 0; time < 3; time += 1) {
    const before = session.value.token;
    assert.equal(await renewed(), true);
    assert.notEqual(session.value.token, before);
    assert.equal(session.value.name, "韩梅梅");
  }
});

test("a reloaded tab signs in without questions", async () => {
  session.value = null;
  const url = await leaving(() => resume(by, "/console/audit"));
  assert.equal(new URL(url).searchParams.get("prompt"), "none");
  assert.equal(await returned(url), "/console/audit");
  assert.equal(session.value.subject, "hanmei");
});

test("a response is accepted once, and only in the tab of its request", async () => {
  const response = await visitor.follow(await leaving(() => begin(by, "/console/")));
  const pending = stored.get("console.sign-in.pending");
  session.value = null;
  stored.set("console.sign-in.pending", JSON.stringify({ ...JSON.parse(pending), verifier: "another" }));
  await complete(by, response.searchParams);
  assert.equal(failure.value?.code, "refused", "the provider checks the verifier");
  await complete(by, response.searchParams);
  assert.equal(failure.value?.code, "foreign", "without a pending request");
  assert.equal(session.value, null);
});

test("the sign-out ends the session at the provider, and revokes the refresh token", async () => {
  await returned(await leaving(() => begin(by, "/console/")));
  const url = await leaving(() => end(by));
  assert.equal(session.value, null);
  assert.equal((await visitor.follow(url)).pathname, "/console/");
  await resume(by, "/console/");
  assert.equal(session.value, null, "a reload does not sign in again");
  const silent = await leaving(() => begin(by, "/console/", true));
  await returned(silent);
  assert.equal(session.value, null, "the provider needs the user");
  assert.equal(failure.value, null, "which is not shown as a failure");
});
