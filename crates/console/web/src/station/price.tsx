// The prices of a station: the current price with its reason, and the bands of the day.

import type { JSX } from "preact";
import { assets } from "../api/client.ts";
import { Problem } from "../api/problem.ts";
import type { PriceAt, Timetable } from "../api/types.ts";
import { to } from "../app/router.ts";
import { may } from "../app/session.ts";
import { Empty, Forbidden, Shown } from "../design/states.tsx";
import { named, t } from "../i18n/language.ts";
import { useEvery, useNow, useResource } from "../live/resource.ts";
import { DayPicture } from "./day-picture.tsx";
import { clockAt, clockUntil } from "./zoned.ts";

const EVERY_MS = 60_000;

interface StationPrice {
  /** The price, or the reason why there is none. */
  readonly price: PriceAt | Problem;
  /** The name of the tariff; null if it is unknown. */
  readonly tariff: string | null;
  /** Today's timetable in the zone of the prices; null if no tariff applies all day. */
  readonly day: Timetable | null;
}

/** The result of the request, or the problem that no tariff applies. */
function unlessUnpriced<T>(asked: Promise<T>): Promise<T | Problem> {
  return asked.catch((error: unknown) => {
    if (error instanceof Problem && error.code === "NO_TARIFF_APPLIES") return error;
    throw error;
  });
}

async function read(stationId: string, signal: AbortSignal): Promise<StationPrice> {
  const asked = { query: { stationId }, signal };
  const [price, day] = await Promise.all([
    unlessUnpriced(assets.get("/api/v1/tariffs/price", asked)),
    unlessUnpriced(assets.get("/api/v1/tariffs/timetable", asked)),
  ]);
  const tariff = price instanceof Problem ? null : await assets.get("/api/v1/tariffs/{tariffId}", { path: { tariffId: price.tariffId }, signal });
  return { price, tariff: tariff?.name ?? null, day: day instanceof Problem || day.rows.length === 0 ? null : day };
}

export function PriceCard({ stationId }: { readonly stationId: string }): JSX.Element {
  const allowed = may("tariffs:read");
  const loaded = useResource(allowed ? `price-${stationId}` : null, (signal) => read(stationId, signal));
  useEvery(EVERY_MS, loaded.reload);
  return (
    <section class="card" aria-labelledby="price">
      <div class="card-head"><h2 id="price">{t("station.price")}</h2>{allowed ? <a class="button slim" href={to.prices(stationId)}>{t("price.calendar")}</a> : null}</div>
      <div class="card-body">
        {!allowed ? <Forbidden scope="tariffs:read" /> : <Shown of={loaded}>{(shown) => <Prices {...shown} />}</Shown>}
      </div>
    </section>
  );
}

function Prices({ price, tariff, day }: StationPrice): JSX.Element {
  const unpriced = price instanceof Problem;
  return (
    <div class="prices" data-price={unpriced ? "none" : price.kind}>
      {unpriced ? <Unpriced problem={price} /> : <Now price={price} />}
      {day === null ? null : <Day day={day} />}
      {unpriced ? null : <Why price={price} tariff={tariff} />}
    </div>
  );
}

function Now({ price }: { readonly price: PriceAt }): JSX.Element {
  return (
    <div>
      <h3>{t("station.priceNow")}</h3>
      <p class="price-now">
        <span class={`band band-${price.kind}`}>{named("band", price.kind)}</span>
        <strong class="num">{price.pricePerKwh}</strong> {t("price.perKwh", { currency: price.currency })}
      </p>
      <p class="soft small num">{t("price.parts", { energy: price.electricityPrice, service: price.serviceFee })}</p>
    </div>
  );
}

/** Shows that no tariff applies now, with the service's explanation for each binding. */
function Unpriced({ problem }: { readonly problem: Problem }): JSX.Element {
  return (
    <>
      <Empty title={t("station.priceMissing")}>{problem.faults.length === 0 ? t("station.priceUnbound") : undefined}</Empty>
      {problem.faults.length === 0 ? null : <ul class="why small">{problem.faults.map(({ field, message }) => <li key={field}>{message}</li>)}</ul>}
    </>
  );
}

function Day({ day }: { readonly day: Timetable }): JSX.Element {
  const now = useNow(30_000);
  return (
    <div>
      <h3>{t("station.priceDay")} <span class="soft small">{t("price.zone", { date: day.first, zone: day.timeZone })}</span></h3>
      <DayPicture day={day} now={now} />
      <details>
        <summary>{t("pile.chartTable")}</summary>
        <div class="scroll-x">
          <table class="table">
            <thead><tr><th scope="col">{t("col.time")}</th><th scope="col">{t("col.what")}</th><th scope="col" class="right">{t("station.price")}</th></tr></thead>
            <tbody>
              {day.rows.map((row) => (
                <tr key={row.from}>
                  <td class="nowrap">{clockAt(row.from, day.timeZone)}–{clockUntil(row.to, day.timeZone)}</td><td>{named("band", row.kind)}</td>
                  <td class="right">{row.pricePerKwh} {row.currency}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </div>
  );
}

function Why({ price, tariff }: { readonly price: PriceAt; readonly tariff: string | null }): JSX.Element {
  return (
    <div>
      <h3>{t("station.priceWhy")}</h3>
      <p class="soft small num">{tariff} · {t("price.version", { n: price.version, schedule: price.schedule + 1, band: price.band + 1 })}</p>
      <ul class="why">
        {price.considered.map((one) => (
          <li key={one.bindingId}>
            <span class={one.outcome === "applies" ? "tag good" : "tag plain"}>{named("price.level", one.level)}</span> {named("price.outcome", one.outcome)}
          </li>
        ))}
      </ul>
    </div>
  );
}
