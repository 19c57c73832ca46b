// The open issues of a station or a pile, on its page, with the maintenance window that applies.

import type { JSX } from "preact";
import { assets } from "../api/client.ts";
import { to } from "../app/router.ts";
import { may } from "../app/session.ts";
import { Shown } from "../design/states.tsx";
import { t } from "../i18n/language.ts";
import { useIssues } from "../live/follow.ts";
import { useResource } from "../live/resource.ts";
import { WindowNotice } from "../maintenance/notice.tsx";
import { Brief } from "./brief.tsx";

const SHOWN = 5;

/** Of a station with all its piles, or of one of them. Nothing for users who may not read issues. */
export function PlaceIssues({ stationId, pileId }: { readonly stationId: string; readonly pileId?: string }): JSX.Element | null {
  const place = pileId === undefined ? { stationId } : { pileId };
  const issues = useResource(may("issues:read") ? JSON.stringify(place) : null, (signal) => assets.get("/api/v1/issues", { query: { ...place, state: "open", limit: SHOWN }, signal }));
  useIssues(({ data }) => (pileId === undefined ? data["stationId"] === stationId : data["pileId"] === pileId), issues.reload);
  if (!may("issues:read")) return null;
  const asked = pileId === undefined ? `station=${stationId}` : `pile=${pileId}`;
  return (
    <section class="card" aria-labelledby="place-issues">
      <div class="card-head">
        <h2 id="place-issues">{t("issues.open")}</h2>
        <span class="buttons">
          <a class="small" href={`${to.issues}?${asked}`}>{t("issues.all")}</a>
          <a class="small" href={`${to.maintenance}?station=${stationId}`}>{t("maintenance.title")}</a>
          {may("issues:write") ? <a class="small" href={to.newWindow(pileId === undefined ? { station: stationId } : { pile: pileId })} data-manage="new-window">{t("maintenance.new")}</a> : null}
        </span>
      </div>
      <div class="card-body">
        <WindowNotice stationId={stationId} pileId={pileId ?? null} />
        <Shown of={issues} rows={1}>
          {({ items, nextCursor }) => (items.length === 0 ? <p class="soft">{t("issues.noneOpen")}</p> : (
            <>
              <Brief issues={items} />
              {nextCursor === null ? null : <a class="small" href={`${to.issues}?${asked}&state=open`}>{t("state.more")}</a>}
            </>
          ))}
        </Shown>
      </div>
    </section>
  );
}
