// Names of stations that a list refers to by id.

import type { JSX } from "preact";
import { assets } from "../api/client.ts";
import { to } from "../app/router.ts";
import { NamedLink, Names } from "./names.tsx";

const names = new Names(async (stationId) => (await assets.get("/api/v1/stations/{stationId}", { path: { stationId }, query: { retired: true } })).name);

/** A link to a station by its name, or by its id until the name is known. */
export function StationLink({ id }: { readonly id: string }): JSX.Element {
  return <NamedLink id={id} href={to.station(id)} names={names} />;
}
