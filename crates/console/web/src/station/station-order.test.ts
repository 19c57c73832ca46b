import assert from "node:assert/strict";
import { test } from "node:test";
import { type Selection, rateOf, shared } from "./station-order.ts";

test("the pace is a whole number from 1 to 100", () => {
  assert.deepEqual(["1", "100", " 7 "].map(rateOf), [1, 100, 7]);
  assert.deepEqual(["", "0", "101", "1.5", "-1", "1e1", "fast"].map(rateOf), [null, null, null, null, null, null, null]);
});

test("without statuses the command is for all piles", () => {
  const all: Selection = { reset: "Soft", availability: "Operative", statuses: [], rate: "20" };
  assert.deepEqual(shared(all), { ratePerSecond: 20 });
  assert.deepEqual(shared({ ...all, statuses: ["Faulted", "Unavailable"] }), { statuses: ["Faulted", "Unavailable"], ratePerSecond: 20 });
});
