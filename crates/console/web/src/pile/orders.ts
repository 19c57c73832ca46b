// The commands that the console sends, and their parameters.

import { dispatcher } from "../api/client.ts";
import type { TriggeredMessage } from "../api/types.ts";

export const ORDERS = ["start-transaction", "stop-transaction", "reset", "unlock-connector", "change-availability", "trigger-message", "change-configuration"] as const;
export type OrderName = (typeof ORDERS)[number];

export const MESSAGES = [
  "StatusNotification", "MeterValues", "Heartbeat", "BootNotification", "DiagnosticsStatusNotification", "FirmwareStatusNotification",
] as const satisfies readonly TriggeredMessage[];
/** Configuration keys of OCPP 1.6 that are often set; others can be entered, too. */
export const KEYS = [
  "HeartbeatInterval", "MeterValueSampleInterval", "ClockAlignedDataInterval", "MeterValuesSampledData", "ConnectionTimeOut", "AuthorizeRemoteTxRequests",
  "LocalPreAuthorize", "StopTransactionOnEVSideDisconnect", "UnlockConnectorOnEVSideDisconnect", "WebSocketPingInterval",
] as const;

/** The parameters that the user entered. */
export interface Entered {
  readonly idTag: string;
  /** Null means that the device chooses, or the device as a whole. */
  readonly connectorId: number | null;
  readonly reset: "Soft" | "Hard";
  readonly availability: "Operative" | "Inoperative";
  readonly message: TriggeredMessage;
  readonly key: string;
  /** The value of the configuration key, sent unchanged. */
  readonly value: string;
}

/** What was entered before anything is. */
export const NOTHING_ENTERED: Entered = { idTag: "", connectorId: null, reset: "Soft", availability: "Inoperative", message: "StatusNotification", key: "", value: "" };

/** Whether everything that the command requires was entered. */
export function isComplete(order: OrderName, entered: Entered): boolean {
  switch (order) {
    case "start-transaction":
      return entered.idTag.trim() !== "";
    case "change-configuration":
      return entered.key.trim() !== "";
    default:
      return true;
  }
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
      return (await dispatcher.post(`${path}/start-transaction`, { ...common, body: { idTag: entered.idTag.trim(), ...connector } })).commandId;
    case "stop-transaction":
      return (await dispatcher.post(`${path}/stop-transaction`, { ...common, body: connector })).commandId;
    case "reset":
      return (await dispatcher.post(`${path}/reset`, { ...common, body: { type: entered.reset } })).commandId;
    case "unlock-connector":
      return (await dispatcher.post(`${path}/unlock-connector`, { ...common, body: { connectorId: entered.connectorId ?? 1 } })).commandId;
    case "change-availability":
      return (await dispatcher.post(`${path}/change-availability`, { ...common, body: { type: entered.availability, ...connector } })).commandId;
    case "trigger-message":
      return (await dispatcher.post(`${path}/trigger-message`, { ...common, body: { requestedMessage: entered.message, ...connector } })).commandId;
    case "change-configuration":
      return (await dispatcher.post(`${path}/change-configuration`, { ...common, body: { key: entered.key.trim(), value: entered.value } })).commandId;
  }
}
