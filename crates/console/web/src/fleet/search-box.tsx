// A debounced search field.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Field } from "../design/field.tsx";
import { t } from "../i18n/language.ts";

const PAUSE_MS = 250;

export function SearchBox({ hint, value, onSearch }: {
  readonly hint: string;
  readonly value: string;
  readonly onSearch: (text: string) => void;
}): JSX.Element {
  const [text, setText] = useState(value);
  const said = useRef(value);
  useEffect(() => {
    // The address may also change by other means, such as the browser's back button.
    if (value !== said.current) setText(value);
    said.current = value;
  }, [value]);
  useEffect(() => {
    if (text === said.current) return;
    const timer = setTimeout(() => {
      said.current = text;
      onSearch(text.trim());
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <Field label={t("fleet.search")} grow>
      {(id) => (
        <input id={id} class="input" type="search" value={text} placeholder={hint} maxLength={200} onInput={(event) => setText(event.currentTarget.value)} />
      )}
    </Field>
  );
}
