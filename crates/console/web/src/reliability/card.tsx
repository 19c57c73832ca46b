// The reliability of a station or a pile over the last 30 days, with links to its ledger.

import type { JSX } from "preact";
import { assets } from "../api/client.ts";
import { to } from "../app/router.ts";
import { may } from "../app/session.ts";
import { Empty, Shown } from "../design/states.tsx";
import { t } from "../i18n/language.ts";
import { useResource } from "../live/resource.ts";
import { Figures, Shares } from "./figures.tsx";
import { asQuery, read } from "./filter.ts";
import { sum, tallyOf } from "./ledger.ts";
import { dateOf } from "../live/days.ts";
import type { Place } from "./routes.ts";

export function ReliabilityCard({ of }: { readonly of: Place }): JSX.Element {
  const parts = { ...of, by: of.pile === undefined ? "pile" : "connector" };
  const asked = asQuery(read(new URLSearchParams({ ...of, by: of.pile === undefined ? "station" : "pile" }), dateOf(new Date())));
  const totals = useResource(JSON.stringify(asked), async (signal) => (await assets.get("/api/v1/reliability", { query: asked, signal })).items);
  return (
    <section class="card" aria-labelledby="reliability" data-reliability>
      <div class="card-head">
        <h2 id="reliability">{t("rel.card")}</h2>
        <a class="small" href={to.reliability(parts)}>{t(`rel.parts.${of.pile === undefined ? "pile" : "connector"}`)}</a>
      </div>
      <div class="card-body stack">
        <Shown of={totals}>
          {(items) => {
            const tally = sum(items.map(tallyOf));
            return items.length === 0 ? <Empty title={t("rel.empty")} /> : <><Figures of={tally} /><Shares of={tally} /></>;
          }}
        </Shown>
        <div class="buttons">
          <a class="button slim" href={to.exclusions(of)} data-manage="exclusions">{t("exclusion.title")}</a>
          {may("assets:write") ? <a class="button slim" href={to.newExclusion(of)} data-manage="new-exclusion">{t("exclusion.new")}</a> : null}
        </div>
      </div>
    </section>
  );
}
