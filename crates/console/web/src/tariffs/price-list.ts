// A price list as it is edited: every value is text, so that an unfinished one can be entered, and
// the check of the API reports it at its place.

import { limits } from "../../generated/limits.ts";
import type { PriceList } from "../api/types.ts";
import { same } from "../forms/merge.ts";
import { dayAfter } from "../live/days.ts";

export const KINDS = ["sharp", "peak", "flat", "valley"] as const;
export const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"] as const;
/** The largest numbers of items that the API takes. */
export const MOST = {
  schedules: limits.PriceList.schedules.maxItems, holidays: limits.PriceList.holidays.maxItems, bands: limits.Schedule.bands.maxItems,
  seasons: limits.Schedule.seasons.maxItems, tiers: limits.Band.tiers.maxItems,
} as const;

export interface Rates {
  readonly electricityPrice: string;
  readonly serviceFee: string;
}

export interface Tier extends Rates {
  /** In Wh. */
  readonly aboveWh: string;
}

export interface Band extends Rates {
  readonly from: string;
  readonly to: string;
  readonly kind: string;
  readonly tiers: readonly Tier[];
}

export interface Season {
  readonly from: string;
  readonly to: string;
}

export interface Schedule {
  readonly seasons: readonly Season[];
  readonly weekdays: readonly string[];
  /** Only on holidays, only on other dates, or on both. */
  readonly holiday: "only" | "never" | "any";
  readonly bands: readonly Band[];
}

export interface Prices {
  readonly timeZone: string;
  /** Empty: there is none. */
  readonly taxPercent: string;
  /** Empty: there is none. */
  readonly sessionFee: string;
  readonly chargingTime: { readonly pricePerMinute: string; readonly basis: string } | null;
  readonly occupancy: { readonly pricePerMinute: string; readonly graceMinutes: string; readonly cap: string } | null;
  readonly holidays: readonly string[];
  readonly schedules: readonly Schedule[];
}

/** The prices with which the first draft of a tariff begins: one band through all days. */
export function blank(timeZone: string): Prices {
  const bands = [{ from: "00:00", to: "24:00", kind: "flat", electricityPrice: "", serviceFee: "", tiers: [] }];
  return {
    timeZone, taxPercent: "", sessionFee: "", chargingTime: null, occupancy: null, holidays: [],
    schedules: [{ seasons: [], weekdays: [], holiday: "any", bands }],
  };
}

/** The prices of the API as they are edited. */
export function edited(list: PriceList): Prices {
  const { timeZone, taxPercent, sessionFee, chargingTime, occupancy, holidays, schedules } = list;
  return {
    timeZone, taxPercent: taxPercent ?? "", sessionFee: sessionFee ?? "", holidays: holidays ?? [],
    chargingTime: chargingTime === null || chargingTime === undefined ? null : { pricePerMinute: chargingTime.pricePerMinute, basis: chargingTime.basis },
    occupancy: occupancy === null || occupancy === undefined ? null : { pricePerMinute: occupancy.pricePerMinute, graceMinutes: String(occupancy.graceMinutes), cap: occupancy.cap ?? "" },
    schedules: schedules.map(({ seasons, weekdays, holiday, bands }) => ({
      seasons: seasons ?? [],
      weekdays: weekdays ?? [],
      holiday: holiday === true ? "only" : holiday === false ? "never" : "any",
      bands: bands.map(({ tiers, ...band }) => ({ ...band, tiers: (tiers ?? []).map((tier) => ({ ...tier, aboveWh: String(tier.aboveWh) })) })),
    })),
  };
}

/**
 * The prices as the API reads them: what is empty is absent, and a number that is none is -1, which
 * its check reports. The names of each part are in one order, so that equal prices are equal texts.
 */
