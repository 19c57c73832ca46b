// Routing: the address below /console selects the page, with the browser's own history.

import { computed, signal } from "@preact/signals";
import { type AssetRoute, assetAddresses, assetRoute } from "../assets/routes.ts";
import { type IssueRoute, issueAddresses, issueRoute } from "../issues/routes.ts";
import { type ReliabilityRoute, reliabilityAddresses, reliabilityRoute } from "../reliability/routes.ts";

const BASE = "/console";

export type Route =
  | { readonly page: "fleet" }
  | { readonly page: "station"; readonly id: string }
  | { readonly page: "pile"; readonly id: string }
  | { readonly page: "ingest" }
  | { readonly page: "import" }
  | { readonly page: "audit" }
  | { readonly page: "batch"; readonly id: string }
  | AssetRoute
  | IssueRoute
  | TariffRoute
  | ReliabilityRoute
  | { readonly page: "sessions" }
  | { readonly page: "revenue" }
  | { readonly page: "commands" }
  | { readonly page: "session"; readonly id: string }
  | { readonly page: "nowhere" };

/** The pages of tariffs, which are loaded when the first of them is shown. */
export type TariffRoute =
  | { readonly page: "tariffs" }
  | { readonly page: "tariff"; readonly id: string }
  | { readonly page: "draft"; readonly id: string }
  | { readonly page: "version"; readonly id: string; readonly number: number }
  | { readonly page: "prices"; readonly id: string };

const address = signal(here());

function here(): string {
  return location.pathname + location.search;
}

/** The part of the address after `?`. */
export const query = computed(() => new URLSearchParams(address.value.split("?")[1] ?? ""));
export const route = computed<Route>(() => parse(address.value.split("?")[0] ?? ""));

const PLAIN = ["ingest", "import", "audit", "tariffs", "sessions", "revenue", "commands"] as const;

/** Whether `page` is a page whose address is its name. */
function isPlain(page: string): page is (typeof PLAIN)[number] {
  return (PLAIN as readonly string[]).includes(page);
}

function parse(path: string): Route {
  const parts = path.slice(BASE.length).split("/").filter((part) => part !== "");
  // First, because the page of a new station has the form of a station's address.
  const asset = assetRoute(parts.map(decoded));
  if (asset !== null) return asset;
  const issue = issueRoute(parts.map(decoded));
  if (issue !== null) return issue;
  const reliability = reliabilityRoute(parts);
  if (reliability !== null) return reliability;
  const [page, id, part, number] = parts;
  if (page === undefined) return { page: "fleet" };
  if (parts.length === 1 && isPlain(page)) return { page };
  if (parts.length === 2 && id !== undefined) {
    if (page === "stations") return { page: "station", id: decoded(id) };
    if (page === "piles") return { page: "pile", id: decoded(id) };
    if (page === "batches") return { page: "batch", id: decoded(id) };
    if (page === "tariffs") return { page: "tariff", id: decoded(id) };
    if (page === "sessions") return { page: "session", id: decoded(id) };
  }
  if (parts.length === 3 && id !== undefined) {
    if (page === "tariffs" && part === "draft") return { page: "draft", id: decoded(id) };
    if (page === "stations" && part === "prices") return { page: "prices", id: decoded(id) };
  }
  if (parts.length === 4 && id !== undefined && page === "tariffs" && part === "versions" && /^[1-9]\d{0,8}$/.test(number ?? "")) {
    return { page: "version", id: decoded(id), number: Number(number) };
  }
  return { page: "nowhere" };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export const to = {
  fleet: `${BASE}/`,
  ingest: `${BASE}/ingest`,
  import: `${BASE}/import`,
  audit: `${BASE}/audit`,
  station: (id: string) => `${BASE}/stations/${encodeURIComponent(id)}`,
  pile: (id: string) => `${BASE}/piles/${encodeURIComponent(id)}`,
  tariffs: `${BASE}/tariffs`,
  tariff: (id: string) => `${BASE}/tariffs/${encodeURIComponent(id)}`,
  draft: (id: string) => `${BASE}/tariffs/${encodeURIComponent(id)}/draft`,
  version: (id: string, number: number) => `${BASE}/tariffs/${encodeURIComponent(id)}/versions/${number}`,
  prices: (stationId: string) => `${BASE}/stations/${encodeURIComponent(stationId)}/prices`,
  sessions: `${BASE}/sessions`,
  revenue: `${BASE}/revenue`,
  commands: `${BASE}/commands`,
  command: (id: string) => `${BASE}/commands?id=${encodeURIComponent(id)}`,
  session: (id: string) => `${BASE}/sessions/${encodeURIComponent(id)}`,
  batch: (id: string) => `${BASE}/batches/${encodeURIComponent(id)}`,
  ...assetAddresses(BASE),
  ...issueAddresses(BASE),
  ...reliabilityAddresses(BASE),
};

export function go(href: string): void {
  if (href === here()) return;
  history.pushState(null, "", href);
  address.value = here();
  scrollTo(0, 0);
}

/** Replaces the current entry of the history. */
export function restore(href: string): void {
  history.replaceState(null, "", href);
  address.value = here();
}

/** Writes values to the query of the address, without a new entry in the history. */
export function remember(values: Record<string, string | undefined>): void {
  const next = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || value === "") next.delete(name);
    else next.set(name, value);
  }
  const text = next.toString();
  restore(location.pathname + (text === "" ? "" : `?${text}`));
}

/** Makes links within the console change the page without reloading it. */
export function listen(): void {
  addEventListener("popstate", () => {
    address.value = here();
  });
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (link === null || link.target !== "" || link.origin !== location.origin || !link.pathname.startsWith(`${BASE}/`)) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
}
