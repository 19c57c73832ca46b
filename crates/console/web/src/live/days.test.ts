import assert from "node:assert/strict";
import { test } from "node:test";
import { dateOf, dayAfter, isDate, isMonth, monthAfter, monthOf } from "./days.ts";

test("days and months continue over the ends of months and years", () => {
  assert.deepEqual([dayAfter("2026-02-28", 1), dayAfter("2026-01-01", -1)], ["2026-03-01", "2025-12-31"]);
  assert.deepEqual([monthAfter("2026-12", 1), monthAfter("2026-01", -1)], ["2027-01", "2025-12"]);
  assert.equal(dateOf(new Date(2026, 2, 1, 23, 59)), "2026-03-01");
});

test("the first hour of a month is in it wherever the machine is", () => {
  const zone = process.env["TZ"];
  try {
    for (const [name, offset] of [["Asia/Shanghai", 8], ["UTC", 0], ["America/Los_Angeles", -8]] as const) {
      process.env["TZ"] = name;
      const midnight = new Date(Date.UTC(2026, 11, 1) - offset * 3_600_000);
      assert.deepEqual([dateOf(midnight), monthOf(midnight)], ["2026-12-01", "2026-12"], name);
    }
  } finally {
    if (zone === undefined) delete process.env["TZ"];
    else process.env["TZ"] = zone;
  }
});

test("a date must exist", () => {
  assert.deepEqual(["2026-02-28", "2026-02-30", "2026-2-3", "", "yesterday"].map(isDate), [true, false, false, false, false]);
});

test("a month has four digits of the year and two of the month, from 1970 to 2099", () => {
  assert.deepEqual(["1970-01", "2099-12"].map(isMonth), [true, true]);
  assert.deepEqual(["2026-13", "2026-1", "2026/11", "November 2026", "0002-03", "2100-01", ""].filter(isMonth), []);
});
