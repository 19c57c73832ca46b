// Stations and piles that are found by a part of their name.

import { assets } from "../api/client.ts";

export type PlaceKind = "station" | "pile";

export interface FoundPlace {
  readonly id: string;
  /** The name of a station; the names of a pile, and that of its device. */
  readonly names: readonly string[];
}

/** A place by its id, with its name, so that it can be shown while it is not among those found. */
export interface Chosen {
  readonly id: string;
  readonly name: string;
}

const OFFERED = 20;
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whether a text needs no search: it is an id, or there is none. */
export function isSettled(text: string): boolean {
  return text === "" || ID.test(text);
}

/** The first places that match; the first ones of all if `q` is empty. */
export async function findPlaces(kind: PlaceKind, q: string, signal?: AbortSignal): Promise<readonly FoundPlace[]> {
  const asked = { query: { limit: OFFERED, ...(q === "" ? {} : { q }) }, ...(signal === undefined ? {} : { signal }) };
  if (kind === "station") return (await assets.get("/api/v1/stations", asked)).items.map(({ id, name }) => ({ id, names: [name] }));
  const piles = (await assets.get("/api/v1/piles", asked)).items;
  return piles.map(({ id, name, chargePointId }) => ({ id, names: [...(typeof name === "string" ? [name] : []), chargePointId] }));
}

export function chosen({ id, names }: FoundPlace): Chosen {
  return { id, name: names.join(" · ") };
}

/** The place that a text means: the only one found, or the only one with exactly this name. */
export function meant(text: string, found: readonly FoundPlace[]): FoundPlace | "none" | "several" {
  const exact = found.filter(({ names }) => names.some((name) => name.toLowerCase() === text.toLowerCase()));
  const [only, ...others] = exact.length === 0 ? found : exact;
  if (only === undefined) return "none";
  return others.length === 0 ? only : "several";
}
