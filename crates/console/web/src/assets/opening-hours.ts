// Opening hours as the form has them, and as the API takes them.

import { limits } from "../../generated/limits.ts";
import type { Station } from "../api/types.ts";
import { type Fault, checkAll } from "../forms/limit.ts";

export interface Period {
  readonly weekday: string;
  readonly from: string;
  readonly to: string;
}

export interface Hours {
  readonly kind: "none" | "always" | "weekly";
  /** The periods of a week; kept while another kind is chosen. */
  readonly periods: readonly Period[];
}

export const WEEKDAYS = limits.OpenPeriod.weekday.choices;
export const MAX_PERIODS = limits.OpeningHours.weekly.maxItems;

export function hoursValues(hours: Station["openingHours"]): Hours {
  if (hours === null || hours === undefined) return { kind: "none", periods: [] };
  return "always" in hours ? { kind: "always", periods: [] } : { kind: "weekly", periods: hours.weekly };
}

export function hoursBody({ kind, periods }: Hours): Record<string, unknown> | null {
  return kind === "none" ? null : kind === "always" ? { always: true } : { weekly: periods };
}

/** The same in a merge patch, which must name the form of opening hours that ends. */
export function hoursPatch(hours: Hours): Record<string, unknown> | null {
  const body = hoursBody(hours);
  return body === null ? null : { always: null, weekly: null, ...body };
}

export function checkHours({ kind, periods }: Hours): Fault[] {
  if (kind !== "weekly") return [];
  if (periods.length === 0) return [{ path: "openingHours", why: "noItem" }];
  if (periods.length > MAX_PERIODS) return [{ path: "openingHours", why: "tooManyItems", limit: MAX_PERIODS }];
  return periods.flatMap((period, at) => {
    const path = periodPath(at);
    const wrong = checkAll(limits.OpenPeriod, { ...period }, `${path}.`);
    if (wrong.length > 0) return wrong;
    if (period.to <= period.from) return [{ path: `${path}.to`, why: "backwards" as const }];
    const earlier = periods.slice(0, at).filter((other) => other.weekday === period.weekday);
    return earlier.some((other) => other.from < period.to && period.from < other.to) ? [{ path: `${path}.from`, why: "overlap" as const }] : [];
  });
}

/** The path of a period in the body. */
export function periodPath(at: number): string {
  return `openingHours.weekly[${at}]`;
}

/** A time as the API takes it, if one can be recognized: `8:00`, `0800` and `８：００` are 08:00. */
export function tidyTime(entered: string): string {
  const text = entered.trim().normalize("NFKC");
  const parts = /^(\d{1,2}):?(\d{2})$/.exec(text);
  return parts === null ? text : `${parts[1]?.padStart(2, "0")}:${parts[2]}`;
}

/** Gives the periods of the first day of the list to every day that has none. */
export function repeated(periods: readonly Period[]): readonly Period[] {
  const [first] = periods;
  const pattern = periods.filter(({ weekday }) => weekday === first?.weekday);
  return WEEKDAYS.flatMap((weekday) => {
    const own = periods.filter((period) => period.weekday === weekday);
    return own.length > 0 ? own : pattern.map((period) => ({ ...period, weekday }));
  });
}
