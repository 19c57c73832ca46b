import assert from "node:assert/strict";
import { test } from "node:test";
import { sample } from "./groups.ts";

const MINUTE = 60_000;

test("every connector is counted once at each instant, and areas are stacked", () => {
  const to = 20 * MINUTE;
  const lanes = [
    { connectorId: 1, spans: [{ from: 0, to: 7 * MINUTE, status: "Available" }, { from: 7 * MINUTE, to, status: "Charging" }] },
    { connectorId: 2, spans: [{ from: 0, to, status: "Faulted" }] },
    { connectorId: 1, spans: [{ from: 0, to: 10 * MINUTE, status: "Offline" }, { from: 10 * MINUTE, to, status: "SuspendedEV" }] },
  ];
  const { times, counts, stacked, total } = sample(lanes, 0, to);
  assert.deepEqual(times, [0, 300, 600, 900, 1200]);
  assert.deepEqual(counts, { free: [1, 1, 0, 0, 0], busy: [0, 0, 2, 2, 2], out: [1, 1, 1, 1, 1], away: [1, 1, 0, 0, 0] });
  assert.deepEqual(stacked.at(-1), [3, 3, 3, 3, 3]);
  assert.equal(total, 3);
});
