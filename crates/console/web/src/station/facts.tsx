// The registered data of a station.

import type { JSX } from "preact";
import type { Station } from "../api/types.ts";
import { None } from "../fleet/piles.tsx";
import { degrees } from "../i18n/format.ts";
import { named, t } from "../i18n/language.ts";

export function StationFacts({ station }: { readonly station: Station }): JSX.Element {
  return (
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
  );
}

function Hours({ of }: { readonly of: Station["openingHours"] }): JSX.Element {
  if (of === null || of === undefined) return <None />;
  if ("always" in of) return <>{t("station.always")}</>;
  return <>{of.weekly.map((period) => `${named("weekday", period.weekday)} ${period.from}–${period.to}`).join(", ")}</>;
}
