// Entries of a price list. A finding leads to the entry by its path, and is shown at it.

import type { JSX } from "preact";
import { useId } from "preact/hooks";

/** A text entry with its faults below it. Its label is visible unless a table's header shows it. */
export function Entry({ label, shown = true, value, faults, path, numeric, disabled, placeholder, list, onInput }: {
  readonly label: string;
  readonly shown?: boolean;
  readonly value: string;
  readonly faults: readonly string[];
  /** The path of the value in the price list, by which a finding leads to the entry. */
  readonly path: string;
  readonly numeric?: boolean;
  readonly disabled?: boolean;
  readonly placeholder?: string;
  readonly list?: string;
  readonly onInput: (value: string) => void;
}): JSX.Element {
  const id = useId();
  return (
    <div class="field">
      {shown ? <label for={id}>{label}</label> : null}
      <input
        id={id} class={numeric === true ? "input num" : "input"} value={value} data-path={path} autocomplete="off" inputMode={numeric === true ? "decimal" : "text"}
        aria-label={shown ? undefined : label} aria-invalid={faults.length > 0} aria-describedby={faults.length > 0 ? `${id}-fault` : undefined}
        disabled={disabled} placeholder={placeholder} list={list} onInput={(event) => onInput(event.currentTarget.value)}
      />
      <Faults id={`${id}-fault`} of={faults} />
    </div>
  );
}

/** The faults of a value; announced when they change, without interrupting. */
export function Faults({ id, of }: { readonly id?: string; readonly of: readonly string[] }): JSX.Element | null {
  return of.length === 0 ? null : <span id={id} class="fault" aria-live="polite">{of.join(" ")}</span>;
}
