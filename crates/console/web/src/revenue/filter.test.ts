import assert from "node:assert/strict";
import { test } from "node:test";
import { asQuery, fault, periodsOf, read } from "./filter.ts";

const TODAY = "2026-03-15";
const address = (text: string) => read(new URLSearchParams(text), TODAY);

test("the address becomes parameters of the API, whose last day is not included", () => {
  const filter = address("unit=day&from=2026-02-27&to=2026-03-01&by=station&station=1&operator=op-7");
  assert.deepEqual(asQuery(filter, filter.by), {
    unit: "day", from: "2026-02-27", until: "2026-03-02", groupBy: "station", stationId: "1", operatorId: "op-7",
  });
  assert.deepEqual(periodsOf(filter), ["2026-02-27", "2026-02-28", "2026-03-01"]);
  const months = address("unit=month&from=2025-12-24&to=2026-02-03");
  assert.deepEqual(asQuery(months, "total"), { unit: "month", from: "2025-12-01", until: "2026-03-01", groupBy: "total" });
  assert.deepEqual(periodsOf(months), ["2025-12-01", "2026-01-01", "2026-02-01"]);
});

test("without days, and with unknown words, the last 30 days or 12 months are shown", () => {
  const days = address("unit=week&from=yesterday&by=colour");
  assert.deepEqual([days.unit, days.from, days.to, days.by], ["day", "2026-02-14", TODAY, "total"]);
  assert.equal(periodsOf(days).length, 30);
  const months = address("unit=month");
  assert.deepEqual([months.from, periodsOf(months).length], ["2025-04-01", 12]);
});

test("days in the wrong order and too many periods are faults", () => {
  assert.equal(fault(address("")), null);
  assert.equal(fault(address("from=2026-03-16")), "order");
  assert.equal(fault(address("from=2025-03-15")), null);
  assert.equal(fault(address("from=2025-03-14")), "length");
  assert.equal(fault(address("unit=month&from=2015-03-01")), "length");
});
