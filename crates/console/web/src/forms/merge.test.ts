import assert from "node:assert/strict";
import { test } from "node:test";
import { changed, merge } from "./merge.ts";

const base = { name: "人民广场站", address: "", status: "Open", facilities: ["Wifi"] };

test("edits of different fields are combined", () => {
  const { values, conflicts, theirs } = merge(base, { ...base, name: "外滩站" }, { ...base, facilities: ["Wifi", "Cafe"] });
  assert.deepEqual(values, { ...base, name: "外滩站", facilities: ["Wifi", "Cafe"] });
  assert.deepEqual([conflicts, theirs], [[], ["facilities"]]);
});

test("a field that both changed is in conflict and keeps the own value", () => {
  const { values, conflicts, theirs } = merge(base, { ...base, name: "外滩站" }, { ...base, name: "豫园站", status: "Closed" });
  assert.deepEqual(values, { ...base, name: "外滩站", status: "Closed" });
  assert.deepEqual([conflicts, theirs], [["name"], ["status"]]);
});

test("the same change by both is no conflict", () => {
  const { values, conflicts, theirs } = merge(base, { ...base, status: "Closed" }, { ...base, status: "Closed" });
  assert.deepEqual([values.status, conflicts, theirs], ["Closed", [], []]);
});

test("a change is found inside of lists", () => {
  assert.deepEqual(changed(base, { ...base, facilities: ["Wifi"] }), []);
  assert.deepEqual(changed(base, { ...base, facilities: [] }), ["facilities"]);
});
