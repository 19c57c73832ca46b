import assert from "node:assert/strict";
import { test } from "node:test";
import { type TimetableRow, daysOf, daysOfMonth } from "./calendar-days.ts";

const row = (from: string, to: string, kind: string) => ({ from, to, kind }) as unknown as TimetableRow;

test("a price over midnight is divided there, and every minute of each day is shown once", () => {
  const days = daysOf({
    first: "2026-11-30", last: "2026-12-02",
    rows: [row("2026-11-30T07:00:00+08:00", "2026-11-30T23:00:00+08:00", "flat"), row("2026-11-30T23:00:00+08:00", "2026-12-03T00:00:00+08:00", "valley")],
    unpriced: [{ from: "2026-11-30T00:00:00+08:00", to: "2026-11-30T07:00:00+08:00" }],
  });
  assert.deepEqual(days.map(({ date, segments }) => [date, segments.map(({ from, to, row: of }) => `${from}-${to} ${of?.kind ?? "none"}`)]), [
    ["2026-11-30", ["0-420 none", "420-1380 flat", "1380-1440 valley"]], ["2026-12-01", ["0-1440 valley"]], ["2026-12-02", ["0-1440 valley"]],
  ]);
});

test("months have their days", () => {
  assert.deepEqual(["2026-02", "2028-02", "2026-12", "2026-11"].map((month) => daysOfMonth(month).days), [28, 29, 31, 30]);
  assert.equal(daysOfMonth("2026-02").date, "2026-02-01");
});
