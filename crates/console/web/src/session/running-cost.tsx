// What an open session costs so far.

import type { JSX } from "preact";
import { assets } from "../api/client.ts";
import { may } from "../app/session.ts";
import { Forbidden, Shown } from "../design/states.tsx";
import { t } from "../i18n/language.ts";
import { useEvery, useResource } from "../live/resource.ts";
import { Price } from "./price.tsx";

/** Interval of reloading, in ms. */
const EVERY_MS = 15_000;

export function RunningCost({ sessionId }: { readonly sessionId: string }): JSX.Element {
  const allowed = may("tariffs:read");
  const quote = useResource(allowed ? sessionId : null, (signal) => assets.get("/api/v1/sessions/{sessionId}/quote", { path: { sessionId }, signal }));
  useEvery(EVERY_MS, quote.reload);
  return (
    <section class="card" aria-labelledby="running-cost">
      <div class="card-head"><h2 id="running-cost">{t("receipt.soFar")}</h2></div>
      <div class="card-body">{allowed ? <Shown of={quote}>{(shown) => <Price price={shown} />}</Shown> : <Forbidden scope="tariffs:read" />}</div>
    </section>
  );
}
