// The prices of a timetable, day by day.

import type { Timetable } from "../api/types.ts";
import { dayAfter } from "../live/days.ts";
import { DAY, minuteOf } from "./bands.ts";

export type TimetableRow = Timetable["rows"][number];

/** A part of a day with one price; `row` is null where no tariff applies. */
export interface Segment {
  readonly from: number;
  readonly to: number;
  readonly row: TimetableRow | null;
}

export interface CalendarDay {
  readonly date: string;
  readonly segments: readonly Segment[];
}

/** The date and the minute of an instant that is written in local time. */
function local(text: string): readonly [date: string, minute: number] {
  return [text.slice(0, 10), minuteOf(text.slice(11, 16)) ?? 0];
}

/** The days of a timetable in order; a price that continues over midnight is divided there. */
export function daysOf({ first, last, rows, unpriced }: Pick<Timetable, "first" | "last" | "rows" | "unpriced">): CalendarDay[] {
  const byDate = new Map<string, Segment[]>();
  for (let date = first; date <= last; date = dayAfter(date, 1)) byDate.set(date, []);
  const parts = [...rows.map((row) => ({ from: row.from, to: row.to, row })), ...unpriced.map(({ from, to }) => ({ from, to, row: null }))];
  for (const { from, to, row } of parts) {
    const [begin, start] = local(from);
    const [end, stop] = local(to);
    for (let date = begin; date <= end; date = dayAfter(date, 1)) {
      const segment = { from: date === begin ? start : 0, to: date === end ? stop : DAY, row };
      if (segment.from < segment.to) byDate.get(date)?.push(segment);
    }
  }
  return [...byDate].map(([date, segments]) => ({ date, segments: segments.sort((one, other) => one.from - other.from) }));
}

/** A month, YYYY-MM, as its first date and its number of days. */
export function daysOfMonth(month: string): { readonly date: string; readonly days: number } {
  const [year = 1970, number = 1] = month.split("-").map(Number);
  return { date: `${month}-01`, days: new Date(Date.UTC(year, number, 0)).getUTCDate() };
}
