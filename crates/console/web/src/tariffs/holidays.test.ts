import assert from "node:assert/strict";
import { test } from "node:test";
import { rangeFault, withRange } from "./holidays.ts";

test("a range is refused if it is reversed or longer than 31 days", () => {
  const why = (first: string, last: string) => rangeFault(first, last)?.why ?? null;
  assert.deepEqual([why("2027-10-01", ""), why("2027-10-01", "2027-10-01"), why("", "2027-10-01")], [null, null, null]);
  assert.equal(why("2027-10-02", "2027-10-01"), "backwardsDates");
  assert.deepEqual([why("2027-01-01", "2027-01-31"), why("2027-01-01", "2027-02-01")], [null, "tooManyDays"]);
});

test("each date of a range is added once and in order", () => {
  assert.deepEqual(withRange(["2027-10-02", "2027-12-01"], "2027-09-30", "2027-10-02"), ["2027-09-30", "2027-10-01", "2027-10-02", "2027-12-01"]);
  assert.deepEqual(withRange([], "2027-10-01", ""), ["2027-10-01"]);
});
