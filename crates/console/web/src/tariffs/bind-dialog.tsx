// The dialog that binds a tariff. What overlaps in time is explained before it is sent.

import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { assets } from "../api/client.ts";
import type { Binding, Subject, Tariff } from "../api/types.ts";
import { asLocal, ofLocal } from "../audit/filter.ts";
import { Dialog } from "../design/dialog.tsx";
import { Select } from "../design/field.tsx";
import { FormFrame, Refused } from "../forms/frame.tsx";
import { TextInput, TimeInput } from "../forms/inputs.tsx";
import { NO_STATION } from "../forms/station-choice.tsx";
import { type Form, useForm } from "../forms/use-form.ts";
import { moment } from "../i18n/format.ts";
import { named, t } from "../i18n/language.ts";
import { useResource } from "../live/resource.ts";
import { type BindingValues, ENTRIES, LEVELS, checkBinding, subjectOf } from "./binding-values.ts";
import { Choice } from "./choice.tsx";
import { type Period, asQuery, clashesWith, waysOut } from "./clashes.ts";

/** The bindings of the subject that are searched for overlaps, the newest first. */
const SEARCHED = 100;
const TIMES = { from: "effectiveFrom", until: "effectiveUntil" } as const;

export function BindDialog({ tariff, onBound, onClose }: { readonly tariff: Tariff; readonly onBound: () => void; readonly onClose: () => void }): JSX.Element {
  const opened = useMemo(() => new Date().toISOString(), []);
  const form = useForm<BindingValues>({
    name: `binding.new.${tariff.id}`, version: 0, check: (values) => checkBinding(values, Date.now()),
    base: { level: "station", operatorId: tariff.operatorId ?? "", station: NO_STATION, pile: NO_STATION, connectorId: "1", from: "", until: "" },
  });
  const { from, until, level } = form.values;
  const subject = subjectOf(form.values);
  const period: Period = { from: from === "" ? opened : from, until: until === "" ? null : until };
  const others = useResource(subject === null ? null : JSON.stringify(subject), async (signal) => (await assets.get("/api/v1/tariffs/bindings", { query: { ...asQuery(subject as Subject), limit: SEARCHED }, signal })).items);
  const clashes = clashesWith(others.value ?? [], period);
  const bind = async (signal: AbortSignal) => {
    if (subject === null) return;
    const body = { subject, tariffId: tariff.id, ...(from === "" ? {} : { effectiveFrom: from }), ...(until === "" ? {} : { effectiveUntil: until }) };
    try {
      await assets.post("/api/v1/tariffs/bindings", { body, headers: { "idempotency-key": form.key }, signal });
    } catch (error) {
      // Another binding may have been created since the overlaps were searched.
      others.reload();
      throw error;
    }
    onBound();
  };
  const endAndBind = (ended: Binding) => form.submit(async (signal) => {
    await assets.post("/api/v1/tariffs/bindings/{bindingId}/end", { path: { bindingId: ended.id }, body: from === "" ? {} : { effectiveUntil: from }, signal });
    others.reload();
    await bind(signal);
  });
  return (
    <Dialog title={t("binding.title")} onClose={onClose}>
      <FormFrame form={form} label={t("binding.title")} save={t("binding.do")} cancel={onClose} blocked={clashes.length > 0} fields={Object.keys(ENTRIES)} act={bind}>
        <Select label={t("binding.level")} value={level} choices={LEVELS.map((value) => ({ value, text: named("price.level", value) }))} onChange={(chosen) => form.set("level", chosen)} />
        <SubjectFields form={form} />
        <div class="form-row">
          {(["from", "until"] as const).map((name) => (
            <TimeInput
              key={name} label={t(`binding.${name}`)} limit={ENTRIES[TIMES[name]]} value={asLocal(form.values[name])} fault={form.fault(TIMES[name])} hint={name === "from" ? t("binding.endHint") : t("binding.untilHint")}
              onEnter={(text) => form.set(name, ofLocal(text))} onLeave={() => form.touch(TIMES[name])}
            />
          ))}
        </div>
        {clashes.map((clash) => (
          <Clash
            key={clash.id} clash={clash} period={period} disabled={form.busy} only={clashes.length === 1} onEndAndBind={() => endAndBind(clash)}
            onChange={(name, at) => form.set(name, at)}
          />
        ))}
        {clashes.length === 0 || form.problem === null ? null : <Refused problem={form.problem} fields={Object.keys(ENTRIES)} />}
      </FormFrame>
    </Dialog>
  );
}

function SubjectFields({ form }: { readonly form: Form<BindingValues> }): JSX.Element | null {
  const { values, set } = form;
  const text = (field: "operatorId" | "connectorId", label: string) => (
    <TextInput
      label={label} limit={ENTRIES[`subject.${field}`]} value={values[field]} fault={form.fault(`subject.${field}`)}
      onEnter={(entered) => set(field, entered)} onLeave={() => form.touch(`subject.${field}`)}
    />
  );
  switch (values.level) {
    case "operator":
      return text("operatorId", t("tariff.operator"));
    case "station":
      return <Choice key="station" kind="station" search={t("binding.searchStation")} label={named("price.level", "station")} fault={form.fault("subject.stationId")} value={values.station} onChoose={(station) => set("station", station)} />;
    case "pile":
    case "connector":
      return (
        <>
          <Choice key="pile" kind="pile" search={t("binding.searchPile")} label={named("price.level", "pile")} fault={form.fault("subject.pileId")} value={values.pile} onChoose={(pile) => set("pile", pile)} />
          {values.level === "pile" ? null : text("connectorId", t("binding.connector"))}
        </>
      );
    default:
      return null;
  }
}

/** A binding in the way, with what can be done about it. */
function Clash({ clash, period, only, disabled, onChange, onEndAndBind }: {
  readonly clash: Binding;
  readonly period: Period;
  /** Whether it is the only one in the way. */
  readonly only: boolean;
  readonly disabled: boolean;
  readonly onChange: (name: "from" | "until", at: string) => void;
  readonly onEndAndBind: () => void;
}): JSX.Element {
  const tariff = useResource(clash.tariffId, (signal) => assets.get("/api/v1/tariffs/{tariffId}", { path: { tariffId: clash.tariffId }, signal }));
  const { after, before, endOther } = waysOut(clash, period);
  return (
    <div class="notice warn" role="alert" data-clash={clash.id}>
      <div class="stack">
        <p>
          <strong>{t("clash.title")}</strong>{" "}
          {t("clash.with", { tariff: tariff.value?.name ?? clash.tariffId, from: moment(clash.effectiveFrom), until: clash.effectiveUntil === null || clash.effectiveUntil === undefined ? t("binding.open") : moment(clash.effectiveUntil) })}
        </p>
        <div class="buttons">
          {after === null ? null : <button type="button" class="button slim" onClick={() => onChange("from", after)}>{t("clash.after")}</button>}
          {before === null ? null : <button type="button" class="button slim" onClick={() => onChange("until", before)}>{t("clash.before")}</button>}
          {endOther && only ? <button type="button" class="button slim" disabled={disabled} onClick={onEndAndBind}>{t("clash.endOther", { at: moment(period.from) })}</button> : null}
        </div>
      </div>
    </div>
  );
}
