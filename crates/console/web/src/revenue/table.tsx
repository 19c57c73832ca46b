// The sums of periods as a table: energy and its cost by band, and the fees.

import type { JSX } from "preact";
import { assets } from "../api/client.ts";
import type { PeriodRevenue } from "../api/types.ts";
import { to } from "../app/router.ts";
import { Empty, Failed, Loading } from "../design/states.tsx";
import { count, day, kwh, month } from "../i18n/format.ts";
import { named, t } from "../i18n/language.ts";
import { useMore } from "../live/more.ts";
import { useEvery } from "../live/resource.ts";
import { StationLink } from "../live/station-names.tsx";
import { type Filter, asQuery } from "./filter.ts";
import { BANDS, sum } from "./sums.ts";

const PAGE = 100;
/** Interval of reloading the latest rows, in ms; the same as that of the totals. */
export const EVERY_MS = 60_000;

/** The sums of each operator or station, page by page. */
export function Grouped({ filter }: { readonly filter: Filter }): JSX.Element {
  const asked = asQuery(filter, filter.by);
  const list = useMore<PeriodRevenue>(
    JSON.stringify(asked), (cursor, signal) => assets.get("/api/v1/revenue", { query: { ...asked, cursor, limit: PAGE }, signal }), keyOf,
  );
  useEvery(EVERY_MS, list.refresh);
  if (list.items === undefined) return list.problem === undefined ? <Loading /> : <Failed problem={list.problem} retry={list.refresh} />;
  if (list.items.length === 0) return <Empty title={t("revenue.empty")} />;
  return (
    <>
      <Table rows={list.items} filter={filter} />
      {list.more ? <div><button type="button" class="button slim" onClick={list.next}>{t("state.more")}</button></div> : null}
    </>
  );
}

function keyOf({ startsOn, operatorId, stationId, revenue }: PeriodRevenue): string {
  return JSON.stringify([startsOn, operatorId, stationId, revenue?.currency ?? null]);
}

export function Table({ rows, filter }: { readonly rows: readonly PeriodRevenue[]; readonly filter: Filter }): JSX.Element {
  return (
    <div class="scroll-x" tabIndex={0} role="group" aria-label={t("revenue.table")}>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">{t("revenue.period")}</th>
            {filter.by === "station" ? <th scope="col">{t("revenue.station")}</th> : null}
            {filter.by === "total" ? null : <th scope="col">{t("revenue.operator")}</th>}
            <th scope="col" class="right">{t("revenue.sessions")}</th><th scope="col" class="right">{t("revenue.energy")}</th>
            {BANDS.map((band) => <th key={band} scope="col" class="right"><span class={`band band-${band}`}>{named("band", band)}</span></th>)}
            <th scope="col" class="right">{t("revenue.electricity")}</th><th scope="col" class="right">{t("revenue.service")}</th>
            <th scope="col" class="right">{t("revenue.fees")}</th><th scope="col" class="right">{t("revenue.tax")}</th>
            <th scope="col" class="right">{t("revenue.withTax")}</th>
          </tr>
        </thead>
        <tbody>{rows.map((row) => <Row key={keyOf(row)} row={row} filter={filter} />)}</tbody>
      </table>
    </div>
  );
}

function Row({ row, filter }: { readonly row: PeriodRevenue; readonly filter: Filter }): JSX.Element {
  const { startsOn, operatorId, stationId, sessions, energyWh, revenue } = row;
  return (
    <tr data-period={startsOn} data-currency={revenue?.currency ?? ""}>
      <th scope="row" class="nowrap">{filter.unit === "day" ? day(startsOn) : month(startsOn)}</th>
      {filter.by === "station" && stationId !== null ? (
        <td>
          <div class="stack">
            <StationLink id={stationId} />
            {filter.station === "" ? <a class="small" href={addressOf(filter, stationId)}>{t("revenue.onlyStation")}</a> : null}
          </div>
        </td>
      ) : null}
      {filter.by === "total" ? null : <td class="mono">{operatorId ?? <span class="soft">{t("revenue.noOperator")}</span>}</td>}
      <td class="right">{count(sessions)}</td>
      <td class="right nowrap">{kwh(energyWh)}</td>
      {revenue === null ? <td class="soft right" colSpan={BANDS.length + 5}>{t("revenue.unpriced")}</td> : <Amounts of={revenue} />}
    </tr>
  );
}

function Amounts({ of }: { readonly of: NonNullable<PeriodRevenue["revenue"]> }): JSX.Element {
  const { bands, electricity, service, sessionFee, chargingTime, occupancy, tax, totalWithTax, currency } = of;
  return (
    <>
      {BANDS.map((band) => {
        const { energyWh, electricity: energy, service: fee } = bands[band];
        return (
          <td key={band} class="right nowrap">
            {energyWh === 0 ? <span class="soft">–</span> : <>{kwh(energyWh)}<div class="soft small num">{sum([energy.amount, fee.amount])}</div></>}
          </td>
        );
      })}
      <td class="right">{electricity.amount}</td>
      <td class="right">{service.amount}</td>
      <td class="right">{sum([sessionFee, chargingTime, occupancy].map(({ amount }) => amount))}</td>
      <td class="right">{tax.amount}</td>
      <td class="right nowrap"><strong>{totalWithTax.amount}</strong> {currency}</td>
    </>
  );
}

/** The same periods of one station, in total. */
function addressOf({ unit, from, to: last }: Filter, station: string): string {
  return `${to.revenue}?${new URLSearchParams({ unit, from, to: last, station }).toString()}`;
}
