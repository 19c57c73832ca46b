// The pages that edit a station and a pile. An edit by another caller meanwhile is shown field by
// field; only changed fields are sent, so that edits of different fields never undo each other.

import type { JSX } from "preact";
import { assets, ifMatch } from "../api/client.ts";
import type { Edit, Pile, Station } from "../api/types.ts";
import { go, to } from "../app/router.ts";
import { Shown } from "../design/states.tsx";
import { ConflictNotice, type Newest, useConflict } from "../forms/conflict.tsx";
import { FormFrame } from "../forms/frame.tsx";
import { useForm } from "../forms/use-form.ts";
import { t } from "../i18n/language.ts";
import { useResource } from "../live/resource.ts";
import { AssetPage } from "./asset-page.tsx";
import { PILE_FIELDS, PileFields } from "./pile-form.tsx";
import { checkPile, pileBody, pilePatch, pileValues } from "./pile-values.ts";
import { STATION_FIELDS, StationFields } from "./station-form.tsx";
import { type StationValues, checkStation, stationBody, stationPatch, stationValues } from "./station-values.ts";
import { fieldName, valueText } from "./value-text.ts";

/** A revision to edit, with the edits of one page that led to it. */
interface Loaded<Asset> {
  readonly asset: Asset;
  readonly edits: readonly Edit[];
}

async function loadStation(stationId: string, signal: AbortSignal): Promise<Loaded<Station>> {
  const path = { stationId };
  const [asset, edits] = await Promise.all([assets.get("/api/v1/stations/{stationId}", { path, signal }), assets.get("/api/v1/stations/{stationId}/audit", { path, signal })]);
  return { asset, edits: edits.items };
}

async function loadPile(pileId: string, signal: AbortSignal): Promise<Loaded<Pile>> {
  const path = { pileId };
  const [asset, edits] = await Promise.all([assets.get("/api/v1/piles/{pileId}", { path, signal }), assets.get("/api/v1/piles/{pileId}/audit", { path, signal })]);
  return { asset, edits: edits.items };
}

/** The revision as the form compares it with its own. */
function revision<Asset extends { readonly version: number }, V>({ asset, edits }: Loaded<Asset>, valuesOf: (asset: Asset) => V): Newest<V> {
  return { values: valuesOf(asset), version: asset.version, edits };
}

export function EditStationPage({ id }: { readonly id: string }): JSX.Element {
  const loaded = useResource(id, (signal) => loadStation(id, signal));
  return (
    <Shown whole of={loaded} rows={8}>
      {(shown) => (
        <AssetPage title={t("asset.edit")} of={shown.asset.name} back={to.station(id)} backText={t("col.station")}>
          <EditStation loaded={shown} />
        </AssetPage>
      )}
    </Shown>
  );
}

function EditStation({ loaded }: { readonly loaded: Loaded<Station> }): JSX.Element {
  const { id, version } = loaded.asset;
  const current = revision(loaded, stationValues);
  const form = useForm({ name: `station.${id}`, base: current.values, version, check: checkStation });
  const conflict = useConflict(form, current, async (signal) => revision(await loadStation(id, signal), stationValues));
  const save = async (signal: AbortSignal) => {
    const body = stationPatch(form.base, form.values) as never;
    const send = async () => void (await assets.patch("/api/v1/stations/{stationId}", { path: { stationId: id }, body, headers: ifMatch(form.version), signal }));
    if (form.dirty) await conflict.guarded(send, signal);
    go(to.station(id));
  };
  return (
    <FormFrame form={form} label={t("asset.edit")} save={t("form.save")} cancel={to.station(id)} blocked={conflict.newest !== null} fields={STATION_FIELDS} act={save}>
      {conflict.newest === null ? null : <ConflictNotice form={form} newest={conflict.newest} labelOf={fieldName} textOf={stationText} />}
      <StationFields form={form} />
    </FormFrame>
  );
}

function stationText(field: keyof StationValues, values: StationValues): string {
  const body = stationBody(values);
  if (field !== "location") return valueText(field, body[field]);
  return ["latitude", "longitude"].map((part) => valueText(part, body[part])).filter((text) => text !== "").join(", ");
}

export function EditPilePage({ id }: { readonly id: string }): JSX.Element {
  const loaded = useResource(id, (signal) => loadPile(id, signal));
  return (
    <Shown whole of={loaded} rows={8}>
      {(shown) => (
        <AssetPage title={t("asset.edit")} of={shown.asset.name ?? shown.asset.chargePointId} back={to.pile(id)} backText={t("col.pile")}>
          <EditPile loaded={shown} />
        </AssetPage>
      )}
    </Shown>
  );
}

function EditPile({ loaded }: { readonly loaded: Loaded<Pile> }): JSX.Element {
  const { id, version } = loaded.asset;
  const current = revision(loaded, pileValues);
  const form = useForm({ name: `pile.${id}`, base: current.values, version, check: checkPile });
  const conflict = useConflict(form, current, async (signal) => revision(await loadPile(id, signal), pileValues));
  const save = async (signal: AbortSignal) => {
    const body = pilePatch(form.base, form.values) as never;
    const send = async () => void (await assets.patch("/api/v1/piles/{pileId}", { path: { pileId: id }, body, headers: ifMatch(form.version), signal }));
    if (form.dirty) await conflict.guarded(send, signal);
    go(to.pile(id));
  };
  return (
    <FormFrame form={form} label={t("asset.edit")} save={t("form.save")} cancel={to.pile(id)} blocked={conflict.newest !== null} fields={PILE_FIELDS} act={save}>
      {conflict.newest === null ? null : (
        <ConflictNotice form={form} newest={conflict.newest} labelOf={fieldName} textOf={(field, values) => valueText(field, pileBody(values)[field])} />
      )}
      <PileFields form={form} device={false} />
    </FormFrame>
  );
}
