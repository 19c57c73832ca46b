import assert from "node:assert/strict";
import { test } from "node:test";
import type { PriceList } from "../api/types.ts";
import { type Prices, type Schedule, blank, differing, edited, mondayOf, moved, scheduleOn, sent, sumOf, weekdayOf } from "./price-list.ts";

const LIST = {
  timeZone: "Asia/Shanghai",
  holidays: ["2026-10-01"],
  schedules: [
    { seasons: [{ from: "07-01", to: "08-31" }], weekdays: ["Monday"], holiday: false, bands: [{ from: "23:00", to: "07:00", kind: "valley", electricityPrice: "0.3158", serviceFee: "0.80" }, { from: "07:00", to: "23:00", kind: "sharp", electricityPrice: "1.2345", serviceFee: "0.80" }] },
    { bands: [{ from: "00:00", to: "24:00", kind: "flat", electricityPrice: "0.7055", serviceFee: "0.80", tiers: [{ aboveWh: 20_000, electricityPrice: "0.9", serviceFee: "0.8" }] }] },
  ],
  sessionFee: "1",
  chargingTime: { pricePerMinute: "0.1", basis: "energyFlow" },
  occupancy: { pricePerMinute: "0.5", graceMinutes: 15, cap: "50" },
  taxPercent: "13",
} as PriceList;

test("a price list that is only opened is sent unchanged", () => {
  assert.deepEqual(sent(edited(LIST)), LIST);
  const { timeZone, schedules } = LIST;
  assert.deepEqual(sent(edited({ timeZone, schedules })), { timeZone, schedules });
});

test("schedules that differ in one of several lists are found, also those that one of them lacks", () => {
  const [first, last] = edited(LIST).schedules as [Schedule, Schedule];
  assert.deepEqual(differing([first, last], [first, last], edited(LIST).schedules), []);
  assert.deepEqual(differing([first, last], [first, { ...last, holiday: "only" }], [first, last]), [1]);
  assert.deepEqual(differing([first, last], [first, last], [first]), [1]);
  assert.deepEqual(differing([first], [first], [last, first, first]), [0, 1, 2]);
});

test("an unfinished number is sent as one that the check refuses", () => {
  const prices = edited(LIST);
  const occupancy = sent({ ...prices, occupancy: { pricePerMinute: "0.5", graceMinutes: "", cap: "" } }).occupancy;
  assert.deepEqual(occupancy, { pricePerMinute: "0.5", graceMinutes: -1 });
});

test("the first schedule whose conditions hold applies", () => {
  const base = blank("Asia/Shanghai");
  const [free] = base.schedules;
  assert.ok(free !== undefined);
  const schedule = (conditions: Partial<Schedule>): Schedule => ({ ...free, ...conditions });
  const prices: Prices = {
    ...base,
    holidays: ["2026-10-01", "2026-12-25"],
    schedules: [
      schedule({ holiday: "only" }), schedule({ seasons: [{ from: "12-01", to: "02-29" }], holiday: "never" }),
      schedule({ weekdays: ["Saturday", "Sunday"] }), free,
    ],
  };
  assert.deepEqual(["2026-10-01", "2026-12-25", "2026-12-24", "2027-01-02", "2026-10-03", "2026-10-05"].map((date) => scheduleOn(prices, date)), [0, 0, 1, 1, 2, 3]);
});

test("weeks begin on Monday", () => {
  assert.equal(weekdayOf("2026-11-30"), "Monday");
  assert.deepEqual(["2026-11-30", "2026-12-06", "2026-12-07"].map(mondayOf), ["2026-11-30", "2026-11-30", "2026-12-07"]);
});

test("prices are added exactly", () => {
  const sum = (electricityPrice: string, serviceFee: string) => sumOf({ electricityPrice, serviceFee });
  assert.equal(sum("0.1", "0.2"), "0.3");
  assert.equal(sum("0.3158", "0.80"), "1.1158");
  assert.equal(sum("999999999.999999", "0.000001"), "1000000000.000000");
  assert.equal(sum("1", "2"), "3");
  assert.deepEqual([sum("", "1"), sum("1,5", "1"), sum("-1", "1")], [null, null, null]);
});

test("a schedule moves by one place, and not beyond the ends", () => {
  assert.deepEqual(moved([1, 2, 3], 0, 1), [2, 1, 3]);
  assert.deepEqual(moved([1, 2, 3], 2, 1), [1, 2, 3]);
  assert.deepEqual(moved([1, 2, 3], 0, -1), [1, 2, 3]);
});

test("equal prices are equal texts, in whatever order their names are", () => {
  const band = { from: "00:00", to: "24:00", kind: "flat", electricityPrice: "0.9", serviceFee: "0.1", tiers: [{ aboveWh: "1000", electricityPrice: "1", serviceFee: "0" }] };
  const turned = <T extends object>(value: T): T => Object.fromEntries(Object.entries(value).reverse()) as T;
  const prices = blank("Asia/Shanghai");
  const [schedule] = prices.schedules;
  assert.ok(schedule !== undefined);
  const of = (one: typeof band) => JSON.stringify(sent({ ...prices, schedules: [{ ...schedule, seasons: [turned({ from: "01-01", to: "02-01" })], bands: [one] }] }));
  assert.equal(of({ ...turned(band), tiers: band.tiers.map(turned) }), of(band));
});
