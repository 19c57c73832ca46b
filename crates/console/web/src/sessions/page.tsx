// The sessions of the fleet, the latest beginning first, with the filters of the API in the address.

import type { JSX } from "preact";
import { assets } from "../api/client.ts";
import type { Session } from "../api/types.ts";
import { query, to } from "../app/router.ts";
import { may } from "../app/session.ts";
import { Title } from "../app/title.tsx";
import { Empty, Failed, Forbidden, Loading } from "../design/states.tsx";
import { Export } from "../export/export.tsx";
import { duration, kwh, moment } from "../i18n/format.ts";
import { named, t } from "../i18n/language.ts";
import { useMore } from "../live/more.ts";
import { useEvery } from "../live/resource.ts";
import { StationLink } from "../live/station-names.tsx";
import { type Filter, asQuery, read } from "./filter.ts";
import { Filters } from "./filters.tsx";

const PAGE = 50;
/** Interval of reloading the newest sessions, in ms. */
const EVERY_MS = 15_000;

export function SessionsPage(): JSX.Element {
  if (!may("assets:read")) return <section class="card"><Title text={t("sessions.title")} /><Forbidden whole scope="assets:read" /></section>;
  const filter = read(query.value);
  return (
    <>
      <Title text={t("sessions.title")} />
      <div class="page-head"><div><h1>{t("sessions.title")}</h1><p class="soft">{t("sessions.lead")}</p></div></div>
      <section class="card" aria-label={t("sessions.title")}>
        <div class="card-body stack">
          <Filters filter={filter} />
          <Export path="/api/v1/sessions/export" query={asQuery(filter)} name="sessions" />
          <List filter={filter} />
        </div>
      </section>
    </>
  );
}

function List({ filter }: { readonly filter: Filter }): JSX.Element {
  const asked = asQuery(filter);
  const list = useMore<Session>(
    JSON.stringify(asked), (cursor, signal) => assets.get("/api/v1/sessions", { query: { ...asked, cursor, limit: PAGE }, signal }), (session) => session.id,
  );
  useEvery(EVERY_MS, list.refresh);
  if (list.items === undefined) return list.problem === undefined ? <Loading /> : <Failed problem={list.problem} retry={list.refresh} />;
  if (list.items.length === 0) return <Empty title={t("sessions.empty")} />;
  return (
    <>
      <div class="scroll-x" tabIndex={0} role="group" aria-label={t("sessions.title")}>
        <table class="table">
          <thead>
            <tr>
              <th scope="col">{t("session.started")}</th><th scope="col">{t("col.device")}</th><th scope="col">{t("col.station")}</th>
              <th scope="col" class="right">{t("session.duration")}</th><th scope="col" class="right">{t("session.energy")}</th>
              <th scope="col">{t("session.reason")}</th><th scope="col">{t("session.idTag")}</th>
            </tr>
          </thead>
          <tbody>{list.items.map((session) => <Row key={session.id} session={session} />)}</tbody>
        </table>
      </div>
      {list.more ? <div><button type="button" class="button slim" onClick={list.next}>{t("state.more")}</button></div> : null}
    </>
  );
}

function Row({ session }: { readonly session: Session }): JSX.Element {
  const { id, startedAt, endedAt, pileId, stationId, chargePointId, connectorId, energyWh, endReason, idTag } = session;
  return (
    <tr data-session={id} data-open={endedAt === null}>
      <th scope="row" class="nowrap"><a href={to.session(id)}>{moment(startedAt)}</a></th>
      <td class="mono nowrap">{pileId === null ? chargePointId : <a href={to.pile(pileId)}>{chargePointId}</a>} <span class="soft">· {connectorId}</span></td>
      <td>{stationId === null ? <span class="soft">{t("sessions.noPile")}</span> : <StationLink id={stationId} />}</td>
      <td class="right nowrap">{endedAt === null ? <span class="tag good">{t("session.running")}</span> : duration(Date.parse(endedAt) - Date.parse(startedAt))}</td>
      <td class="right nowrap">{typeof energyWh === "number" ? kwh(energyWh) : "–"}</td>
      <td>{endReason === null ? "" : named("endReason", endReason)}</td>
      <td class="mono nowrap">{idTag ?? ""}</td>
    </tr>
  );
}
