// The page of a command to many piles of a station: its progress, pile by pile, and cancelling it.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { dispatcher } from "../api/client.ts";
import type { Batch, BatchPile } from "../api/types.ts";
import { to } from "../app/router.ts";
import { may, settings } from "../app/session.ts";
import { Title } from "../app/title.tsx";
import { Confirmed } from "../design/confirmed.tsx";
import { Select } from "../design/field.tsx";
import { Empty, Failed, Forbidden, Loading, Shown } from "../design/states.tsx";
import { count, moment } from "../i18n/format.ts";
import { known, named, t } from "../i18n/language.ts";
import { useMore } from "../live/more.ts";
import { useEvery, useResource } from "../live/resource.ts";
import { TONES } from "../pile/command-log.tsx";
import { titleOf } from "./title.ts";

/** Intervals of reloading, in ms: while the batch runs, and afterwards, when commands are answered. */
const RUNNING_MS = 2_000;
const FINISHED_MS = 10_000;
const PAGE = 100;

/** The states of a pile of a batch, in the order in which they are shown. */
const STATES = [
  "waiting", "accepted", "published", "unknown", "confirmed", "refused", "cancelled", "rejected", "failed", "expired",
] as const satisfies readonly BatchPile["state"][];

export function BatchPage({ id }: { readonly id: string }): JSX.Element {
  const connected = settings.value?.dispatcher !== null;
  const allowed = may("commands:read") && connected;
  const batch = useResource(allowed ? id : null, (signal) => dispatcher.get("/api/v1/command-batches/{batchId}", { path: { batchId: id }, signal }));
  const finished = batch.value !== undefined && batch.value.finishedAt !== null;
  const interval = finished ? FINISHED_MS : RUNNING_MS;
  useEvery(allowed ? interval : null, batch.reload);
  if (!allowed) {
    return (
      <section class="card">
        <Title text={t("batch.title")} />
        {connected ? <Forbidden whole scope="commands:read" /> : <Empty whole title={t("command.noDispatcher")} />}
      </section>
    );
  }
  return (
    <Shown whole of={batch} rows={6}>
      {(shown) => (
        <>
          <Title text={t("batch.title")} />
          <Head batch={shown} />
          <section class="card" aria-labelledby="progress" data-batch={shown.cancelledAt !== null ? "cancelled" : finished ? "finished" : "running"}>
            <div class="card-head"><h2 id="progress">{t("command.progress")}</h2></div>
            <div class="card-body stack"><Facts batch={shown} onCancelled={batch.reload} /></div>
          </section>
          <Piles id={id} interval={interval} />
        </>
      )}
    </Shown>
  );
}

function Head({ batch }: { readonly batch: Batch }): JSX.Element {
  return (
    <div class="page-head">
      <div>
        <p class="crumb"><a href={to.station(batch.stationId)}>{t("col.station")}</a></p>
        <h1>{titleOf(batch)}</h1>
        <p class="soft mono small">{batch.batchId}</p>
      </div>
    </div>
  );
}

function Facts({ batch, onCancelled }: { readonly batch: Batch; readonly onCancelled: () => void }): JSX.Element {
  const batchId = batch.batchId;
  return (
    <>
      <dl class="facts">
        <div><dt>{t("batch.piles")}</dt><dd>{count(batch.piles)}</dd></div>
        <div><dt>{t("batch.sent")}</dt><dd data-sent={batch.sent}>{count(batch.sent)}</dd></div>
        <div><dt>{t("batch.rate")}</dt><dd>{t("unit.perSecond", { n: batch.ratePerSecond })}</dd></div>
        <div><dt>{t("batch.by")}</dt><dd>{batch.issuedBy ?? "–"}</dd></div>
        <div><dt>{t("batch.created")}</dt><dd>{moment(batch.createdAt)}</dd></div>
        {batch.cancelledAt === null ? null : <div><dt>{t("batch.cancelled")}</dt><dd>{moment(batch.cancelledAt)} · {batch.cancelledBy ?? "–"}</dd></div>}
        {batch.cancelledAt !== null || batch.finishedAt === null ? null : <div><dt>{t("batch.finished")}</dt><dd>{moment(batch.finishedAt)}</dd></div>}
        {batch.finishedAt !== null ? null : <div><dt>{t("batch.expires")}</dt><dd>{moment(batch.expiresAt)}</dd></div>}
      </dl>
      <ul class="legend" aria-live="polite">
        {STATES.filter((state) => (batch.counts[state] ?? 0) > 0).map((state) => (
          <li key={state} data-count={state}>{named("batchState", state)} <strong class="num">{count(batch.counts[state] ?? 0)}</strong></li>
        ))}
      </ul>
      {batch.finishedAt !== null ? null : (
        <Confirmed
          text={t("batch.cancel")} ask={t("batch.cancelAsk")} scope={may("commands:send") ? null : "commands:send"}
          act={() => dispatcher.post("/api/v1/command-batches/{batchId}/cancel", { path: { batchId } })} onDone={onCancelled}
        />
      )}
    </>
  );
}

function Piles({ id, interval }: { readonly id: string; readonly interval: number }): JSX.Element {
  const [state, setState] = useState("");
  // Read anew once the batch is finished, because then piles have left the state that was chosen.
  const list = useMore<BatchPile>(`${id}|${state}|${interval}`, (cursor, signal) => {
    const query = { limit: PAGE, cursor, state: STATES.find((known) => known === state) };
    return dispatcher.get("/api/v1/command-batches/{batchId}/piles", { path: { batchId: id }, query, signal });
  }, (pile) => pile.pileId);
  useEvery(interval, list.refresh);
  return (
    <section class="card" aria-labelledby="piles">
      <div class="card-head"><h2 id="piles">{t("batch.piles")}</h2></div>
      <div class="card-body stack">
        <div class="filters">
          <Select
            label={t("batch.state")} value={state} onChange={setState}
            choices={[{ value: "", text: t("batch.anyState") }, ...STATES.map((name) => ({ value: name, text: named("batchState", name) }))]}
          />
        </div>
        {list.items === undefined ? (list.problem === undefined ? <Loading /> : <Failed problem={list.problem} retry={list.refresh} />)
          : list.items.length === 0 ? <Empty title={t("batch.noPiles")} /> : (
            <div class="scroll-x" tabIndex={0} role="group" aria-label={t("batch.piles")}>
              <table class="table">
                <thead><tr><th scope="col">{t("col.device")}</th><th scope="col">{t("batch.state")}</th><th scope="col">{t("batch.why")}</th></tr></thead>
                <tbody>
                  {list.items.map((pile) => (
                    <tr key={pile.pileId}>
                      <th scope="row" class="mono"><a href={to.pile(pile.pileId)}>{pile.chargePointId}</a></th>
                      <td><span class={TONES[pile.state] ?? "tag"}>{named("batchState", pile.state)}</span></td>
                      <td class="wide">{pile.code === null ? "" : <Why code={pile.code} detail={pile.detail} />}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        {list.more ? <div><button type="button" class="button slim" onClick={list.next}>{t("state.more")}</button></div> : null}
      </div>
    </section>
  );
}

/** Why a pile has no command, or why its command failed. */
function Why({ code, detail }: { readonly code: string; readonly detail: string | null }): JSX.Element {
  return (
    <>
      {known("problem", code) ?? known("failure", code) ?? code}
      <br />
      <span class="soft small mono">{code}{detail === null ? "" : ` · ${detail}`}</span>
    </>
  );
}
