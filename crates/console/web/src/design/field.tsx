// A form control with its label and its error message.

import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";

export function Field({ label, fault, children, grow }: {
  readonly label: string;
  readonly fault?: string | undefined;
  readonly grow?: boolean;
  readonly children: (id: string) => ComponentChildren;
}): JSX.Element {
  const id = useId();
  return (
    <div class={grow === true ? "field grow" : "field"}>
      <label for={id}>{label}</label>
      {children(id)}
      {fault === undefined ? null : <span class="fault" role="alert">{fault}</span>}
    </div>
  );
}

export interface Choice {
  readonly value: string;
  readonly text: string;
}

export function Select({ label, value, choices, onChange }: {
  readonly label: string;
  readonly value: string;
  readonly choices: readonly Choice[];
  readonly onChange: (value: string) => void;
}): JSX.Element {
  return (
    <Field label={label}>
      {(id) => (
        <select id={id} class="input" value={value} onChange={(event) => onChange(event.currentTarget.value)}>
          {choices.map((choice) => <option key={choice.value} value={choice.value}>{choice.text}</option>)}
        </select>
      )}
    </Field>
  );
}

/** A choice among a few visible options. */
export function Segments({ label, value, choices, onChange }: {
  readonly label: string;
  readonly value: string;
  readonly choices: readonly Choice[];
  readonly onChange: (value: string) => void;
}): JSX.Element {
  return (
    <div class="segments" role="group" aria-label={label}>
      {choices.map((choice) => (
        <button key={choice.value} type="button" aria-pressed={choice.value === value} onClick={() => onChange(choice.value)}>
          {choice.text}
        </button>
      ))}
    </div>
  );
}
