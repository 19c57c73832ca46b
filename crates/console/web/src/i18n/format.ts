// Numbers and times in the format of the language; times are in the zone of this machine.

import { locale, t } from "./language.ts";

const formats = new Map<string, Intl.DateTimeFormat>();

function date(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = locale.value + JSON.stringify(options);
  const known = formats.get(key) ?? new Intl.DateTimeFormat(locale.value, { hourCycle: "h23", ...options });
  formats.set(key, known);
  return known;
}

type When = string | number | Date;

export function clock(when: When): string {
  return date({ hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(new Date(when));
}

export function clockShort(when: When): string {
  return date({ hour: "2-digit", minute: "2-digit" }).format(new Date(when));
}

export function moment(when: When): string {
  return date({ year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(new Date(when));
}

/** The time today, date and time on other days. */
export function brief(when: When): string {
  const at = new Date(when);
  if (at.toDateString() === new Date().toDateString()) return clock(at);
  return date({ month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" }).format(at);
}

export function count(value: number): string {
  return new Intl.NumberFormat(locale.value).format(value);
}

function decimal(value: number, digits: number): string {
  return new Intl.NumberFormat(locale.value, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

/** A value that is truncated to four decimals at most. */
export function percent(value: number): string {
  return `${new Intl.NumberFormat(locale.value, { minimumFractionDigits: 2, maximumFractionDigits: 4 }).format(value)} %`;
}

export function kw(watts: number): string {
  return `${decimal(watts / 1000, 1)} kW`;
}

/** The power of many connectors, in a unit that keeps it short. */
export function power(watts: number): string {
  return watts < 1_000_000 ? kw(watts) : `${decimal(watts / 1_000_000, 1)} MW`;
}

export function ratedKw(kilowatts: number): string {
  return `${new Intl.NumberFormat(locale.value, { maximumFractionDigits: 1 }).format(kilowatts)} kW`;
}

export function kwh(wattHours: number): string {
  return `${decimal(wattHours / 1000, 2)} kWh`;
}

/** The energy of many sessions, in a unit that keeps it short. */
export function energy(wattHours: number): string {
  return wattHours < 10_000_000 ? `${decimal(wattHours / 1000, 1)} kWh` : `${decimal(wattHours / 1_000_000, 1)} MWh`;
}

/** An amount of the API with its currency. */
export function money(amount: string, currency: string): string {
  return `${decimal(Number(amount), (amount.split(".")[1] ?? "").length)} ${currency}`;
}

/** A date of the calendar, YYYY-MM-DD. */
export function day(of: string): string {
  return date({ year: "numeric", month: "2-digit", day: "2-digit" }).format(new Date(`${of}T00:00:00`));
}

/** The month of a date. */
export function month(of: string): string {
  return date({ year: "numeric", month: "long" }).format(new Date(`${of}T00:00:00`));
}

/** A day as a mark of an axis, in the zone of this machine. */
export function dayShort(when: When): string {
  return date({ month: "2-digit", day: "2-digit" }).format(new Date(when));
}

/** A month as a mark of an axis, in the zone of this machine. */
export function monthShort(when: When): string {
  return date({ year: "numeric", month: "2-digit" }).format(new Date(when));
}

export function degrees(value: number): string {
  return value.toFixed(4);
}

export function metres(value: number): string {
  return value < 1000 ? `${Math.round(value)} m` : `${decimal(value / 1000, 1)} km`;
}

export function bytes(value: number): string {
  return value < 1_000_000 ? `${decimal(value / 1000, 1)} kB` : `${decimal(value / 1_000_000, 1)} MB`;
}

export function perSecond(value: number): string {
  return t("unit.perSecond", { n: decimal(value, value < 10 ? 1 : 0) });
}

/** A duration in its two largest units. */
export function duration(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return t("unit.s", { n: s });
  if (s < 3600) return t("unit.minS", { m: Math.floor(s / 60), s: s % 60 });
  if (s < 86_400) return t("unit.hMin", { h: Math.floor(s / 3600), m: Math.floor((s % 3600) / 60) });
  return t("unit.dH", { d: Math.floor(s / 86_400), h: Math.floor((s % 86_400) / 3600) });
}

/** A duration in its largest unit. */
function roughly(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return t("unit.s", { n: s });
  if (s < 3600) return t("unit.min", { n: Math.floor(s / 60) });
  if (s < 86_400) return t("unit.h", { n: Math.floor(s / 3600) });
  return t("unit.d", { n: Math.floor(s / 86_400) });
}

export function ago(when: When, now: number): string {
  const ms = now - new Date(when).getTime();
  return ms < 5_000 ? t("time.now") : t("time.ago", { time: roughly(ms) });
}
