// Prices as the platform's tariffs tell them (crates/domain/src/tariff): money is text, so that nothing is lost of it.

import { Problem, isRecord } from "../api/problem.ts";

export interface Considered {
  readonly bindingId: string;
  readonly level: string;
  readonly tariffId: string;
  readonly outcome: string;
}

export interface PriceAt {
  readonly at: string;
  readonly electricityPrice: string;
  readonly serviceFee: string;
  readonly pricePerKwh: string;
  readonly currency: string;
  readonly kind: string;
  readonly tariffId: string;
  readonly version: number;
  readonly schedule: number;
  readonly band: number;
  readonly considered: readonly Considered[];
}

export interface TimetableRow {
  readonly from: string;
  readonly to: string;
  readonly kind: string;
  readonly electricityPrice: string;
  readonly serviceFee: string;
  readonly pricePerKwh: string;
  readonly currency: string;
}

export function readPrice(said: unknown): PriceAt {
  const from = record(said);
  const considered = Array.isArray(from["considered"]) ? from["considered"].filter(isRecord) : [];
  return {
    at: text(from, "at"), ...rate(from), currency: text(from, "currency"), kind: text(from, "kind"), tariffId: text(from, "tariffId"),
    version: Number(from["version"]), schedule: Number(from["schedule"]), band: Number(from["band"]),
    considered: considered.map((one) => ({ bindingId: text(one, "bindingId"), level: text(one, "level"), tariffId: text(one, "tariffId"), outcome: text(one, "outcome") })),
  };
}

export function readTimetable(said: unknown): TimetableRow[] {
  const rows = record(said)["rows"];
  if (!Array.isArray(rows)) throw Problem.unreachable(null);
  return rows.filter(isRecord).map((row) => ({ from: text(row, "from"), to: text(row, "to"), kind: text(row, "kind"), currency: text(row, "currency"), ...rate(row) }));
}

function rate(from: Record<string, unknown>): Pick<PriceAt, "electricityPrice" | "serviceFee" | "pricePerKwh"> {
  return { electricityPrice: text(from, "electricityPrice"), serviceFee: text(from, "serviceFee"), pricePerKwh: text(from, "pricePerKwh") };
}

function record(said: unknown): Record<string, unknown> {
  if (!isRecord(said)) throw Problem.unreachable(null);
  return said;
}

function text(from: Record<string, unknown>, name: string): string {
  return String(from[name] ?? "");
}
