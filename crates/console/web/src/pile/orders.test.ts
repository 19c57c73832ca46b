import assert from "node:assert/strict";
import { test } from "node:test";
import { NOTHING_ENTERED, checkOrder, limitsOf } from "./orders.ts";

const start = { ...NOTHING_ENTERED, idTag: "RFID123" };
const faults = (entered: object) => checkOrder("start-transaction", { ...start, ...entered }).map(({ path, why, limit }) => [path, why, limit]);

test("the limits of a charge are optional", () => {
  assert.deepEqual(faults({}), []);
  assert.deepEqual(limitsOf(start), {});
  assert.deepEqual(faults({ maxEnergyWh: "22.5", maxDurationS: "90", maxAmount: "30.00" }), []);
  assert.deepEqual(limitsOf({ ...start, maxEnergyWh: "22.5", maxDurationS: "90", maxAmount: " 30.00 " }), { maxEnergyWh: 22_500, maxDurationS: 5_400, maxAmount: "30.00" });
});

test("limits beyond those of the API are faults of their fields", () => {
  assert.deepEqual(faults({ maxEnergyWh: "0" }), [["maxEnergyWh", "tooSmall", 0.001]]);
  assert.deepEqual(faults({ maxEnergyWh: "10001", maxDurationS: "10081" }), [["maxEnergyWh", "tooLarge", 10_000], ["maxDurationS", "tooLarge", 10_080]]);
  assert.deepEqual(faults({ maxDurationS: "1.5" }), [["maxDurationS", "notAnInteger", undefined]]);
  assert.deepEqual(faults({ maxAmount: "0.00" }), [["maxAmount", "notAbove", 0]]);
  assert.deepEqual(faults({ maxAmount: "30 yuan" }), [["maxAmount", "notAllowed", undefined]]);
});

test("a start needs a token, and a configuration a key", () => {
  assert.deepEqual(faults({ idTag: " " }), [["idTag", "required", undefined]]);
  assert.deepEqual(faults({ idTag: "x".repeat(21) }), [["idTag", "tooLong", 20]]);
  const of = (entered: object) => checkOrder("change-configuration", { ...NOTHING_ENTERED, ...entered }).map(({ path }) => path);
  assert.deepEqual(of({}), ["key"]);
  assert.deepEqual(of({ key: "HeartbeatInterval" }), [], "the value may be empty");
  assert.deepEqual(of({ key: "k".repeat(51), value: "v".repeat(501) }), ["key", "value"]);
  assert.deepEqual(checkOrder("reset", NOTHING_ENTERED), []);
});
