// The filter of the revenue, as the address of the page has it, and as the API takes it.

import type { RevenueQuery } from "../api/types.ts";
import { dayAfter, isDate, monthAfter } from "../live/days.ts";

export const UNITS = ["day", "month"] as const satisfies readonly NonNullable<RevenueQuery["unit"]>[];
export const GROUPINGS = ["total", "operator", "station"] as const satisfies readonly NonNullable<RevenueQuery["groupBy"]>[];

export interface Filter {
  readonly unit: (typeof UNITS)[number];
  /** The first day; of months, the first day of the first one. */
  readonly from: string;
  /** The last day; of months, a day of the last one. */
  readonly to: string;
  readonly by: (typeof GROUPINGS)[number];
  readonly station: string;
  readonly operator: string;
}

/** The most periods. */
const MOST = { day: 366, month: 120 } as const;

/** The filter of the address. Without days it has the last 30 days, or the last 12 months, until `today`. */
export function read(address: URLSearchParams, today: string): Filter {
  const text = (name: string) => address.get(name)?.trim() ?? "";
  const unit = UNITS.find((name) => name === text("unit")) ?? "day";
  const to = isDate(text("to")) ? text("to") : today;
  const first = unit === "day" ? dayAfter(to, -29) : `${monthAfter(to.slice(0, 7), -11)}-01`;
  const from = isDate(text("from")) ? text("from") : first;
  const by = GROUPINGS.find((name) => name === text("by")) ?? "total";
  return { unit, from: unit === "day" ? from : `${from.slice(0, 7)}-01`, to, by, station: text("station"), operator: text("operator") };
}

/** The parameters of the API, grouped as `by` says. */
export function asQuery({ unit, from, to, station, operator }: Filter, by: Filter["by"]): Pick<RevenueQuery, "unit" | "from" | "until" | "groupBy" | "stationId" | "operatorId"> {
  const until = unit === "day" ? dayAfter(to, 1) : `${monthAfter(to.slice(0, 7), 1)}-01`;
  return {
    unit, from, until, groupBy: by, ...(station === "" ? {} : { stationId: station }), ...(operator === "" ? {} : { operatorId: operator }),
  };
}

/** The first days of all periods, the earliest first. */
export function periodsOf({ unit, from, to }: Filter): string[] {
  const found: string[] = [];
  for (let at = from; at <= to && found.length <= MOST[unit]; at = unit === "day" ? dayAfter(at, 1) : `${monthAfter(at.slice(0, 7), 1)}-01`) found.push(at);
  return found;
}

/** What is wrong with the days; null if nothing is. */
export function fault(filter: Filter): "order" | "length" | null {
  if (filter.from > filter.to) return "order";
  return periodsOf(filter).length > MOST[filter.unit] ? "length" : null;
}
