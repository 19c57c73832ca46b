import assert from "node:assert/strict";
import { test } from "node:test";
import type { PeriodRevenue } from "../api/types.ts";
import { partsOf, stacked, sum, wholeOf } from "./sums.ts";

const money = (amount: string) => ({ amount, currency: "CNY" as const });
const band = (energyWh: number, electricity: string, service: string) => ({ energyWh, electricity: money(electricity), service: money(service) });

/** 3 kWh, of which 1 in a peak band for 1.83, and 2 in a valley band for 1.91; fees of 1.50. */
const priced = (startsOn: string): PeriodRevenue => ({
  startsOn, operatorId: null, stationId: null, sessions: 2, energyWh: 3_000,
  revenue: {
    currency: "CNY", bands: { sharp: band(0, "0.00", "0.00"), peak: band(1_000, "1.03", "0.80"), flat: band(0, "0.00", "0.00"), valley: band(2_000, "0.31", "1.60") },
    electricity: money("1.34"), service: money("2.40"), sessionFee: money("1.00"), chargingTime: money("0.00"), occupancy: money("0.50"),
    total: money("5.24"), tax: money("0.00"), totalWithTax: money("5.24"),
  },
});
const unpriced: PeriodRevenue = { startsOn: "2026-03-02", operatorId: null, stationId: null, sessions: 1, energyWh: 500, revenue: null };

test("amounts are added exactly", () => {
  assert.equal(sum(["0.10", "0.20", "123456789012345.67"]), "123456789012345.97");
  assert.deepEqual([sum(["5", "7"]), sum([]), sum(["0.05"])], ["12", "0", "0.05"]);
});

test("the sum of all rows has an amount for each currency", () => {
  const rows = [priced("2026-03-01"), priced("2026-03-02"), unpriced];
  assert.deepEqual(wholeOf(rows), { sessions: 5, energyWh: 6_500, amounts: [["CNY", "10.48"]] });
  assert.deepEqual(wholeOf([]), { sessions: 0, energyWh: 0, amounts: [] });
});

test("the parts of each period are its bands and the rest, and 0 without sessions", () => {
  const rows = [unpriced, priced("2026-03-01")];
  const periods = ["2026-02-28", "2026-03-01", "2026-03-02"];
  assert.deepEqual(partsOf(rows, periods, "energy", "CNY"), [[0, 0, 0], [0, 1, 0], [0, 0, 0], [0, 2, 0], [0, 0, 0.5]]);
  const cents = partsOf(rows, periods, "money", "CNY").map((values) => values.map((value) => Math.round(value * 100)));
  assert.deepEqual(cents, [[0, 0, 0], [0, 183, 0], [0, 0, 0], [0, 191, 0], [0, 150, 0]]);
  assert.deepEqual(partsOf(rows, periods, "money", "EUR").flat().every((value) => value === 0), true);
});

test("stacked areas include those before them", () => {
  assert.deepEqual(stacked([[1, 2], [0, 3], [4, 0]]), [[1, 2], [1, 5], [5, 5]]);
});
