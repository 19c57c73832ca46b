// The values of stations and piles as texts, by the names of their fields at the API.

import { isRecord } from "../api/problem.ts";
import { degrees, ratedKw } from "../i18n/format.ts";
import { known, named, t } from "../i18n/language.ts";

/** The name of a field. */
export function fieldName(field: string): string {
  return known("assetField", field) ?? field;
}

/** The value of a field; empty if it has none. */
export function valueText(field: string, value: unknown): string {
  if (value === null || value === undefined) return "";
  switch (field) {
    case "status":
      return named("stationStatus", String(value));
    case "latitude":
    case "longitude":
      return degrees(Number(value));
    case "ratedPowerKw":
      return ratedKw(Number(value));
    case "openingHours":
      return hoursText(value);
    case "facilities":
      return listText(value, (one) => named("facility", String(one)));
    case "startableStatuses":
      return listText(value, (one) => named("status", String(one)));
    case "connectors":
      return listText(value, outletText);
    default:
      return typeof value === "string" ? value : JSON.stringify(value);
  }
}

function listText(value: unknown, textOf: (one: unknown) => string): string {
  return Array.isArray(value) ? value.map(textOf).join(" · ") : JSON.stringify(value);
}

function hoursText(value: unknown): string {
  if (!isRecord(value)) return JSON.stringify(value);
  if (value["always"] === true) return t("station.always");
  return listText(value["weekly"], (period) => (isRecord(period) ? `${named("weekday", String(period["weekday"]))} ${String(period["from"])}–${String(period["to"])}` : ""));
}

function outletText(outlet: unknown): string {
  if (!isRecord(outlet)) return "";
  const power = outlet["maxPowerKw"];
  return `${String(outlet["connectorId"])}: ${named("connectorType", String(outlet["type"]))}${typeof power === "number" ? ` ${ratedKw(power)}` : ""}`;
}
