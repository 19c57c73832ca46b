// Maintenance windows, the latest recorded first; the station is in the address.

import type { JSX } from "preact";
import { assets } from "../api/client.ts";
import type { MaintenanceWindow } from "../api/types.ts";
import { query, remember, to } from "../app/router.ts";
import { may } from "../app/session.ts";
import { Title } from "../app/title.tsx";
import { Confirmed } from "../design/confirmed.tsx";
import { Empty, Failed, Loading } from "../design/states.tsx";
import { PlaceFilter } from "../forms/place-filter.tsx";
import { moment } from "../i18n/format.ts";
import { named, t } from "../i18n/language.ts";
import { useMore } from "../live/more.ts";
import { useEvery, useNow } from "../live/resource.ts";
import { StationLink } from "../live/station-names.tsx";
import { windowState } from "./window.ts";

const PAGE = 50;
/** Interval of reloading the newest windows, in ms. */
const EVERY_MS = 10_000;
const TONES = { planned: "tag", active: "tag warn", ended: "tag plain" } as const;

export function WindowsPage(): JSX.Element {
  const station = query.value.get("station")?.trim() ?? "";
  return (
    <>
      <Title text={t("maintenance.title")} />
      <div class="page-head">
        <div>
          <p class="crumb"><a href={to.issues}>{t("issues.title")}</a></p>
          <h1>{t("maintenance.title")}</h1>
          <p class="soft">{t("maintenance.lead")}</p>
        </div>
        <div class="buttons">
          {may("issues:write") ? <a class="button slim" href={to.newWindow({ station })}>{t("maintenance.new")}</a> : (
            <button type="button" class="button slim" disabled title={t("nav.forbidden", { scope: "issues:write" })}>{t("maintenance.new")}</button>
          )}
        </div>
      </div>
      <section class="card" aria-label={t("maintenance.title")}>
        <div class="card-body stack">
          <div class="filters">
            <PlaceFilter kind="station" label={t("sessions.station")} value={station} onChange={(chosen) => remember({ station: chosen })} />
            <button type="button" class="button" disabled={station === ""} onClick={() => remember({ station: undefined })}>{t("audit.clear")}</button>
          </div>
          <List station={station} />
        </div>
      </section>
    </>
  );
}

function List({ station }: { readonly station: string }): JSX.Element {
  const list = useMore<MaintenanceWindow>(station, (cursor, signal) => {
    return assets.get("/api/v1/maintenance-windows", { query: { stationId: station, cursor, limit: PAGE }, signal });
  }, (window) => window.id);
  const now = useNow(1_000);
  useEvery(EVERY_MS, list.refresh);
  if (list.items === undefined) return list.problem === undefined ? <Loading /> : <Failed problem={list.problem} retry={list.refresh} />;
  if (list.items.length === 0) return <Empty title={t("maintenance.empty")} />;
  return (
    <>
      <div class="scroll-x" tabIndex={0} role="group" aria-label={t("maintenance.title")}>
        <table class="table">
          <thead>
            <tr>
              <th scope="col">{t("col.station")}</th><th scope="col">{t("col.pile")}</th><th scope="col">{t("issue.state")}</th>
              <th scope="col">{t("maintenance.begins")}</th><th scope="col">{t("maintenance.ends")}</th><th scope="col">{t("issue.reason")}</th>
              <th scope="col">{t("maintenance.by")}</th><th scope="col">{t("maintenance.end")}</th>
            </tr>
          </thead>
          <tbody>{list.items.map((window) => <Row key={window.id} window={window} now={now} onEnded={list.refresh} />)}</tbody>
        </table>
      </div>
      {list.more ? <div><button type="button" class="button slim" onClick={list.next}>{t("state.more")}</button></div> : null}
    </>
  );
}

function Row({ window, now, onEnded }: { readonly window: MaintenanceWindow; readonly now: number; readonly onEnded: () => void }): JSX.Element {
  const { id, stationId, pileId, beginsAt, endsAt, reason, createdBy, endedBy } = window;
  const state = windowState(window, now);
  return (
    <tr data-window={id} data-state={state}>
      <th scope="row"><StationLink id={stationId} /></th>
      <td>{pileId === null ? t("maintenance.allPiles") : <a href={to.pile(pileId)}>{t("maintenance.onePile")}</a>}</td>
      <td><span class={TONES[state]}>{named("windowState", state)}</span></td>
      <td class="nowrap">{moment(beginsAt)}</td>
      <td class="nowrap">{moment(endsAt)}</td>
      <td>{reason}</td>
      <td class="mono">{createdBy}{endedBy === null ? null : <span class="soft"> · {t("maintenance.endedBy", { by: endedBy })}</span>}</td>
      <td>
        {state === "ended" ? "" : (
          <Confirmed
            text={t("maintenance.end")} ask={t("maintenance.endAsk")} scope={may("issues:write") ? null : "issues:write"} onDone={onEnded}
            act={() => assets.post("/api/v1/maintenance-windows/{windowId}/end", { path: { windowId: id } })}
          />
        )}
      </td>
    </tr>
  );
}
