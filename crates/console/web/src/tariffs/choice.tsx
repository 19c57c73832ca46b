// Chooses a station or a pile by a part of its name.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { assets } from "../api/client.ts";
import { Field } from "../design/field.tsx";
import { useResource } from "../live/resource.ts";
import { t } from "../i18n/language.ts";

/** Time without typing after which is searched, in ms. */
const PAUSE_MS = 250;
const OFFERED = 20;

export interface Chosen {
  readonly id: string;
  readonly name: string;
}

export function stationsLike(q: string, signal: AbortSignal): Promise<readonly Chosen[]> {
  return assets.get("/api/v1/stations", { query: { limit: OFFERED, q: q === "" ? undefined : q }, signal }).then(({ items }) => items.map(({ id, name }) => ({ id, name })));
}

export function pilesLike(q: string, signal: AbortSignal): Promise<readonly Chosen[]> {
  return assets.get("/api/v1/piles", { query: { limit: OFFERED, q: q === "" ? undefined : q }, signal })
    .then(({ items }) => items.map(({ id, name, chargePointId }) => ({ id, name: name === null || name === undefined ? chargePointId : `${name} · ${chargePointId}` })));
}

/** The first match is chosen until the user chooses another one. */
export function Choice({ kind, search, label, find, value, onChoose }: {
  /** Part of the key of the loaded matches. */
  readonly kind: string;
  readonly search: string;
  readonly label: string;
  readonly find: (q: string, signal: AbortSignal) => Promise<readonly Chosen[]>;
  readonly value: string;
  readonly onChoose: (id: string) => void;
}): JSX.Element {
  const [text, setText] = useState("");
  const [q, setQ] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setQ(text.trim()), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const found = useResource(`${kind}-${q}`, (signal) => find(q, signal));
  useEffect(() => {
    if (found.value !== undefined && !found.value.some(({ id }) => id === value)) onChoose(found.value[0]?.id ?? "");
  }, [found.value]);
  return (
    <>
      <Field label={search}>{(id) => <input id={id} class="input" type="search" value={text} maxLength={200} onInput={(event) => setText(event.currentTarget.value)} />}</Field>
      <Field label={label} fault={found.value?.length === 0 ? t("binding.noMatch") : undefined}>
        {(id) => (
          <select id={id} class="input" value={value} required onChange={(event) => onChoose(event.currentTarget.value)}>
            {(found.value ?? []).map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}
          </select>
        )}
      </Field>
    </>
  );
}
