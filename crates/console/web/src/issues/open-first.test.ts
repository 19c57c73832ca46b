import assert from "node:assert/strict";
import { test } from "node:test";
import type { Issue } from "../api/types.ts";
import { openFirst } from "./open-first.ts";

const issue = (id: string, closedAt: string | null = null) => ({ id, closedAt }) as Issue;
const CLOSED = "2026-07-01T00:00:00Z";

/** An API with these issues, in pages of at most two; records what it is asked. */
function api(open: readonly Issue[], closed: readonly Issue[]) {
  const queries: object[] = [];
  const list: Parameters<typeof openFirst>[2] = async (query) => {
    queries.push(query);
    const all = query.state === "open" ? open : closed;
    const begin = Number(query.cursor ?? 0);
    const end = begin + Math.min(2, query.limit ?? 2);
    return { items: all.slice(begin, end), nextCursor: end < all.length ? String(end) : null };
  };
  return { list, queries };
}

test("open issues come first, over several pages", async () => {
  const { list } = api(["a", "b", "c"].map((id) => issue(id)), [issue("d", CLOSED)]);
  const { items, more } = await openFirst({}, 10, list);
  assert.deepEqual([items.map(({ id }) => id), more], [["a", "b", "c", "d"], false]);
});

test("no more are read than wanted", async () => {
  const { list, queries } = api(["a", "b", "c"].map((id) => issue(id)), [issue("d", CLOSED)]);
  const { items, more } = await openFirst({ severity: "major" }, 3, list);
  assert.deepEqual([items.length, more], [3, true]);
  assert.deepEqual(queries, [
    { severity: "major", state: "open", cursor: undefined, limit: 3 }, { severity: "major", state: "open", cursor: "2", limit: 1 },
  ]);
});

test("a state in the filter excludes the other one", async () => {
  const { list } = api([issue("a")], [issue("d", CLOSED)]);
  assert.deepEqual((await openFirst({ state: "closed" }, 10, list)).items.map(({ id }) => id), ["d"]);
  assert.deepEqual((await openFirst({ state: "open" }, 1, list)), { items: [issue("a")], more: false });
});

test("an issue that closes while the list is read is in it once, as closed", async () => {
  const { list } = api([issue("a"), issue("b")], [issue("b", CLOSED)]);
  assert.deepEqual((await openFirst({}, 10, list)).items, [issue("a"), issue("b", CLOSED)]);
});
