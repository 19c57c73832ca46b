// Names of piles that a list refers to by id.

import type { JSX } from "preact";
import { assets } from "../api/client.ts";
import { to } from "../app/router.ts";
import { NamedLink, Names } from "./names.tsx";

const names = new Names(async (pileId) => {
  const { name, chargePointId } = await assets.get("/api/v1/piles/{pileId}", { path: { pileId }, query: { retired: true } });
  return name ?? chargePointId;
});

/** A link to a pile by its name or its device, or by its id until they are known. */
export function PileLink({ id }: { readonly id: string }): JSX.Element {
  return <NamedLink id={id} href={to.pile(id)} names={names} />;
}
