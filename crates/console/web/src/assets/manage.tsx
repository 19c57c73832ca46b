// What can be done with a station or a pile, and with the fleet, as links and buttons on its page.

import type { JSX } from "preact";
import { assets, ifMatch } from "../api/client.ts";
import type { Pile, Station } from "../api/types.ts";
import { go, to } from "../app/router.ts";
import { may } from "../app/session.ts";
import { Confirmed } from "../design/confirmed.tsx";
import { t } from "../i18n/language.ts";
import type { PileView, StationView } from "./routes.ts";

/** A link to a page that changes something; only a text with its reason without the scope. */
function WriteLink({ href, text, action }: { readonly href: string; readonly text: string; readonly action: string }): JSX.Element {
  if (may("assets:write")) return <a class="button slim" href={href} data-manage={action}>{text}</a>;
  return <button type="button" class="button slim" disabled title={t("nav.forbidden", { scope: "assets:write" })} data-manage={action}>{text}</button>;
}

export function FleetActions(): JSX.Element {
  return (
    <div class="buttons">
      <WriteLink href={to.newStation} text={t("asset.newStation")} action="new-station" />
      <a class="button slim" href={to.retired} data-manage="retired">{t("asset.retired")}</a>
    </div>
  );
}

export function StationActions({ station }: { readonly station: Station }): JSX.Element {
  const view = (name: StationView) => to.ofStation(station.id, name);
  const retire = async () => {
    await assets.delete("/api/v1/stations/{stationId}", { path: { stationId: station.id }, headers: ifMatch(station.version) });
    go(to.retired);
  };
  return (
    <div class="buttons" role="group" aria-label={t("asset.actions")}>
      <WriteLink href={view("edit")} text={t("asset.edit")} action="edit" />
      <WriteLink href={to.newPile(station.id)} text={t("asset.newPile")} action="new-pile" />
      <a class="button slim" href={view("labels")} data-manage="labels">{t("asset.labels")}</a>
      <a class="button slim" href={view("history")} data-manage="history">{t("asset.history")}</a>
      <Confirmed text={t("asset.retire")} ask={t("asset.retireStationAsk", { name: station.name })} scope={may("assets:write") ? null : "assets:write"} act={retire} onDone={() => undefined} />
    </div>
  );
}

export function PileActions({ pile }: { readonly pile: Pile }): JSX.Element {
  const view = (name: PileView) => to.ofPile(pile.id, name);
  const retire = async () => {
    await assets.delete("/api/v1/piles/{pileId}", { path: { pileId: pile.id }, headers: ifMatch(pile.version) });
    go(`${to.retired}?view=piles`);
  };
  return (
    <div class="buttons" role="group" aria-label={t("asset.actions")}>
      <WriteLink href={view("edit")} text={t("asset.edit")} action="edit" />
      <WriteLink href={view("move")} text={t("asset.move")} action="move" />
      <WriteLink href={view("replace")} text={t("asset.replace")} action="replace" />
      <a class="button slim" href={view("labels")} data-manage="labels">{t("asset.labels")}</a>
      <a class="button slim" href={view("history")} data-manage="history">{t("asset.history")}</a>
      <Confirmed text={t("asset.retire")} ask={t("asset.retirePileAsk", { name: pile.name ?? pile.chargePointId })} scope={may("assets:write") ? null : "assets:write"} act={retire} onDone={() => undefined} />
    </div>
  );
}
