import assert from "node:assert/strict";
import { test } from "node:test";
import { isSettled, meant } from "./places.ts";

const north = { id: "1", names: ["人民广场站"] };
const south = { id: "2", names: ["人民广场站南"] };
const pile = { id: "3", names: ["1号桩", "CP-1"] };

test("an id needs no search", () => {
  assert.deepEqual(["", "0192f0c1-7a3b-7cc1-8f00-0123456789ab", "0192f0c1", "人民广场站"].map(isSettled), [true, true, false, false]);
});

test("a text means the only place found, or the only one with this name", () => {
  assert.equal(meant("人民", [north]), north);
  assert.equal(meant("人民广场站", [north, south]), north);
  assert.equal(meant("人民", [north, south]), "several");
  assert.equal(meant("cp-1", [pile, { id: "4", names: ["CP-10"] }]), pile);
  assert.equal(meant("1号桩", [pile, { id: "5", names: ["1号桩", "CP-2"] }]), "several");
  assert.equal(meant("x", []), "none");
});
