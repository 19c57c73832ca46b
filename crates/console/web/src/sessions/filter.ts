// The filter of the sessions, as the address of the page has it, and as the API takes it.

import type { SessionQuery } from "../api/types.ts";

export const STATES = ["open", "ended"] as const satisfies readonly NonNullable<SessionQuery["state"]>[];

/** The names in the address of the page; an absent value does not filter. */
export const NAMES = ["state", "from", "until", "station", "pile", "operator", "device", "card", "transaction", "command"] as const;
export type Name = (typeof NAMES)[number];
export type Filter = Readonly<Record<Name, string>>;

type Asked = { readonly [name in Exclude<keyof SessionQuery, "cursor" | "limit">]?: SessionQuery[name] | undefined };

export function read(address: URLSearchParams): Filter {
  return Object.fromEntries(NAMES.map((name) => [name, address.get(name)?.trim() ?? ""])) as Filter;
}

/** The parameters of the API. Unknown words are left out, since a link may be of another release. */
export function asQuery(filter: Filter): Asked {
  const said: Asked = {
    state: STATES.find((name) => name === filter.state),
    startedFrom: instant(filter.from), startedUntil: instant(filter.until),
    stationId: filter.station, pileId: filter.pile, operatorId: filter.operator, chargePointId: filter.device,
    idTag: filter.card, transactionId: filter.transaction, commandId: filter.command,
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined && value !== ""));
}

function instant(text: string): string | undefined {
  return text === "" || Number.isNaN(Date.parse(text)) ? undefined : text;
}
