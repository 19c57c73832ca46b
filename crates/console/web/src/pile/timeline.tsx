// The status history of a pile: a day as lanes, and the changes as a list.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Pile, StatusChange } from "../api/types.ts";
import { Empty, Shown } from "../design/states.tsx";
import { Status } from "../design/status.tsx";
import { brief, clockShort, duration, moment } from "../i18n/format.ts";
import { named, t } from "../i18n/language.ts";
import { type Lane, lanesOf, totals } from "../live/history.ts";
import { readHistory } from "../live/read-history.ts";
import { useNow, useResource } from "../live/resource.ts";

const DAY_MS = 86_400_000;
const MOST_PAGES = 10;
/** Changes that are listed at first. */
const LISTED = 8;
const MORE = 40;
/** The smallest width of a span, in percent of the day, so that a new span is visible. */
const LEAST = 0.5;

export function Timeline({ pile, news }: { readonly pile: Pile; readonly news: number }): JSX.Element {
  const history = useResource(pile.id, (signal) => readHistory(pile.id, Date.now() - DAY_MS, MOST_PAGES, signal));
  useEffect(() => {
    if (news > 0) history.reload();
  }, [news]);
  // Updated from time to time, and never earlier than the newest change.
  useNow(30_000);
  const now = Date.now();
  return (
    <section class="card" aria-labelledby="timeline">
      <div class="card-head"><h2 id="timeline">{t("pile.timeline")}</h2></div>
      <div class="card-body">
        <Shown of={history}>
          {(read) => (read.changes.length === 0 ? <Empty title={t("pile.timelineEmpty")} /> : (
            <>
              <p class="soft small">{t("pile.timelineLead")}</p>
              <Lanes lanes={lanesOf(read, pile, now - DAY_MS, now)} from={now - DAY_MS} to={now} />
              <Changes changes={read.changes} />
            </>
          ))}
        </Shown>
      </div>
    </section>
  );
}

function Lanes({ lanes, from, to }: { readonly lanes: readonly Lane[]; readonly from: number; readonly to: number }): JSX.Element {
  const share = (at: number) => ((at - from) / (to - from)) * 100;
  const seen = [...new Set(lanes.flatMap((lane) => lane.spans.map((span) => span.status)))];
  const hours = [0, 6, 12, 18, 24].map((hour) => from + (hour / 24) * (to - from));
  return (
    <div class="lanes">
      {lanes.map((lane) => {
        const name = t("pile.connector", { n: lane.connectorId });
        const said = totals(lane.spans).map(([status, ms]) => `${named("status", status)} ${duration(ms)}`).join(", ");
        return (
          <div key={lane.connectorId} class="lane">
            <span class="small soft nowrap">{name}</span>
            <svg viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label={t("pile.timelineLane", { lane: name, spans: said })}>
              {lane.spans.map((span) => (
                <rect key={span.from} x={Math.min(share(span.from), 100 - LEAST)} y="0" width={Math.max(LEAST, share(span.to) - share(span.from))} height="10" class={`lane-span tone-${span.status}`}>
                  <title>{`${named("status", span.status)} ${brief(span.from)} – ${brief(span.to)}`}</title>
                </rect>
              ))}
            </svg>
          </div>
        );
      })}
      <div class="lane" aria-hidden="true">
        <span />
        <span class="lane-hours small soft num">{hours.map((hour) => <span key={hour}>{clockShort(hour)}</span>)}</span>
      </div>
      <ul class="legend">{seen.map((status) => <li key={status}><Status status={status} /></li>)}</ul>
    </div>
  );
}

function Changes({ changes }: { readonly changes: readonly StatusChange[] }): JSX.Element {
  const [shown, setShown] = useState(LISTED);
  return (
    <>
      <h3 class="facts-between">{t("pile.changes")}</h3>
      <ol class="events" data-changes={changes.length}>
        {changes.slice(0, shown).map((change) => <ChangeItem key={keyOf(change)} change={change} />)}
      </ol>
      {changes.length > shown ? <button type="button" class="button slim" onClick={() => setShown(shown + MORE)}>{t("state.more")}</button> : null}
    </>
  );
}

/** A text that no other change of the pile has. */
export function keyOf(change: StatusChange): string {
  return `${change.notedAt}${change.kind === "status" ? change.connectorId : "device"}${change.at}`;
}

export function ChangeItem({ change }: { readonly change: StatusChange }): JSX.Element {
  return (
    <li>
      <time class="num soft small" dateTime={change.at} title={moment(change.at)}>{brief(change.at)}</time>
      {change.kind === "connectivity" ? (
        <span><strong>{named("connectivity", String(change.online))}</strong>{change.confidence === "doubtful" ? <span class="tag warn"> {t("confidence.doubtful")}</span> : null}{change.gatewayId === null ? "" : <span class="mono soft small"> {change.gatewayId}</span>}</span>
      ) : (
        <span>
          <span class="soft">{change.connectorId === 0 ? t("pile.whole") : t("pile.connector", { n: change.connectorId })}</span> <Status status={change.status} />
          {change.errorCode === null ? null : <span class="mono small"> {change.errorCode}{change.vendorErrorCode === null ? "" : ` (${change.vendorErrorCode})`}</span>}
        </span>
      )}
    </li>
  );
}

