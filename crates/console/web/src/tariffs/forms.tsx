// What the forms of tariffs share: entries whose faults are shown at them, and sending a form.

import type { JSX } from "preact";
import { useId, useRef, useState } from "preact/hooks";
import { Problem } from "../api/problem.ts";
import { meaning } from "../design/states.tsx";
import { t } from "../i18n/language.ts";
import { newKey } from "../forms/new-key.ts";

/** The sending of a form, with the problem of the last attempt. */
export interface Sending {
  readonly busy: boolean;
  readonly problem: Problem | null;
  /** The fault that the API found in a field. */
  readonly fault: (field: string) => string | undefined;
  /** Sends; does nothing while another request runs. The key makes a repeated request the same one. */
  readonly send: (request: (key: string) => Promise<void>) => void;
  readonly clear: () => void;
}

export function useSending(): Sending {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const key = useRef(newKey());
  const send = (request: (key: string) => Promise<void>) => {
    if (busy) return;
    setBusy(true);
    setProblem(null);
    request(key.current).catch((error: unknown) => {
      const found = error instanceof Problem ? error : Problem.unreachable(error);
      // After a refusal the next attempt is another request; an uncertain outcome keeps the key.
      if (found.status >= 400 && found.status < 500) key.current = newKey();
      setProblem(found);
    }).finally(() => setBusy(false));
  };
  return { busy, problem, send, fault: (field) => problem?.faults.find((one) => one.field === field)?.message, clear: () => setProblem(null) };
}

/** The problem of a form; its faults are shown at their fields. */
export function Refusal({ problem }: { readonly problem: Problem | null }): JSX.Element | null {
  if (problem === null) return null;
  return (
    <div class="notice bad" role="alert" data-problem={problem.code}>
      <p><strong>{meaning(problem)}</strong> <span class="mono small">{problem.code}{problem.detail === null ? "" : ` · ${problem.detail}`}</span></p>
    </div>
  );
}

/** The buttons at the end of a dialog's form. */
export function Foot({ text, disabled, onClose }: { readonly text: string; readonly disabled: boolean; readonly onClose: () => void }): JSX.Element {
  return (
    <div class="dialog-foot">
      <button type="button" class="button" onClick={onClose}>{t("command.cancel")}</button>
      <button type="submit" class="button primary" disabled={disabled}>{text}</button>
    </div>
  );
}

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
