// The commands that the console sends, and their parameters.

import { dispatcher } from "../api/client.ts";

export { newKey } from "../forms/new-key.ts";

export const ORDERS = ["start-transaction", "stop-transaction", "reset", "unlock-connector", "change-availability"] as const;
export type OrderName = (typeof ORDERS)[number];

/** The parameters that the user entered. */
export interface Entered {
  readonly idTag: string;
  /** Null means that the device chooses, or the device as a whole. */
  readonly connectorId: number | null;
  readonly reset: "Soft" | "Hard";
  readonly availability: "Operative" | "Inoperative";
}

/**
 * Sends a command with an idempotency key, so that a repeated request is one command; returns the
 * id of the command.
 */
export async function sendOrder(order: OrderName, pileId: string, entered: Entered, key: string, signal: AbortSignal): Promise<string> {
  const common = { path: { pileId }, headers: { "idempotency-key": key }, signal };
  const connector = entered.connectorId === null ? {} : { connectorId: entered.connectorId };
  const path = "/api/v1/piles/{pileId}/commands" as const;
  switch (order) {
    case "start-transaction":
      return (await dispatcher.post(`${path}/start-transaction`, { ...common, body: { idTag: entered.idTag, ...connector } })).commandId;
    case "stop-transaction":
      return (await dispatcher.post(`${path}/stop-transaction`, { ...common, body: connector })).commandId;
    case "reset":
      return (await dispatcher.post(`${path}/reset`, { ...common, body: { type: entered.reset } })).commandId;
    case "unlock-connector":
      return (await dispatcher.post(`${path}/unlock-connector`, { ...common, body: { connectorId: entered.connectorId ?? 1 } })).commandId;
    case "change-availability":
      return (await dispatcher.post(`${path}/change-availability`, { ...common, body: { type: entered.availability, ...connector } })).commandId;
  }
}
