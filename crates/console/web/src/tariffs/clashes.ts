// Bindings of one subject that would overlap in time, and how they can be made not to.

import type { Binding, Subject } from "../api/types.ts";

/** A time; `until` is exclusive, and null if it is open. */
export interface Period {
  readonly from: string;
  readonly until: string | null;
}

const FOREVER = Number.POSITIVE_INFINITY;

function end(until: string | null | undefined): number {
  return until === null || until === undefined ? FOREVER : Date.parse(until);
}

/** Whether a binding ended before it began, or holds no time for another reason. */
function isEmpty({ effectiveFrom, effectiveUntil }: Pick<Binding, "effectiveFrom" | "effectiveUntil">): boolean {
  return end(effectiveUntil) <= Date.parse(effectiveFrom);
}

/** The bindings that overlap `period`, by their beginning. */
export function clashesWith(bindings: readonly Binding[], { from, until }: Period): Binding[] {
  const found = bindings.filter((one) => !isEmpty(one) && Date.parse(one.effectiveFrom) < end(until) && Date.parse(from) < end(one.effectiveUntil));
  return found.sort((one, other) => Date.parse(one.effectiveFrom) - Date.parse(other.effectiveFrom));
}

/** The changes of a new binding, or of the one in its way, that end the overlap. */
export interface Ways {
  /** The beginning at which the other binding has ended; null if it has no end, or nothing would be left. */
  readonly after: string | null;
  /** The end at which the other binding begins; null if it has begun. */
  readonly before: string | null;
  /** Whether the other binding can end when the new one begins. */
  readonly endOther: boolean;
}

export function waysOut(other: Binding, { from, until }: Period): Ways {
  const otherEnd = other.effectiveUntil ?? null;
  return {
    after: otherEnd !== null && end(otherEnd) < end(until) ? otherEnd : null,
    before: Date.parse(from) < Date.parse(other.effectiveFrom) ? other.effectiveFrom : null,
    endOther: Date.parse(other.effectiveFrom) <= Date.parse(from),
  };
}

/** A subject as the query of the API names it. */
export function asQuery(subject: Subject): { readonly level: Subject["level"]; readonly operatorId?: string; readonly stationId?: string; readonly pileId?: string; readonly connectorId?: number } {
  return subject;
}

/** Whether a binding is over, in force or still to begin. */
export function phaseOf(binding: Binding, now: number): "over" | "future" | "inForce" {
  if (end(binding.effectiveUntil) <= now || isEmpty(binding)) return "over";
  return now < Date.parse(binding.effectiveFrom) ? "future" : "inForce";
}
