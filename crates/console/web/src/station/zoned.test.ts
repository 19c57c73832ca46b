import assert from "node:assert/strict";
import { test } from "node:test";
import { clockAt, clockUntil } from "./zoned.ts";

test("clocks are those of the station, whatever the zone of the person who looks", () => {
  assert.equal(clockAt("2026-11-23T07:00:00+08:00"), "07:00");
  assert.equal(clockUntil("2026-11-23T07:00:00-05:00"), "07:00");
});

test("a day begins at 00:00 and ends at 24:00", () => {
  assert.equal(clockAt("2026-11-23T00:00:00+08:00"), "00:00");
  assert.equal(clockUntil("2026-11-24T00:00:00+08:00"), "24:00");
});
