import assert from "node:assert/strict";
import { test } from "node:test";
import { PROPOSED, checkSelection, shared } from "./station-order.ts";

test("the pace is a whole number from 1 to 100", () => {
  const why = (ratePerSecond: string) => checkSelection("reset", { ...PROPOSED, ratePerSecond })[0]?.why;
  assert.deepEqual(["1", "100", " 7 "].map(why), [undefined, undefined, undefined]);
  assert.deepEqual(["", "0", "101", "1.5", "-1", "1e1", "fast"].map(why), ["required", "tooSmall", "tooLarge", "notAnInteger", "tooSmall", "notANumber", "notANumber"]);
  assert.deepEqual(checkSelection("trigger-message", PROPOSED), []);
});

test("a configuration needs its key, and may have an empty value", () => {
  const faults = (entered: Partial<typeof PROPOSED>) => checkSelection("change-configuration", { ...PROPOSED, ...entered }).map(({ path, why }) => [path, why]);
  assert.deepEqual(faults({}), [["key", "required"]]);
  assert.deepEqual(faults({ key: "HeartbeatInterval" }), []);
  assert.deepEqual(faults({ key: "k".repeat(51), ratePerSecond: "0" }), [["key", "tooLong"], ["ratePerSecond", "tooSmall"]]);
});

test("without statuses the command is for all piles", () => {
  const all = { ...PROPOSED, ratePerSecond: "20" };
  assert.deepEqual(shared(all), { ratePerSecond: 20 });
  assert.deepEqual(shared({ ...all, statuses: ["Faulted", "Unavailable"] }), { statuses: ["Faulted", "Unavailable"], ratePerSecond: 20 });
});
