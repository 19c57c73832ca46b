// The receipt of a session, and the receipts that it replaces.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { assets } from "../api/client.ts";
import type { Receipt } from "../api/types.ts";
import { may } from "../app/session.ts";
import { Empty, Forbidden, Shown } from "../design/states.tsx";
import { count, kwh, moment } from "../i18n/format.ts";
import { known, named, t } from "../i18n/language.ts";
import { useEvery, useResource } from "../live/resource.ts";
import { Price } from "./price.tsx";
import { type Listed, listed, unlessAbsent } from "./receipts.ts";

/** Interval of asking again for a receipt that is not written yet, in ms. */
const WAIT_MS = 10_000;
/** Interval of asking for a receipt that replaces the latest one, in ms. */
const REPLACED_MS = 30_000;

export function ReceiptCard({ sessionId }: { readonly sessionId: string }): JSX.Element {
  const allowed = may("tariffs:read");
  const [number, setNumber] = useState<number | undefined>(undefined);
  const path = { sessionId };
  const list = useResource(allowed ? sessionId : null, async (signal) => listed((await assets.get("/api/v1/sessions/{sessionId}/receipts", { path, signal })).items));
  const found = useResource(allowed ? `${sessionId}-${number ?? ""}` : null, (signal) => {
    return unlessAbsent(assets.get("/api/v1/sessions/{sessionId}/receipt", { path, query: { number }, signal }));
  });
  const waiting = found.value !== undefined && "code" in found.value && found.value.code === "RECEIPT_NOT_YET";
  // Another receipt may replace the latest one for a week.
  useEvery(waiting ? WAIT_MS : REPLACED_MS, () => {
    list.reload();
    found.reload();
  });
  return (
    <section class="card" aria-labelledby="receipt">
      <div class="card-head"><h2 id="receipt">{t("receipt.title")}</h2></div>
      <div class="card-body stack">
        {!allowed ? <Forbidden scope="tariffs:read" /> : (
          <Shown of={found}>
            {(shown) => ("code" in shown ? <Empty title={known("problem", shown.code) ?? shown.code} /> : (
              <>
                <Numbers all={list.value ?? []} shown={shown.receipt} onChoose={setNumber} />
                <Content receipt={shown.receipt} />
              </>
            ))}
          </Shown>
        )}
      </div>
    </section>
  );
}

/** All receipts of the session, if there is more than one. */
function Numbers({ all, shown, onChoose }: { readonly all: readonly Listed[]; readonly shown: Receipt; readonly onChoose: (number: number) => void }): JSX.Element | null {
  const latest = all[0]?.number ?? shown.number;
  if (all.length < 2) return null;
  return (
    <>
      {shown.number === latest ? null : <p class="notice warn" role="status">{t("receipt.replaced", { n: latest })}</p>}
      <div class="buttons" role="group" aria-label={t("receipt.all")}>
        {all.map(({ number, issuedAt, withdrawn }) => (
          <button key={number} type="button" class="button slim" aria-pressed={number === shown.number} data-receipt-number={number} onClick={() => onChoose(number)}>
            {t("receipt.number", { n: number })} · {moment(issuedAt)}{withdrawn ? ` · ${t("receipt.withdrawn")}` : ""}
          </button>
        ))}
      </div>
    </>
  );
}

function Content({ receipt }: { readonly receipt: Receipt }): JSX.Element {
  const none = <span class="soft">–</span>;
  return (
    <div class="stack" data-receipt={receipt.number} data-withdrawn={receipt.withdrawn}>
      {receipt.withdrawn ? <p class="notice warn">{t("receipt.withdrawnText")}</p> : null}
      <dl class="facts">
        <div><dt>{t("receipt.of")}</dt><dd>{receipt.number}{receipt.replaces === null ? null : ` · ${t("receipt.replaces", { n: receipt.replaces })}`}</dd></div>
        <div><dt>{t("receipt.issued")}</dt><dd>{moment(receipt.issuedAt)}</dd></div>
        <div><dt>{t("session.energy")}</dt><dd>{receipt.energyWh === null ? none : kwh(receipt.energyWh)}</dd></div>
        <div><dt>{t("receipt.unplugged")}</dt><dd>{receipt.unpluggedAt === null ? t("receipt.stillPlugged") : moment(receipt.unpluggedAt)}</dd></div>
      </dl>
      {receipt.energyByBand.length === 0 ? null : (
        <ul class="legend">
          {receipt.energyByBand.map(({ kind, energyWh }) => <li key={kind}><span class={`band band-${kind}`}>{named("band", kind)}</span> <strong class="num">{kwh(energyWh)}</strong></li>)}
        </ul>
      )}
      {receipt.price === null ? null : <Price price={receipt.price} />}
      {receipt.unpriced === null ? null : <p class="notice warn" data-unpriced={receipt.unpriced.code}>{known("problem", receipt.unpriced.code) ?? receipt.unpriced.detail}</p>}
      <details>
        <summary>{t("receipt.evidence", { n: count(receipt.readingCount) })}</summary>
        <p class="small soft">{t("receipt.digest")} <span class="mono digest">{receipt.digest}</span></p>
        <ul class="why small">
          {receipt.tariffs.map((one) => <li key={`${one.bindingId}${one.from}${one.version}`}>{named("price.level", one.level)} · {t("receipt.version", { n: one.version })} · {moment(one.from)}–{moment(one.to)}</li>)}
        </ul>
        <div class="scroll-x readings" tabIndex={0} role="group" aria-label={t("receipt.readings")}>
          <table class="table">
            <thead><tr><th scope="col">{t("col.time")}</th><th scope="col" class="right">{t("receipt.register")}</th></tr></thead>
            <tbody>{receipt.readings.map((one) => <tr key={one.at}><td>{moment(one.at)}</td><td class="right">{kwh(one.energyWh)}</td></tr>)}</tbody>
          </table>
        </div>
      </details>
    </div>
  );
}
