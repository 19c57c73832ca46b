import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, beforeEach, test } from "node:test";
import { SCOPES, bound, denied, deny, renewed, session, settings, signIn, signOut } from "./session.ts";

/** The time and the timers of the tests, because those of Node 18 cannot be replaced together. */
const real = { setTimeout, clearTimeout, now: Date.now };
let now = 0;
let timers: { readonly at: number; readonly act: () => void }[] = [];
Object.assign(globalThis, {
  setTimeout: (act: () => void, ms: number) => {
    const timer = { at: now + ms, act };
    timers.push(timer);
    return timer;
  },
  clearTimeout: (timer: object) => {
    timers = timers.filter((one) => one !== timer);
  },
});
Date.now = () => now;
after(() => {
  Object.assign(globalThis, { setTimeout: real.setTimeout, clearTimeout: real.clearTimeout });
  Date.now = real.now;
});

/** Lets time pass, and promises continue that wait for nothing else. */
async function pass(seconds: number): Promise<void> {
  now += seconds * 1000;
  const due = timers.filter(({ at }) => at <= now).sort((one, other) => one.at - other.at);
  timers = timers.filter((timer) => !due.includes(timer));
  for (const { act } of due) act();
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

function jwt(claims: object): string {
  return `h.${Buffer.from(JSON.stringify({ sub: "u1", scope: "assets:read operations", ...claims })).toString("base64url")}.s`;
}
/** A token that is valid for this number of seconds from now. */
const lasting = (seconds: number, claims = {}) => jwt({ exp: Date.now() / 1000 + seconds, ...claims });
beforeEach(() => {
  signOut();
  now = 1_800_000_000_000;
  settings.value = { dispatcher: null, asksForTokens: true, operatorsClaim: "operators", signIn: null, mapTiles: null, version: "1" };
});

test("scopes and operators come from the token", () => {
  signIn(lasting(60, { operators: ["op-7"], scp: ["audit:read"] }));
  assert.deepEqual([...(session.value?.scopes ?? [])], ["assets:read", "operations", "audit:read"]);
  assert.deepEqual(session.value?.operators, ["op-7"]);
  assert.ok(bound());
  signIn(lasting(60));
  assert.ok(!bound());
  assert.equal(session.value?.operators, null, "without the claim the token reaches every operator");
  assert.equal(signIn("no token"), "not-a-token");
  assert.equal(signIn(lasting(-1)), "over");
});

test("a pasted token ends with its time", async () => {
  signIn(lasting(300));
  await pass(299);
  assert.ok(session.value !== null);
  await pass(1);
  assert.equal(session.value, null);
  assert.equal(denied.value, "");
});

test("a token is renewed before it ends, again and again", async () => {
  let issued = 0;
  const renew = async () => {
    issued += 1;
    return lasting(300);
  };
  signIn(lasting(300), { name: "李雷", renew });
  for (const expected of [1, 2, 3]) {
    await pass(240);
    assert.equal(issued, expected);
  }
  assert.equal(session.value?.endsAt, Date.now() + 300_000);
  assert.equal(session.value?.name, "李雷");
});

test("a renewal without an answer is repeated until the token ends", async () => {
  let asked = 0;
  const renew = () => {
    asked += 1;
    return Promise.reject(new Error("no network"));
  };
  signIn(lasting(300), { name: null, renew });
  await pass(240);
  await pass(5);
  assert.equal(asked, 2);
  assert.ok(session.value !== null, "the old token is still good");
  await pass(55);
  assert.equal(session.value, null);
});

test("callers share one renewal, and a refused one does not end the session early", async () => {
  let asked = 0;
  const renew = async () => {
    asked += 1;
    return null;
  };
  signIn(lasting(300), { name: null, renew });
  assert.deepEqual(await Promise.all([renewed(), renewed()]), [false, false]);
  assert.equal(asked, 1);
  assert.ok(session.value !== null);
});

test("a renewal that ends after the sign-out does not sign in again", async () => {
  let give: (token: string) => void = () => undefined;
  signIn(lasting(300), { name: null, renew: () => new Promise((resolve) => (give = resolve)) });
  const result = renewed();
  signOut();
  give(lasting(300));
  assert.equal(await result, false);
  assert.equal(session.value, null);
});

test("a refused token ends the session with the reason", async () => {
  signIn(lasting(300));
  assert.equal(await renewed(), false, "a pasted token cannot be renewed");
  deny("the token has expired");
  assert.equal(session.value, null);
  assert.equal(denied.value, "the token has expired");
});

test("the sign-in requests every scope of the console", async () => {
  const defaults = await readFile("../../asset-api/defaults.toml", "utf8");
  const requested = /^sign_in_scopes = "(.*)"$/m.exec(defaults)?.[1]?.split(" ") ?? [];
  assert.deepEqual(requested.sort(), ["openid", ...SCOPES].sort());
});
