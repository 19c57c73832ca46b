// Form controls that know the limits of their field, and show its fault next to it.

import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";
import { t } from "../i18n/language.ts";
import type { Limit } from "./limit.ts";

interface Common {
  readonly label: string;
  readonly limit: Limit;
  readonly fault: string | undefined;
  /** What the field means, or in which form it is entered. */
  readonly hint?: string | undefined;
  /** Called when the field is left, or a value was chosen. */
  readonly onLeave?: (() => void) | undefined;
}

interface Attributes {
  readonly id: string;
  readonly "aria-invalid": boolean;
  readonly "aria-required": boolean;
  readonly "aria-describedby": string | undefined;
}

/** A control with its label, its hint and its fault, which a screen reader reads with it. */
export function Control({ label, limit, fault, hint, children }: Common & { readonly children: (attributes: Attributes) => ComponentChildren }): JSX.Element {
  const id = useId();
  const said = [hint === undefined ? null : `${id}-hint`, fault === undefined ? null : `${id}-fault`].filter((one) => one !== null);
  const required = limit.required === true;
  return (
    <div class="field">
      <label for={id}>{label}{required ? null : <span> {t("form.optional")}</span>}</label>
      {children({ id, "aria-invalid": fault !== undefined, "aria-required": required, "aria-describedby": said.length === 0 ? undefined : said.join(" ") })}
      {hint === undefined ? null : <span id={`${id}-hint`} class="soft small">{hint}</span>}
      {fault === undefined ? null : <span id={`${id}-fault`} class="fault" role="alert">{fault}</span>}
    </div>
  );
}

/** A line of text, or a number: its digits are kept as they are entered. */
export function TextInput({ value, onEnter, mono, ...common }: Common & {
  readonly value: string;
  readonly onEnter: (text: string) => void;
  readonly mono?: boolean;
}): JSX.Element {
  const number = common.limit.kind === "number" || common.limit.kind === "integer";
  const mode = common.limit.kind === "integer" ? "numeric" : (common.limit.minimum ?? 0) < 0 || !number ? "text" : "decimal";
  return (
    <Control {...common}>
      {(attributes) => (
        <input
          {...attributes} class={`input${mono === true ? " mono" : ""}${number ? " num" : ""}`} type="text" inputMode={mode} autocomplete="off" value={value}
          spellcheck={false} onInput={(event) => onEnter(event.currentTarget.value)} onBlur={common.onLeave}
        />
      )}
    </Control>
  );
}

/** A date with a time of this machine's zone. */
export function TimeInput({ value, onEnter, ...common }: Common & { readonly value: string; readonly onEnter: (text: string) => void }): JSX.Element {
  return (
    <Control {...common}>
      {(attributes) => <input {...attributes} class="input" type="datetime-local" value={value} onInput={(event) => onEnter(event.currentTarget.value)} onBlur={common.onLeave} />}
    </Control>
  );
}

/** A choice among the values that the API allows; `none` is the text for no value. */
export function ChoiceInput({ value, onChoose, textOf, none, ...common }: Common & {
  readonly value: string;
  readonly onChoose: (value: string) => void;
  readonly textOf: (value: string) => string;
  readonly none?: string;
}): JSX.Element {
  return (
    <Control {...common}>
      {(attributes) => (
        <select
          {...attributes} class="input" value={value} onBlur={common.onLeave}
          onChange={(event) => onChoose(event.currentTarget.value)}
        >
          {none === undefined ? null : <option value="">{none}</option>}
          {common.limit.choices?.map((choice) => <option key={choice} value={choice}>{textOf(choice)}</option>)}
        </select>
      )}
    </Control>
  );
}

/** Fields that belong together, with the fault of the whole. */
export function Group({ title, hint, fault, children }: {
  readonly title: string;
  readonly hint?: string | undefined;
  readonly fault?: string | undefined;
  readonly children: ComponentChildren;
}): JSX.Element {
  const id = useId();
  const said = [hint === undefined ? null : `${id}-hint`, fault === undefined ? null : `${id}-fault`].filter((one) => one !== null);
  return (
    <fieldset class="form-group" aria-describedby={said.length === 0 ? undefined : said.join(" ")}>
      <legend>{title}</legend>
      {hint === undefined ? null : <p id={`${id}-hint`} class="soft small">{hint}</p>}
      {children}
      {fault === undefined ? null : <p id={`${id}-fault`} class="fault" role="alert" tabIndex={-1} data-invalid="true">{fault}</p>}
    </fieldset>
  );
}

/** Any of several values. The chosen ones are in the order of the choices. */
export function Checks({ choices, chosen, onChange, textOf }: {
  readonly choices: readonly string[];
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
  readonly textOf: (value: string) => string;
}): JSX.Element {
  return (
    <div class="checks">
      {choices.map((choice) => (
        <label key={choice} class="check">
          <input
            type="checkbox" checked={chosen.includes(choice)}
            onChange={(event) => {
              const wanted = event.currentTarget.checked;
              onChange(choices.filter((one) => (one === choice ? wanted : chosen.includes(one))));
            }}
          />
          {textOf(choice)}
        </label>
      ))}
    </div>
  );
}

/** One of a few values, all visible. */
export function Radios({ value, choices, onChoose, name }: {
  readonly value: string;
  readonly choices: readonly { readonly value: string; readonly text: ComponentChildren }[];
  readonly onChoose: (value: string) => void;
  readonly name: string;
}): JSX.Element {
  return (
    <div class="checks">
      {choices.map((choice) => (
        <label key={choice.value} class="check">
          <input type="radio" name={name} value={choice.value} checked={choice.value === value} onChange={() => onChoose(choice.value)} />
          {choice.text}
        </label>
      ))}
    </div>
  );
}
