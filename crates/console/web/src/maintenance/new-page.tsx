// The page that records a maintenance window: `?station=` or `?pile=` in the address is its place.

import type { JSX } from "preact";
import { limits } from "../../generated/limits.ts";
import { assets } from "../api/client.ts";
import { go, query, to } from "../app/router.ts";
import { AssetPage } from "../assets/asset-page.tsx";
import { Shown } from "../design/states.tsx";
import { FormFrame } from "../forms/frame.tsx";
import { ChoiceInput, TextInput, TimeInput } from "../forms/inputs.tsx";
import { NO_STATION, StationChoice } from "../forms/station-choice.tsx";
import { useForm } from "../forms/use-form.ts";
import { t } from "../i18n/language.ts";
import { useResource } from "../live/resource.ts";
import { type WindowValues, checkWindow, windowBody } from "./window.ts";

const LIMITS = limits.NewMaintenanceWindow;
/** The most piles that can be chosen, the largest page of the API. */
const OFFERED = 200;

type Place = Pick<WindowValues, "station" | "pile">;

export function NewWindowPage(): JSX.Element {
  const [stationId, pileId] = [query.value.get("station") ?? "", query.value.get("pile") ?? ""];
  const place = useResource(`${stationId} ${pileId}`, async (signal): Promise<Place> => {
    const pile = pileId === "" ? null : await assets.get("/api/v1/piles/{pileId}", { path: { pileId }, signal });
    const wanted = pile?.stationId ?? stationId;
    if (wanted === "") return { station: NO_STATION, pile: "" };
    const { id, name } = await assets.get("/api/v1/stations/{stationId}", { path: { stationId: wanted }, signal });
    return { station: { id, name }, pile: pileId };
  });
  return (
    <AssetPage title={t("maintenance.new")} back={to.maintenance} backText={t("maintenance.title")}>
      <Shown of={place} rows={6}>{(known) => <NewWindow place={known} />}</Shown>
    </AssetPage>
  );
}

function NewWindow({ place }: { readonly place: Place }): JSX.Element {
  const form = useForm<WindowValues>({
    name: `maintenance.new.${place.pile || place.station.id}`, version: 0, base: { ...place, begins: "", ends: "", reason: "" },
    check: (values) => checkWindow(values, Date.now()),
  });
  const { values, set } = form;
  const create = async (signal: AbortSignal) => {
    await assets.post("/api/v1/maintenance-windows", { body: windowBody(values), signal });
    go(`${to.maintenance}?station=${values.station.id}`);
  };
  return (
    <FormFrame form={form} label={t("maintenance.new")} save={t("maintenance.create")} cancel={to.maintenance} fields={Object.keys(LIMITS)} act={create}>
      <StationChoice
        value={values.station} fault={form.fault("stationId")} onLeave={() => form.touch("stationId")}
        onChoose={(station) => {
          set("station", station);
          set("pile", "");
        }}
      />
      <PileChoice stationId={values.station.id} value={values.pile} fault={form.fault("pileId")} onChoose={(pile) => set("pile", pile)} />
      <div class="form-row">
        <TimeInput
          label={t("maintenance.begins")} limit={LIMITS.beginsAt} value={values.begins} fault={form.fault("beginsAt")} hint={t("maintenance.beginsHint")}
          onEnter={(text) => set("begins", text)} onLeave={() => form.touch("beginsAt")}
        />
        <TimeInput
          label={t("maintenance.ends")} limit={LIMITS.endsAt} value={values.ends} fault={form.fault("endsAt")} hint={t("maintenance.endsHint")}
          onEnter={(text) => set("ends", text)} onLeave={() => form.touch("endsAt")}
        />
      </div>
      <TextInput
        label={t("issue.reason")} limit={LIMITS.reason} value={values.reason} fault={form.fault("reason")}
        onEnter={(text) => set("reason", text)} onLeave={() => form.touch("reason")}
      />
    </FormFrame>
  );
}

/** One of the piles of a station, or all of them. */
function PileChoice({ stationId, value, fault, onChoose }: {
  readonly stationId: string;
  readonly value: string;
  readonly fault: string | undefined;
  readonly onChoose: (pile: string) => void;
}): JSX.Element {
  const piles = useResource(stationId === "" ? null : stationId, (signal) => assets.get("/api/v1/stations/{stationId}/piles", { path: { stationId }, query: { limit: OFFERED }, signal }));
  const names = new Map(piles.value?.items.map(({ id, name, chargePointId }) => [id, name === null ? chargePointId : `${name} · ${chargePointId}`]));
  const choices = value === "" || names.has(value) ? [...names.keys()] : [value, ...names.keys()];
  return (
    <ChoiceInput
      label={t("col.pile")} limit={{ kind: "choice", choices }} value={value} fault={fault} none={t("maintenance.allPiles")}
      hint={piles.value?.items.length === OFFERED ? t("exclusion.pilesCut", { n: OFFERED }) : undefined}
      onChoose={onChoose} textOf={(id) => names.get(id) ?? id}
    />
  );
}
