// The registered data and the live state of a pile, with the confidence in it.

import type { JSX } from "preact";
import type { Pile } from "../api/types.ts";
import { Empty } from "../design/states.tsx";
import { Status } from "../design/status.tsx";
import { None, NotStated } from "../fleet/piles.tsx";
import { ago, brief, kw, kwh, moment, ratedKw } from "../i18n/format.ts";
import { named, t } from "../i18n/language.ts";
import { useNow } from "../live/resource.ts";

/** The confidence in the live state, with its reason and time. */
export function Confidence({ pile }: { readonly pile: Pile }): JSX.Element {
  const now = useNow(1_000);
  const seen = pile.lastSeenAt ?? pile.statusAt;
  switch (pile.confidence) {
    case "live":
      return <span class="small soft" data-confidence="live"><span class="tag good">{t("confidence.live")}</span> {seen === null ? "" : t("confidence.liveText", { ago: ago(seen, now) })}</span>;
    case "doubtful":
      return <span class="small" data-confidence="doubtful"><span class="tag warn">{t("confidence.doubtful")}</span> {t("confidence.doubtfulText", { ago: seen === null ? "–" : ago(seen, now) })}</span>;
    case "unanswered":
      return <span class="small" data-confidence="unanswered"><span class="tag plain">{t("confidence.unanswered")}</span> {t("confidence.unansweredText", { ago: seen === null ? "–" : ago(seen, now) })}</span>;
    case "stale":
      return <span class="small" data-confidence="stale"><span class="tag warn">{t("confidence.stale")}</span> {t("confidence.staleText", { time: seen === null ? "–" : brief(seen) })}</span>;
    default:
      return <span class="small soft" data-confidence="unknown"><span class="tag plain">{t("confidence.unknown")}</span> {t("confidence.unknownText")}</span>;
  }
}

/** The registered data, without connectors. */
export function Registered({ pile }: { readonly pile: Pile }): JSX.Element {
  return (
    <dl class="facts">
      <div><dt>{t("pile.device")}</dt><dd class="mono">{pile.chargePointId}</dd></div>
      <div><dt>{t("pile.model")}</dt><dd>{pile.model}</dd></div>
      <div><dt>{t("pile.vendor")}</dt><dd>{pile.vendor ?? <None />}</dd></div>
      <div><dt>{t("pile.serial")}</dt><dd>{pile.serialNumber ?? <None />}</dd></div>
      <div><dt>{t("pile.rated")}</dt><dd>{ratedKw(pile.ratedPowerKw)}</dd></div>
      <div><dt>{t("pile.current")}</dt><dd>{pile.currentType ?? <NotStated />}</dd></div>
    </dl>
  );
}

export function Facts({ pile }: { readonly pile: Pile }): JSX.Element {
  const now = useNow(1_000);
  const when = (at: string | null | undefined) => (at === null || at === undefined ? <None /> : <span title={moment(at)}>{ago(at, now)}</span>);
  return (
    <section class="card" aria-labelledby="facts">
      <div class="card-head"><h2 id="facts">{t("pile.facts")}</h2></div>
      <div class="card-body">
        <Registered pile={pile} />
        <h3 class="facts-between">{t("pile.live")}</h3>
        <dl class="facts">
          <div><dt>{t("pile.online")}</dt><dd>{pile.confidence === "unknown" ? named("status", "Unknown") : named("connectivity", String(pile.online))}</dd></div>
          <div><dt>{t("pile.heartbeat")}</dt><dd>{when(pile.lastHeartbeatAt)}</dd></div>
          <div><dt>{t("pile.seen")}</dt><dd>{when(pile.lastSeenAt)}</dd></div>
          <div><dt>{t("pile.gateway")}</dt><dd class="mono">{pile.gatewayId ?? <None />}</dd></div>
          <div><dt>{t("pile.firmware")}</dt><dd class="mono">{pile.firmwareVersion ?? <None />}</dd></div>
        </dl>
      </div>
    </section>
  );
}

export function Connectors({ pile }: { readonly pile: Pile }): JSX.Element {
  return (
    <section class="card" aria-labelledby="connectors">
      <div class="card-head"><h2 id="connectors">{t("pile.connectors")}</h2></div>
      {pile.connectors.length === 0 ? <Empty title={t("pile.noConnectors")} /> : (
        <ul class="card-body connectors">
          {pile.connectors.map((connector) => (
            <li key={connector.connectorId} class={`connector tone-${connector.status}`} data-connector={connector.connectorId} data-status={connector.status}>
              <p class="connector-head">
                <strong>{t("pile.connector", { n: connector.connectorId })}</strong>
                <span>
                  <Status status={connector.status} />
                  {pile.online || typeof connector.reportedStatus !== "string" ? null : <span class="soft small"> · {t("pile.lastKnown", { status: named("status", connector.reportedStatus) })}</span>}
                </span>
              </p>
              <dl class="facts small">
                <div><dt>{t("col.type")}</dt><dd>{connector.type ?? <None />}{typeof connector.maxPowerKw === "number" ? ` · ${ratedKw(connector.maxPowerKw)}` : ""}</dd></div>
                <div><dt>{t("col.since")}</dt><dd>{connector.statusAt === null || connector.statusAt === undefined ? <None /> : brief(connector.statusAt)}</dd></div>
                <div><dt>{t("col.power")}</dt><dd>{typeof connector.powerW === "number" ? kw(connector.powerW) : <None />}</dd></div>
                <div><dt>{t("session.energy")}</dt><dd>{typeof connector.sessionEnergyWh === "number" ? kwh(connector.sessionEnergyWh) : <None />}</dd></div>
                {connector.errorCode === null || connector.errorCode === undefined ? null : <div><dt>{t("col.error")}</dt><dd class="mono">{connector.errorCode}</dd></div>}
              </dl>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
