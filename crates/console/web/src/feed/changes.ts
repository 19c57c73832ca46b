// What the feed tells (docs/api.md, Feed), as far as the console needs it.

import { isRecord } from "../api/problem.ts";

export type ChangeType = "status" | "connectivity" | "session" | "command" | "pile" | "station" | "tariff" | "binding";

export interface Change {
  readonly id: string;
  readonly type: ChangeType;
  /** The charge point, station or tariff that it is about. */
  readonly subject: string;
  readonly time: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const TYPES: Readonly<Record<string, ChangeType>> = {
  "charging.connector.status_changed.v1": "status",
  "charging.charge_point.connectivity_changed.v1": "connectivity",
  "charging.session.changed.v1": "session",
  "charging.command.changed.v1": "command",
  "charging.pile.changed.v1": "pile",
  "charging.station.changed.v1": "station",
  "charging.tariff.changed.v1": "tariff",
  "charging.tariff.binding_changed.v1": "binding",
};

/** The change that an event tells; null for types that came after this release. */
export function parse(data: string): Change | null {
  const said: unknown = JSON.parse(data);
  if (!isRecord(said) || !isRecord(said["data"])) return null;
  const type = TYPES[String(said["type"])];
  if (type === undefined) return null;
  return { id: String(said["id"]), type, subject: String(said["subject"]), time: String(said["time"]), data: said["data"] };
}
