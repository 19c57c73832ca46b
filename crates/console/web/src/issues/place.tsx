// The place of an issue, with links to it.

import type { JSX } from "preact";
import type { Issue } from "../api/types.ts";
import { to } from "../app/router.ts";
import { t } from "../i18n/language.ts";
import { StationLink } from "../live/station-names.tsx";

type Placed = Pick<Issue, "gatewayId" | "stationId" | "pileId" | "chargePointId" | "connectorId">;

/** The gateway, the station, or the device with its connector. */
export function Place({ of: { gatewayId, stationId, pileId, chargePointId, connectorId } }: { readonly of: Placed }): JSX.Element {
  if (gatewayId !== null) return <>{t("issue.gateway")} <span class="mono">{gatewayId}</span></>;
  if (chargePointId === null) return <>{stationId === null ? null : <>{t("col.station")} <StationLink id={stationId} /></>}</>;
  return (
    <span class="mono">
      {pileId === null ? chargePointId : <a href={to.pile(pileId)}>{chargePointId}</a>}
      {connectorId === null ? null : <span class="soft"> · {connectorId}</span>}
    </span>
  );
}

/** The place as a text without links, for titles. */
export function placeText({ gatewayId, chargePointId, connectorId }: Placed): string {
  if (gatewayId !== null) return gatewayId;
  if (chargePointId === null) return t("col.station");
  return connectorId === null ? chargePointId : `${chargePointId} · ${connectorId}`;
}
