// Chooses a station or a pile by a part of its name.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Field } from "../design/field.tsx";
import { type Chosen, type PlaceKind, chosen, findPlaces } from "../forms/places.ts";
import { NO_STATION } from "../forms/station-choice.tsx";
import { t } from "../i18n/language.ts";
import { useResource } from "../live/resource.ts";
import { useSettled } from "../live/settled.ts";

/** The first match of a search is chosen until the user chooses another one. */
export function Choice({ kind, search, label, fault, value, onChoose }: {
  readonly kind: PlaceKind;
  readonly search: string;
  readonly label: string;
  readonly fault?: string | undefined;
  /** With an empty id until one is chosen. */
  readonly value: Chosen;
  readonly onChoose: (one: Chosen) => void;
}): JSX.Element {
  const [text, setText] = useState("");
  const q = useSettled(text);
  const found = useResource(`${kind}-${q}`, async (signal) => (await findPlaces(kind, q, signal)).map(chosen));
  const listed = (among: readonly Chosen[]) => among.some(({ id }) => id === value.id);
  useEffect(() => {
    if (q !== "" && found.value !== undefined && !listed(found.value)) onChoose(found.value[0] ?? NO_STATION);
  }, [found.value]);
  // What was chosen before is offered until something else is searched.
  const offered = found.value ?? [];
  const choices = listed(offered) ? offered : [value.id === "" ? { id: "", name: t("form.choose") } : value, ...offered];
  return (
    <>
      <Field label={search}>{(id) => <input id={id} class="input" type="search" value={text} maxLength={200} onInput={(event) => setText(event.currentTarget.value)} />}</Field>
      <Field label={label} fault={found.value?.length === 0 ? t("binding.noMatch") : fault}>
        {(id) => (
          <select
            id={id} class="input" value={value.id} required aria-invalid={fault !== undefined}
            onChange={(event) => onChoose(choices.find((one) => one.id === event.currentTarget.value) ?? NO_STATION)}
          >
            {choices.map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}
          </select>
        )}
      </Field>
    </>
  );
}
