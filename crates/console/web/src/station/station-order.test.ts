import assert from "node:assert/strict";
import { test } from "node:test";
import { PROPOSED, checkSelection, shared } from "./station-order.ts";

test("the pace is a whole number from 1 to 100", () => {
  const why = (ratePerSecond: string) => checkSelection({ ...PROPOSED, ratePerSecond })[0]?.why;
  assert.deepEqual(["1", "100", " 7 "].map(why), [undefined, undefined, undefined]);
  assert.deepEqual(["", "0", "101", "1.5", "-1", "1e1", "fast"].map(why), ["required", "tooSmall", "tooLarge", "notAnInteger", "tooSmall", "notANumber", "notANumber"]);
  assert.deepEqual(checkSelection(PROPOSED), []);
});

test("without statuses the command is for all piles", () => {
  const all = { ...PROPOSED, ratePerSecond: "20" };
  assert.deepEqual(shared(all), { ratePerSecond: 20 });
  assert.deepEqual(shared({ ...all, statuses: ["Faulted", "Unavailable"] }), { statuses: ["Faulted", "Unavailable"], ratePerSecond: 20 });
});
