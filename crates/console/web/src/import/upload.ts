// Sends a file to an import and reads its progress line by line (docs/api.md, Import).

import { authorization, send as request } from "../api/client.ts";
import { Problem, isRecord } from "../api/problem.ts";
import type { ImportReport } from "../api/types.ts";

export type Kind = "stations" | "piles";
export type Mode = "atomic" | "best-effort";

export interface Progress {
  readonly phase: string;
  readonly rows: number;
  readonly bytes: number;
}

/** The connection ended before the report, so the outcome of the import is unknown. */
export class Unfinished extends Error {}

/**
 * Time limit of an import, in ms: the service's limits for receiving, checking and writing a file.
 */
const PATIENCE_MS = 400_000;

const COLUMNS: Readonly<Record<Kind, string>> = {
  stations: "id, name, address, operatorId, latitude, longitude, status, openingHours, facilities, startableStatuses",
  piles: "stationId, chargePointId, name, model, vendor, serialNumber, ratedPowerKw, currentType, connectors",
};

export function columns(kind: Kind): string {
  return COLUMNS[kind];
}

export async function send(file: File, kind: Kind, mode: Mode, dryRun: boolean, stop: AbortSignal, onProgress: (progress: Progress) => void): Promise<ImportReport> {
  const media = /\.(ndjson|jsonl)$/i.test(file.name) ? "application/x-ndjson" : "text/csv";
  const response = await request(`/api/v1/${kind}/import?mode=${mode}&dryRun=${dryRun}`, {
    method: "POST",
    headers: { ...authorization(), "content-type": media, accept: "application/x-ndjson" },
    body: file,
    signal: AbortSignal.any([stop, AbortSignal.timeout(PATIENCE_MS)]),
  });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) throw new Unfinished();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read().catch((error: unknown) => {
      if (stop.aborted) throw error;
      throw new Unfinished();
    });
    const lines = (rest + (value ?? "")).split("\n");
    rest = done ? "" : (lines.pop() ?? "");
    for (const line of lines) {
      const report = line.trim() === "" ? null : take(line, onProgress);
      if (report !== null) return report;
    }
    if (done) throw new Unfinished();
  }
}

function take(line: string, onProgress: (progress: Progress) => void): ImportReport | null {
  const said: unknown = JSON.parse(line);
  if (!isRecord(said)) return null;
  if (isRecord(said["problem"])) throw Problem.read(said["problem"], 500);
  if (isRecord(said["report"])) return said["report"] as ImportReport;
  const progress = said["progress"];
  if (isRecord(progress)) onProgress({ phase: String(progress["phase"]), rows: Number(progress["rows"]), bytes: Number(progress["bytes"]) });
  return null;
}
