// The bands of a day: where they lie, and edits that keep each minute in exactly one of them.

import type { Band } from "./price-list.ts";
import { replaced, without } from "./price-list.ts";

/** The minutes of a day. */
export const DAY = 1_440;
/** The steps of an edge, in minutes: of dragging and the arrow keys, of Shift, and of Page Up and Down. */
export const STEP = 15;
export const FINE_STEP = 1;
export const COARSE_STEP = 60;

/** The minute of a day, 0 to 1440; null if the text is not one. */
export function minuteOf(text: string): number | null {
  if (text === "24:00") return DAY;
  const parts = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text);
  return parts === null ? null : Number(parts[1]) * 60 + Number(parts[2]);
}

/** A minute of a day as text. */
export function clockOf(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
}

/** A part of a day that a band covers; a band over midnight has two. */
export interface Part {
  readonly band: number;
  readonly from: number;
  readonly to: number;
}

/** The parts of all bands with valid times, by their beginning. */
export function partsOf(bands: readonly Band[]): Part[] {
  const parts = bands.flatMap(({ from, to }, band) => {
    const [begin, end] = [minuteOf(from), minuteOf(to)];
    if (begin === null || end === null || begin === end || begin === DAY) return [];
    if (begin < end) return [{ band, from: begin, to: end }];
    return [{ band, from: 0, to: end }, { band, from: begin, to: DAY }].filter((part) => part.from < part.to);
  });
  return parts.sort((one, other) => one.from - other.from || one.to - other.to);
}

/** The times that no band covers. */
export function gapsOf(bands: readonly Band[]): { readonly from: number; readonly to: number }[] {
  const gaps = [];
  let covered = 0;
  for (const { from, to } of [...partsOf(bands), { from: DAY, to: DAY }]) {
    if (covered < from) gaps.push({ from: covered, to: from });
    covered = Math.max(covered, to);
  }
  return gaps;
}

/** A minute at which one band ends and another begins, and the minutes to which it can be moved. */
export interface Edge {
  readonly at: number;
  readonly before: number;
  readonly after: number;
  readonly least: number;
  readonly most: number;
}

export function edgesOf(bands: readonly Band[]): Edge[] {
  const parts = partsOf(bands);
  return parts.flatMap((part, index) => {
    const next = parts[index + 1];
    if (next === undefined || next.from !== part.to || next.band === part.band) return [];
    return [{ at: part.to, before: part.band, after: next.band, least: part.from + FINE_STEP, most: next.to - FINE_STEP }];
  });
}

/** The bands after the edge at `at` was moved to `to`, or as near as it can be. */
export function moveEdge(bands: readonly Band[], at: number, to: number): readonly Band[] {
  const edge = edgesOf(bands).find((one) => one.at === at);
  if (edge === undefined) return bands;
  const minute = Math.min(edge.most, Math.max(edge.least, to));
  const [before, after] = [bands[edge.before], bands[edge.after]];
  if (before === undefined || after === undefined) return bands;
  return replaced(replaced(bands, edge.before, { ...before, to: clockOf(minute) }), edge.after, { ...after, from: clockOf(minute) });
}

/** The minute nearest to `minute` on the grid of dragging. */
export function snapped(minute: number): number {
  return Math.round(minute / STEP) * STEP;
}

/** The bands after the one at `index` was divided into two with equal prices. */
export function split(bands: readonly Band[], index: number): readonly Band[] {
  const band = bands[index];
  if (band === undefined) return bands;
  const [from, to] = [minuteOf(band.from), minuteOf(band.to)];
  if (from === null || to === null) return bands;
  const length = from < to ? to - from : DAY - from + to;
  if (length < 2) return bands;
  const half = from + (length < 2 * STEP ? Math.floor(length / 2) : snapped(length / 2));
  // An edge at midnight is the end of a day for one band, and the beginning for the other.
  const [end, begin] = half === DAY ? ["24:00", "00:00"] : [clockOf(half % DAY), clockOf(half % DAY)];
  return bands.toSpliced(index, 1, { ...band, to: end }, { ...band, from: begin });
}

/** The bands without the one at `index`, whose time the band before it takes, or else the one after it. */
export function remove(bands: readonly Band[], index: number): readonly Band[] {
  const band = bands[index];
  if (band === undefined || bands.length === 1) return bands;
  const rest = without(bands, index);
  const same = (one: string, other: string) => one === other || (one === "24:00" && other === "00:00");
  const before = rest.findIndex((one) => same(one.to, band.from));
  const after = rest.findIndex((one) => same(band.to, one.from));
  if (rest.length === 1) return [{ ...rest[0], from: "00:00", to: "24:00" } as Band];
  const [taker, at] = [rest[before] ?? rest[after], before >= 0 ? before : after];
  if (taker === undefined) return rest;
  return replaced(rest, at, before >= 0 ? { ...taker, to: band.to } : { ...taker, from: band.from });
}

/** The bands with another one, in the first time that no band covers; at the end if there is none. */
export function add(bands: readonly Band[]): readonly Band[] {
  const gap = gapsOf(bands)[0];
  const like = bands.at(-1);
  const band = { kind: like?.kind ?? "flat", electricityPrice: like?.electricityPrice ?? "", serviceFee: like?.serviceFee ?? "", tiers: [] };
  return [...bands, { ...band, from: gap === undefined ? "" : clockOf(gap.from), to: gap === undefined ? "" : clockOf(gap.to) }];
}
