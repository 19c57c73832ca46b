// What is entered to bind a tariff: the subject and the time.

import { limits } from "../../generated/limits.ts";
import type { Subject } from "../api/types.ts";
import { type Fault, type Limit, check, numberOf } from "../forms/limit.ts";
import type { Chosen } from "../forms/places.ts";

export const LEVELS = ["platform", "operator", "station", "pile", "connector"] as const;

/** The limits of the entries, by their paths. */
export const ENTRIES = {
  "subject.operatorId": { ...limits.TariffDetails.operatorId, required: true },
  "subject.connectorId": { kind: "integer", required: true, minimum: 1, maximum: 1_000 },
  effectiveFrom: { kind: "text" },
  effectiveUntil: { kind: "text" },
} as const satisfies Readonly<Record<string, Limit>>;

export interface BindingValues {
  readonly level: string;
  readonly operatorId: string;
  readonly station: Chosen;
  readonly pile: Chosen;
  readonly connectorId: string;
  /** RFC 3339; empty: at once. */
  readonly from: string;
  /** RFC 3339; empty: open. */
  readonly until: string;
}

/** The subject; null while it is incomplete. */
export function subjectOf({ level, operatorId, station, pile, connectorId }: BindingValues): Subject | null {
  const connector = check(ENTRIES["subject.connectorId"], connectorId) === null ? numberOf(connectorId) : null;
  switch (level) {
    case "platform":
      return { level };
    case "operator":
      return operatorId.trim() === "" ? null : { level, operatorId: operatorId.trim() };
    case "station":
      return station.id === "" ? null : { level, stationId: station.id };
    case "pile":
      return pile.id === "" ? null : { level, pileId: pile.id };
    case "connector":
      return pile.id === "" || connector === null ? null : { level, pileId: pile.id, connectorId: connector };
    default:
      return null;
  }
}

/** The faults of the entries of the chosen level, and of the time; a binding without a beginning begins at `now`. */
export function checkBinding({ level, operatorId, station, pile, connectorId, from, until }: BindingValues, now: number): Fault[] {
  const faults: Fault[] = [];
  const text = (path: keyof typeof ENTRIES, entered: string) => {
    const found = check(ENTRIES[path], entered);
    if (found !== null) faults.push({ path, ...found });
  };
  if (level === "operator") text("subject.operatorId", operatorId);
  if (level === "station" && station.id === "") faults.push({ path: "subject.stationId", why: "required" });
  if ((level === "pile" || level === "connector") && pile.id === "") faults.push({ path: "subject.pileId", why: "required" });
  if (level === "connector") text("subject.connectorId", connectorId);
  const end = Date.parse(until);
  if (from !== "" && end <= Date.parse(from)) faults.push({ path: "effectiveUntil", why: "notLater" });
  else if (from === "" && end <= now) faults.push({ path: "effectiveUntil", why: "past" });
  return faults;
}
