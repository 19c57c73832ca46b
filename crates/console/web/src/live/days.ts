// Calendar days and months, without a zone: YYYY-MM-DD and YYYY-MM.

/** The date of an instant in the zone of this machine. */
export function dateOf(at: Date): string {
  const two = (part: number) => String(part).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** The month of an instant in the zone of this machine. */
export function monthOf(at: Date): string {
  return dateOf(at).slice(0, 7);
}

/** A date that is `days` later. */
export function dayAfter(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** The month that is `by` later. */
export function monthAfter(month: string, by: number): string {
  const [year = 1970, number = 1] = month.split("-").map(Number);
  return new Date(Date.UTC(year, number - 1 + by, 1)).toISOString().slice(0, 7);
}

/** Whether `text` is a month for which the API has prices and sums. */
export function isMonth(text: string): boolean {
  return /^(19[7-9]\d|20\d\d)-(0[1-9]|1[0-2])$/.test(text);
}

/** Whether `text` is a date of the calendar. */
export function isDate(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(`${text}T00:00:00Z`)) && dayAfter(text, 0) === text;
}
