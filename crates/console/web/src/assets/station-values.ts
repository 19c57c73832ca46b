// The fields of a station as the form has them, and as the API takes them.

import { limits } from "../../generated/limits.ts";
import type { Station } from "../api/types.ts";
import { type Fault, checkAll, numberOf } from "../forms/limit.ts";
import { changed } from "../forms/merge.ts";
import { type Hours, checkHours, hoursBody, hoursPatch, hoursValues } from "./opening-hours.ts";

export interface StationValues {
  readonly name: string;
  readonly address: string;
  readonly operatorId: string;
  readonly location: { readonly latitude: string; readonly longitude: string };
  readonly status: string;
  readonly openingHours: Hours;
  readonly facilities: readonly string[];
  /** Empty if the setting of command-dispatcher applies. */
  readonly startableStatuses: readonly string[];
}

type Registered = Pick<Station, "name" | "address" | "operatorId" | "latitude" | "longitude" | "status" | "openingHours" | "facilities" | "startableStatuses">;

export const NEW_STATION: StationValues = {
  name: "", address: "", operatorId: "", location: { latitude: "", longitude: "" }, status: "Open",
  openingHours: { kind: "none", periods: [] }, facilities: [], startableStatuses: [],
};

export function stationValues(station: Registered): StationValues {
  const degrees = (value: number | null | undefined) => (typeof value === "number" ? String(value) : "");
  return {
    name: station.name, address: station.address ?? "", operatorId: station.operatorId ?? "",
    location: { latitude: degrees(station.latitude), longitude: degrees(station.longitude) },
    status: station.status, openingHours: hoursValues(station.openingHours),
    facilities: station.facilities, startableStatuses: station.startableStatuses ?? [],
  };
}

export function checkStation(values: StationValues): Fault[] {
  const { name, address, operatorId, status, location } = values;
  const faults = checkAll(limits.StationDetails, { name, address, operatorId, status, ...location });
  const missing = (["latitude", "longitude"] as const).filter((part) => location[part].trim() === "");
  if (missing.length === 1) faults.push(...missing.map((path) => ({ path, why: "together" as const })));
  return [...faults, ...checkHours(values.openingHours)];
}

/** The values of each field as the API takes them; null if there is none. */
const FIELDS: { readonly [field in keyof StationValues]: (values: StationValues) => Readonly<Record<string, unknown>> } = {
  name: ({ name }) => ({ name: name.trim() }),
  address: ({ address }) => ({ address: address.trim() || null }),
  operatorId: ({ operatorId }) => ({ operatorId: operatorId.trim() || null }),
  location: ({ location }) => ({ latitude: numberOf(location.latitude), longitude: numberOf(location.longitude) }),
  status: ({ status }) => ({ status }),
  openingHours: ({ openingHours }) => ({ openingHours: hoursBody(openingHours) }),
  facilities: ({ facilities }) => ({ facilities }),
  startableStatuses: ({ startableStatuses: chosen }) => ({ startableStatuses: chosen.length === 0 ? null : chosen }),
};

/** The body that creates a station. */
export function stationBody(values: StationValues): Record<string, unknown> {
  const all = Object.values(FIELDS).map((field) => field(values));
  return Object.fromEntries(all.flatMap((part) => Object.entries(part)).filter(([, value]) => value !== null));
}

/** The merge patch that changes the fields in which `values` differ from `base`, and no others. */
export function stationPatch(base: StationValues, values: StationValues): Record<string, unknown> {
  const patch = Object.assign({}, ...changed(base, values).map((field) => FIELDS[field](values))) as Record<string, unknown>;
  return "openingHours" in patch ? { ...patch, openingHours: hoursPatch(values.openingHours) } : patch;
}
