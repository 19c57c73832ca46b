// The filter of the issues, as the address of the page has it, and as the API takes it.

import type { IssueQuery } from "../api/types.ts";

/** The severities, the most urgent first. */
export const SEVERITIES = ["critical", "major", "minor"] as const satisfies readonly NonNullable<IssueQuery["severity"]>[];

export const CAUSES = [
  "fault", "offline", "flapping", "startWithoutCharge", "sessionWithoutEnergy", "clockSkew", "stuckSession", "priceGap",
] as const satisfies readonly NonNullable<IssueQuery["cause"]>[];

export const STATES = ["open", "closed"] as const satisfies readonly NonNullable<IssueQuery["state"]>[];

/** The names in the address of the page; an absent value does not filter. */
export const NAMES = ["state", "severity", "cause", "acknowledged", "muted", "assignee", "device", "station", "pile", "gateway", "operator"] as const;
export type Name = (typeof NAMES)[number];
export type Filter = Readonly<Record<Name, string>>;

export type Asked = { readonly [name in Exclude<keyof IssueQuery, "cursor" | "limit">]?: IssueQuery[name] | undefined };

export function read(address: URLSearchParams): Filter {
  return Object.fromEntries(NAMES.map((name) => [name, address.get(name)?.trim() ?? ""])) as Filter;
}

/** The parameters of the API. Unknown words are left out, since a link may be of another release. */
export function asQuery(filter: Filter): Asked {
  const said: Asked = {
    state: STATES.find((name) => name === filter.state), severity: SEVERITIES.find((name) => name === filter.severity),
    cause: CAUSES.find((name) => name === filter.cause), acknowledged: flag(filter.acknowledged), muted: flag(filter.muted),
    assignee: filter.assignee, chargePointId: filter.device, stationId: filter.station, pileId: filter.pile,
    gatewayId: filter.gateway, operatorId: filter.operator,
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined && value !== ""));
}

function flag(text: string): boolean | undefined {
  return text === "true" ? true : text === "false" ? false : undefined;
}
