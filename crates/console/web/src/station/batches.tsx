// The commands that were sent to a station, the newest first, with their progress.

import type { JSX } from "preact";
import { dispatcher } from "../api/client.ts";
import type { Batch } from "../api/types.ts";
import { to } from "../app/router.ts";
import { may, settings } from "../app/session.ts";
import { titleOf } from "../batch/title.ts";
import { Empty, Failed, Forbidden, Loading } from "../design/states.tsx";
import { brief, count } from "../i18n/format.ts";
import { named, t } from "../i18n/language.ts";
import { useMore } from "../live/more.ts";
import { useEvery } from "../live/resource.ts";

const PAGE = 5;
const EVERY_MS = 5_000;
const TONES = { running: "tag", finished: "tag good", cancelled: "tag warn" } as const;

/** What is sent to the piles of the station; nothing without a dispatcher. */
export function StationBatches({ stationId }: { readonly stationId: string }): JSX.Element | null {
  if (settings.value?.dispatcher === null) return null;
  return (
    <section class="card" aria-labelledby="station-batches">
      <div class="card-head"><h2 id="station-batches">{t("station.batches")}</h2><a class="small" href={`${to.commands}?station=${stationId}`}>{t("commands.all")}</a></div>
      <div class="card-body stack">{may("commands:read") ? <List stationId={stationId} /> : <Forbidden scope="commands:read" />}</div>
    </section>
  );
}

function List({ stationId }: { readonly stationId: string }): JSX.Element {
  const list = useMore<Batch>(stationId, (cursor, signal) => {
    return dispatcher.get("/api/v1/command-batches", { query: { stationId, limit: PAGE, cursor }, signal });
  }, (batch) => batch.batchId);
  useEvery(EVERY_MS, list.refresh);
  if (list.items === undefined) return list.problem === undefined ? <Loading rows={2} /> : <Failed problem={list.problem} retry={list.refresh} />;
  if (list.items.length === 0) return <Empty title={t("station.noBatches")} />;
  return (
    <>
      <div class="scroll-x" tabIndex={0} role="group" aria-label={t("station.batches")}>
        <table class="table">
          <thead>
            <tr>
              <th scope="col">{t("batch.created")}</th><th scope="col">{t("commands.command")}</th><th scope="col">{t("batch.state")}</th><th scope="col">{t("command.progress")}</th>
              <th scope="col">{t("batch.by")}</th>
            </tr>
          </thead>
          <tbody>{list.items.map((batch) => <Row key={batch.batchId} batch={batch} />)}</tbody>
        </table>
      </div>
      {list.more ? <div><button type="button" class="button slim" onClick={list.next}>{t("state.more")}</button></div> : null}
    </>
  );
}

function Row({ batch }: { readonly batch: Batch }): JSX.Element {
  const state = batch.cancelledAt !== null ? "cancelled" : batch.finishedAt !== null ? "finished" : "running";
  const refused = batch.counts["refused"] ?? 0;
  return (
    <tr data-batch-row={batch.batchId}>
      <th scope="row"><a href={to.batch(batch.batchId)}><time class="num" dateTime={batch.createdAt}>{brief(batch.createdAt)}</time></a></th>
      <td>{titleOf(batch)}</td>
      <td><span class={TONES[state]}>{t(`batch.is.${state}`)}</span></td>
      <td class="num">{t("batch.sentOf", { n: count(batch.sent), all: count(batch.piles) })}{refused === 0 ? "" : ` · ${named("batchState", "refused")} ${count(refused)}`}</td>
      <td>{batch.issuedBy ?? "–"}</td>
    </tr>
  );
}
