// Routing: the address below /console selects the page, with the browser's own history.

import { computed, signal } from "@preact/signals";

const BASE = "/console";

export type Route =
  | { readonly page: "fleet" }
  | { readonly page: "station"; readonly id: string }
  | { readonly page: "pile"; readonly id: string }
  | { readonly page: "ingest" }
  | { readonly page: "import" }
  | { readonly page: "audit" }
  | { readonly page: "batch"; readonly id: string }
  | { readonly page: "nowhere" };

const address = signal(here());

function here(): string {
  return location.pathname + location.search;
}

/** The part of the address after `?`. */
export const query = computed(() => new URLSearchParams(address.value.split("?")[1] ?? ""));
export const route = computed<Route>(() => parse(address.value.split("?")[0] ?? ""));

function parse(path: string): Route {
  const parts = path.slice(BASE.length).split("/").filter((part) => part !== "");
  const [page, id] = parts;
  if (page === undefined) return { page: "fleet" };
  if (parts.length === 1 && (page === "ingest" || page === "import" || page === "audit")) return { page };
  if (parts.length === 2 && id !== undefined) {
    if (page === "stations") return { page: "station", id: decoded(id) };
    if (page === "piles") return { page: "pile", id: decoded(id) };
    if (page === "batches") return { page: "batch", id: decoded(id) };
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
  batch: (id: string) => `${BASE}/batches/${encodeURIComponent(id)}`,
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
