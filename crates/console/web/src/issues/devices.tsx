// The devices of an outage: the first ones with the issue, all of them in pages on request.

import type { JSX } from "preact";
import { assets } from "../api/client.ts";
import type { IssueDevice, WholeIssue } from "../api/types.ts";
import { to } from "../app/router.ts";
import { brief, count } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";
import { Remaining } from "./remaining.tsx";
import { useWholeList } from "./whole-list.ts";

const PAGE = 200;

export function Devices({ issue: { id, devices, deviceCount, currentDeviceCount } }: { readonly issue: WholeIssue }): JSX.Element | null {
  const { shown, problem, onMore } = useWholeList<IssueDevice>({
    id, first: devices, counts: [deviceCount, currentDeviceCount], idOf: (device) => device.chargePointId,
    load: (cursor, signal) => assets.get("/api/v1/issues/{issueId}/devices", { path: { issueId: id }, query: { cursor, limit: PAGE }, signal }),
  });
  if (devices.length === 0) return null;
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
        <Remaining shown={shown.length} all={deviceCount} problem={problem} onMore={onMore} />
      </div>
    </section>
  );
}
