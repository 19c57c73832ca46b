// The pages that move a pile to another station, and that replace its charge point.

import type { ComponentChildren, JSX } from "preact";
import { limits } from "../../generated/limits.ts";
import { assets, ifMatch } from "../api/client.ts";
import type { Pile } from "../api/types.ts";
import { go, to } from "../app/router.ts";
import { Shown } from "../design/states.tsx";
import { FormFrame } from "../forms/frame.tsx";
import { TextInput } from "../forms/inputs.tsx";
import { checkAll } from "../forms/limit.ts";
import { NO_STATION, StationChoice } from "../forms/station-choice.tsx";
import { useForm } from "../forms/use-form.ts";
import { t } from "../i18n/language.ts";
import { useResource } from "../live/resource.ts";
import { AssetPage } from "./asset-page.tsx";
import { fieldName } from "./value-text.ts";

const NOWHERE = { station: NO_STATION, reason: "" };
const NO_DEVICE = { chargePointId: "", reason: "" };

export function MovePage({ id }: { readonly id: string }): JSX.Element {
  return <PilePage id={id} title={t("asset.move")}>{(pile, reload) => <Move pile={pile} onStale={reload} />}</PilePage>;
}

export function ReplacePage({ id }: { readonly id: string }): JSX.Element {
  return <PilePage id={id} title={t("asset.replace")}>{(pile, reload) => <Replace pile={pile} onStale={reload} />}</PilePage>;
}

function PilePage({ id, title, children }: { readonly id: string; readonly title: string; readonly children: (pile: Pile, reload: () => void) => ComponentChildren }): JSX.Element {
  const pile = useResource(id, (signal) => assets.get("/api/v1/piles/{pileId}", { path: { pileId: id }, signal }));
  return (
    <Shown whole of={pile} rows={6}>
      {(shown) => (
        <AssetPage title={title} of={shown.name ?? shown.chargePointId} back={to.pile(id)} backText={t("col.pile")}>
          {children(shown, pile.reload)}
        </AssetPage>
      )}
    </Shown>
  );
}

interface Part {
  readonly pile: Pile;
  /** Called after a refusal, for example because the pile changed meanwhile. */
  readonly onStale: () => void;
}

function Move({ pile, onStale }: Part): JSX.Element {
  const { PileRelocation } = limits;
  const form = useForm({
    name: `pile.${pile.id}.move`, base: NOWHERE, version: pile.version,
    check: ({ station, reason }) => checkAll(PileRelocation, { stationId: station.id, reason }),
  });
  const { station, reason } = form.values;
  const from = useResource(pile.stationId, (signal) => assets.get("/api/v1/stations/{stationId}", { path: { stationId: pile.stationId }, signal }));
  const move = async (signal: AbortSignal) => {
    const body = { stationId: station.id, reason: reason.trim() };
    await assets.post("/api/v1/piles/{pileId}/move", { path: { pileId: pile.id }, body, headers: ifMatch(pile.version), signal }).catch(stale(onStale));
    go(to.pile(pile.id));
  };
  return (
    <FormFrame form={form} label={t("asset.move")} save={t("asset.moveNow")} cancel={to.pile(pile.id)} fields={Object.keys(PileRelocation)} act={move}>
      <p class="soft">{t("asset.moveLead")}</p>
      <dl class="facts"><div><dt>{t("asset.moveFrom")}</dt><dd>{from.value?.name ?? pile.stationId}</dd></div></dl>
      <StationChoice
        value={station} except={pile.stationId} fault={form.fault("stationId")} onChoose={(chosen) => form.set("station", chosen)}
        onLeave={() => form.touch("stationId")}
      />
      <Reason value={reason} fault={form.fault("reason")} onEnter={(text) => form.set("reason", text)} onLeave={() => form.touch("reason")} />
    </FormFrame>
  );
}

function Replace({ pile, onStale }: Part): JSX.Element {
  const { ChargePointReplacement } = limits;
  const form = useForm({
    name: `pile.${pile.id}.replace`, base: NO_DEVICE, version: pile.version, check: (values) => checkAll(ChargePointReplacement, values),
  });
  const { chargePointId, reason } = form.values;
  const replace = async (signal: AbortSignal) => {
    const body = { chargePointId: chargePointId.trim(), reason: reason.trim() };
    await assets.post("/api/v1/piles/{pileId}/replace-charge-point", { path: { pileId: pile.id }, body, headers: ifMatch(pile.version), signal }).catch(stale(onStale));
    go(to.pile(pile.id));
  };
  return (
    <FormFrame form={form} label={t("asset.replace")} save={t("asset.replaceNow")} cancel={to.pile(pile.id)} fields={Object.keys(ChargePointReplacement)} act={replace}>
      <p class="soft">{t("asset.replaceLead")}</p>
      <dl class="facts"><div><dt>{t("asset.replaceFrom")}</dt><dd class="mono">{pile.chargePointId}</dd></div></dl>
      {pile.connectors.some(({ sessionId }) => sessionId !== null) ? <p class="notice warn">{t("asset.replaceSession")}</p> : null}
      <TextInput
        label={t("asset.newDevice")} limit={ChargePointReplacement.chargePointId} value={chargePointId} fault={form.fault("chargePointId")} hint={t("asset.deviceHint")} mono
        onEnter={(text) => form.set("chargePointId", text)} onLeave={() => form.touch("chargePointId")}
      />
      <Reason value={reason} fault={form.fault("reason")} onEnter={(text) => form.set("reason", text)} onLeave={() => form.touch("reason")} />
    </FormFrame>
  );
}

function Reason(props: { readonly value: string; readonly fault: string | undefined; readonly onEnter: (text: string) => void; readonly onLeave: () => void }): JSX.Element {
  return <TextInput label={fieldName("reason")} limit={limits.PileRelocation.reason} hint={t("asset.reasonHint")} {...props} />;
}

/** Reads the pile again after a refusal, so that the next attempt concerns its newest revision. */
function stale(onStale: () => void): (error: unknown) => never {
  return (error) => {
    onStale();
    throw error;
  };
}
