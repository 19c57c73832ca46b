// The sessions of a pile, the latest first.

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { assets } from "../api/client.ts";
import type { Session } from "../api/types.ts";
import { to } from "../app/router.ts";
import { Empty, Failed, Loading } from "../design/states.tsx";
import { brief, duration, kwh } from "../i18n/format.ts";
import { named, t } from "../i18n/language.ts";
import { useMore } from "../live/more.ts";
import { useEvery } from "../live/resource.ts";

const PAGE = 10;
const EVERY_MS = 15_000;

export function Sessions({ pileId, news }: { readonly pileId: string; readonly news: number }): JSX.Element {
  const list = useMore<Session>(pileId, (cursor, signal) => {
    return assets.get("/api/v1/piles/{pileId}/sessions", { path: { pileId }, query: { limit: PAGE, cursor }, signal });
  }, (session) => session.id);
  useEffect(() => {
    if (news > 0) list.refresh();
  }, [news]);
  useEvery(EVERY_MS, list.refresh);
  return (
    <section class="card" aria-labelledby="sessions">
      <div class="card-head"><h2 id="sessions">{t("pile.sessions")}</h2><a class="small" href={`${to.sessions}?pile=${pileId}`}>{t("sessions.all")}</a></div>
      <div class="card-body">
        {list.items === undefined ? (list.problem === undefined ? <Loading /> : <Failed problem={list.problem} retry={list.refresh} />) : list.items.length === 0 ? <Empty title={t("pile.noSessions")} /> : (
          <div class="scroll-x" tabIndex={0} role="group" aria-label={t("pile.sessions")}>
            <table class="table">
              <thead>
                <tr>
                  <th scope="col">{t("session.started")}</th><th scope="col">{t("col.connector")}</th><th scope="col" class="right">{t("session.duration")}</th>
                  <th scope="col" class="right">{t("session.energy")}</th><th scope="col">{t("session.reason")}</th><th scope="col">{t("session.idTag")}</th>
                </tr>
              </thead>
              <tbody>
                {list.items.map((session) => (
                  <tr key={session.id}>
                    <td class="nowrap"><a href={to.session(session.id)}>{brief(session.startedAt)}</a></td>
                    <td>{session.connectorId}</td>
                    <td class="right nowrap">{session.endedAt === null ? <span class="tag good">{t("session.running")}</span> : duration(Date.parse(session.endedAt) - Date.parse(session.startedAt))}</td>
                    <td class="right nowrap">{typeof session.energyWh === "number" ? kwh(session.energyWh) : "–"}</td>
                    <td>{session.endReason === null ? "" : named("endReason", session.endReason)}</td>
                    <td class="mono nowrap">{session.idTag ?? ""}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
        {list.more ? <button type="button" class="button slim" onClick={list.next}>{t("state.more")}</button> : null}
      </div>
    </section>
  );
}
