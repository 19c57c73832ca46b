import assert from "node:assert/strict";
import { test } from "node:test";
import { dateOf, dayAfter, isDate } from "../live/days.ts";
import { lengthOf, preset } from "./period.ts";

test("usual periods end before today", () => {
  assert.deepEqual(preset("last30", "2026-03-01"), { from: "2026-01-30", last: "2026-02-28" });
  assert.deepEqual(preset("thisMonth", "2026-03-15"), { from: "2026-03-01", last: "2026-03-14" });
  assert.deepEqual(preset("thisMonth", "2026-03-01"), { from: "2026-02-01", last: "2026-02-28" });
  assert.deepEqual(preset("lastMonth", "2026-01-31"), { from: "2025-12-01", last: "2025-12-31" });
  assert.deepEqual(preset("last12Months", "2026-03-15"), { from: "2025-03-01", last: "2026-02-28" });
});

test("a period has both of its ends", () => {
  assert.equal(lengthOf({ from: "2026-06-01", last: "2026-06-30" }), 30);
  assert.equal(lengthOf({ from: "2026-06-01", last: "2026-05-31" }), 0);
  assert.equal(lengthOf(preset("last12Months", "2025-02-01")), 366);
});

test("only days of the calendar are days", () => {
  assert.deepEqual(["2026-02-28", "2026-02-29", "2026-2-1", "", "soon"].map(isDate), [true, false, false, false, false]);
  assert.equal(dayAfter("2026-12-31", 1), "2027-01-01");
  assert.equal(dateOf(new Date(2026, 0, 5, 23, 59)), "2026-01-05");
});
