// The reliability ledger: uptime, failures and starts of connectors, piles, stations or operators over a
// period, the worst first.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { query, to } from "../app/router.ts";
import { Title } from "../app/title.tsx";
import { Empty, Shown } from "../design/states.tsx";
import { Export } from "../export/export.tsx";
import { count } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";
import { useResource } from "../live/resource.ts";
import { Figures, Shares, SharesLegend } from "./figures.tsx";
import { type Asked, type Filter, asQuery, periodFault, read } from "./filter.ts";
import { Filters } from "./filters.tsx";
import { Formula } from "./formula.tsx";
import { sum, tallyOf } from "./ledger.ts";
import { dateOf } from "../live/days.ts";
import { MOST_TOTALS, type Totals, readTotals } from "./read-totals.ts";
import { TotalsTable } from "./totals-table.tsx";

export function LedgerPage(): JSX.Element {
  const today = dateOf(new Date());
  const filter = read(query.value, today);
  return (
    <>
      <Title text={t("rel.title")} />
      <div class="page-head">
        <div><h1>{t("rel.title")}</h1><p class="soft">{t("rel.lead")}</p></div>
        <a class="button slim" href={to.exclusions({ station: filter.station, pile: filter.pile })} data-manage="exclusions">{t("exclusion.title")}</a>
      </div>
      <section class="card card-body stack" aria-label={t("rel.selection")}><Filters filter={filter} today={today} /></section>
      {periodFault(filter) === null ? <Ledger filter={filter} asked={asQuery(filter)} /> : null}
    </>
  );
}

function Ledger({ filter, asked }: { readonly filter: Filter; readonly asked: Asked }): JSX.Element {
  const [progress, setProgress] = useState(0);
  const ledger = useResource(JSON.stringify(asked), (signal) => readTotals(asked, signal, setProgress));
  return (
    <section class="card" aria-labelledby="totals">
      <div class="card-head">
        <h2 id="totals">{t("rel.totals", { from: filter.from, last: filter.last })}</h2>
        <Export key={JSON.stringify(asked)} path="/api/v1/reliability/export" query={asked} name={`reliability-${filter.by}-${filter.from}-${filter.last}`} />
      </div>
      <div class="card-body stack">
        {ledger.value === undefined && progress > 0 && ledger.loading ? <p class="soft small" role="status">{t("rel.reading", { n: count(progress) })}</p> : null}
        <Shown of={ledger} rows={5}>{(value) => <Result value={value} filter={filter} until={asked.until} />}</Shown>
      </div>
    </section>
  );
}

function Result({ value: { totals, computedUntil, cut }, filter, until }: { readonly value: Totals; readonly filter: Filter; readonly until: string }): JSX.Element {
  const all = sum(totals.map(tallyOf));
  return (
    <>
      <Reach computedUntil={computedUntil} until={until} />
      {cut ? <p class="notice warn" data-cut>{t("rel.cut", { n: count(MOST_TOTALS) })}</p> : null}
      {totals.length === 0 ? <Empty title={t("rel.empty")} /> : (
        <>
          <Figures of={all} />
          <Shares of={all} />
          <SharesLegend />
          <Formula of={all} profile={filter.profile} />
          <TotalsTable key={JSON.stringify(filter)} totals={totals} filter={filter} />
        </>
      )}
    </>
  );
}

/** How far the ledger reaches, if the period ends later. */
function Reach({ computedUntil, until }: { readonly computedUntil: string | null; readonly until: string }): JSX.Element | null {
  if (computedUntil === null) return <p class="notice" data-reach="none">{t("rel.nothingComputed")}</p>;
  return computedUntil >= until ? null : <p class="notice" data-reach={computedUntil}>{t("rel.computedUntil", { day: computedUntil })}</p>;
}
