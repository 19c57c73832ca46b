// The partitions of the topic of events: owner, lag and rate of each.

import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { assets } from "../api/client.ts";
import type { IngestPartitions } from "../api/types.ts";
import { Empty, Shown } from "../design/states.tsx";
import { brief, count, duration, moment, perSecond } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";
import { useEvery, useResource } from "../live/resource.ts";
import { type Rates, ratesOf } from "./rates.ts";

const EVERY_MS = 2_000;
/**
 * A lag below this counts as up to date, in s, because progress is recorded only every few seconds.
 */
const UP_TO_DATE_S = 15;
const BAD_S = 60;

export function Partitions(): JSX.Element {
  const rates = useRef<Rates>({ seen: new Map(), perSecond: new Map() });
  const partitions = useResource("partitions", async (signal) => {
    const read = await assets.get("/api/v1/ingest-partitions", { signal });
    rates.current = ratesOf(rates.current, read.items);
    return read;
  });
  useEvery(EVERY_MS, partitions.reload);
  return (
    <div class="card-body">
      <Shown of={partitions}>
        {(shown) => (shown.items.length === 0 ? <Empty title={t("ingest.noPartitions")}>{t("ingest.noPartitionsText")}</Empty> : <Table shown={shown} rates={rates.current} />)}
      </Shown>
    </div>
  );
}

function Table({ shown, rates }: { readonly shown: IngestPartitions; readonly rates: Rates }): JSX.Element {
  const owners = new Set(shown.items.flatMap((item) => item.owner ?? []));
  const all = rates.perSecond.size === 0 ? "–" : perSecond([...rates.perSecond.values()].reduce((sum, rate) => sum + rate, 0));
  return (
    <>
      <p class="soft small num">{t("ingest.topic", { topic: shown.topic })} · {t("ingest.sum", { rate: all, owners: owners.size })}</p>
      <div class="scroll-x" tabIndex={0} role="group" aria-label={t("ingest.partitions")}>
        <table class="table">
          <thead>
            <tr>
              <th scope="col">{t("ingest.partition")}</th><th scope="col">{t("ingest.owner")}</th><th scope="col">{t("ingest.behind")}</th>
              <th scope="col" class="right">{t("ingest.rate")}</th><th scope="col" class="right">{t("ingest.offset")}</th>
              <th scope="col" class="right">{t("ingest.epoch")}</th><th scope="col">{t("ingest.committed")}</th>
            </tr>
          </thead>
          <tbody>
            {shown.items.map((item) => (
              <tr key={item.partition} data-partition={item.partition}>
                <th scope="row">{item.partition}</th>
                <td>{item.owner === null ? <span class="tag bad">{t("ingest.no_reader")}</span> : <span class="mono" title={item.owner}>{item.owner.slice(-12)}</span>}</td>
                <td>{item.behindS <= UP_TO_DATE_S ? <span class="tag good">{t("ingest.upToDate")}</span> : <span class={item.behindS > BAD_S ? "tag bad" : "tag warn"}>{duration(item.behindS * 1000)}</span>}</td>
                <td class="right">{rates.perSecond.has(item.partition) ? perSecond(rates.perSecond.get(item.partition) ?? 0) : "–"}</td>
                <td class="right">{count(item.nextOffset)}</td>
                <td class="right">{count(item.epoch)}</td>
                <td class="nowrap">{item.committedAt === null ? t("ingest.never") : <time dateTime={item.committedAt} title={moment(item.committedAt)}>{brief(item.committedAt)}</time>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