export function sent(prices: Prices): PriceList {
  const { timeZone, taxPercent, sessionFee, chargingTime, occupancy, holidays, schedules } = prices;
  const list = {
    timeZone,
    ...(holidays.length === 0 ? {} : { holidays }),
    schedules: schedules.map(({ seasons, weekdays, holiday, bands }) => ({
      ...(seasons.length === 0 ? {} : { seasons: seasons.map(({ from, to }) => ({ from, to })) }),
      ...(weekdays.length === 0 ? {} : { weekdays }),
      ...(holiday === "any" ? {} : { holiday: holiday === "only" }),
      bands: bands.map(sentBand),
    })),
    ...(sessionFee === "" ? {} : { sessionFee }),
    ...(chargingTime === null ? {} : { chargingTime: { pricePerMinute: chargingTime.pricePerMinute, basis: chargingTime.basis } }),
    ...(occupancy === null ? {} : { occupancy: { pricePerMinute: occupancy.pricePerMinute, graceMinutes: whole(occupancy.graceMinutes), ...(occupancy.cap === "" ? {} : { cap: occupancy.cap }) } }),
    ...(taxPercent === "" ? {} : { taxPercent }),
  };
  // Names of kinds and days are not checked here but by the API.
  return list as PriceList;
}

function sentBand({ from, to, kind, electricityPrice, serviceFee, tiers }: Band) {
  const above = tiers.map((tier) => ({ aboveWh: whole(tier.aboveWh), electricityPrice: tier.electricityPrice, serviceFee: tier.serviceFee }));
  return { from, to, kind, electricityPrice, serviceFee, ...(above.length === 0 ? {} : { tiers: above }) };
}

function whole(text: string): number {
  return /^\d{1,12}$/.test(text.trim()) ? Number(text) : -1;
}

/** The day of the week of a date, YYYY-MM-DD. */
export function weekdayOf(date: string): string {
  return WEEKDAYS[(new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7] ?? "Monday";
}

/** The Monday of the week of a date. */
export function mondayOf(date: string): string {
  return dayAfter(date, -WEEKDAYS.indexOf(weekdayOf(date) as (typeof WEEKDAYS)[number]));
}

function within({ from, to }: Season, day: string): boolean {
  return from <= to ? from <= day && day <= to : from <= day || day <= to;
}

/** The index of the schedule that applies on a date: the first whose conditions all hold. */
export function scheduleOn({ schedules, holidays }: Prices, date: string): number {
  const isHoliday = holidays.includes(date);
  const found = schedules.findIndex(({ seasons, weekdays, holiday }) =>
    (seasons.length === 0 || seasons.some((season) => within(season, date.slice(5))))
    && (weekdays.length === 0 || weekdays.includes(weekdayOf(date)))
    && (holiday === "any" || isHoliday === (holiday === "only")));
  return found < 0 ? schedules.length - 1 : found;
}

/** The indexes of the schedules that are not the same in all of the lists. */
export function differing(...lists: readonly (readonly Schedule[])[]): number[] {
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_none, index) => index).filter((index) => lists.some((list) => !same(list[index], lists[0]?.[index])));
}

/** The sum of two prices, exact; null if one of them is not a price. */
export function sumOf({ electricityPrice, serviceFee }: Rates): string | null {
  const parts = [electricityPrice, serviceFee].map((text) => (/^\d{1,9}(\.\d{1,6})?$/.test(text) ? text : null));
  const [one, other] = parts;
  if (one === null || other === null || one === undefined || other === undefined) return null;
  const digits = Math.max(...[one, other].map((text) => (text.split(".")[1] ?? "").length));
  const units = (text: string) => BigInt(text.replace(".", "") + "0".repeat(digits - (text.split(".")[1] ?? "").length));
  const sum = (units(one) + units(other)).toString().padStart(digits + 1, "0");
  return digits === 0 ? sum : `${sum.slice(0, -digits)}.${sum.slice(-digits)}`;
}

/** The list with the item at `index` replaced. */
export function replaced<T>(list: readonly T[], index: number, item: T): T[] {
  return list.map((one, at) => (at === index ? item : one));
}

/** The list without the item at `index`. */
export function without<T>(list: readonly T[], index: number): T[] {
  return list.filter((_one, at) => at !== index);
}

/** The list with the item at `index` moved by one place; the same if there is none. */
export function moved<T>(list: readonly T[], index: number, by: -1 | 1): T[] {
  const item = list[index];
  const to = index + by;
  if (item === undefined || to < 0 || to >= list.length) return [...list];
  return without(list, index).toSpliced(to, 0, item);
}
