// The form of the filters of sessions; each change is a part of the address.

import type { JSX } from "preact";
import { asLocal, ofLocal } from "../audit/filter.ts";
import { remember } from "../app/router.ts";
import { may } from "../app/session.ts";
import { Field, Select } from "../design/field.tsx";
import { PlaceFilter } from "../forms/place-filter.tsx";
import { t } from "../i18n/language.ts";
import { type Filter, NAMES, STATES } from "./filter.ts";

/** The filters that are text. The rarely used ones are shown on request, or if one of them is set. */
const USUAL = ["device", "card"] as const;
const RARE = ["station", "pile", "operator", "transaction", "command"] as const;

export function Filters({ filter }: { readonly filter: Filter }): JSX.Element {
  const filtered = NAMES.some((name) => filter[name] !== "");
  const time = (name: "from" | "until") => (
    <Field label={t(`sessions.${name}`)}>
      {(id) => <input id={id} type="datetime-local" class="input" value={asLocal(filter[name])} onChange={(event) => remember({ [name]: ofLocal(event.currentTarget.value) })} />}
    </Field>
  );
  const text = (name: (typeof USUAL)[number] | (typeof RARE)[number]) => {
    if (name === "station" || name === "pile") {
      return <PlaceFilter key={name} kind={name} label={t(`sessions.${name}`)} value={filter[name]} onChange={(id) => remember({ [name]: id })} />;
    }
    const forbidden = name === "card" && !may("drivers:read");
    return (
      <Field key={name} label={t(`sessions.${name}`)} grow>
        {(id) => (
          <input
            id={id} class="input mono" value={filter[name]} autocomplete="off" disabled={forbidden} title={forbidden ? t("nav.forbidden", { scope: "drivers:read" }) : undefined}
            onChange={(event) => remember({ [name]: event.currentTarget.value.trim() })}
          />
        )}
      </Field>
    );
  };
  return (
    <>
      <div class="filters">
        <Select
          label={t("sessions.state")} value={filter.state} onChange={(state) => remember({ state })}
          choices={[{ value: "", text: t("sessions.anyState") }, ...STATES.map((name) => ({ value: name, text: t(`sessions.${name}`) }))]}
        />
        {time("from")}
        {time("until")}
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
