// The devices of an outage: the first ones with the issue, all of them in pages on request.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { assets } from "../api/client.ts";
import type { IssueDevice, WholeIssue } from "../api/types.ts";
import { to } from "../app/router.ts";
import { brief, count } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";
import { useMore } from "../live/more.ts";
import { Remaining } from "./remaining.tsx";

const PAGE = 200;

export function Devices({ issue: { id, devices, deviceCount, currentDeviceCount } }: { readonly issue: WholeIssue }): JSX.Element | null {
  const [all, setAll] = useState(false);
  const list = useMore<IssueDevice>(
    all ? id : null, (cursor, signal) => assets.get("/api/v1/issues/{issueId}/devices", { path: { issueId: id }, query: { cursor, limit: PAGE }, signal }),
    (device) => device.chargePointId,
  );
  useEffect(() => {
    if (all) list.refresh();
  }, [deviceCount, currentDeviceCount]);
  if (devices.length === 0) return null;
  const shown = list.items ?? devices;
  return (
    <section class="card" aria-labelledby="issue-devices">
      <div class="card-head">
        <h2 id="issue-devices">{t("issue.devices")}</h2>
        <p class="soft small" data-devices={deviceCount}>{t("issue.deviceCount", { n: count(currentDeviceCount), all: count(deviceCount) })}</p>
      </div>
      <div class="card-body stack">
        <div class="scroll-x" tabIndex={0} role="group" aria-label={t("issue.devices")}>
          <table class="table">
            <thead><tr><th scope="col">{t("col.device")}</th><th scope="col">{t("issue.joined")}</th><th scope="col">{t("issue.left")}</th></tr></thead>
            <tbody>
              {shown.map(({ chargePointId, pileId, joinedAt, leftAt }) => (
                <tr key={chargePointId} data-device={chargePointId} data-left={leftAt !== null}>
                  <th scope="row" class="mono nowrap">{pileId === null ? chargePointId : <a href={to.pile(pileId)}>{chargePointId}</a>}</th>
                  <td class="nowrap">{brief(joinedAt)}</td>
                  <td class="nowrap">{leftAt === null ? <span class="soft">{t("issue.stillPart")}</span> : brief(leftAt)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        <Remaining shown={shown.length} all={deviceCount} problem={list.problem} onMore={all ? list.next : () => setAll(true)} />
      </div>
    </section>
  );
}
