// The form of the filters of exclusions; each change is a part of the address.

import type { JSX } from "preact";
import { remember } from "../app/router.ts";
import { asLocal, ofLocal } from "../audit/filter.ts";
import { Field, Select } from "../design/field.tsx";
import { PlaceFilter } from "../forms/place-filter.tsx";
import { named, t } from "../i18n/language.ts";
import { type Filter, NAMES, REASONS, STATES } from "./exclusion-filter.ts";

export function ExclusionFilters({ filter }: { readonly filter: Filter }): JSX.Element {
  const time = (name: "from" | "until") => (
    <Field label={t(`exclusion.filter.${name}`)}>
      {(id) => <input id={id} type="datetime-local" class="input" value={asLocal(filter[name])} onChange={(event) => remember({ [name]: ofLocal(event.currentTarget.value) })} />}
    </Field>
  );
  const place = (name: "station" | "pile") => (
    <PlaceFilter kind={name} label={t(`rel.select.${name}`)} value={filter[name]} onChange={(id) => remember({ [name]: id })} />
  );
  return (
    <div class="filters">
      <Select
        label={t("exclusion.state")} value={filter.state} onChange={(state) => remember({ state })}
        choices={[{ value: "", text: t("exclusion.anyState") }, ...STATES.map((name) => ({ value: name, text: t(`exclusion.${name}`) }))]}
      />
      <Select
        label={t("exclusion.reason")} value={filter.reason} onChange={(reason) => remember({ reason })}
        choices={[{ value: "", text: t("exclusion.anyReason") }, ...REASONS.map((name) => ({ value: name, text: named("exclusionReason", name) }))]}
      />
      {time("from")}
      {time("until")}
      {place("station")}
      {place("pile")}
      <button type="button" class="button" disabled={NAMES.every((name) => filter[name] === "")} onClick={() => remember(Object.fromEntries(NAMES.map((name) => [name, undefined])))}>{t("audit.clear")}</button>
    </div>
  );
}
