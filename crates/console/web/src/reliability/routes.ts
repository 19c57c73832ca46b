// The addresses of the pages of the reliability ledger.

export type ReliabilityView = "ledger" | "exclusions" | "new-exclusion";

export interface ReliabilityRoute {
  readonly page: "reliability";
  readonly show: ReliabilityView;
}

/** A station or a pile of which a page shows only what is about it. */
export interface Place {
  readonly station?: string;
  readonly pile?: string;
}

/** The page of an address, split at its slashes; null if it is not one of these. */
export function reliabilityRoute([first, second, third, ...others]: readonly string[]): ReliabilityRoute | null {
  if (first !== "reliability" || others.length > 0) return null;
  if (second === undefined) return { page: "reliability", show: "ledger" };
  if (second !== "exclusions") return null;
  if (third === undefined) return { page: "reliability", show: "exclusions" };
  return third === "new" ? { page: "reliability", show: "new-exclusion" } : null;
}

export function reliabilityAddresses(base: string) {
  const of = (path: string, values: Place | Readonly<Record<string, string>>) => {
    const query = new URLSearchParams(Object.entries(values).filter(([, value]) => value !== undefined && value !== "")).toString();
    return `${base}/${path}${query === "" ? "" : `?${query}`}`;
  };
  return {
    reliability: (values: Readonly<Record<string, string>> = {}) => of("reliability", values),
    exclusions: (place: Place = {}) => of("reliability/exclusions", place),
    newExclusion: (place: Place = {}) => of("reliability/exclusions/new", place),
  };
}
