import assert from "node:assert/strict";
import { test } from "node:test";
import { type Listed, added, reloaded } from "./listed.ts";

const idOf = (session: string) => session;

/** A service that lists `open`, three to a page; the cursor is the last item before the page. */
function service(open: readonly string[]) {
  let calls = 0;
  const load = async (cursor: string | undefined) => {
    calls += 1;
    const rest = open.filter((session) => cursor === undefined || session < cursor);
    return { items: rest.slice(0, 3), nextCursor: rest.length > 3 ? rest[2] ?? null : null };
  };
  return { load, calls: () => calls };
}

async function listed(open: readonly string[], pages: number): Promise<Listed<string>> {
  const { load } = service(open);
  let all = await reloaded(null, load, idOf);
  while (all.pages < pages && all.cursor !== null) all = added(all, await load(all.cursor), idOf);
  return all;
}

const OPEN = ["s9", "s8", "s7", "s6", "s5", "s4", "s3", "s2", "s1"];

test("items that left the filter are gone after a refresh, on whichever page they were", async () => {
  const before = await listed(OPEN, 2);
  assert.deepEqual(before.items, ["s9", "s8", "s7", "s6", "s5", "s4"]);
  const now = OPEN.filter((session) => session !== "s8" && session !== "s5");
  const after = await reloaded(before, service(now).load, idOf);
  assert.deepEqual(after, { items: ["s9", "s7", "s6", "s4", "s3", "s2"], cursor: "s2", pages: 2 });
});

test("a refresh shows new items, and reads no more pages than were shown", async () => {
  const before = await listed(OPEN, 2);
  const { load, calls } = service(["sb", "sa", ...OPEN]);
  assert.deepEqual((await reloaded(before, load, idOf)).items, ["sb", "sa", "s9", "s8", "s7", "s6"]);
  assert.equal(calls(), 2);
});

test("a list that became shorter ends with its last page", async () => {
  const after = await reloaded(await listed(OPEN, 3), service(["s9", "s2"]).load, idOf);
  assert.deepEqual(after, { items: ["s9", "s2"], cursor: null, pages: 1 });
});

test("an item that is on two pages is shown once", () => {
  const first = added(null, { items: ["s9", "s8"], nextCursor: "s8" }, idOf);
  assert.deepEqual(added(first, { items: ["s8", "s7"], nextCursor: null }, idOf).items, ["s9", "s8", "s7"]);
});
