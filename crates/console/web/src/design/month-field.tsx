// A month. Browsers without a control for months show a line of text, so what is typed is checked.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../i18n/language.ts";
import { isMonth } from "../live/days.ts";
import { Field } from "./field.tsx";

export function MonthField({ label, value, onEnter }: {
  readonly label: string;
  /** YYYY-MM. */
  readonly value: string;
  /** Called with valid months only. */
  readonly onEnter: (month: string) => void;
}): JSX.Element {
  // What was typed instead of `value`; another value replaces it.
  const [typed, setTyped] = useState<{ readonly of: string; readonly text: string } | null>(null);
  const [left, setLeft] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const invalid = typed !== null && typed.of === value ? typed.text : null;
  // The form around it is not sent while it is invalid.
  useEffect(() => input.current?.setCustomValidity(invalid === null ? "" : t("form.month")), [invalid]);
  const enter = (text: string) => {
    setLeft(false);
    setTyped(isMonth(text) ? null : { of: value, text });
    if (isMonth(text)) onEnter(text);
  };
  return (
    <Field label={label} fault={invalid !== null && left ? t("form.month") : undefined}>
      {(id) => (
        <input
          ref={input} id={id} type="month" class="input" value={invalid ?? value} placeholder="YYYY-MM" autocomplete="off" required aria-invalid={invalid !== null && left}
          onInput={(event) => enter(event.currentTarget.value)} onBlur={() => setLeft(true)}
        />
      )}
    </Field>
  );
}
