// A price item by item: energy by band, fees, taxes and totals, as a receipt or a quote has them.

import type { JSX } from "preact";
import type { Quote } from "../api/types.ts";
import { duration, kwh } from "../i18n/format.ts";
import { named, t } from "../i18n/language.ts";

type Money = Quote["totals"]["total"];

export function Price({ price }: { readonly price: Quote }): JSX.Element {
  const { totals } = price;
  return (
    <div class="stack" data-total={totals.total.amount}>
      <p class="price-now"><strong class="num">{(totals.totalWithTax ?? totals.total).amount}</strong> {price.currency}</p>
      <div class="scroll-x" tabIndex={0} role="group" aria-label={t("receipt.items")}>
        <table class="table">
          <thead>
            <tr>
              <th scope="col">{t("receipt.item")}</th><th scope="col" class="right">{t("receipt.quantity")}</th>
              <th scope="col" class="right">{t("receipt.unitPrice")}</th><th scope="col" class="right">{t("receipt.amount")}</th>
            </tr>
          </thead>
          <tbody>
            {price.items.map((item) => (
              <tr key={item.from}>
                <td><span class={`band band-${item.kind}`}>{named("band", item.kind)}</span> <span class="soft small num">{local(item.from)}–{local(item.to)}</span></td>
                <td class="right nowrap">{kwh(item.energyWh)}</td>
                <td class="right nowrap">{item.electricityPrice} + {item.serviceFee}</td>
                <td class="right nowrap">{item.electricity.amount} + {item.service.amount}</td>
              </tr>
            ))}
            {price.chargingTime.map((item) => (
              <tr key={`t${item.from}`}><td>{t("receipt.chargingTime")}</td><td class="right nowrap">{duration(item.chargedSeconds * 1000)}</td><td class="right nowrap">{item.pricePerMinute}</td><td class="right">{item.amount.amount}</td></tr>
            ))}
            {price.occupancy === null ? null : (
              <tr>
                <td>{t("receipt.occupancy")}{price.occupancy.capped ? <span class="tag plain"> {t("receipt.capped")}</span> : null}</td>
                <td class="right nowrap">{duration(price.occupancy.chargedMinutes * 60_000)}</td>
                <td class="right nowrap">{price.occupancy.pricePerMinute}</td><td class="right">{price.occupancy.amount.amount}</td>
              </tr>
            )}
            {price.sessionFee === null ? null : <tr><td>{t("receipt.sessionFee")}</td><td /><td /><td class="right">{price.sessionFee.amount}</td></tr>}
          </tbody>
          <tfoot>
            <Total text={t("receipt.electricity")} of={totals.electricity} />
            <Total text={t("receipt.service")} of={totals.service} />
            <Total text={t("receipt.total")} of={totals.total} />
            <Total text={t("receipt.tax")} of={totals.tax} />
            <Total text={t("receipt.totalWithTax")} of={totals.totalWithTax} />
          </tfoot>
        </table>
      </div>
    </div>
  );
}

function Total({ text, of }: { readonly text: string; readonly of: Money | null }): JSX.Element | null {
  if (of === null) return null;
  return <tr><th scope="row" colSpan={3}>{text}</th><td class="right nowrap"><strong>{of.amount}</strong> {of.currency}</td></tr>;
}

/** The local time of an item, as the API writes it, in the zone of the prices. */
function local(at: string): string {
  return at.slice(11, 16);
}
