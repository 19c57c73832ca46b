// Holidays that are added as a range of dates.

import type { Complaint } from "../forms/limit.ts";
import { dayAfter } from "../live/days.ts";

/** The longest time that is added as holidays at once, in days. */
const LONGEST_DAYS = 31;

/** Why the range through `last` cannot be added; null if it can. An empty `last` is `first`. */
export function rangeFault(first: string, last: string): Complaint | null {
  if (first === "" || last === "") return null;
  if (last < first) return { why: "backwardsDates" };
  return last > dayAfter(first, LONGEST_DAYS - 1) ? { why: "tooManyDays", limit: LONGEST_DAYS } : null;
}

/** The holidays with those of a valid range, each once and in order. */
export function withRange(holidays: readonly string[], first: string, last: string): string[] {
  const dates = new Set([...holidays, first]);
  for (let date = first; date < last; dates.add(date)) date = dayAfter(date, 1);
  return [...dates].sort();
}
