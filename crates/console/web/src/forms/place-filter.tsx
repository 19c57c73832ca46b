// A filter by a station or a pile: by its id, or by a part of its name, for which places are offered.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Problem } from "../api/problem.ts";
import { may } from "../app/session.ts";
import { Field } from "../design/field.tsx";
import { meaning } from "../design/states.tsx";
import { t } from "../i18n/language.ts";
import { useResource } from "../live/resource.ts";
import { useSettled } from "../live/settled.ts";
import { type FoundPlace, type PlaceKind, findPlaces, isSettled, meant } from "./places.ts";

export function PlaceFilter({ kind, label, value, onChange }: {
  readonly kind: PlaceKind;
  readonly label: string;
  /** The id of the place; empty for any. */
  readonly value: string;
  readonly onChange: (id: string) => void;
}): JSX.Element {
  const [text, setText] = useText(value);
  const q = useSettled(text);
  const [fault, setFault] = useState<string>();
  const searches = may("assets:read");
  const found = useResource<readonly FoundPlace[]>(!searches || isSettled(q) ? null : `${kind}-${q}`, (signal) => findPlaces(kind, q, signal));
  const settle = async (entered: string) => {
    setFault(undefined);
    if (!searches || isSettled(entered)) return onChange(entered);
    try {
      const place = meant(entered, await findPlaces(kind, entered));
      if (typeof place === "string") setFault(t(`filter.${place}`));
      else onChange(place.id);
    } catch (error) {
      setFault(meaning(error instanceof Problem ? error : Problem.unreachable(error)));
    }
  };
  return (
    <Field label={label} fault={fault} grow>
      {(id) => (
        <>
          <input
            id={id} class="input" value={text} maxLength={200} autocomplete="off" spellcheck={false} list={`${id}-found`} aria-invalid={fault !== undefined}
            onInput={(event) => setText(event.currentTarget.value)} onChange={(event) => void settle(event.currentTarget.value.trim())}
          />
          <datalist id={`${id}-found`}>{found.value?.map((place) => <option key={place.id} value={place.id}>{place.names.join(" · ")}</option>)}</datalist>
        </>
      )}
    </Field>
  );
}

/**
 * What the field shows: `value`, until the user enters something else. A new value replaces it while the page is
 * rendered, since an effect could run after the first keys and remove them.
 */
function useText(value: string): [string, (text: string) => void] {
  const [shown, setShown] = useState({ value, text: value });
  if (shown.value !== value) setShown({ value, text: value });
  return [shown.text, (text) => setShown({ value, text })];
}
