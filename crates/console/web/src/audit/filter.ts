// The filter of the audit, as the address of the page has it, and as the API takes it.

import type { AuditQuery } from "../api/types.ts";

export const ACTIONS = [
  "created", "updated", "retired", "restored", "ended", "discarded", "published", "replayed", "imported", "cancelled",
] as const satisfies readonly NonNullable<AuditQuery["action"]>[];

export const THINGS = [
  "station", "pile", "tariff", "tariffVersion", "tariffBinding", "session", "deadLetter", "import", "commandBatch",
  "reliabilityExclusion",
] as const satisfies readonly NonNullable<AuditQuery["thingType"]>[];

/** The names in the address of the page; an absent value does not filter. */
export const NAMES = ["from", "until", "by", "action", "thing", "id"] as const;
export type Filter = Readonly<Record<(typeof NAMES)[number], string>>;

export function read(address: URLSearchParams): Filter {
  const entries = NAMES.map((name) => [name, address.get(name)?.trim() ?? ""]);
  return Object.fromEntries(entries) as Filter;
}

/** The parameters of the API. Unknown words are left out, since a link may be of another release. */
export function asQuery(filter: Filter): Pick<AuditQuery, "from" | "until" | "by" | "action" | "thingType" | "thingId"> {
  const action = ACTIONS.find((name) => name === filter.action);
  const thingType = THINGS.find((name) => name === filter.thing);
  return {
    ...(instant(filter.from) === null ? {} : { from: filter.from }),
    ...(instant(filter.until) === null ? {} : { until: filter.until }),
    ...(filter.by === "" ? {} : { by: filter.by }),
    ...(action === undefined ? {} : { action }),
    ...(thingType === undefined ? {} : { thingType }),
    ...(filter.id === "" ? {} : { thingId: filter.id }),
  };
}

function instant(text: string): Date | null {
  const at = new Date(text);
  return text === "" || Number.isNaN(at.getTime()) ? null : at;
}

/** An instant as a field for date and time shows it, in the zone of this machine; empty if there is none. */
export function asLocal(text: string): string {
  const at = instant(text);
  if (at === null) return "";
  const two = (part: number) => String(part).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** The instant of such a field, RFC 3339 in UTC; empty if the field is. */
export function ofLocal(field: string): string {
  return instant(field)?.toISOString() ?? "";
}
