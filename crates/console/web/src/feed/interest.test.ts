import assert from "node:assert/strict";
import { test } from "node:test";
import { type Change, parse } from "./changes.ts";
import { feedQuery, isFollowed } from "./interest.ts";

const TYPES = "charging.issue.opened.v1,charging.issue.changed.v1,charging.issue.closed.v1";
const devices = (...chargePoints: string[]) => ({ chargePoints, issues: false });
const ISSUES = { chargePoints: [], issues: true };

test("one connection follows the charge points and the issues on the screen", () => {
  assert.equal(feedQuery([]), null);
  assert.equal(feedQuery([devices()]), null);
  assert.equal(feedQuery([devices("CP-2"), devices("CP-1", "CP-2")]), "?chargePointId=CP-1%2CCP-2");
  assert.equal(feedQuery([ISSUES, devices()]), `?types=${TYPES}`);
  assert.equal(feedQuery([devices("CP-1"), ISSUES]), `?chargePointId=CP-1&alsoTypes=${TYPES}`);
  assert.equal(feedQuery([devices(...Array.from({ length: 201 }, (_none, at) => `CP-${at}`)), ISSUES]), "");
});

test("changes of issues concern those who follow issues, others those who follow their subject", () => {
  const change = (type: string, subject: string): Change => {
    const change = parse(JSON.stringify({ id: "1-0", type, subject, time: "2026-03-01T09:30:00Z", data: {} }));
    assert.ok(change);
    return change;
  };
  for (const type of TYPES.split(",")) {
    assert.equal(isFollowed(ISSUES, change(type, "0192f0c5")), true, type);
    assert.equal(isFollowed(devices("CP-1"), change(type, "0192f0c5")), false, type);
  }
  const status = change("charging.connector.status_changed.v1", "CP-1");
  assert.deepEqual([devices("CP-1"), devices("CP-2"), ISSUES].map((one) => isFollowed(one, status)), [true, false, false]);
});
