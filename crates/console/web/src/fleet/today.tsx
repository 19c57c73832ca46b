// The energy and the revenue of today: of the sessions that ended today and have a receipt.

import type { JSX } from "preact";
import { assets } from "../api/client.ts";
import type { PeriodRevenue } from "../api/types.ts";
import { energy, money } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";
import { dateOf, dayAfter } from "../live/days.ts";
import { useEvery, useResource } from "../live/resource.ts";
import { Figure } from "./figure.tsx";

/** Interval of reloading, in ms. Sessions have a receipt minutes after their end. */
const EVERY_MS = 30_000;

export function Today(): JSX.Element {
  const today = dateOf(new Date());
  // A total has one row for each currency.
  const sums = useResource(`revenue-${today}`, async (signal) => (await assets.get("/api/v1/revenue", { query: { from: today, until: dayAfter(today, 1) }, signal })).items);
  useEvery(EVERY_MS, sums.reload);
  const title = t("fleet.todayMeans");
  return (
    <>
      <Figure name="energy-today" label={t("fleet.energyToday")} value={sums.value === undefined ? "–" : energy(energyOf(sums.value))} title={title} />
      <Figure name="revenue-today" label={t("fleet.revenueToday")} value={sums.value === undefined ? "–" : revenueOf(sums.value)} title={title} />
    </>
  );
}

function energyOf(sums: readonly PeriodRevenue[]): number {
  return sums.reduce((all, { energyWh }) => all + energyWh, 0);
}

/** The amounts in each currency; zero without a currency if there are none. */
function revenueOf(sums: readonly PeriodRevenue[]): string {
  const amounts = sums.flatMap(({ revenue }) => (revenue === null ? [] : [money(revenue.totalWithTax.amount, revenue.currency)]));
  return amounts.length === 0 ? "0" : amounts.join(" · ");
}
