// The filter of the command log, as the address of the page has it, and as the API takes it.

import type { CommandQuery } from "../api/types.ts";

export const STATES = [
  "waiting", "accepted", "published", "unknown", "confirmed", "rejected", "failed", "expired", "cancelled",
] as const satisfies readonly NonNullable<CommandQuery["status"]>[];

export const ACTIONS = [
  "RemoteStartTransaction", "RemoteStopTransaction", "Reset", "UnlockConnector", "ChangeAvailability", "TriggerMessage", "ChangeConfiguration",
] as const satisfies readonly NonNullable<CommandQuery["commandName"]>[];

/** The names in the address of the page; an absent value does not filter. An `id` names one command, without other filters. */
export const NAMES = ["from", "until", "command", "state", "by", "station", "pile", "id"] as const;
export type Filter = Readonly<Record<(typeof NAMES)[number], string>>;

type Asked = { readonly [name in Exclude<keyof CommandQuery, "cursor" | "limit">]?: CommandQuery[name] | undefined };

/** What a change of one filter writes to the address: an id replaces the other filters, and they replace it. */
export function changed(name: (typeof NAMES)[number], value: string | undefined): Readonly<Record<string, string | undefined>> {
  const replaced = NAMES.filter((other) => (other === "id") !== (name === "id"));
  return { ...Object.fromEntries(replaced.map((other) => [other, undefined])), [name]: value };
}

export function read(address: URLSearchParams): Filter {
  return Object.fromEntries(NAMES.map((name) => [name, address.get(name)?.trim() ?? ""])) as Filter;
}

/** The parameters of the API. Unknown words are left out; of a pile and a station, the pile counts. */
export function asQuery(filter: Filter): Asked {
  const said: Asked = {
    from: instant(filter.from), until: instant(filter.until), commandName: ACTIONS.find((name) => name === filter.command),
    status: STATES.find((name) => name === filter.state), issuedBy: filter.by, pileId: filter.pile, stationId: filter.pile === "" ? filter.station : undefined,
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined && value !== ""));
}

function instant(text: string): string | undefined {
  return text === "" || Number.isNaN(Date.parse(text)) ? undefined : text;
}
