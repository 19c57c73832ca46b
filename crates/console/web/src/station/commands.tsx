// Commands to the piles of a station.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Station } from "../api/types.ts";
import { may, settings } from "../app/session.ts";
import { lazy } from "../app/lazy.tsx";
import { t } from "../i18n/language.ts";
import { STATION_ORDERS, type StationOrder } from "./station-order.ts";

interface Asked {
  readonly station: Station;
  readonly order: StationOrder;
  readonly onClose: () => void;
}
const StationDialog = lazy<Asked>(async () => (await import("./command-dialog.tsx")).StationDialog);

export function StationCommands({ station }: { readonly station: Station }): JSX.Element {
  const [order, setOrder] = useState<StationOrder | null>(null);
  const allowed = may("commands:send");
  const reachable = settings.value?.dispatcher !== null;
  return (
    <section class="card" aria-labelledby="station-commands">
      <div class="card-head"><h2 id="station-commands">{t("station.commands")}</h2></div>
      <div class="card-body">
        <div class="buttons">
          {STATION_ORDERS.map((name) => (
            <button key={name} type="button" class="button" disabled={!allowed || !reachable} data-station-order={name} onClick={() => setOrder(name)}>
              {t(`command.${name}`)}
            </button>
          ))}
        </div>
        {allowed ? (reachable ? null : <p class="soft small why-not">{t("command.noDispatcher")}</p>) : <p class="soft small actions-why">{t("command.forbidden")}</p>}
      </div>
      {order === null ? null : <StationDialog station={station} order={order} onClose={() => setOrder(null)} />}
    </section>
  );
}
