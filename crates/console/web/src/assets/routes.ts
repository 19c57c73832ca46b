// The addresses of the pages that manage stations and piles.

/** What a page does, by the words of its address after the id. The end-to-end tests visit each. */
export const STATION_VIEWS = ["edit", "history", "labels"] as const;
export const PILE_VIEWS = ["edit", "move", "replace", "history", "labels"] as const;

export type StationView = (typeof STATION_VIEWS)[number];
export type PileView = (typeof PILE_VIEWS)[number];

export type AssetView =
  | { readonly of: "retired" }
  | { readonly of: "new-station" }
  | { readonly of: "new-pile"; readonly stationId: string }
  | { readonly of: "station"; readonly view: StationView; readonly stationId: string }
  | { readonly of: "pile"; readonly view: PileView; readonly pileId: string };

export interface AssetRoute {
  readonly page: "assets";
  /** The whole address, which distinguishes one page from another. */
  readonly id: string;
  readonly show: AssetView;
}

/** The page of an address, split at its slashes; null if it is not one of these. */
export function assetRoute(parts: readonly string[]): AssetRoute | null {
  const show = viewOf(parts);
  return show === null ? null : { page: "assets", id: parts.join("/"), show };
}

function viewOf(parts: readonly string[]): AssetView | null {
  const [first, second, third, fourth] = parts;
  if (parts.length === 1) return first === "retired" ? { of: "retired" } : null;
  if (second === undefined) return null;
  if (parts.length === 2) return first === "stations" && second === "new" ? { of: "new-station" } : null;
  if (first === "stations" && parts.length === 4) return third === "piles" && fourth === "new" ? { of: "new-pile", stationId: second } : null;
  if (parts.length !== 3) return null;
  const ofStation = STATION_VIEWS.find((view) => view === third);
  if (first === "stations" && ofStation !== undefined) return { of: "station", view: ofStation, stationId: second };
  const ofPile = PILE_VIEWS.find((view) => view === third);
  return first === "piles" && ofPile !== undefined ? { of: "pile", view: ofPile, pileId: second } : null;
}

export function assetAddresses(base: string) {
  return {
    retired: `${base}/retired`,
    newStation: `${base}/stations/new`,
    newPile: (stationId: string) => `${base}/stations/${encodeURIComponent(stationId)}/piles/new`,
    ofStation: (id: string, view: StationView) => `${base}/stations/${encodeURIComponent(id)}/${view}`,
    ofPile: (id: string, view: PileView) => `${base}/piles/${encodeURIComponent(id)}/${view}`,
  };
}
