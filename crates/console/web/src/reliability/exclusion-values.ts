// An exclusion as the form has it, and as the API takes it.

import { limits } from "../../generated/limits.ts";
import { type Fault, checkAll, numberOf } from "../forms/limit.ts";

export interface ExclusionValues {
  readonly stationId: string;
  /** The name of the station, so that it can be shown while it is not among those found. */
  readonly stationName: string;
  /** Empty for all piles of the station. */
  readonly pileId: string;
  /** Empty for all connectors of the pile. */
  readonly connectorId: string;
  /** RFC 3339, as is `until`; empty if it is not entered. */
  readonly from: string;
  readonly until: string;
  readonly reason: string;
  readonly note: string;
}

export const NEW_EXCLUSION: ExclusionValues = { stationId: "", stationName: "", pileId: "", connectorId: "", from: "", until: "", reason: "", note: "" };

/** The longest exclusion of the API, in days. */
const MOST_DAYS = 366;

export function checkExclusion({ stationId, from, until, reason, note }: ExclusionValues): Fault[] {
  const faults = checkAll(limits.NewExclusion, { from, until, reason, note });
  if (stationId === "") faults.push({ path: "stationId", why: "required" });
  const days = (Date.parse(until) - Date.parse(from)) / 86_400_000;
  if (days <= 0) faults.push({ path: "until", why: "notAfter" });
  if (days > MOST_DAYS) faults.push({ path: "until", why: "tooManyDays", limit: MOST_DAYS });
  return faults;
}

/** The body that enters the exclusion, for the narrowest place that was chosen. */
export function exclusionBody({ stationId, pileId, connectorId, from, until, reason, note }: ExclusionValues): Record<string, unknown> {
  const connector = numberOf(connectorId);
  const place = pileId === "" ? { stationId } : { pileId, ...(connector === null ? {} : { connectorId: connector }) };
  return { ...place, from, until, reason, note: note.trim() };
}
