// Sums of periods: in total, and by band for the chart.

import type { PeriodRevenue } from "../api/types.ts";

export const BANDS = ["sharp", "peak", "flat", "valley"] as const;
/** The parts of a bar from its bottom to its top; `rest` is energy without a band, or fees other than for energy. */
export const PARTS = [...BANDS, "rest"] as const;
export type Measure = "energy" | "money";

/** The exact sum of amounts with the digits of one currency. */
export function sum(amounts: readonly string[]): string {
  const digits = Math.max(0, ...amounts.map((text) => (text.split(".")[1] ?? "").length));
  const units = (text: string) => BigInt(text.replace(".", "") + "0".repeat(digits - (text.split(".")[1] ?? "").length));
  const text = amounts.reduce((all, amount) => all + units(amount), 0n).toString().padStart(digits + 1, "0");
  return digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

export interface Whole {
  readonly sessions: number;
  readonly energyWh: number;
  /** The amount with tax in each currency, the one with most sessions first. */
  readonly amounts: readonly (readonly [currency: string, amount: string])[];
}

/** The sum of all rows. */
export function wholeOf(rows: readonly PeriodRevenue[]): Whole {
  const byCurrency = new Map<string, { sessions: number; readonly amounts: string[] }>();
  for (const { sessions, revenue } of rows) {
    if (revenue === null) continue;
    const held = byCurrency.get(revenue.currency) ?? { sessions: 0, amounts: [] };
    held.sessions += sessions;
    held.amounts.push(revenue.totalWithTax.amount);
    byCurrency.set(revenue.currency, held);
  }
  return {
    sessions: rows.reduce((all, row) => all + row.sessions, 0),
    energyWh: rows.reduce((all, row) => all + row.energyWh, 0),
    amounts: [...byCurrency].sort(([, one], [, other]) => other.sessions - one.sessions).map(([currency, { amounts }]) => [currency, sum(amounts)]),
  };
}

/**
 * The parts of each period in the order of `PARTS`: energy in kWh, or money in `currency`; of periods
 * without sessions they are 0.
 */
export function partsOf(rows: readonly PeriodRevenue[], periods: readonly string[], measure: Measure, currency: string): number[][] {
  return PARTS.map((part) => periods.map((startsOn) => {
    const here = rows.filter((row) => row.startsOn === startsOn);
    return here.reduce((all, row) => all + (measure === "energy" ? energyOf(row, part) / 1000 : moneyOf(row, part, currency)), 0);
  }));
}

function energyOf({ energyWh, revenue }: PeriodRevenue, part: (typeof PARTS)[number]): number {
  if (part !== "rest") return revenue?.bands[part].energyWh ?? 0;
  return Math.max(0, energyWh - BANDS.reduce((all, band) => all + (revenue?.bands[band].energyWh ?? 0), 0));
}

function moneyOf({ revenue }: PeriodRevenue, part: (typeof PARTS)[number], currency: string): number {
  if (revenue === null || revenue.currency !== currency) return 0;
  const { sessionFee, chargingTime, occupancy, tax, bands } = revenue;
  const amounts = part === "rest" ? [sessionFee, chargingTime, occupancy, tax] : [bands[part].electricity, bands[part].service];
  return amounts.reduce((all, { amount }) => all + Number(amount), 0);
}

/** The areas of a stacked chart: each includes those before it. */
export function stacked(parts: readonly (readonly number[])[]): number[][] {
  const sums: number[] = [];
  return parts.map((values) => {
    values.forEach((value, at) => {
      sums[at] = (sums[at] ?? 0) + value;
    });
    return [...sums];
  });
}
