// The page of a version of a tariff.

import type { JSX } from "preact";
import { assets } from "../api/client.ts";
import type { Tariff, TariffVersion } from "../api/types.ts";
import { to } from "../app/router.ts";
import { may } from "../app/session.ts";
import { Title } from "../app/title.tsx";
import { Shown } from "../design/states.tsx";
import { moment } from "../i18n/format.ts";
import { named, t } from "../i18n/language.ts";
import { useResource } from "../live/resource.ts";
import { edited } from "./price-list.ts";
import { PriceView } from "./price-view.tsx";
import { WhatIfCard } from "./what-if.tsx";

async function read(tariffId: string, number: number, signal: AbortSignal): Promise<{ readonly tariff: Tariff; readonly version: TariffVersion }> {
  const [tariff, version] = await Promise.all([
    assets.get("/api/v1/tariffs/{tariffId}", { path: { tariffId }, signal }),
    assets.get("/api/v1/tariffs/{tariffId}/versions/{number}", { path: { tariffId, number }, signal }),
  ]);
  return { tariff, version };
}

export function VersionPage({ id, number }: { readonly id: string; readonly number: number }): JSX.Element {
  const found = useResource(`${id}-${number}`, (signal) => read(id, number, signal));
  return (
    <Shown whole of={found} rows={6}>
      {({ tariff, version }) => (
        <>
          <Title text={`${tariff.name} · ${t("version.title", { n: number })}`} />
          <div class="page-head">
            <div>
              <p class="crumb"><a href={to.tariff(id)}>{tariff.name}</a></p>
              <h1>{t("version.title", { n: number })} <StateTag state={version.state} /></h1>
            </div>
            {may("tariffs:write") ? <a class="button" href={`${to.draft(id)}?from=${number}`}>{t("version.copy")}</a> : null}
          </div>
          <section class="card card-body prices" data-version={version.state}>
            <dl class="facts">
              <div><dt>{t("version.from")}</dt><dd>{version.effectiveFrom === null ? "–" : moment(version.effectiveFrom)}</dd></div>
              <div><dt>{t("version.until")}</dt><dd>{version.supersededFrom === null ? t("binding.open") : moment(version.supersededFrom)}</dd></div>
              <div><dt>{t("version.by")}</dt><dd>{version.publishedBy ?? "–"}</dd></div>
            </dl>
            <PriceView prices={edited(version.priceList)} currency={tariff.currency} />
          </section>
          <WhatIfCard tariffId={id} number={number} />
        </>
      )}
    </Shown>
  );
}

export function StateTag({ state }: { readonly state: TariffVersion["state"] }): JSX.Element {
  const tones = { Draft: "tag warn", Scheduled: "tag", InForce: "tag good", Superseded: "tag plain" } as const;
  return <span class={tones[state]}>{named("versionState", state)}</span>;
}
