// The filter of exclusions, as the address of the page has it, and as the API takes it.

import type { Exclusion, ExclusionQuery } from "../api/types.ts";

export const REASONS = ["maintenance", "grid", "vandalism", "thirdParty"] as const satisfies readonly Exclusion["reason"][];
export const STATES = ["applies", "withdrawn"] as const;

/** The names in the address of the page; an absent value does not filter. */
export const NAMES = ["state", "reason", "from", "until", "station", "pile"] as const;
export type Filter = Readonly<Record<(typeof NAMES)[number], string>>;

type Asked = { readonly [name in Exclude<keyof ExclusionQuery, "cursor" | "limit">]?: ExclusionQuery[name] | undefined };

export function read(address: URLSearchParams): Filter {
  return Object.fromEntries(NAMES.map((name) => [name, address.get(name)?.trim() ?? ""])) as Filter;
}

/** The parameters of the API. Unknown words are left out, since a link may be of another release. */
export function asQuery(filter: Filter): Asked {
  const state = STATES.find((name) => name === filter.state);
  const said: Asked = {
    withdrawn: state === undefined ? undefined : state === "withdrawn", reason: REASONS.find((name) => name === filter.reason),
    from: instant(filter.from), until: instant(filter.until), stationId: filter.station, pileId: filter.pile,
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined && value !== ""));
}

function instant(text: string): string | undefined {
  return text === "" || Number.isNaN(Date.parse(text)) ? undefined : text;
}
