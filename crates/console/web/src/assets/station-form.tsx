// The fields of a station.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { limits } from "../../generated/limits.ts";
import { ChoiceInput, Checks, Group, TextInput } from "../forms/inputs.tsx";
import type { Form } from "../forms/use-form.ts";
import { named, t } from "../i18n/language.ts";
import { HoursEditor } from "./hours-editor.tsx";
import type { StationValues } from "./station-values.ts";
import { fieldName } from "./value-text.ts";

const LIMITS = limits.StationDetails;

/** The fields of the API that this form shows. */
export const STATION_FIELDS = Object.keys(LIMITS);

export function StationFields({ form }: { readonly form: Form<StationValues> }): JSX.Element {
  const { values, set } = form;
  const text = (field: "name" | "address" | "operatorId", hint?: string) => (
    <TextInput
      label={fieldName(field)} limit={LIMITS[field]} value={values[field]} fault={form.fault(field)} hint={hint}
      onEnter={(entered) => set(field, entered)} onLeave={() => form.touch(field)}
    />
  );
  const degrees = (field: "latitude" | "longitude") => (
    <TextInput
      label={fieldName(field)} limit={LIMITS[field]} value={values.location[field]} fault={form.fault(field)}
      onEnter={(entered) => set("location", { ...values.location, [field]: entered })} onLeave={() => form.touch(field)}
    />
  );
  return (
    <>
      <div class="form-row">
        {text("name")}
        <ChoiceInput
          label={fieldName("status")} limit={{ ...LIMITS.status, required: true }} value={values.status} fault={form.fault("status")}
          onChoose={(status) => set("status", status)} textOf={(status) => named("stationStatus", status)}
        />
      </div>
      {text("address")}
      {text("operatorId", t("asset.operatorHint"))}
      <Group title={t("station.place")}>
        <div class="form-row">{degrees("latitude")}{degrees("longitude")}</div>
        <div><Here onFound={(latitude, longitude) => set("location", { latitude, longitude })} /></div>
      </Group>
      <HoursEditor form={form} />
      <Group title={fieldName("facilities")} fault={form.fault("facilities") ?? form.faultWithin("facilities")}>
        <Checks choices={LIMITS.facilities.choices} chosen={values.facilities} onChange={(chosen) => set("facilities", chosen)} textOf={(name) => named("facility", name)} />
      </Group>
      <Group title={fieldName("startableStatuses")} hint={t("asset.startableHint")} fault={form.fault("startableStatuses") ?? form.faultWithin("startableStatuses")}>
        <Checks
          choices={LIMITS.startableStatuses.choices} chosen={values.startableStatuses} onChange={(chosen) => set("startableStatuses", chosen)}
          textOf={(name) => named("status", name)}
        />
      </Group>
    </>
  );
}

/** Why the browser gives no position, by the code of its error. */
const NO_POSITION = { 1: "asset.hereDenied", 2: "asset.hereUnavailable", 3: "asset.hereTimeout" } as const;

/** Fills in the position of this device. */
function Here({ onFound }: { readonly onFound: (latitude: string, longitude: string) => void }): JSX.Element | null {
  const [failed, setFailed] = useState<number | null>(null);
  if (!("geolocation" in navigator)) return null;
  const find = () => {
    setFailed(null);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => onFound(coords.latitude.toFixed(6), coords.longitude.toFixed(6)), ({ code }) => setFailed(code), { timeout: 10_000 },
    );
  };
  return (
    <>
      <button type="button" class="button slim" onClick={find}>{t("asset.here")}</button>
      {failed === null ? null : <p class="fault" role="alert">{t(NO_POSITION[failed as keyof typeof NO_POSITION] ?? "asset.hereUnavailable")}</p>}
    </>
  );
}
