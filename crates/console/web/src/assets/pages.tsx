// The pages that manage stations and piles, by their address. They are loaded together, except for
// labels, which need an encoder of QR codes.

import type { JSX } from "preact";
import { lazy } from "../app/lazy.tsx";
import { type Scope, may } from "../app/session.ts";
import { Title } from "../app/title.tsx";
import { Forbidden } from "../design/states.tsx";
import { t } from "../i18n/language.ts";
import { EditPilePage, EditStationPage } from "./edit-pages.tsx";
import { PileHistoryPage, StationHistoryPage } from "./history-page.tsx";
import { NewPilePage, NewStationPage } from "./new-pages.tsx";
import { MovePage, ReplacePage } from "./pile-operations.tsx";
import { RetiredPage } from "./retired-page.tsx";
import type { AssetView, PileView, StationView } from "./routes.ts";

const PileLabelsPage = lazy(async () => (await import("./labels-page.tsx")).PileLabelsPage);
const StationLabelsPage = lazy(async () => (await import("./labels-page.tsx")).StationLabelsPage);

type Page = (props: { readonly id: string }) => JSX.Element;

const STATION: Readonly<Record<StationView, Page>> = { edit: EditStationPage, history: StationHistoryPage, labels: StationLabelsPage };
const PILE: Readonly<Record<PileView, Page>> = { edit: EditPilePage, move: MovePage, replace: ReplacePage, history: PileHistoryPage, labels: PileLabelsPage };

/** Views that need no scope but the one for reading. */
const READING: readonly string[] = ["history", "labels"];

export function AssetPages({ show }: { readonly show: AssetView }): JSX.Element {
  const missing = needed(show).find((scope) => !may(scope));
  if (missing !== undefined) return <section class="card"><Title text={t("asset.edit")} /><Forbidden whole scope={missing} /></section>;
  switch (show.of) {
    case "retired":
      return <RetiredPage />;
    case "new-station":
      return <NewStationPage />;
    case "new-pile":
      return <NewPilePage stationId={show.stationId} />;
    case "station": {
      const Shown = STATION[show.view];
      return <Shown id={show.stationId} />;
    }
    case "pile": {
      const Shown = PILE[show.view];
      return <Shown id={show.pileId} />;
    }
  }
}

function needed(show: AssetView): Scope[] {
  const reads = show.of === "retired" || ("view" in show && READING.includes(show.view));
  return reads ? ["assets:read"] : ["assets:read", "assets:write"];
}
