// The commands of a pile: form, confirmation, progress, and refusals with their reasons.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Pile } from "../api/types.ts";
import { may, settings } from "../app/session.ts";
import { t } from "../i18n/language.ts";
import { CommandDialog } from "./command-dialog.tsx";
import { ORDERS, type OrderName } from "./orders.ts";

export function Actions({ pile, news, onSent }: { readonly pile: Pile; readonly news: number; readonly onSent: () => void }): JSX.Element {
  const [order, setOrder] = useState<OrderName | null>(null);
  const allowed = may("commands:send");
  const reachable = settings.value?.dispatcher !== null;
  return (
    <section class="card" aria-labelledby="actions">
      <div class="card-head"><h2 id="actions">{t("command.actions")}</h2></div>
      <div class="card-body">
        <div class="buttons">
          {ORDERS.map((name) => (
            <button
              key={name} type="button" class={name === "start-transaction" ? "button primary" : "button"} disabled={!allowed || !reachable} data-order={name}
              onClick={() => setOrder(name)}
            >
              {t(`command.${name}`)}
            </button>
          ))}
        </div>
        {allowed ? (reachable ? null : <p class="soft small why-not">{t("command.noDispatcher")}</p>) : <p class="soft small actions-why">{t("command.forbidden")}</p>}
      </div>
      {order === null ? null : <CommandDialog pile={pile} order={order} news={news} onSent={onSent} onClose={() => setOrder(null)} />}
    </section>
  );
}
