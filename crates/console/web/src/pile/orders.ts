// The commands that the console sends, and their parameters.

import { limits } from "../../generated/limits.ts";
import { dispatcher } from "../api/client.ts";
import type { TriggeredMessage } from "../api/types.ts";
import { type Fault, type Limit, checkAll, numberOf } from "../forms/limit.ts";

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

const WH_PER_KWH = 1_000;
const SECONDS_PER_MINUTE = 60;
const { StartTransaction, ChangeConfiguration } = limits;

/** The limits of what is entered. */
export const LIMITS = {
  idTag: StartTransaction.idTag,
  /** In kWh; the API has Wh. */
  maxEnergyWh: { kind: "number", minimum: StartTransaction.maxEnergyWh.minimum / WH_PER_KWH, maximum: StartTransaction.maxEnergyWh.maximum / WH_PER_KWH },
  /** In minutes; the API has seconds. */
  maxDurationS: { kind: "integer", minimum: 1, maximum: StartTransaction.maxDurationS.maximum / SECONDS_PER_MINUTE },
  maxAmount: StartTransaction.maxAmount,
  key: ChangeConfiguration.key,
  // The API requires the field, which may be empty.
  value: { ...ChangeConfiguration.value, required: false },
} as const satisfies Readonly<Record<string, Limit>>;

/** The parameters that the user entered, under the names of the API. */
export interface Entered {
  readonly idTag: string;
  /** Empty means that the device chooses, or the device as a whole. */
  readonly connectorId: string;
  /** The platform stops the charge at this energy, in kWh; empty for no limit. */
  readonly maxEnergyWh: string;
  /** The platform stops the charge after this time, in minutes; empty for no limit. */
  readonly maxDurationS: string;
  /** The platform stops the charge at this amount in the currency of the tariff; empty for no limit. */
  readonly maxAmount: string;
  readonly reset: "Soft" | "Hard";
  readonly availability: "Operative" | "Inoperative";
  readonly message: TriggeredMessage;
  readonly key: string;
  /** The value of the configuration key, sent unchanged. */
  readonly value: string;
}

/** What was entered before anything is. */
export const NOTHING_ENTERED: Entered = {
  idTag: "", connectorId: "", maxEnergyWh: "", maxDurationS: "", maxAmount: "", reset: "Soft", availability: "Inoperative", message: "StatusNotification",
  key: "", value: "",
};

/** Why the parameters of a command are invalid. */
export function checkOrder(order: OrderName, { idTag, maxEnergyWh, maxDurationS, maxAmount, key, value }: Entered): Fault[] {
  switch (order) {
    case "start-transaction": {
      const faults = checkAll(LIMITS, { idTag, maxEnergyWh, maxDurationS, maxAmount });
      return /^0+([.]0+)?$/.test(maxAmount.trim()) ? [...faults, { path: "maxAmount", why: "notAbove", limit: 0 }] : faults;
    }
    case "change-configuration":
      return checkAll(LIMITS, { key, value });
    default:
      return [];
  }
}

/** The limits of a charge as the API takes them; absent ones are left out. */
export function limitsOf({ maxEnergyWh, maxDurationS, maxAmount }: Entered): { maxEnergyWh?: number; maxDurationS?: number; maxAmount?: string } {
  const [energy, time, amount] = [numberOf(maxEnergyWh), numberOf(maxDurationS), maxAmount.trim()];
  return {
    ...(energy === null ? {} : { maxEnergyWh: Math.round(energy * WH_PER_KWH) }),
    ...(time === null ? {} : { maxDurationS: time * SECONDS_PER_MINUTE }),
    ...(amount === "" ? {} : { maxAmount: amount }),
  };
}

/**
 * Sends a command with an idempotency key, so that a repeated request is one command; returns the
 * id of the command.
 */
export async function sendOrder(order: OrderName, pileId: string, entered: Entered, key: string, signal: AbortSignal): Promise<string> {
  const common = { path: { pileId }, headers: { "idempotency-key": key }, signal };
  const connector = entered.connectorId === "" ? {} : { connectorId: Number(entered.connectorId) };
  const path = "/api/v1/piles/{pileId}/commands" as const;
  switch (order) {
    case "start-transaction":
      return (await dispatcher.post(`${path}/start-transaction`, { ...common, body: { idTag: entered.idTag.trim(), ...connector, ...limitsOf(entered) } })).commandId;
    case "stop-transaction":
      return (await dispatcher.post(`${path}/stop-transaction`, { ...common, body: connector })).commandId;
    case "reset":
      return (await dispatcher.post(`${path}/reset`, { ...common, body: { type: entered.reset } })).commandId;
    case "unlock-connector":
      return (await dispatcher.post(`${path}/unlock-connector`, { ...common, body: { connectorId: Number(entered.connectorId || 1) } })).commandId;
    case "change-availability":
      return (await dispatcher.post(`${path}/change-availability`, { ...common, body: { type: entered.availability, ...connector } })).commandId;
    case "trigger-message":
      return (await dispatcher.post(`${path}/trigger-message`, { ...common, body: { requestedMessage: entered.message, ...connector } })).commandId;
    case "change-configuration":
      return (await dispatcher.post(`${path}/change-configuration`, { ...common, body: { key: entered.key.trim(), value: entered.value } })).commandId;
  }
}
