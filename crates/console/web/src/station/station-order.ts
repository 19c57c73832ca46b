// Commands that can be sent to a whole station, and their parameters.

import { dispatcher } from "../api/client.ts";
import type { Batch, BatchPreview, ConnectorStatus } from "../api/types.ts";

export const STATION_ORDERS = ["reset", "change-availability"] as const;
export type StationOrder = (typeof STATION_ORDERS)[number];

/** The limits of the pace, and its default, in piles per second. */
export const RATE = { least: 1, most: 100, usual: 10 } as const;

/** The parameters that the user entered. */
export interface Selection {
  readonly reset: "Soft" | "Hard";
  readonly availability: "Operative" | "Inoperative";
  /** Only piles with a connector in one of these statuses; all piles if empty. */
  readonly statuses: readonly ConnectorStatus[];
  readonly rate: string;
}

/** The pace as a number; null if it is not a whole number within the limits. */
export function rateOf(text: string): number | null {
  const rate = Number(text);
  return /^\d+$/.test(text.trim()) && rate >= RATE.least && rate <= RATE.most ? rate : null;
}

/** The fields that both commands have. */
export function shared({ statuses, rate }: Selection): { statuses?: ConnectorStatus[]; ratePerSecond: number } {
  return { ...(statuses.length === 0 ? {} : { statuses: [...statuses] }), ratePerSecond: rateOf(rate) ?? RATE.usual };
}

const PATH = "/api/v1/stations/{stationId}/commands" as const;

/** What the command would do now. */
export function previewOrder(order: StationOrder, stationId: string, selection: Selection, signal: AbortSignal): Promise<BatchPreview> {
  const common = { path: { stationId }, signal };
  return order === "reset"
    ? dispatcher.post(`${PATH}/reset/preview`, { ...common, body: { type: selection.reset, ...shared(selection) } })
    : dispatcher.post(`${PATH}/change-availability/preview`, { ...common, body: { type: selection.availability, ...shared(selection) } });
}

/** Sends the command under an idempotency key; returns the id of the batch. */
export async function sendStationOrder(order: StationOrder, stationId: string, selection: Selection, key: string, signal: AbortSignal): Promise<Batch["batchId"]> {
  const common = { path: { stationId }, headers: { "idempotency-key": key }, signal };
  const batch = order === "reset"
    ? await dispatcher.post(`${PATH}/reset`, { ...common, body: { type: selection.reset, ...shared(selection) } })
    : await dispatcher.post(`${PATH}/change-availability`, { ...common, body: { type: selection.availability, ...shared(selection) } });
  return batch.batchId;
}
