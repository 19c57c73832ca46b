// Chooses a station by a part of its name.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Field } from "../design/field.tsx";
import { t } from "../i18n/language.ts";
import { useResource } from "../live/resource.ts";
import { useSettled } from "../live/settled.ts";
import { Control } from "./inputs.tsx";
import { type Chosen, chosen, findPlaces } from "./places.ts";

/** No station is chosen yet. */
export const NO_STATION: Chosen = { id: "", name: "" };

export function StationChoice({ value, except, fault, onChoose, onLeave }: {
  readonly value: Chosen;
  /** The id of a station that cannot be chosen. */
  readonly except?: string;
  readonly fault: string | undefined;
  readonly onChoose: (station: Chosen) => void;
  readonly onLeave: () => void;
}): JSX.Element {
  const [text, setText] = useState("");
  const q = useSettled(text);
  const found = useResource(`stations-${q}`, async (signal) => (await findPlaces("station", q, signal)).map(chosen));
  const offered: readonly Chosen[] = (found.value ?? []).filter(({ id }) => id !== except);
  const listed = value.id === "" || offered.some(({ id }) => id === value.id) ? offered : [value, ...offered];
  const choose = (wanted: string) => onChoose(listed.find((one) => one.id === wanted) ?? NO_STATION);
  return (
    <>
      <Field label={t("unregistered.stationSearch")}>
        {(id) => <input id={id} class="input" type="search" value={text} maxLength={200} onInput={(event) => setText(event.currentTarget.value)} />}
      </Field>
      <Control label={t("unregistered.station")} limit={{ kind: "choice", required: true }} fault={fault} hint={found.value !== undefined && offered.length === 0 ? t("unregistered.stationNone") : undefined}>
        {(attributes) => (
          <select
            {...attributes} class="input" value={value.id} onBlur={onLeave}
            onChange={(event) => choose(event.currentTarget.value)}
          >
            <option value="">{t("form.choose")}</option>
            {listed.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}
          </select>
        )}
      </Control>
    </>
  );
}
