// The energy of today, and with tariffs:read its revenue: of the sessions that ended today and have a
// receipt.

import type { JSX } from "preact";
import { assets } from "../api/client.ts";
import type { PeriodRevenue } from "../api/types.ts";
import { may } from "../app/session.ts";
import { energy, money } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";
import { dateOf, dayAfter } from "../live/days.ts";
import { useEvery, useResource } from "../live/resource.ts";
import { Figure } from "./figure.tsx";

/** Interval of reloading, in ms. Sessions have a receipt minutes after their end. */
const EVERY_MS = 30_000;

export function Today(): JSX.Element {
  const today = dateOf(new Date());
  const days = { from: today, until: dayAfter(today, 1) };
  const total = useResource(`energy-${today}`, (signal) => assets.get("/api/v1/energy", { query: days, signal }));
  useEvery(EVERY_MS, total.reload);
  return (
    <>
      <Figure name="energy-today" label={t("fleet.energyToday")} value={total.value === undefined ? "–" : energy(total.value.energyWh)} title={t("fleet.todayMeans")} />
      {may("tariffs:read") ? <RevenueToday days={days} /> : null}
    </>
  );
}

function RevenueToday({ days }: { readonly days: { readonly from: string; readonly until: string } }): JSX.Element {
  // A total has one row for each currency.
  const sums = useResource(`revenue-${days.from}`, async (signal) => (await assets.get("/api/v1/revenue", { query: days, signal })).items);
  useEvery(EVERY_MS, sums.reload);
  return <Figure name="revenue-today" label={t("fleet.revenueToday")} value={sums.value === undefined ? "–" : revenueOf(sums.value)} title={t("fleet.todayMeans")} />;
}

/** The amounts in each currency; zero without a currency if there are none. */
function revenueOf(sums: readonly PeriodRevenue[]): string {
  const amounts = sums.flatMap(({ revenue }) => (revenue === null ? [] : [money(revenue.totalWithTax.amount, revenue.currency)]));
  return amounts.length === 0 ? "0" : amounts.join(" · ");
}
