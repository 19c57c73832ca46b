// The fleet now: connectors and their power, and the number of piles by status, each of which links to
// those piles.

import type { JSX } from "preact";
import { assets } from "../api/client.ts";
import type { Fleet } from "../api/types.ts";
import { STATUSES, StatusShape } from "../design/status.tsx";
import { Shown } from "../design/states.tsx";
import { clock, count, power } from "../i18n/format.ts";
import { named, t } from "../i18n/language.ts";
import { useEvery, useResource } from "../live/resource.ts";
import { Figure } from "./figure.tsx";
import { Today } from "./today.tsx";

/** Interval of reloading, in ms. The service counts at most once per second. */
const EVERY_MS = 2_000;

export function Counts({ chosen, onChoose }: {
  readonly chosen: string | null;
  readonly onChoose: (status: string) => void;
}): JSX.Element {
  const fleet = useResource("fleet", (signal) => assets.get("/api/v1/fleet", { signal }));
  useEvery(EVERY_MS, fleet.reload);
  return (
    <section aria-label={t("fleet.counts")}>
      <Shown of={fleet} rows={1}>
        {({ piles, connectors, chargingPowerW, countedAt }) => {
          const all = sum(piles);
          return (
            <>
              <Figures connectors={connectors} chargingPowerW={chargingPowerW} />
              <ul class="counts">
                <Count name={t("fleet.all")} value={all} pressed={chosen === ""} onClick={() => onChoose("")} />
                {STATUSES.filter((status) => (piles[status] ?? 0) > 0 || ["Available", "Charging", "Faulted", "Offline"].includes(status)).map((status) => (
                  <Count
                    key={status} name={named("status", status)} value={piles[status] ?? 0} status={status} share={all === 0 ? 0 : (piles[status] ?? 0) / all}
                    pressed={chosen === status} onClick={() => onChoose(status)}
                  />
                ))}
              </ul>
              <p class="soft small num counted">{t("fleet.countedAt", { time: clock(countedAt) })}</p>
            </>
          );
        }}
      </Shown>
    </section>
  );
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((all, of) => all + of, 0);
}

/** The connectors: a pile with two of them can serve one vehicle while it charges another. */
function Figures({ connectors, chargingPowerW }: Pick<Fleet, "connectors" | "chargingPowerW">): JSX.Element {
  const of = (status: string) => count(connectors[status] ?? 0);
  return (
    <dl class="fleet-figures">
      <Figure name="connectors" label={t("fleet.connectors")} value={count(sum(connectors))} />
      <Figure name="free" label={t("fleet.connectorsFree")} value={of("Available")} tone="Available" />
      <Figure name="charging" label={t("fleet.connectorsCharging")} value={of("Charging")} tone="Charging" />
      <Figure name="power" label={t("fleet.power")} value={power(chargingPowerW)} tone="Charging" />
      <Figure name="faulted" label={t("fleet.connectorsFaulted")} value={of("Faulted")} tone="Faulted" />
      <Figure name="offline" label={t("fleet.connectorsOffline")} value={of("Offline")} tone="Offline" />
      <Today />
    </dl>
  );
}

function Count({ name, value, status, share, pressed, onClick }: {
  readonly name: string;
  readonly value: number;
  readonly status?: string;
  readonly share?: number;
  readonly pressed: boolean;
  readonly onClick: () => void;
}): JSX.Element {
  return (
    <li>
      <button type="button" class={`count ${status === undefined ? "" : `tone-${status}`}`} aria-pressed={pressed} onClick={onClick} data-status={status ?? "all"}>
        <span class="count-name">{status === undefined ? null : <StatusShape status={status} />}{name}</span>
        <span class="count-value num">{count(value)}</span>
        <span class="count-share" aria-hidden="true"><span style={{ width: `${Math.max((share ?? 1) * 100, value > 0 ? 1 : 0)}%` }} /></span>
      </button>
    </li>
  );
}
