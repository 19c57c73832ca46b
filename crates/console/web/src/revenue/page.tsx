// Energy and revenue by day or month, in total, by operator or by station, with the filters in the
// address.

import type { JSX } from "preact";
import { assets } from "../api/client.ts";
import type { PeriodRevenue } from "../api/types.ts";
import { query } from "../app/router.ts";
import { may } from "../app/session.ts";
import { Title } from "../app/title.tsx";
import { Empty, Forbidden, Shown } from "../design/states.tsx";
import { Export } from "../export/export.tsx";
import { count, energy, money } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";
import { dateOf } from "../live/days.ts";
import { useEvery, useResource } from "../live/resource.ts";
import { BandChart } from "./chart.tsx";
import { type Filter, asQuery, fault, read } from "./filter.ts";
import { Filters } from "./filters.tsx";
import { wholeOf } from "./sums.ts";
import { EVERY_MS, Grouped, Table } from "./table.tsx";

const PAGE = 200;

export function RevenuePage(): JSX.Element {
  if (!may("tariffs:read")) return <section class="card"><Title text={t("revenue.title")} /><Forbidden whole scope="tariffs:read" /></section>;
  const filter = read(query.value, dateOf(new Date()));
  const wrong = fault(filter);
  return (
    <>
      <Title text={t("revenue.title")} />
      <div class="page-head"><div><h1>{t("revenue.title")}</h1><p class="soft">{t("revenue.lead")}</p></div></div>
      <section class="card" aria-label={t("revenue.title")}>
        <div class="card-body stack">
          <Filters filter={filter} />
          {wrong === null ? <Sums filter={filter} /> : <div class="notice warn" role="alert">{t(wrong === "order" ? "revenue.faultOrder" : "revenue.faultLength")}</div>}
        </div>
      </section>
    </>
  );
}

/** All rows of a total: one for each period and currency. */
async function readAll(asked: ReturnType<typeof asQuery>, signal: AbortSignal): Promise<readonly PeriodRevenue[]> {
  const rows: PeriodRevenue[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await assets.get("/api/v1/revenue", { query: { ...asked, limit: PAGE, cursor }, signal });
    rows.push(...page.items);
    if (page.nextCursor === null) return rows;
    cursor = page.nextCursor;
  }
}

function Sums({ filter }: { readonly filter: Filter }): JSX.Element {
  const asked = asQuery(filter, "total");
  const totals = useResource(JSON.stringify(asked), (signal) => readAll(asked, signal));
  useEvery(EVERY_MS, totals.reload);
  return (
    <Shown of={totals}>
      {(rows) => (rows.length === 0 ? <Empty title={t("revenue.empty")} /> : (
        <>
          <Figures rows={rows} />
          <BandChart rows={rows} filter={filter} />
          {filter.by === "total" ? <Table rows={rows} filter={filter} /> : <Grouped filter={filter} />}
          <Export path="/api/v1/revenue/export" query={asQuery(filter, filter.by)} name={`revenue-${filter.from}-${filter.to}`} />
        </>
      ))}
    </Shown>
  );
}

function Figures({ rows }: { readonly rows: readonly PeriodRevenue[] }): JSX.Element {
  const whole = wholeOf(rows);
  return (
    <dl class="facts">
      <div data-sum="sessions"><dt>{t("revenue.sessions")}</dt><dd class="num">{count(whole.sessions)}</dd></div>
      <div data-sum="energy"><dt>{t("revenue.energy")}</dt><dd class="num">{energy(whole.energyWh)}</dd></div>
      <div data-sum="money">
        <dt>{t("revenue.money")}</dt>
        <dd class="num">{whole.amounts.length === 0 ? "0" : whole.amounts.map(([currency, amount]) => <div key={currency}>{money(amount, currency)}</div>)}</dd>
      </div>
    </dl>
  );
}
