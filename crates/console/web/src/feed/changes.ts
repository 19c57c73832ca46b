// The changes of the feed (docs/api.md, Feed) that the console uses.

import { isRecord } from "../api/problem.ts";

export type ChangeType = "status" | "connectivity" | "session" | "command" | "pile" | "station" | "tariff" | "binding" | "issue";

export interface Change {
  readonly id: string;
  readonly type: ChangeType;
  /** The charge point, station, tariff or issue that changed. */
  readonly subject: string;
  readonly time: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The types of changes of issues. */
export const ISSUE_TYPES = ["charging.issue.opened.v1", "charging.issue.changed.v1", "charging.issue.closed.v1"] as const;

const TYPES: Readonly<Record<string, ChangeType>> = {
  "charging.connector.status_changed.v1": "status",
  "charging.charge_point.connectivity_changed.v1": "connectivity",
  "charging.session.changed.v1": "session",
  "charging.session.settled.v1": "session",
  "charging.command.changed.v1": "command",
  "charging.pile.changed.v1": "pile",
  "charging.station.changed.v1": "station",
  "charging.tariff.changed.v1": "tariff",
  "charging.tariff.binding_changed.v1": "binding",
  ...Object.fromEntries(ISSUE_TYPES.map((type) => [type, "issue" as const])),
};

/** Parses the change in an event; null for types that are newer than this release. */
export function parse(data: string): Change | null {
  const said: unknown = JSON.parse(data);
  if (!isRecord(said) || !isRecord(said["data"])) return null;
  const type = TYPES[String(said["type"])];
  if (type === undefined) return null;
  return { id: String(said["id"]), type, subject: String(said["subject"]), time: String(said["time"]), data: said["data"] };
}
