// The form of the filters of the revenue; each change is a part of the address.

import type { JSX } from "preact";
import { remember } from "../app/router.ts";
import { Field, Segments, Select } from "../design/field.tsx";
import { MonthField } from "../design/month-field.tsx";
import { PlaceFilter } from "../forms/place-filter.tsx";
import { t } from "../i18n/language.ts";
import { type Filter, GROUPINGS, UNITS } from "./filter.ts";

export function Filters({ filter }: { readonly filter: Filter }): JSX.Element {
  const { unit } = filter;
  const time = (name: "from" | "to") => {
    const label = t(`revenue.${name}`);
    if (unit === "month") return <MonthField label={label} value={filter[name].slice(0, 7)} onEnter={(month) => remember({ [name]: `${month}-01` })} />;
    return <Field label={label}>{(id) => <input id={id} type="date" class="input" value={filter[name]} required onChange={(event) => remember({ [name]: event.currentTarget.value })} />}</Field>;
  };
  return (
    <div class="filters">
      <Segments
        label={t("revenue.unit")} value={unit} choices={UNITS.map((value) => ({ value, text: t(`revenue.${value}`) }))}
        // The days of the other unit would be too few or too many.
        onChange={(next) => remember({ unit: next === "day" ? "" : next, from: "", to: "" })}
      />
      {time("from")}
      {time("to")}
      <Select
        label={t("revenue.by")} value={filter.by} onChange={(by) => remember({ by: by === "total" ? "" : by })}
        choices={GROUPINGS.map((value) => ({ value, text: t(`revenue.${value}`) }))}
      />
      <PlaceFilter kind="station" label={t("revenue.stationId")} value={filter.station} onChange={(station) => remember({ station })} />
      <Field label={t("revenue.operator")} grow>
        {(id) => <input id={id} class="input mono" value={filter.operator} autocomplete="off" onChange={(event) => remember({ operator: event.currentTarget.value.trim() })} />}
      </Field>
      <button
        type="button" class="button" disabled={filter.station === "" && filter.operator === "" && filter.by === "total"}
        onClick={() => remember({ station: "", operator: "", by: "" })}
      >{t("audit.clear")}</button>
    </div>
  );
}
