// The page of a station: its piles, their availability over the last day, and its prices.

import type { JSX } from "preact";
import { assets } from "../api/client.ts";
import type { Station } from "../api/types.ts";
import { to } from "../app/router.ts";
import { may } from "../app/session.ts";
import { Title } from "../app/title.tsx";
import { StationActions } from "../assets/manage.tsx";
import { Forbidden, Shown } from "../design/states.tsx";
import { None, PileList } from "../fleet/piles.tsx";
import { Standing } from "../fleet/stations.tsx";
import { degrees } from "../i18n/format.ts";
import { named, t } from "../i18n/language.ts";
import { PlaceIssues } from "../issues/place-summary.tsx";
import { useEvery, useResource } from "../live/resource.ts";
import { ReliabilityCard } from "../reliability/card.tsx";
import { AvailabilityCard } from "./availability.tsx";
import { StationCommands } from "./commands.tsx";
import { PriceCard } from "./price.tsx";

/** Interval of reloading the counts in the header, in ms. */
const EVERY_MS = 5_000;

export function StationPage({ id }: { readonly id: string }): JSX.Element {
  const station = useResource(may("assets:read") ? id : null, (signal) => assets.get("/api/v1/stations/{stationId}", { path: { stationId: id }, signal }));
  useEvery(EVERY_MS, station.reload);
  if (!may("assets:read")) return <section class="card"><Title text={t("col.station")} /><Forbidden whole scope="assets:read" /></section>;
  return (
    <Shown whole of={station} rows={6}>
      {(shown) => (
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
          <div class="columns">
            <AvailabilityCard stationId={id} />
            <PriceCard stationId={id} />
            <ReliabilityCard of={{ station: id }} />
          </div>
        </>
      )}
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
      <section class="card card-body">
        <dl class="facts">
          <div><dt>{t("station.address")}</dt><dd>{station.address ?? <None />}</dd></div>
          <div><dt>{t("station.operator")}</dt><dd>{station.operatorId ?? <None />}</dd></div>
          <div>
            <dt>{t("station.place")}</dt>
            <dd>{typeof station.latitude === "number" && typeof station.longitude === "number" ? `${degrees(station.latitude)}, ${degrees(station.longitude)}` : <None />}</dd>
          </div>
          <div><dt>{t("station.hours")}</dt><dd><Hours of={station.openingHours} /></dd></div>
          <div><dt>{t("station.facilities")}</dt><dd>{station.facilities.length === 0 ? <None /> : station.facilities.map((name) => named("facility", name)).join(" · ")}</dd></div>
          <div><dt>{t("station.startable")}</dt><dd>{station.startableStatuses?.map((name) => named("status", name)).join(" · ") ?? <span class="soft">{t("station.startableSetting")}</span>}</dd></div>
        </dl>
      </section>
    </>
  );
}

function Hours({ of }: { readonly of: Station["openingHours"] }): JSX.Element {
  if (of === null || of === undefined) return <None />;
  if ("always" in of) return <>{t("station.always")}</>;
  return <>{of.weekly.map((period) => `${named("weekday", period.weekday)} ${period.from}–${period.to}`).join(", ")}</>;
}
