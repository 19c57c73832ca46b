// The fields of a pile as the form has them, and as the API takes them.

import { limits } from "../../generated/limits.ts";
import type { Pile } from "../api/types.ts";
import { type Fault, checkAll, numberOf } from "../forms/limit.ts";
import { changed } from "../forms/merge.ts";

export interface OutletValues {
  readonly connectorId: string;
  readonly type: string;
  readonly maxPowerKw: string;
}

export interface PileValues {
  readonly chargePointId: string;
  readonly name: string;
  readonly model: string;
  readonly vendor: string;
  readonly serialNumber: string;
  readonly ratedPowerKw: string;
  readonly currentType: string;
  readonly connectors: readonly OutletValues[];
}

type Registered = Pick<Pile, "chargePointId" | "name" | "model" | "vendor" | "serialNumber" | "ratedPowerKw" | "currentType" | "connectors">;

export const MAX_OUTLETS = limits.PileDetails.connectors.maxItems;

export const NEW_PILE: PileValues = {
  chargePointId: "", name: "", model: "", vendor: "", serialNumber: "", ratedPowerKw: "", currentType: "",
  connectors: [{ connectorId: "1", type: "GB_DC", maxPowerKw: "" }],
};

export function pileValues(pile: Registered): PileValues {
  return {
    chargePointId: pile.chargePointId, name: pile.name ?? "", model: pile.model, vendor: pile.vendor ?? "", serialNumber: pile.serialNumber ?? "",
    ratedPowerKw: String(pile.ratedPowerKw), currentType: pile.currentType ?? "",
    // A connector that was only reported is not declared, and has no type.
    connectors: pile.connectors.flatMap(({ connectorId, type, maxPowerKw }) =>
      (typeof type === "string" ? [{ connectorId: String(connectorId), type, maxPowerKw: typeof maxPowerKw === "number" ? String(maxPowerKw) : "" }] : [])),
  };
}

export function checkPile({ connectors, ...texts }: PileValues): Fault[] {
  const faults = checkAll(limits.PileDetails, texts);
  if (connectors.length > MAX_OUTLETS) faults.push({ path: "connectors", why: "tooManyItems", limit: MAX_OUTLETS });
  const seen = new Set<number | null>();
  for (const [at, outlet] of connectors.entries()) {
    const path = outletPath(at);
    faults.push(...checkAll(limits.Outlet, { ...outlet }, `${path}.`));
    const number = numberOf(outlet.connectorId);
    if (number !== null && seen.has(number)) faults.push({ path: `${path}.connectorId`, why: "twice" });
    seen.add(number);
  }
  return faults;
}

/** The path of a connector in the body. */
export function outletPath(at: number): string {
  return `connectors[${at}]`;
}

/** Another connector, with the next free number and otherwise like the last one. */
export function nextOutlet(connectors: readonly OutletValues[]): OutletValues {
  const numbers = connectors.map(({ connectorId }) => numberOf(connectorId) ?? 0);
  return { type: "GB_DC", maxPowerKw: "", ...connectors.at(-1), connectorId: String(Math.max(0, ...numbers) + 1) };
}

function valueOf(field: keyof PileValues, values: PileValues): unknown {
  switch (field) {
    case "ratedPowerKw":
      return numberOf(values.ratedPowerKw);
    case "connectors":
      return values.connectors.map(({ connectorId, type, maxPowerKw }) => ({ connectorId: numberOf(connectorId), type, maxPowerKw: numberOf(maxPowerKw) }));
    default:
      return values[field].trim() || null;
  }
}

/** The body that creates a pile. */
export function pileBody(values: PileValues): Record<string, unknown> {
  const all = (Object.keys(values) as (keyof PileValues)[]).map((field) => [field, valueOf(field, values)] as const);
  return Object.fromEntries(all.filter(([, value]) => value !== null));
}

/** The merge patch that changes the fields in which `values` differ from `base`, and no others. */
export function pilePatch(base: PileValues, values: PileValues): Record<string, unknown> {
  return Object.fromEntries(changed(base, values).map((field) => [field, valueOf(field, values)]));
}
