// Sums and ratios of the reliability ledger, as docs/reliability.md has them.

import type { ReliabilityTotal } from "../api/types.ts";
import type { Profile, Sort } from "./filter.ts";

/** The seconds and counts of a total. */
export interface Tally {
  readonly up: number;
  readonly faulted: number;
  readonly unavailable: number;
  readonly offline: number;
  readonly unknown: number;
  readonly excluded: number;
  readonly failures: number;
  readonly repairs: number;
  /** How long the failures that ended had lasted. */
  readonly repairS: number;
  readonly starts: number;
  readonly charging: number;
}

/** The parts of time; each second is in one of them. */
export const PARTS = ["up", "faulted", "unavailable", "offline", "unknown", "excluded"] as const satisfies readonly (keyof Tally)[];

const NOTHING: Tally = { up: 0, faulted: 0, unavailable: 0, offline: 0, unknown: 0, excluded: 0, failures: 0, repairs: 0, repairS: 0, starts: 0, charging: 0 };

export function tallyOf(total: ReliabilityTotal): Tally {
  const { maintenance, grid, vandalism, thirdParty } = total.excludedS;
  return {
    up: total.upS, faulted: total.faultedS, unavailable: total.unavailableS, offline: total.offlineS, unknown: total.unknownS,
    excluded: maintenance + grid + vandalism + thirdParty, failures: total.failures, repairs: total.repairs,
    repairS: (total.meanTimeToRepairS ?? 0) * total.repairs, starts: total.startsAccepted, charging: total.startsCharging,
  };
}

export function sum(tallies: readonly Tally[]): Tally {
  const names = Object.keys(NOTHING) as (keyof Tally)[];
  return tallies.reduce((all, one) => Object.fromEntries(names.map((name) => [name, all[name] + one[name]])) as unknown as Tally, NOTHING);
}

export function down({ faulted, unavailable, offline }: Tally): number {
  return faulted + unavailable + offline;
}

export function wholeTime(tally: Tally): number {
  return PARTS.reduce((all, part) => all + tally[part], 0);
}

/** A part of a whole, in the same unit. */
export interface Ratio {
  readonly part: number;
  readonly whole: number;
}

/** The uptime by the rules of a profile, in seconds of counted seconds. */
export function uptime(tally: Tally, profile: Profile): Ratio {
  if (profile === "availability") return { part: tally.up, whole: tally.up + down(tally) };
  const whole = wholeTime(tally);
  return { part: whole - down(tally) - tally.unknown, whole };
}

/** In percent, truncated to four decimals as in the API, so that 96.99996 does not pass for 97; null of nothing. */
export function percentOf({ part, whole }: Ratio): number | null {
  return whole === 0 ? null : Number((BigInt(part) * 1_000_000n) / BigInt(whole)) / 10_000;
}

/** Whether an uptime is not greater than the 97 % that 23 CFR 680.116(b) demands. */
export function missesNevi({ part, whole }: Ratio): boolean {
  return whole > 0 && BigInt(part) * 100n <= BigInt(whole) * 97n;
}

type Compared = (total: ReliabilityTotal) => number | null;

/** By which value the worst is found, and whether a small one is bad. */
const WORST: Readonly<Record<Exclude<Sort, "place">, { readonly of: Compared; readonly small: boolean }>> = {
  uptime: { of: ({ uptimeS, countedS }) => (countedS === 0 ? null : uptimeS / countedS), small: true },
  failures: { of: ({ failures }) => failures, small: false },
  repair: { of: ({ meanTimeToRepairS }) => meanTimeToRepairS ?? null, small: false },
  starts: { of: ({ startsCharging, startsAccepted }) => (startsAccepted === 0 ? null : startsCharging / startsAccepted), small: true },
};

/** The totals with the worst first; those without the value last. `place` keeps the order of the API. */
export function sorted(totals: readonly ReliabilityTotal[], sort: Sort): readonly ReliabilityTotal[] {
  if (sort === "place") return totals;
  const { of, small } = WORST[sort];
  return [...totals].sort((one, other) => {
    const [a, b] = [of(one), of(other)];
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    return small ? a - b : b - a;
  });
}

/** A name of a total that no other one of a list has. */
export function keyOf({ stationId, pileId, connectorId, operatorId }: ReliabilityTotal): string {
  return [stationId, pileId, connectorId, operatorId].map((id) => id ?? "").join(" ");
}
