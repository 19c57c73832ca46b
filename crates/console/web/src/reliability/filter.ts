// What the page of the ledger shows, as its address has it, and as the API takes it.

import type { ReliabilityQuery } from "../api/types.ts";
import { dayAfter, isDate } from "../live/days.ts";
import { type Period, lengthOf, preset } from "./period.ts";

export const GROUPS = ["connector", "pile", "station", "operator"] as const;
export const PROFILES = ["nevi", "availability"] as const satisfies readonly NonNullable<ReliabilityQuery["profile"]>[];
export const SORTS = ["uptime", "failures", "repair", "starts", "place"] as const;

export type Group = (typeof GROUPS)[number];
export type Profile = (typeof PROFILES)[number];
export type Sort = (typeof SORTS)[number];

/** The names in the address of texts that select; an absent one does not. */
export const SELECTORS = ["station", "pile", "connector", "operator"] as const;

export type Filter = Readonly<Record<(typeof SELECTORS)[number], string>> & Period & {
  readonly by: Group;
  readonly profile: Profile;
  readonly sort: Sort;
};

export type Asked = { readonly [name in keyof ReliabilityQuery]: ReliabilityQuery[name] };

/** Reads the address. Unknown words are left out; without a period it is the last 30 days before `today`. */
export function read(address: URLSearchParams, today: string): Filter {
  const said = (name: string) => address.get(name)?.trim() ?? "";
  const usual = preset("last30", today);
  const day = (name: "from" | "last") => (isDate(said(name)) ? said(name) : usual[name]);
  const one = <T extends string>(all: readonly T[], name: string, usually: T): T => all.find((word) => word === said(name)) ?? usually;
  return {
    by: one(GROUPS, "by", "station"), profile: one(PROFILES, "profile", "nevi"), sort: one(SORTS, "sort", "uptime"),
    from: day("from"), last: day("last"),
    station: said("station"), pile: said("pile"), connector: said("connector"), operator: said("operator"),
  };
}

/** Why the period cannot be requested, by the key of its text; null if it can. */
export function periodFault(period: Period): "reversed" | null {
  return lengthOf(period) < 1 ? "reversed" : null;
}

/** The parameters of the API, whose `until` is the day after the last one. */
export function asQuery({ by, profile, from, last, station, pile, connector, operator }: Filter): Asked {
  return {
    from, until: dayAfter(last, 1), profile, groupBy: by,
    ...(station === "" ? {} : { stationId: station }), ...(pile === "" ? {} : { pileId: pile }),
    ...(/^\d{1,4}$/.test(connector) ? { connectorId: Number(connector) } : {}), ...(operator === "" ? {} : { operatorId: operator }),
  };
}

/** The values of an address that shows `filter` with `changes`. */
export function addressOf(filter: Filter, changes: Partial<Filter>): Record<string, string> {
  return { ...filter, ...changes };
}
