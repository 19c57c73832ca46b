// The page of a session: its facts, its end by an operator, and its price as a receipt or a quote.

import type { JSX } from "preact";
import { assets } from "../api/client.ts";
import type { Session } from "../api/types.ts";
import { to } from "../app/router.ts";
import { may } from "../app/session.ts";
import { Title } from "../app/title.tsx";
import { Forbidden, Shown } from "../design/states.tsx";
import { duration, kwh, moment } from "../i18n/format.ts";
import { named, t } from "../i18n/language.ts";
import { useEvery, useNow, useResource } from "../live/resource.ts";
import { StationLink } from "../live/station-names.tsx";
import { EndForm } from "./end-form.tsx";
import { ReceiptCard } from "./receipt-card.tsx";
import { RunningCost } from "./running-cost.tsx";

/** Interval of reloading an open session, in ms. */
const EVERY_MS = 5_000;

export function SessionPage({ id }: { readonly id: string }): JSX.Element {
  const session = useResource(may("assets:read") ? id : null, (signal) => assets.get("/api/v1/sessions/{sessionId}", { path: { sessionId: id }, signal }));
  useEvery(session.value?.endedAt === null ? EVERY_MS : null, session.reload);
  if (!may("assets:read")) return <section class="card"><Title text={t("session.title")} /><Forbidden whole scope="assets:read" /></section>;
  return (
    <Shown whole of={session} rows={6}>
      {(shown) => (
        <>
          <Title text={t("session.title")} />
          <div class="page-head">
            <div>
              <p class="crumb"><a href={to.sessions}>{t("sessions.title")}</a></p>
              <h1>{t("session.title")} {shown.endedAt === null ? <span class="tag good">{t("session.running")}</span> : null}</h1>
              <p class="soft mono small">{shown.id}</p>
            </div>
          </div>
          <div class="columns">
            <div class="stack">
              <Facts session={shown} />
              {shown.endedAt === null ? <EndForm session={shown} onEnded={session.reload} /> : null}
            </div>
            {shown.endedAt === null ? <RunningCost sessionId={id} /> : <ReceiptCard key={shown.endedAt} sessionId={id} />}
          </div>
        </>
      )}
    </Shown>
  );
}

function Facts({ session }: { readonly session: Session }): JSX.Element {
  const now = useNow(1_000);
  const lasted = (session.endedAt === null ? now : Date.parse(session.endedAt)) - Date.parse(session.startedAt);
  const none = <span class="soft">–</span>;
  const register = (wh: number | null) => (wh === null ? none : kwh(wh));
  return (
    <section class="card" aria-labelledby="session-facts" data-session={session.id} data-open={session.endedAt === null}>
      <div class="card-head"><h2 id="session-facts">{t("session.facts")}</h2></div>
      <div class="card-body">
        <dl class="facts">
          <div><dt>{t("session.started")}</dt><dd>{moment(session.startedAt)}</dd></div>
          <div><dt>{t("session.ended")}</dt><dd>{session.endedAt === null ? none : moment(session.endedAt)}</dd></div>
          <div><dt>{t("session.duration")}</dt><dd>{duration(lasted)}</dd></div>
          <div><dt>{t("session.energy")}</dt><dd>{typeof session.energyWh === "number" ? kwh(session.energyWh) : none}</dd></div>
          <div><dt>{t("col.station")}</dt><dd>{session.stationId === null ? none : <StationLink id={session.stationId} />}</dd></div>
          <div><dt>{t("col.device")}</dt><dd class="mono">{session.pileId === null ? session.chargePointId : <a href={to.pile(session.pileId)}>{session.chargePointId}</a>}</dd></div>
          <div><dt>{t("col.connector")}</dt><dd>{session.connectorId}</dd></div>
          <div><dt>{t("session.idTag")}</dt><dd class="mono">{session.idTag ?? none}</dd></div>
          <div><dt>{t("session.transaction")}</dt><dd class="mono">{session.transactionId ?? none}</dd></div>
          <div><dt>{t("session.startedBy")}</dt><dd>{named("startedBy", session.startedBy)}</dd></div>
          <div><dt>{t("session.reason")}</dt><dd>{session.endReason === null ? none : named("endReason", session.endReason)}{session.endIssuedBy === null ? null : ` · ${session.endIssuedBy}`}</dd></div>
          <div><dt>{t("session.meterStart")}</dt><dd>{register(session.meterStartWh)}</dd></div>
          <div><dt>{t("session.meterStop")}</dt><dd>{register(session.meterStopWh)}</dd></div>
          <div><dt>{t("station.operator")}</dt><dd>{session.operatorId ?? none}</dd></div>
          <Limits session={session} />
        </dl>
      </div>
    </section>
  );
}

/** The limits that the start set, and the one that was reached. */
function Limits({ session: { limits, limitReached } }: { readonly session: Session }): JSX.Element | null {
  if (limits === null) return null;
  const set = [
    limits.maxEnergyWh === null ? null : kwh(limits.maxEnergyWh), limits.maxDurationS === null ? null : duration(limits.maxDurationS * 1000),
    limits.maxAmount === null ? null : `${limits.maxAmount} ${limits.currency ?? ""}`,
  ].filter((one) => one !== null);
  return (
    <>
      <div><dt>{t("session.limits")}</dt><dd>{set.join(" · ")}</dd></div>
      {limitReached === null ? null : <div><dt>{t("session.limitReached")}</dt><dd>{named("limit", limitReached.limit)} · {moment(limitReached.at)}</dd></div>}
    </>
  );
}
