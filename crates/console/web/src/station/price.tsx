// What charging costs at a station: the price now and why, and the day's bands as a picture.

import type { JSX } from "preact";
import { authorization, send } from "../api/client.ts";
import { Problem } from "../api/problem.ts";
import { may } from "../app/session.ts";
import { Empty, Forbidden, Shown } from "../design/states.tsx";
import { clockShort } from "../i18n/format.ts";
import { named, t } from "../i18n/language.ts";
import { useEvery, useNow, useResource } from "../live/resource.ts";
import { DayPicture } from "./day-picture.tsx";
import { type PriceAt, type TimetableRow, readPrice, readTimetable } from "./prices.ts";

const EVERY_MS = 60_000;

type Told =
  | { readonly kind: "priced"; readonly price: PriceAt; readonly rows: readonly TimetableRow[] }
  /** No tariff applies. */
  | { readonly kind: "unpriced" }
  /** The platform has no such resource. */
  | { readonly kind: "no-api" };

async function read(stationId: string, signal: AbortSignal): Promise<Told> {
  const asked = `?stationId=${encodeURIComponent(stationId)}`;
  const get = async (what: string): Promise<unknown> => (await send(`/api/v1/tariffs/${what}${asked}`, { headers: authorization(), signal: AbortSignal.any([signal, AbortSignal.timeout(20_000)]) })).json();
  try {
    // Without a date the timetable is that of today, where the station is.
    const [price, rows] = [readPrice(await get("price")), readTimetable(await get("timetable"))];
    return { kind: "priced", price, rows };
  } catch (error) {
    if (error instanceof Problem && error.code === "NOT_FOUND") return { kind: "no-api" };
    if (error instanceof Problem && error.code === "NO_TARIFF_APPLIES") return { kind: "unpriced" };
    throw error;
  }
}

export function PriceCard({ stationId }: { readonly stationId: string }): JSX.Element {
  const allowed = may("tariffs:read");
  const told = useResource(allowed ? `price-${stationId}` : null, (signal) => read(stationId, signal));
  useEvery(EVERY_MS, told.reload);
  return (
    <section class="card" aria-labelledby="price">
      <div class="card-head"><h2 id="price">{t("station.price")}</h2></div>
      <div class="card-body">
        {!allowed ? <Forbidden scope="tariffs:read" /> : (
          <Shown of={told}>
            {(shown) => {
              if (shown.kind === "no-api") return <Empty title={t("station.priceNoApi")} />;
              if (shown.kind === "unpriced") return <Empty title={t("station.priceMissing")} />;
              return <Prices price={shown.price} rows={shown.rows} />;
            }}
          </Shown>
        )}
      </div>
    </section>
  );
}

export function Prices({ price, rows }: { readonly price: PriceAt; readonly rows: readonly TimetableRow[] }): JSX.Element {
  const now = useNow(30_000);
  return (
    <div class="prices">
      <div>
        <h3>{t("station.priceNow")}</h3>
        <p class="price-now">
          <span class={`band band-${price.kind}`}>{named("band", price.kind)}</span>
          <strong class="num">{price.pricePerKwh}</strong> {t("price.perKwh", { currency: price.currency })}
        </p>
        <p class="soft small num">{t("price.parts", { energy: price.electricityPrice, service: price.serviceFee })}</p>
      </div>
      <div>
        <h3>{t("station.priceDay")}</h3>
        <DayPicture rows={rows} now={now} />
        <details>
          <summary>{t("pile.chartTable")}</summary>
          <div class="scroll-x">
            <table class="table">
              <thead><tr><th scope="col">{t("col.time")}</th><th scope="col">{t("col.what")}</th><th scope="col" class="right">{t("station.price")}</th></tr></thead>
              <tbody>
                {rows.map((row) => (
                  <tr key={row.from}>
                    <td class="nowrap">{clockShort(row.from)}–{clockShort(row.to)}</td><td>{named("band", row.kind)}</td>
                    <td class="right">{row.pricePerKwh} {row.currency}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </details>
      </div>
      <div>
        <h3>{t("station.priceWhy")}</h3>
        <p class="soft small num">{t("price.version", { n: price.version, schedule: price.schedule + 1, band: price.band + 1 })}</p>
        <ul class="why">
          {price.considered.map((one) => (
            <li key={one.bindingId}>
              <span class={one.outcome === "applies" ? "tag good" : "tag plain"}>{named("price.level", one.level)}</span> {named("price.outcome", one.outcome)}
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}
