// The form of what the ledger shows; each change is a part of the address.

import type { JSX } from "preact";
import { remember } from "../app/router.ts";
import { Field, Segments, Select } from "../design/field.tsx";
import { PlaceFilter } from "../forms/place-filter.tsx";
import { t } from "../i18n/language.ts";
import { type Filter, GROUPS, PROFILES, SELECTORS, SORTS, periodFault } from "./filter.ts";
import { PRESETS, preset } from "./period.ts";

export function Filters({ filter, today }: { readonly filter: Filter; readonly today: string }): JSX.Element {
  const fault = periodFault(filter);
  const day = (name: "from" | "last") => (
    <Field label={t(`rel.${name}`)} fault={name === "last" && fault !== null ? t(`rel.${fault}`) : undefined}>
      {(id) => <input id={id} type="date" class="input" value={filter[name]} aria-invalid={fault !== null} onChange={(event) => remember({ [name]: event.currentTarget.value })} />}
    </Field>
  );
  const text = (name: (typeof SELECTORS)[number]) => (name === "station" || name === "pile" ? (
    <PlaceFilter key={name} kind={name} label={t(`rel.select.${name}`)} value={filter[name]} onChange={(id) => remember({ [name]: id })} />
  ) : (
    <Field key={name} label={t(`rel.select.${name}`)} grow>
      {(id) => (
        <input
          id={id} class="input mono" value={filter[name]} autocomplete="off" inputMode={name === "connector" ? "numeric" : "text"}
          onChange={(event) => remember({ [name]: event.currentTarget.value.trim() })}
        />
      )}
    </Field>
  ));
  return (
    <>
      <div class="filters">
        <Segments label={t("rel.by")} value={filter.by} choices={GROUPS.map((name) => ({ value: name, text: t(`rel.by.${name}`) }))} onChange={(by) => remember({ by })} />
        <Segments label={t("rel.profile")} value={filter.profile} choices={PROFILES.map((name) => ({ value: name, text: t(`rel.profile.${name}`) }))} onChange={(profile) => remember({ profile })} />
      </div>
      <div class="filters">
        {day("from")}
        {day("last")}
        <Select label={t("rel.sort")} value={filter.sort} choices={SORTS.map((name) => ({ value: name, text: t(`rel.sort.${name}`) }))} onChange={(sort) => remember({ sort })} />
        <div class="buttons" role="group" aria-label={t("rel.periods")}>
          {PRESETS.map((name) => <button key={name} type="button" class="button slim" onClick={() => remember({ ...preset(name, today) })}>{t(`rel.period.${name}`)}</button>)}
        </div>
      </div>
      <details open={SELECTORS.some((name) => filter[name] !== "")}>
        <summary>{t("sessions.moreFilters")}</summary>
        <div class="filters">
          {SELECTORS.map(text)}
          <button
            type="button" class="button" disabled={SELECTORS.every((name) => filter[name] === "")}
            onClick={() => remember(Object.fromEntries(SELECTORS.map((name) => [name, undefined])))}
          >
            {t("audit.clear")}
          </button>
        </div>
      </details>
    </>
  );
}
