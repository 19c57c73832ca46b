// Periods of whole days, as `YYYY-MM-DD`.

/** The most days that the API adds up. */
export const MOST_DAYS = 1_100;

export interface Period {
  readonly from: string;
  /** The last day, which is a part of the period. */
  readonly last: string;
}

/** The date of an instant by the clock of this machine. */
export function dateOf(at: Date): string {
  const two = (part: number) => String(part).padStart(2, "0");
  return `${String(at.getFullYear()).padStart(4, "0")}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** Whether a text is a day of the calendar. */
export function isDay(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)) && addDays(text, 0) === text;
}

export function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** The number of days of a period; 0 or less if it is reversed. */
export function lengthOf({ from, last }: Period): number {
  return (Date.parse(`${last}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000 + 1;
}

export const PRESETS = ["last30", "thisMonth", "lastMonth", "last12Months"] as const;
export type Preset = (typeof PRESETS)[number];

/** A usual period. It ends with yesterday, because `today` has not ended. */
export function preset(name: Preset, today: string): Period {
  const yesterday = addDays(today, -1);
  switch (name) {
    case "last30":
      return { from: addDays(today, -30), last: yesterday };
    case "thisMonth":
      return { from: firstOfMonth(yesterday), last: yesterday };
    case "lastMonth": {
      const last = addDays(firstOfMonth(today), -1);
      return { from: firstOfMonth(last), last };
    }
    case "last12Months": {
      const last = addDays(firstOfMonth(today), -1);
      return { from: `${Number(today.slice(0, 4)) - 1}-${today.slice(5, 7)}-01`, last };
    }
  }
}

function firstOfMonth(day: string): string {
  return `${day.slice(0, 7)}-01`;
}
