// The end of a session as the form has it, and as the API takes it.

import { limits } from "../../generated/limits.ts";
import { type Fault, type Limit, checkAll, numberOf } from "../forms/limit.ts";

const WH_PER_KWH = 1_000;

/** What is entered, under the names of the API. */
export interface EndValues {
  readonly reason: string;
  /** The register in kWh; empty if it was not read. */
  readonly meterStopWh: string;
}

export const NOT_ENTERED: EndValues = { reason: "", meterStopWh: "" };

/** The limits of what is entered, for a session that began at `startWh`, in Wh. */
export function limitsOfEnd(startWh: number | null): Readonly<Record<keyof EndValues, Limit>> {
  const { reason, meterStopWh } = limits.SessionEnd;
  return { reason, meterStopWh: { kind: meterStopWh.kind, minimum: (startWh ?? meterStopWh.minimum) / WH_PER_KWH } };
}

export function checkEnd(values: EndValues, startWh: number | null): Fault[] {
  return checkAll(limitsOfEnd(startWh), values);
}

export function endOf({ reason, meterStopWh }: EndValues): { reason: string; meterStopWh: number | null } {
  const kwh = numberOf(meterStopWh);
  return { reason: reason.trim(), meterStopWh: kwh === null ? null : Math.round(kwh * WH_PER_KWH) };
}
