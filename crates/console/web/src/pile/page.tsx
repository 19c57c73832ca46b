// The page of a pile: registered data, live state, history, sessions and commands.

import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { assets } from "../api/client.ts";
import type { Pile } from "../api/types.ts";
import { lazy } from "../app/lazy.tsx";
import { to } from "../app/router.ts";
import { may } from "../app/session.ts";
import { Title } from "../app/title.tsx";
import { PileActions } from "../assets/manage.tsx";
import { Forbidden, Shown } from "../design/states.tsx";
import { Status } from "../design/status.tsx";
import type { Change } from "../feed/changes.ts";
import { t } from "../i18n/language.ts";
import { PlaceIssues } from "../issues/place-summary.tsx";
import { useFollow } from "../live/follow.ts";
import { useEvery, useResource } from "../live/resource.ts";
import { ReliabilityCard } from "../reliability/card.tsx";
import { Actions } from "./actions.tsx";
import { CommandLog } from "./command-log.tsx";
import { Confidence, Connectors, Facts } from "./facts.tsx";
import { SessionCard } from "./session-card.tsx";
import { Sessions } from "./sessions.tsx";
import { Timeline } from "./timeline.tsx";

const RetiredPile = lazy(async () => (await import("../assets/retired-asset.tsx")).RetiredPile);

/** Interval of reloading, in ms, because the feed does not contain heartbeats and meter values. */
const EVERY_MS = 5_000;

/** Counts of changes of this pile, by which its parts know when to reload. */
export interface News {
  readonly status: number;
  readonly sessions: number;
  readonly commands: number;
}

export function PilePage({ id }: { readonly id: string }): JSX.Element {
  const pile = useResource(may("assets:read") ? id : null, (signal) => assets.get("/api/v1/piles/{pileId}", { path: { pileId: id }, query: { retired: true }, signal }));
  const [news, setNews] = useState<News>({ status: 0, sessions: 0, commands: 0 });
  const countNews = (...parts: (keyof News)[]) => setNews((before) => parts.reduce((all, part) => ({ ...all, [part]: all[part] + 1 }), before));
  const device = pile.value?.chargePointId;
  const names = useMemo(() => (device === undefined ? [] : [device]), [device]);
  useFollow(names, (change: Change) => {
    pile.reload();
    if (change.type === "status" || change.type === "connectivity") countNews("status");
    else if (change.type === "session") countNews("sessions");
    else if (change.type === "command") countNews("commands");
  }, () => {
    pile.reload();
    countNews("status", "sessions", "commands");
  });
  useEvery(EVERY_MS, pile.reload);
  if (!may("assets:read")) return <section class="card"><Title text={t("col.pile")} /><Forbidden whole scope="assets:read" /></section>;
  return (
    <Shown whole of={pile} rows={6}>
      {(shown) => (typeof shown.retiredAt === "string" ? <RetiredPile pile={shown} retiredAt={shown.retiredAt} onDone={pile.reload} /> : (
        <>
          <Title text={shown.name ?? shown.chargePointId} />
          <Head pile={shown} />
          <PileActions pile={shown} />
          <div class="pile-columns">
            <div class="pile-actions"><Actions pile={shown} news={news.commands} onSent={() => countNews("commands")} /></div>
            <div class="pile-main stack">
              <PlaceIssues stationId={shown.stationId} pileId={shown.id} />
              <Facts pile={shown} />
              <Connectors pile={shown} />
              <SessionCard pile={shown} />
              <Timeline pile={shown} news={news.status} />
              <ReliabilityCard of={{ pile: shown.id }} />
            </div>
            <div class="pile-aside stack">
              <CommandLog pileId={shown.id} news={news.commands} />
              <Sessions pileId={shown.id} news={news.sessions} />
            </div>
          </div>
        </>
      ))}
    </Shown>
  );
}

function Head({ pile }: { readonly pile: Pile }): JSX.Element {
  return (
    <div class="page-head">
      <div>
        <p class="crumb"><a href={to.fleet}>{t("station.back")}</a> <span class="soft" aria-hidden="true">/</span> <a href={to.station(pile.stationId)}>{t("col.station")}</a></p>
        <h1>{pile.name ?? pile.chargePointId}</h1>
        {pile.name === null ? null : <p class="soft mono">{pile.chargePointId}</p>}
      </div>
      <div class="page-now">
        <span class="pile-status" data-pile-status={pile.status}><Status status={pile.status} /></span>
        <Confidence pile={pile} />
      </div>
    </div>
  );
}
