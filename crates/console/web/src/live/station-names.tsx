// Names of stations that a list refers to by id: each is read once, a few at a time.

import { type Signal, signal } from "@preact/signals";
import type { JSX } from "preact";
import { assets } from "../api/client.ts";
import { session } from "../app/session.ts";
import { to } from "../app/router.ts";
import { Turns } from "./turns.ts";

const names = new Map<string, Signal<string | null>>();
let reader = session.value;

const turns = new Turns(async (stationId) => {
  const { name } = await assets.get("/api/v1/stations/{stationId}", { path: { stationId } });
  const known = names.get(stationId);
  if (known !== undefined) known.value = name;
});

/** The name of a station; null until it is read, and for a retired station. */
function nameOf(id: string): Signal<string | null> {
  // Another user may not read what the one before could.
  if (reader !== session.value) names.clear();
  reader = session.value;
  const known = names.get(id);
  if (known !== undefined) return known;
  const name = signal<string | null>(null);
  names.set(id, name);
  turns.ask(id);
  return name;
}

/** A link to a station by its name, or by its id until the name is known. */
export function StationLink({ id }: { readonly id: string }): JSX.Element {
  const name = nameOf(id).value;
  return <a href={to.station(id)} class={name === null ? "mono small" : undefined}>{name ?? id}</a>;
}
