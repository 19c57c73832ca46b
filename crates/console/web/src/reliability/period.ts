// Periods of whole days, as `YYYY-MM-DD`.

import { dayAfter } from "../live/days.ts";

export interface Period {
  readonly from: string;
  /** The last day, which is a part of the period. */
  readonly last: string;
}

/** The number of days of a period; 0 or less if it is reversed. */
export function lengthOf({ from, last }: Period): number {
  return (Date.parse(`${last}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000 + 1;
}

export const PRESETS = ["last30", "thisMonth", "lastMonth", "last12Months"] as const;
export type Preset = (typeof PRESETS)[number];

/** A usual period. It ends with yesterday, because `today` has not ended. */
export function preset(name: Preset, today: string): Period {
  const yesterday = dayAfter(today, -1);
  switch (name) {
    case "last30":
      return { from: dayAfter(today, -30), last: yesterday };
    case "thisMonth":
      return { from: firstOfMonth(yesterday), last: yesterday };
    case "lastMonth": {
      const last = dayAfter(firstOfMonth(today), -1);
      return { from: firstOfMonth(last), last };
    }
    case "last12Months": {
      const last = dayAfter(firstOfMonth(today), -1);
      return { from: `${Number(today.slice(0, 4)) - 1}-${today.slice(5, 7)}-01`, last };
    }
  }
}

function firstOfMonth(day: string): string {
  return `${day.slice(0, 7)}-01`;
}
