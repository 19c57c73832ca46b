import assert from "node:assert/strict";
import { test } from "node:test";
import { clockAt, clockUntil } from "./zoned.ts";

const ZONE = "Asia/Shanghai";

test("times are in the zone of the station, whatever the offset of the instant", () => {
  assert.equal(clockAt("2026-11-23T07:00:00+08:00", ZONE), "07:00");
  assert.equal(clockAt("2026-11-22T23:00:00Z", ZONE), "07:00");
  assert.equal(clockUntil("2026-11-23T07:00:00Z", "America/New_York"), "02:00");
});

test("a day begins at 00:00 and ends at 24:00", () => {
  assert.equal(clockAt("2026-11-22T16:00:00Z", ZONE), "00:00");
  assert.equal(clockUntil("2026-11-24T00:00:00+08:00", ZONE), "24:00");
});
