// Says that a station or a pile is in maintenance, on its page.

import type { JSX } from "preact";
import { assets } from "../api/client.ts";
import { moment } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";
import { useEvery, useNow, useResource } from "../live/resource.ts";
import { appliesTo, windowState } from "./window.ts";

/** Interval of reloading, in ms. */
const EVERY_MS = 10_000;

export function WindowNotice({ stationId, pileId }: { readonly stationId: string; readonly pileId: string | null }): JSX.Element | null {
  const now = useNow(1_000);
  const windows = useResource(stationId, (signal) => assets.get("/api/v1/maintenance-windows", { query: { stationId }, signal }));
  useEvery(EVERY_MS, windows.reload);
  const active = windows.value?.items.find((window) => appliesTo(window, pileId) && windowState(window, now) === "active");
  if (active === undefined) return null;
  return <p class="notice" role="status" data-maintenance={active.id}><strong>{t("maintenance.until", { time: moment(active.endsAt) })}</strong> {active.reason}</p>;
}
