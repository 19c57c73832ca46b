// The devices of an outage.

import type { JSX } from "preact";
import type { WholeIssue } from "../api/types.ts";
import { to } from "../app/router.ts";
import { brief } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";

export function Devices({ issue: { devices } }: { readonly issue: WholeIssue }): JSX.Element | null {
  if (devices.length === 0) return null;
  return (
    <section class="card" aria-labelledby="issue-devices">
      <div class="card-head"><h2 id="issue-devices">{t("issue.devices")}</h2></div>
      <div class="card-body scroll-x" tabIndex={0} role="group" aria-label={t("issue.devices")}>
        <table class="table">
          <thead><tr><th scope="col">{t("col.device")}</th><th scope="col">{t("issue.joined")}</th><th scope="col">{t("issue.left")}</th></tr></thead>
          <tbody>
            {devices.map(({ chargePointId, pileId, joinedAt, leftAt }) => (
              <tr key={chargePointId} data-device={chargePointId} data-left={leftAt !== null}>
                <th scope="row" class="mono nowrap">{pileId === null ? chargePointId : <a href={to.pile(pileId)}>{chargePointId}</a>}</th>
                <td class="nowrap">{brief(joinedAt)}</td>
                <td class="nowrap">{leftAt === null ? <span class="soft">{t("issue.stillPart")}</span> : brief(leftAt)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
