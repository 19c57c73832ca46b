// Counts connectors in four groups at regular intervals.

import type { Lane } from "../live/history.ts";

export type GroupName = "free" | "busy" | "out" | "away";

export interface Group {
  readonly name: GroupName;
  readonly colour: string;
  readonly statuses: readonly string[];
}

/** The groups from the bottom of the chart to its top. */
export const GROUPS: readonly Group[] = [
  { name: "free", colour: "--s-available", statuses: ["Available"] },
  { name: "busy", colour: "--s-charging", statuses: ["Charging", "Preparing", "Finishing", "Reserved", "SuspendedEV", "SuspendedEVSE"] },
  { name: "out", colour: "--s-faulted", statuses: ["Faulted", "Unavailable"] },
  { name: "away", colour: "--area-away", statuses: ["Offline", "Unknown"] },
];

export interface Sampled {
  /** Seconds since 1970. */
  readonly times: readonly number[];
  readonly counts: Readonly<Record<GroupName, readonly number[]>>;
  /** The stacked counts: each includes the groups before it. */
  readonly stacked: readonly (readonly number[])[];
  /** The number of connectors. */
  readonly total: number;
}

const STEP_MS = 5 * 60_000;

export function sample(lanes: readonly Lane[], from: number, to: number): Sampled {
  const instants: number[] = [];
  for (let at = from; at < to; at += STEP_MS) instants.push(at);
  instants.push(to);
  const counts = { free: zeros(instants), busy: zeros(instants), out: zeros(instants), away: zeros(instants) };
  for (const lane of lanes) {
    let span = 0;
    instants.forEach((at, index) => {
      while (span + 1 < lane.spans.length && (lane.spans[span]?.to ?? to) <= at) span += 1;
      const status = lane.spans[span]?.status ?? "Unknown";
      const group = GROUPS.find((one) => one.statuses.includes(status))?.name ?? "away";
      const held = counts[group];
      held[index] = (held[index] ?? 0) + 1;
    });
  }
  const sums = zeros(instants);
  const stacked = GROUPS.map((group) => {
    counts[group.name].forEach((value, index) => {
      sums[index] = (sums[index] ?? 0) + value;
    });
    return [...sums];
  });
  return { times: instants.map((at) => at / 1000), counts, stacked, total: lanes.length };
}

function zeros(instants: readonly number[]): number[] {
  return instants.map(() => 0);
}
