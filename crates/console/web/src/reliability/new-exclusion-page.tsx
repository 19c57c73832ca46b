// The page that excludes downtime of a station, a pile or a connector.

import type { JSX } from "preact";
import { assets } from "../api/client.ts";
import { go, query, to } from "../app/router.ts";
import { AssetPage } from "../assets/asset-page.tsx";
import { Shown } from "../design/states.tsx";
import { FormFrame } from "../forms/frame.tsx";
import { useForm } from "../forms/use-form.ts";
import { t } from "../i18n/language.ts";
import { useResource } from "../live/resource.ts";
import { EXCLUSION_FIELDS, ExclusionFields } from "./exclusion-form.tsx";
import { type ExclusionValues, NEW_EXCLUSION, checkExclusion, exclusionBody } from "./exclusion-values.ts";

export function NewExclusionPage(): JSX.Element {
  const station = query.value.get("station") ?? "";
  const pile = query.value.get("pile") ?? "";
  const base = useResource(`${station} ${pile}`, (signal) => beginAt(station, pile, signal));
  return <Shown whole of={base} rows={6}>{(values) => <NewExclusion base={values} />}</Shown>;
}

/** An exclusion of the place from which the page was opened. */
async function beginAt(station: string, pile: string, signal: AbortSignal): Promise<ExclusionValues> {
  const stationId = pile === "" ? station : (await assets.get("/api/v1/piles/{pileId}", { path: { pileId: pile }, signal })).stationId;
  if (stationId === "") return NEW_EXCLUSION;
  const { name } = await assets.get("/api/v1/stations/{stationId}", { path: { stationId }, signal });
  return { ...NEW_EXCLUSION, stationId, stationName: name, pileId: pile };
}

function NewExclusion({ base }: { readonly base: ExclusionValues }): JSX.Element {
  const form = useForm({ name: `exclusion.new.${base.pileId || base.stationId}`, base, version: 0, check: checkExclusion });
  const place = base.pileId === "" ? { station: base.stationId } : { pile: base.pileId };
  const back = to.exclusions(place);
  const enter = async (signal: AbortSignal) => {
    await assets.post("/api/v1/reliability/exclusions", { body: exclusionBody(form.values) as never, headers: { "idempotency-key": form.key }, signal });
    const { stationId, pileId } = form.values;
    go(to.exclusions(pileId === "" ? { station: stationId } : { pile: pileId }));
  };
  return (
    <AssetPage title={t("exclusion.new")} back={back} backText={t("exclusion.title")}>
      <FormFrame form={form} label={t("exclusion.new")} save={t("exclusion.enter")} cancel={back} fields={EXCLUSION_FIELDS} act={enter}>
        <ExclusionFields form={form} />
      </FormFrame>
    </AssetPage>
  );
}
