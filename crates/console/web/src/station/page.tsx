// The page of a station: its piles, their availability over the last day, and its prices.

import type { JSX } from "preact";
import { assets } from "../api/client.ts";
import type { Station } from "../api/types.ts";
import { lazy } from "../app/lazy.tsx";
import { to } from "../app/router.ts";
import { may } from "../app/session.ts";
import { Title } from "../app/title.tsx";
import { StationActions } from "../assets/manage.tsx";
import { Forbidden, Shown } from "../design/states.tsx";
import { PileList } from "../fleet/piles.tsx";
import { Standing } from "../fleet/stations.tsx";
import { named, t } from "../i18n/language.ts";
import { PlaceIssues } from "../issues/place-summary.tsx";
import { useEvery, useResource } from "../live/resource.ts";
import { ReliabilityCard } from "../reliability/card.tsx";
import { AvailabilityCard } from "./availability.tsx";
import { StationBatches } from "./batches.tsx";
import { StationCommands } from "./commands.tsx";
import { StationFacts } from "./facts.tsx";
import { PriceCard } from "./price.tsx";

const RetiredStation = lazy(async () => (await import("../assets/retired-asset.tsx")).RetiredStation);

/** Interval of reloading the counts in the header, in ms. */
const EVERY_MS = 5_000;

export function StationPage({ id }: { readonly id: string }): JSX.Element {
  const station = useResource(may("assets:read") ? id : null, (signal) => assets.get("/api/v1/stations/{stationId}", { path: { stationId: id }, query: { retired: true }, signal }));
  useEvery(EVERY_MS, station.reload);
  if (!may("assets:read")) return <section class="card"><Title text={t("col.station")} /><Forbidden whole scope="assets:read" /></section>;
  return (
    <Shown whole of={station} rows={6}>
      {(shown) => (typeof shown.retiredAt === "string" ? <RetiredStation station={shown} retiredAt={shown.retiredAt} onDone={station.reload} /> : (
        <>
          <Title text={shown.name} />
          <Head station={shown} />
          <PlaceIssues stationId={id} />
          <section class="card" aria-labelledby="station-piles">
            <div class="card-head"><h2 id="station-piles">{t("station.piles")}</h2><Standing piles={shown.availability.piles} /><a class="small" href={`${to.sessions}?station=${id}`}>{t("sessions.all")}</a></div>
            <div class="card-gap" />
            <PileList filter={{ q: "", status: "", online: "", stationId: id }} height="fit" />
          </section>
          <StationCommands station={shown} />
          <StationBatches stationId={id} />
          <div class="columns">
            <AvailabilityCard stationId={id} />
            <PriceCard stationId={id} />
            <ReliabilityCard of={{ station: id }} />
          </div>
        </>
      ))}
    </Shown>
  );
}

function Head({ station }: { readonly station: Station }): JSX.Element {
  const tone = station.status === "Open" ? "tag good" : station.status === "Closed" ? "tag bad" : "tag";
  return (
    <>
      <div class="page-head">
        <div>
          <p class="crumb"><a href={to.fleet}>{t("station.back")}</a></p>
          <h1>{station.name} <span class={tone}>{named("stationStatus", station.status)}</span></h1>
        </div>
        <StationActions station={station} />
      </div>
      <StationFacts station={station} />
    </>
  );
}
