// The fields of a pile.

import type { JSX } from "preact";
import { limits } from "../../generated/limits.ts";
import { ChoiceInput, Group, TextInput } from "../forms/inputs.tsx";
import type { Form } from "../forms/use-form.ts";
import { named, t } from "../i18n/language.ts";
import { MAX_OUTLETS, type OutletValues, type PileValues, nextOutlet, outletPath } from "./pile-values.ts";
import { fieldName } from "./value-text.ts";

const LIMITS = limits.PileDetails;

/** The fields of the API that this form shows. */
export const PILE_FIELDS = Object.keys(LIMITS);

/** `device`: whether the charge point can be entered; later it is replaced by an operation of its own. */
export function PileFields({ form, device }: { readonly form: Form<PileValues>; readonly device: boolean }): JSX.Element {
  const { values, set } = form;
  const text = (field: Exclude<keyof PileValues, "connectors" | "currentType">, hint?: string) => (
    <TextInput
      label={fieldName(field)} limit={LIMITS[field]} value={values[field]} fault={form.fault(field)} hint={hint} mono={field === "chargePointId"}
      onEnter={(entered) => set(field, entered)} onLeave={() => form.touch(field)}
    />
  );
  return (
    <>
      {device ? text("chargePointId", t("asset.deviceHint")) : (
        <dl class="facts"><div><dt>{fieldName("chargePointId")}</dt><dd class="mono">{values.chargePointId}</dd></div></dl>
      )}
      <div class="form-row">{text("name")}{text("model")}</div>
      <div class="form-row">{text("vendor")}{text("serialNumber")}</div>
      <div class="form-row">
        {text("ratedPowerKw", t("asset.kwHint"))}
        <ChoiceInput
          label={fieldName("currentType")} limit={LIMITS.currentType} value={values.currentType} fault={form.fault("currentType")}
          onChoose={(chosen) => set("currentType", chosen)} textOf={(name) => named("currentType", name)} none={t("state.notStated")}
        />
      </div>
      <Outlets form={form} />
    </>
  );
}

function Outlets({ form }: { readonly form: Form<PileValues> }): JSX.Element {
  const { connectors } = form.values;
  const put = (next: readonly OutletValues[]) => form.set("connectors", next);
  return (
    <Group title={fieldName("connectors")} hint={t("asset.connectorsHint")} fault={form.fault("connectors") ?? form.faultWithin("connectors")}>
      {connectors.map((outlet, at) => (
        <OutletRow
          key={at} at={at} outlet={outlet} form={form} onChange={(changed) => put(connectors.with(at, changed))}
          onRemove={() => put(connectors.filter((_other, other) => other !== at))}
        />
      ))}
      <div><button type="button" class="button slim" disabled={connectors.length >= MAX_OUTLETS} onClick={() => put([...connectors, nextOutlet(connectors)])}>{t("asset.addConnector")}</button></div>
    </Group>
  );
}

function OutletRow({ at, outlet, form, onChange, onRemove }: {
  readonly at: number;
  readonly outlet: OutletValues;
  readonly form: Form<PileValues>;
  readonly onChange: (outlet: OutletValues) => void;
  readonly onRemove: () => void;
}): JSX.Element {
  const path = outletPath(at);
  const number = (field: "connectorId" | "maxPowerKw", label: string) => (
    <TextInput
      label={label} limit={limits.Outlet[field]} value={outlet[field]} fault={form.fault(`${path}.${field}`)}
      onEnter={(entered) => onChange({ ...outlet, [field]: entered })} onLeave={() => form.touch(`${path}.${field}`)}
    />
  );
  return (
    <div class="form-row part" role="group" aria-label={t("pile.connector", { n: outlet.connectorId })} data-outlet={at}>
      {number("connectorId", t("asset.connectorNumber"))}
      <ChoiceInput
        label={t("col.type")} limit={limits.Outlet.type} value={outlet.type} fault={form.fault(`${path}.type`)}
        onChoose={(type) => onChange({ ...outlet, type })} textOf={(type) => named("connectorType", type)}
      />
      {number("maxPowerKw", t("asset.maxPower"))}
      <button type="button" class="button slim" onClick={onRemove} aria-label={t("asset.removeConnector", { n: outlet.connectorId })}>{t("form.remove")}</button>
    </div>
  );
}
