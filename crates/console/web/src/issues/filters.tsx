// The form of the filters of issues; each change is a part of the address.

import type { JSX } from "preact";
import { remember } from "../app/router.ts";
import { Field, Select } from "../design/field.tsx";
import { PlaceFilter } from "../forms/place-filter.tsx";
import { named, t } from "../i18n/language.ts";
import { CAUSES, type Filter, NAMES, SEVERITIES, STATES } from "./filter.ts";

/** The filters that are text. The rarely used ones are shown on request, or if one of them is set. */
const USUAL = ["assignee", "device"] as const;
const RARE = ["station", "pile", "gateway", "operator"] as const;

export function Filters({ filter }: { readonly filter: Filter }): JSX.Element {
  const filtered = NAMES.some((name) => filter[name] !== "");
  const choice = (name: "state" | "severity" | "cause", group: string, values: readonly string[]) => (
    <Select
      label={t(`issue.${name}`)} value={filter[name]} onChange={(value) => remember({ [name]: value })}
      choices={[{ value: "", text: t("issues.any") }, ...values.map((value) => ({ value, text: named(group, value) }))]}
    />
  );
  const flag = (name: "acknowledged" | "muted") => (
    <Select
      label={t(`issue.${name}`)} value={filter[name]} onChange={(value) => remember({ [name]: value })}
      choices={[{ value: "", text: t("issues.any") }, { value: "true", text: t("issues.yes") }, { value: "false", text: t("issues.no") }]}
    />
  );
  const text = (name: (typeof USUAL)[number] | (typeof RARE)[number]) => (name === "station" || name === "pile" ? (
    <PlaceFilter key={name} kind={name} label={t(`issues.${name}`)} value={filter[name]} onChange={(id) => remember({ [name]: id })} />
  ) : (
    <Field key={name} label={t(`issues.${name}`)} grow>
      {(id) => <input id={id} class="input mono" value={filter[name]} autocomplete="off" onChange={(event) => remember({ [name]: event.currentTarget.value.trim() })} />}
    </Field>
  ));
  return (
    <>
      <div class="filters">
        {choice("state", "issueState", STATES)}
        {choice("severity", "severity", SEVERITIES)}
        {choice("cause", "cause", CAUSES)}
        {flag("acknowledged")}
        {flag("muted")}
        {USUAL.map(text)}
        <button type="button" class="button" disabled={!filtered} onClick={() => remember(Object.fromEntries(NAMES.map((name) => [name, undefined])))}>{t("audit.clear")}</button>
      </div>
      <details open={RARE.some((name) => filter[name] !== "")}>
        <summary>{t("sessions.moreFilters")}</summary>
        <div class="filters">{RARE.map(text)}</div>
      </details>
    </>
  );
}
