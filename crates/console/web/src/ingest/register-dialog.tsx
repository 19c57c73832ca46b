// Registers a device as a pile. The device reported most fields; the user enters the rest.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { limits } from "../../generated/limits.ts";
import { assets } from "../api/client.ts";
import type { Pile, Unregistered } from "../api/types.ts";
import { to } from "../app/router.ts";
import { Dialog } from "../design/dialog.tsx";
import { FormFrame } from "../forms/frame.tsx";
import { ChoiceInput, TextInput } from "../forms/inputs.tsx";
import { checkAll, numberOf } from "../forms/limit.ts";
import { NO_STATION, StationChoice } from "../forms/station-choice.tsx";
import { useForm } from "../forms/use-form.ts";
import { named, t } from "../i18n/language.ts";

const LIMITS = limits.PileDetails;

export function RegisterDialog({ device, onRegistered, onClose }: { readonly device: Unregistered; readonly onRegistered: () => void; readonly onClose: () => void }): JSX.Element {
  const [made, setMade] = useState<Pile | null>(null);
  return (
    <Dialog title={t("unregistered.registerTitle", { device: device.chargePointId })} onClose={onClose}>
      {made === null ? (
        <RegisterForm
          device={device} onClose={onClose}
          onMade={(pile) => {
            setMade(pile);
            onRegistered();
          }}
        />
      ) : (
        <>
          <div class="notice good" role="status">{t("unregistered.done")}</div>
          <div class="dialog-foot">
            <button type="button" class="button" onClick={onClose}>{t("command.close")}</button>
            <a class="button primary" href={to.pile(made.id)}>{t("unregistered.see")}</a>
          </div>
        </>
      )}
    </Dialog>
  );
}

function RegisterForm({ device, onMade, onClose }: { readonly device: Unregistered; readonly onMade: (pile: Pile) => void; readonly onClose: () => void }): JSX.Element {
  const form = useForm({
    name: `pile.register.${device.chargePointId}`, version: 0,
    base: { station: NO_STATION, name: "", model: device.model ?? "", ratedPowerKw: "", currentType: "" },
    check: ({ station, ...texts }) => [...checkAll(limits.PileRelocation, { stationId: station.id }), ...checkAll(LIMITS, texts)],
  });
  const { station, name, model, ratedPowerKw, currentType } = form.values;
  const register = async (signal: AbortSignal) => {
    const { chargePointId, vendor, serialNumber } = device;
    const body = { chargePointId, model: model.trim(), ratedPowerKw: numberOf(ratedPowerKw), currentType: currentType || null, name: name.trim() || null, vendor, serialNumber };
    onMade(await assets.post("/api/v1/stations/{stationId}/piles", { path: { stationId: station.id }, body: body as never, headers: { "idempotency-key": form.key }, signal }));
  };
  const text = (field: "name" | "model" | "ratedPowerKw", label: string) => (
    <TextInput label={label} limit={LIMITS[field]} value={form.values[field]} fault={form.fault(field)} onEnter={(entered) => form.set(field, entered)} onLeave={() => form.touch(field)} />
  );
  return (
    <FormFrame form={form} label={t("unregistered.register")} save={t("unregistered.register")} cancel={onClose} fields={["stationId", ...Object.keys(LIMITS)]} act={register}>
      <StationChoice value={station} fault={form.fault("stationId")} onChoose={(chosen) => form.set("station", chosen)} onLeave={() => form.touch("stationId")} />
      {text("name", t("unregistered.name"))}
      {text("model", t("unregistered.model"))}
      {text("ratedPowerKw", t("unregistered.rated"))}
      <ChoiceInput
        label={t("unregistered.current")} limit={LIMITS.currentType} value={currentType} fault={form.fault("currentType")} none={t("state.notStated")}
        onChoose={(chosen) => form.set("currentType", chosen)} textOf={(choice) => named("currentType", choice)}
      />
    </FormFrame>
  );
}
