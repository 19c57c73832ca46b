// Commands that can be sent to a whole station, and their parameters.

import { limits } from "../../generated/limits.ts";
import { dispatcher } from "../api/client.ts";
import type { Batch, BatchPreview, ConnectorStatus } from "../api/types.ts";
import { type Fault, type Limit, checkAll, numberOf } from "../forms/limit.ts";
import { type Entered, LIMITS } from "../pile/orders.ts";

export const STATION_ORDERS = ["reset", "change-availability", "trigger-message", "change-configuration"] as const;
export type StationOrder = (typeof STATION_ORDERS)[number];

/** The limits of the pace, in piles per second. */
export const PACE = { ...limits.StationReset.ratePerSecond, required: true } as const satisfies Limit;

/** The parameters that the user entered. */
export interface Selection extends Pick<Entered, "reset" | "availability" | "message" | "key" | "value"> {
  /** Only piles with a connector in one of these statuses; all piles if empty. */
  readonly statuses: readonly ConnectorStatus[];
  readonly ratePerSecond: string;
}

/** What is proposed before anything is entered; the pace is that of the API without one. */
export const PROPOSED: Selection = {
  reset: "Soft", availability: "Inoperative", message: "StatusNotification", key: "", value: "", statuses: [], ratePerSecond: "10",
};

/** Why the parameters are invalid. */
export function checkSelection(order: StationOrder, { key, value, ratePerSecond }: Selection): Fault[] {
  const pace = checkAll({ ratePerSecond: PACE }, { ratePerSecond });
  return order === "change-configuration" ? [...checkAll({ key: LIMITS.key, value: LIMITS.value }, { key, value }), ...pace] : pace;
}

/** The fields that all commands have. */
export function shared({ statuses, ratePerSecond }: Selection): { statuses?: ConnectorStatus[]; ratePerSecond: number | null } {
  return { ...(statuses.length === 0 ? {} : { statuses: [...statuses] }), ratePerSecond: numberOf(ratePerSecond) };
}

const PATH = "/api/v1/stations/{stationId}/commands" as const;

/** What the command would do now. */
export function previewOrder(order: StationOrder, stationId: string, selection: Selection, signal: AbortSignal): Promise<BatchPreview> {
  const common = { path: { stationId }, signal };
  switch (order) {
    case "reset":
      return dispatcher.post(`${PATH}/reset/preview`, { ...common, body: resetOf(selection) });
    case "change-availability":
      return dispatcher.post(`${PATH}/change-availability/preview`, { ...common, body: availabilityOf(selection) });
    case "trigger-message":
      return dispatcher.post(`${PATH}/trigger-message/preview`, { ...common, body: messageOf(selection) });
    case "change-configuration":
      return dispatcher.post(`${PATH}/change-configuration/preview`, { ...common, body: configurationOf(selection) });
  }
}

/** Sends the command under an idempotency key; returns the id of the batch. */
export async function sendStationOrder(order: StationOrder, stationId: string, selection: Selection, key: string, signal: AbortSignal): Promise<Batch["batchId"]> {
  const common = { path: { stationId }, headers: { "idempotency-key": key }, signal };
  switch (order) {
    case "reset":
      return (await dispatcher.post(`${PATH}/reset`, { ...common, body: resetOf(selection) })).batchId;
    case "change-availability":
      return (await dispatcher.post(`${PATH}/change-availability`, { ...common, body: availabilityOf(selection) })).batchId;
    case "trigger-message":
      return (await dispatcher.post(`${PATH}/trigger-message`, { ...common, body: messageOf(selection) })).batchId;
    case "change-configuration":
      return (await dispatcher.post(`${PATH}/change-configuration`, { ...common, body: configurationOf(selection) })).batchId;
  }
}

const resetOf = (selection: Selection) => ({ type: selection.reset, ...shared(selection) });
const availabilityOf = (selection: Selection) => ({ type: selection.availability, ...shared(selection) });
const messageOf = (selection: Selection) => ({ requestedMessage: selection.message, ...shared(selection) });
const configurationOf = (selection: Selection) => ({ key: selection.key.trim(), value: selection.value, ...shared(selection) });
