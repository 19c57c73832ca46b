// The pages that register a station and a pile.

import type { JSX } from "preact";
import { assets } from "../api/client.ts";
import { go, to } from "../app/router.ts";
import { Shown } from "../design/states.tsx";
import { FormFrame } from "../forms/frame.tsx";
import { useForm } from "../forms/use-form.ts";
import { t } from "../i18n/language.ts";
import { useResource } from "../live/resource.ts";
import { AssetPage } from "./asset-page.tsx";
import { PILE_FIELDS, PileFields } from "./pile-form.tsx";
import { NEW_PILE, checkPile, pileBody } from "./pile-values.ts";
import { STATION_FIELDS, StationFields } from "./station-form.tsx";
import { NEW_STATION, checkStation, stationBody } from "./station-values.ts";

export function NewStationPage(): JSX.Element {
  const form = useForm({ name: "station.new", base: NEW_STATION, version: 0, check: checkStation });
  const create = async (signal: AbortSignal) => {
    const station = await assets.post("/api/v1/stations", { body: stationBody(form.values) as never, headers: { "idempotency-key": form.key }, signal });
    go(to.station(station.id));
  };
  return (
    <AssetPage title={t("asset.newStation")} back={to.fleet} backText={t("station.back")}>
      <FormFrame form={form} label={t("asset.newStation")} save={t("asset.create")} cancel={to.fleet} fields={STATION_FIELDS} act={create}>
        <StationFields form={form} />
      </FormFrame>
    </AssetPage>
  );
}

export function NewPilePage({ stationId }: { readonly stationId: string }): JSX.Element {
  const station = useResource(stationId, (signal) => assets.get("/api/v1/stations/{stationId}", { path: { stationId }, signal }));
  return (
    <Shown whole of={station} rows={6}>
      {(shown) => (
        <AssetPage title={t("asset.newPile")} back={to.station(stationId)} backText={shown.name}>
          <NewPile stationId={stationId} />
        </AssetPage>
      )}
    </Shown>
  );
}

function NewPile({ stationId }: { readonly stationId: string }): JSX.Element {
  const form = useForm({ name: `pile.new.${stationId}`, base: NEW_PILE, version: 0, check: checkPile });
  const create = async (signal: AbortSignal) => {
    const body = pileBody(form.values) as never;
    const pile = await assets.post("/api/v1/stations/{stationId}/piles", { path: { stationId }, body, headers: { "idempotency-key": form.key }, signal });
    go(to.pile(pile.id));
  };
  return (
    <FormFrame form={form} label={t("asset.newPile")} save={t("asset.create")} cancel={to.station(stationId)} fields={PILE_FIELDS} act={create}>
      <PileFields form={form} device />
    </FormFrame>
  );
}
