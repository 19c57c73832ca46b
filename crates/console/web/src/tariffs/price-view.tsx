// The prices of a version, for reading.

import type { JSX } from "preact";
import { named, t } from "../i18n/language.ts";
import { DayStrip, Hours, inWords } from "./day-strip.tsx";
import { type Band, type Prices, type Schedule, sumOf } from "./price-list.ts";

export function PriceView({ prices, currency }: { readonly prices: Prices; readonly currency: string }): JSX.Element {
  return (
    <div class="prices">
      <General prices={prices} currency={currency} />
      {prices.schedules.map((schedule, index) => (
        <section key={index} class="stack" aria-label={t("schedule.name", { n: index + 1 })}>
          <h2>{t("schedule.name", { n: index + 1 })} <span class="soft">{conditionsOf(schedule)}</span></h2>
          <div>
            <DayStrip bands={schedule.bands} label={t("bands.day", { n: index + 1, bands: inWords(schedule.bands) })} tall />
            <Hours />
          </div>
          <details>
            <summary>{t("pile.chartTable")}</summary>
            <BandTable bands={schedule.bands} />
          </details>
        </section>
      ))}
    </div>
  );
}

/** The conditions of a schedule in words. */
export function conditionsOf({ seasons, weekdays, holiday }: Schedule): string {
  const parts = [
    seasons.map(({ from, to }) => `${from}–${to}`).join(", "),
    weekdays.map((day) => named("weekday", day)).join(" "),
    holiday === "any" ? "" : t(`holiday.${holiday}`),
  ].filter((part) => part !== "");
  return parts.length === 0 ? t("schedule.always") : parts.join(" · ");
}

function General({ prices: { timeZone, taxPercent, sessionFee, chargingTime, occupancy, holidays }, currency }: { readonly prices: Prices; readonly currency: string }): JSX.Element {
  const money = (price: string) => `${price} ${currency}`;
  const facts: readonly (readonly [string, string])[] = [
    [t("prices.timeZone"), timeZone],
    [t("prices.tax"), taxPercent === "" ? t("prices.none") : `${taxPercent} %`],
    [t("prices.sessionFee"), sessionFee === "" ? t("prices.none") : money(sessionFee)],
    [t("prices.chargingTime"), chargingTime === null ? t("prices.none") : `${money(chargingTime.pricePerMinute)}/min · ${named("basis", chargingTime.basis)}`],
    [t("prices.occupancy"), occupancy === null ? t("prices.none") : `${money(occupancy.pricePerMinute)}/min · ${t("prices.grace")}: ${occupancy.graceMinutes}${occupancy.cap === "" ? "" : ` · ${t("prices.cap")}: ${money(occupancy.cap)}`}`],
    [t("holidays.title"), holidays.length === 0 ? t("prices.none") : holidays.join(", ")],
  ];
  return <dl class="facts">{facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>;
}

function BandTable({ bands }: { readonly bands: readonly Band[] }): JSX.Element {
  return (
    <div class="scroll-x">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">{t("band.from")}</th><th scope="col">{t("band.to")}</th><th scope="col">{t("band.kind")}</th>
            <th scope="col" class="right">{t("band.electricity")}</th><th scope="col" class="right">{t("band.service")}</th><th scope="col" class="right">{t("band.sum")}</th>
          </tr>
        </thead>
        <tbody>
          {bands.flatMap((band, index) => [
            <tr key={index}>
              <td>{band.from}</td><td>{band.to}</td><td><span class={`band band-${band.kind}`}>{named("band", band.kind)}</span></td>
              <td class="right">{band.electricityPrice}</td><td class="right">{band.serviceFee}</td><td class="right">{sumOf(band)}</td>
            </tr>,
            ...band.tiers.map((tier, at) => (
              <tr key={`${index}-${at}`}>
                <td colSpan={3} class="soft">{t("tier.above")}: {tier.aboveWh}</td>
                <td class="right">{tier.electricityPrice}</td><td class="right">{tier.serviceFee}</td><td class="right">{sumOf(tier)}</td>
              </tr>
            )),
          ])}
        </tbody>
      </table>
    </div>
  );
}
