// Commands that can be sent to a whole station, and their parameters.

import { limits } from "../../generated/limits.ts";
import { dispatcher } from "../api/client.ts";
import type { Batch, BatchPreview, ConnectorStatus } from "../api/types.ts";
import { type Fault, type Limit, checkAll, numberOf } from "../forms/limit.ts";

export const STATION_ORDERS = ["reset", "change-availability"] as const;
export type StationOrder = (typeof STATION_ORDERS)[number];

/** The limits of the pace, in piles per second. */
export const PACE = { ...limits.StationReset.ratePerSecond, required: true } as const satisfies Limit;

/** The parameters that the user entered. */
export interface Selection {
  readonly reset: "Soft" | "Hard";
  readonly availability: "Operative" | "Inoperative";
  /** Only piles with a connector in one of these statuses; all piles if empty. */
  readonly statuses: readonly ConnectorStatus[];
  readonly ratePerSecond: string;
}

/** What is proposed before anything is entered; the pace is that of the API without one. */
export const PROPOSED: Selection = { reset: "Soft", availability: "Inoperative", statuses: [], ratePerSecond: "10" };

/** Why the parameters are invalid. */
export function checkSelection({ ratePerSecond }: Selection): Fault[] {
  return checkAll({ ratePerSecond: PACE }, { ratePerSecond });
}

/** The fields that both commands have. */
export function shared({ statuses, ratePerSecond }: Selection): { statuses?: ConnectorStatus[]; ratePerSecond: number | null } {
  return { ...(statuses.length === 0 ? {} : { statuses: [...statuses] }), ratePerSecond: numberOf(ratePerSecond) };
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
