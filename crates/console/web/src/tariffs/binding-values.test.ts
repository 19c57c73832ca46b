import assert from "node:assert/strict";
import { test } from "node:test";
import { type BindingValues, checkBinding, subjectOf } from "./binding-values.ts";

const NONE = { id: "", name: "" };
const EMPTY: BindingValues = { level: "station", operatorId: "", station: NONE, pile: NONE, connectorId: "1", from: "", until: "" };
const NOW = Date.parse("2026-12-01T00:00:00Z");

test("each level needs its own entries", () => {
  const faults = (level: string, more: Partial<BindingValues> = {}) => checkBinding({ ...EMPTY, level, ...more }, NOW).map(({ path }) => path);
  assert.deepEqual(["platform", "operator", "station", "pile", "connector"].map((level) => faults(level)), [[], ["subject.operatorId"], ["subject.stationId"], ["subject.pileId"], ["subject.pileId"]]);
  assert.deepEqual(faults("connector", { pile: { id: "p", name: "1" }, connectorId: "0" }), ["subject.connectorId"]);
  assert.equal(subjectOf({ ...EMPTY, level: "connector", pile: { id: "p", name: "1" }, connectorId: "0" }), null);
  assert.deepEqual(subjectOf({ ...EMPTY, level: "connector", pile: { id: "p", name: "1" }, connectorId: "２" }), { level: "connector", pileId: "p", connectorId: 2 });
});

test("the end must be after the beginning, which is now if none is entered", () => {
  const faults = (from: string, until: string) => checkBinding({ ...EMPTY, level: "platform", from, until }, NOW).map(({ path, why }) => `${path} ${why}`);
  assert.deepEqual(faults("", ""), []);
  assert.deepEqual(faults("2026-12-03T00:00:00Z", "2026-12-03T00:00:00Z"), ["effectiveUntil notLater"]);
  assert.deepEqual(faults("2026-12-03T00:00:00Z", "2026-12-03T00:01:00Z"), []);
  assert.deepEqual(faults("", "2026-11-30T00:00:00Z"), ["effectiveUntil past"]);
});
