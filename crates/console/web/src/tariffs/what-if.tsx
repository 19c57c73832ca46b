// What the sessions of a station would have earned under a version, compared with what they earned.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { assets } from "../api/client.ts";
import type { WhatIf } from "../api/types.ts";
import { may } from "../app/session.ts";
import { MonthField } from "../design/month-field.tsx";
import { Empty, Forbidden, Shown } from "../design/states.tsx";
import { NO_STATION } from "../forms/station-choice.tsx";
import { count, kwh } from "../i18n/format.ts";
import { named, t } from "../i18n/language.ts";
import { monthAfter, monthOf } from "../live/days.ts";
import { useResource } from "../live/resource.ts";
import { Choice } from "./choice.tsx";
import { difference } from "./difference.ts";

const PARTS = ["electricity", "service", "chargingTime", "sessionFee", "occupancy", "tax", "total"] as const;

/** The beginning of a month in the zone of this machine. */
function begin(month: string): string {
  const [year = 1970, number = 1] = month.split("-").map(Number);
  return new Date(year, number - 1, 1).toISOString();
}

export function WhatIfCard({ tariffId, number }: { readonly tariffId: string; readonly number: number }): JSX.Element {
  const [station, setStation] = useState(NO_STATION);
  const [month, setMonth] = useState(() => monthAfter(monthOf(new Date()), -1));
  const [asked, setAsked] = useState<{ readonly stationId: string; readonly from: string; readonly until: string } | null>(null);
  const result = useResource(asked === null ? null : JSON.stringify(asked), (signal) => {
    return assets.get("/api/v1/tariffs/{tariffId}/versions/{number}/what-if", { path: { tariffId, number }, query: asked ?? {}, signal });
  });
  const calculate = (event: Event) => {
    event.preventDefault();
    setAsked({ stationId: station.id, from: begin(month), until: begin(monthAfter(month, 1)) });
    result.reload();
  };
  return (
    <section class="card" aria-labelledby="what-if">
      <div class="card-head"><h2 id="what-if">{t("whatIf.title")}</h2></div>
      <div class="card-body stack">
        <p class="soft">{t("whatIf.lead")} {t("whatIf.began")}</p>
        {may("assets:read") ? (
          <form class="filters" onSubmit={calculate}>
            <Choice kind="station" search={t("whatIf.station")} label={named("price.level", "station")} value={station} onChoose={setStation} />
            <MonthField label={t("whatIf.month")} value={month} onEnter={setMonth} />
            <button type="submit" class="button primary" disabled={result.loading || station.id === ""}>{result.loading ? t("whatIf.running") : t("whatIf.do")}</button>
          </form>
        ) : <Forbidden scope="assets:read" />}
        {asked === null ? null : <Shown of={result}>{(found) => (found.sessions === 0 ? <Empty title={t("whatIf.none")} /> : <Result of={found} />)}</Shown>}
      </div>
    </section>
  );
}

function Result({ of: { complete, sessions, energyWh, earned, wouldEarn, unpriced, otherCurrency } }: { readonly of: WhatIf }): JSX.Element {
  const { currency } = earned.total;
  const money = (amount: string) => `${amount} ${currency}`;
  return (
    <div class="stack" data-what-if>
      <p role="status"><strong>{t("whatIf.result", { would: money(wouldEarn.total.amount), did: money(earned.total.amount), difference: money(difference(wouldEarn.total.amount, earned.total.amount)) })}</strong></p>
      <dl class="facts">
        <div><dt>{t("whatIf.sessions")}</dt><dd>{count(sessions)}</dd></div>
        <div><dt>{t("whatIf.energy")}</dt><dd>{kwh(energyWh)}</dd></div>
        <div><dt>{t("whatIf.left")}</dt><dd>{unpriced + otherCurrency === 0 ? "0" : `${count(unpriced)} ${t("leftOut.unpriced")} · ${count(otherCurrency)} ${t("leftOut.otherCurrency")}`}</dd></div>
      </dl>
      {complete ? null : <div class="notice warn">{t("whatIf.cut", { n: count(sessions + unpriced + otherCurrency) })}</div>}
      <div class="scroll-x" tabIndex={0} role="group" aria-label={t("whatIf.title")}>
        <table class="table">
          <thead>
            <tr>
              <th scope="col">{t("whatIf.part")}</th><th scope="col" class="right">{t("whatIf.did")}</th>
              <th scope="col" class="right">{t("whatIf.would")}</th><th scope="col" class="right">{t("whatIf.difference")}</th>
            </tr>
          </thead>
          <tbody>
            {PARTS.map((part) => (
              <tr key={part} data-part-of={part}>
                <td>{t(`part.${part}`)}</td><td class="right">{earned[part].amount}</td><td class="right">{wouldEarn[part].amount}</td>
                <td class="right">{difference(wouldEarn[part].amount, earned[part].amount)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}
