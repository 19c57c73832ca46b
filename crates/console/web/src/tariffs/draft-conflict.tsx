// Edits of a draft that another caller saved meanwhile: the two are compared field by field, the
// schedules one by one.

import type { JSX } from "preact";
import type { TariffDraft } from "../api/types.ts";
import { ConflictNotice } from "../forms/conflict.tsx";
import type { Form } from "../forms/use-form.ts";
import { named, t } from "../i18n/language.ts";
import { type Prices, type Rates, type Schedule, differing, edited } from "./price-list.ts";
import { conditionsOf } from "./price-view.tsx";

const LABELS = {
  timeZone: "prices.timeZone", taxPercent: "prices.tax", sessionFee: "prices.sessionFee", chargingTime: "prices.chargingTime", occupancy: "prices.occupancy",
  holidays: "holidays.title", schedules: "schedules.title",
} as const satisfies Record<keyof Prices, string>;

export function DraftConflict({ form, theirs }: { readonly form: Pick<Form<Prices>, "base" | "values" | "version" | "rebase">; readonly theirs: TariffDraft }): JSX.Element {
  const newest = edited(theirs.priceList);
  const indexes = differing(form.base.schedules, form.values.schedules, newest.schedules);
  return (
    <ConflictNotice
      form={form} newest={{ values: newest, version: theirs.revision, edits: [{ version: theirs.revision, by: theirs.updatedBy, at: theirs.updatedAt }] }}
      labelOf={(field) => t(LABELS[field])} textOf={(field, prices) => textOf(field, prices, indexes)}
    />
  );
}

/** A field in words; of the schedules only those at `indexes`, which differ. */
function textOf(field: keyof Prices, prices: Prices, indexes: readonly number[]): string {
  const { chargingTime, occupancy } = prices;
  switch (field) {
    case "chargingTime":
      return chargingTime === null ? "" : `${t("prices.perMinute")} ${chargingTime.pricePerMinute} · ${named("basis", chargingTime.basis)}`;
    case "occupancy":
      return occupancy === null ? "" : [
        `${t("prices.perMinute")} ${occupancy.pricePerMinute}`, `${t("prices.grace")} ${occupancy.graceMinutes}`, ...(occupancy.cap === "" ? [] : [`${t("prices.cap")} ${occupancy.cap}`]),
      ].join(" · ");
    case "holidays":
      return prices.holidays.join(", ");
    case "schedules":
      return indexes.map((index) => `${t("schedule.name", { n: index + 1 })}: ${scheduleText(prices.schedules[index])}`).join(" | ");
    default:
      return prices[field];
  }
}

function scheduleText(schedule: Schedule | undefined): string {
  if (schedule === undefined) return t("conflict.nothing");
  const rates = ({ electricityPrice, serviceFee }: Rates) => `${electricityPrice} + ${serviceFee}`;
  const bands = schedule.bands.map((band) => {
    const tiers = band.tiers.map((tier) => ` > ${tier.aboveWh} Wh ${rates(tier)}`).join("");
    return `${band.from}–${band.to} ${named("band", band.kind)} ${rates(band)}${tiers}`;
  });
  return `${conditionsOf(schedule)}; ${bands.join(", ")}`;
}
