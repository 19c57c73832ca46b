// Builds the status history of connectors from the changes in the API and the current state.

import type { Pile, StatusChange } from "../api/types.ts";
import type { History } from "./read-history.ts";

export interface Span {
  readonly from: number;
  readonly to: number;
  readonly status: string;
}

export interface Lane {
  readonly connectorId: number;
  readonly spans: readonly Span[];
}

const DEVICE_WIDE: readonly string[] = ["Faulted", "Unavailable"];

/** The current state of a pile. */
export interface Standing {
  readonly online: boolean;
  readonly status: Pile["status"];
  readonly connectors: readonly Pick<Pile["connectors"][number], "connectorId" | "reportedStatus">[];
}

interface Step {
  readonly at: number;
  readonly value: string;
}

/** A value over time: its value before the first step, and the steps in order. */
interface Course {
  readonly first: string;
  readonly steps: readonly Step[];
}

/**
 * The status of each connector from `from` to `to`: offline while its device is offline, out of
 * service while its device is. `changes` are ordered newest first and should reach back a little
 * further than `from`.
 */
export function lanesOf({ changes, whole: complete }: History, now: Standing, from: number, to: number): Lane[] {
  const online = connectivity(changes, now, complete);
  const whole = course(changes, 0, DEVICE_WIDE.includes(now.status) ? now.status : "Available");
  const ids = new Set([...now.connectors.map((connector) => connector.connectorId), ...changes.flatMap((change) => (change.kind === "status" && change.connectorId !== 0 ? [change.connectorId] : []))]);
  return [...ids].sort((one, other) => one - other).map((connectorId) => {
    const present = now.connectors.find((connector) => connector.connectorId === connectorId)?.reportedStatus ?? "Unknown";
    const own = course(changes, connectorId, present);
    return { connectorId, spans: merge([online, whole, own], from, to) };
  });
}

/**
 * The shown status, from the connectivity, the status of the whole device and that of the
 * connector.
 */
function shown([online, whole, own]: readonly string[]): string {
  if (online !== "online") return online ?? "Unknown";
  return whole !== undefined && DEVICE_WIDE.includes(whole) ? whole : (own ?? "Unknown");
}

function merge(courses: readonly Course[], from: number, to: number): Span[] {
  const turns = courses.flatMap((course) => course.steps.map((step) => step.at)).filter((at) => at > from && at < to);
  const edges = [...new Set([from, ...turns, to])].sort((one, other) => one - other);
  const spans: Span[] = [];
  for (let at = 0; at + 1 < edges.length; at += 1) {
    const [begin, end] = [edges[at] ?? from, edges[at + 1] ?? to];
    const status = shown(courses.map((course) => valueAt(course, begin)));
    const last = spans.at(-1);
    if (last?.status === status) spans[spans.length - 1] = { ...last, to: end };
    else spans.push({ from: begin, to: end, status });
  }
  return spans;
}

function valueAt(course: Course, at: number): string {
  return course.steps.findLast((step) => step.at <= at)?.value ?? course.first;
}

function course(changes: readonly StatusChange[], connectorId: number, present: string): Course {
  const own = changes.flatMap((change) => (change.kind === "status" && change.connectorId === connectorId ? [change] : []));
  inTime(own);
  const first = own[0];
  return {
    first: first === undefined ? present : (first.previousStatus ?? "Unknown"),
    steps: own.map((change) => ({ at: Date.parse(change.at), value: change.status })),
  };
}

/** Sorts changes by time; changes at one instant are in the order in which they were recorded. */
function inTime(changes: StatusChange[]): void {
  changes.reverse().sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
}

function connectivity(changes: readonly StatusChange[], now: Standing, complete: boolean): Course {
  const own = changes.flatMap((change) => (change.kind === "connectivity" ? [change] : []));
  inTime(own);
  const word = (online: boolean) => (online ? "online" : "Offline");
  const first = own[0];
  const present = now.online ? "online" : now.status === "Unknown" ? "Unknown" : "Offline";
  // A device that connected was offline before, unless it was never connected.
  const before = first === undefined ? present : !first.online ? "online" : complete ? "Unknown" : "Offline";
  return { first: before, steps: own.map((change) => ({ at: Date.parse(change.at), value: word(change.online) })) };
}

/** The total duration of each status, the longest first. */
export function totals(spans: readonly Span[]): [status: string, ms: number][] {
  const sums = new Map<string, number>();
  for (const span of spans) sums.set(span.status, (sums.get(span.status) ?? 0) + span.to - span.from);
  return [...sums].sort((one, other) => other[1] - one[1]);
}
