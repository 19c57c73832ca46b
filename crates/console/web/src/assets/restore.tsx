// The button that restores a retired station or pile, and leads to its page.

import type { JSX } from "preact";
import { assets, ifMatch } from "../api/client.ts";
import { go, to } from "../app/router.ts";
import { may } from "../app/session.ts";
import { Confirmed } from "../design/confirmed.tsx";
import { t } from "../i18n/language.ts";

export type Kind = "station" | "pile";

/** The page of a station or pile, retired or not. */
export function pageOf(kind: Kind, id: string): string {
  return kind === "pile" ? to.pile(id) : to.station(id);
}

export function Restore({ kind, id, name, version, onDone }: {
  readonly kind: Kind;
  readonly id: string;
  readonly name: string;
  readonly version: number;
  /** Called afterwards, also if it was refused. */
  readonly onDone: () => void;
}): JSX.Element {
  const restore = async () => {
    const headers = ifMatch(version);
    if (kind === "pile") await assets.post("/api/v1/piles/{pileId}/restore", { path: { pileId: id }, headers });
    else await assets.post("/api/v1/stations/{stationId}/restore", { path: { stationId: id }, headers });
    go(pageOf(kind, id));
  };
  return (
    <Confirmed
      text={t("asset.restore")} ask={t(kind === "pile" ? "asset.restorePileAsk" : "asset.restoreStationAsk", { name })}
      scope={may("assets:write") ? null : "assets:write"} act={restore} onDone={onDone}
    />
  );
}
