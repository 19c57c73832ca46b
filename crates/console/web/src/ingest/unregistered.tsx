// The list of devices that are connected but assigned to no pile.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { assets } from "../api/client.ts";
import type { Unregistered } from "../api/types.ts";
import { may } from "../app/session.ts";
import { Empty, Failed, Loading } from "../design/states.tsx";
import { ago } from "../i18n/format.ts";
import { named, t } from "../i18n/language.ts";
import { useMore } from "../live/more.ts";
import { useEvery, useNow } from "../live/resource.ts";
import { RegisterDialog } from "./register-dialog.tsx";

const PAGE = 20;
const EVERY_MS = 10_000;

export function UnregisteredDevices(): JSX.Element {
  const now = useNow(5_000);
  const [registering, setRegistering] = useState<Unregistered | null>(null);
  const list = useMore<Unregistered>("unregistered", (cursor, signal) => {
    return assets.get("/api/v1/unregistered-charge-points", { query: { limit: PAGE, cursor }, signal });
  }, (device) => device.chargePointId);
  useEvery(EVERY_MS, list.refresh);
  const allowed = may("assets:write");
  return (
    <div class="card-body">
      {list.items === undefined ? (list.problem === undefined ? <Loading /> : <Failed problem={list.problem} retry={list.refresh} />)
        : list.items.length === 0 ? <Empty title={t("unregistered.empty")}>{t("unregistered.emptyText")}</Empty> : (
          <div class="scroll-x" tabIndex={0} role="group" aria-label={t("unregistered.title")}>
            <table class="table">
              <thead>
                <tr>
                  <th scope="col">{t("col.device")}</th><th scope="col">{t("col.status")}</th><th scope="col">{t("col.model")}</th><th scope="col">{t("pile.gateway")}</th>
                  <th scope="col">{t("col.seen")}</th><th scope="col"><span class="hidden-text">{t("unregistered.register")}</span></th>
                </tr>
              </thead>
              <tbody>
                {list.items.map((device) => (
                  <tr key={device.chargePointId} data-device={device.chargePointId}>
                    <th scope="row" class="mono">{device.chargePointId}</th>
                    <td><span class={device.online ? "tag good" : "tag plain"}>{named("connectivity", String(device.online))}</span></td>
                    <td>{[device.vendor, device.model].filter((part) => part !== null).join(" ")}{device.firmwareVersion === null ? "" : <span class="soft small"> {device.firmwareVersion}</span>}</td>
                    <td class="mono">{device.gatewayId ?? ""}</td>
                    <td class="nowrap">{ago(device.lastSeenAt, now)}</td>
                    <td>
                      <button type="button" class="button slim" disabled={!allowed} title={allowed ? undefined : t("nav.forbidden", { scope: "assets:write" })} onClick={() => setRegistering(device)}>
                        {t("unregistered.register")}<span class="hidden-text"> {device.chargePointId}</span>
                      </button>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      {list.more ? <button type="button" class="button slim" onClick={list.next}>{t("state.more")}</button> : null}
      {registering === null ? null : <RegisterDialog device={registering} onRegistered={list.refresh} onClose={() => setRegistering(null)} />}
    </div>
  );
}
