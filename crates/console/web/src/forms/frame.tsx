// The frame of a form: what was restored, why it was refused, and its buttons.

import type { ComponentChildren, JSX } from "preact";
import type { Problem } from "../api/problem.ts";
import { meaning } from "../design/states.tsx";
import { brief } from "../i18n/format.ts";
import { known, t } from "../i18n/language.ts";
import { serviceFault } from "./service-fault.ts";
import type { Form } from "./use-form.ts";

export function FormFrame<V>({ form, label, save, saving, danger, cancel, blocked, fields, refusal, act, children }: {
  readonly form: Form<V>;
  readonly label: string;
  /** The text of the button that sends. */
  readonly save: string;
  /** The same while it is being sent. */
  readonly saving?: string;
  /** Whether it interrupts something. */
  readonly danger?: boolean;
  /** Where to go without saving, or what else ends the form. */
  readonly cancel: string | (() => void);
  /** Whether something must be decided before the form can be sent. */
  readonly blocked?: boolean;
  /** The fields that show faults by themselves. */
  readonly fields: readonly string[];
  /** How a refusal is shown; by default as what was not saved. */
  readonly refusal?: (problem: Problem) => JSX.Element;
  readonly act: (signal: AbortSignal) => Promise<void>;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <form
      ref={form.element} class="form" aria-label={label} noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (blocked !== true) void form.submit(act);
      }}
    >
      <Restored form={form} />
      {children}
      {form.problem === null || blocked === true ? null : refusal?.(form.problem) ?? <Refused problem={form.problem} fields={fields} />}
      <div class="form-foot">
        <button type="submit" class={danger === true ? "button danger" : "button primary"} disabled={form.busy || blocked === true}>
          {form.busy ? saving ?? t("form.saving") : save}
        </button>
        {typeof cancel === "string" ? <a class="button" href={cancel} onClick={form.discard}>{t("command.cancel")}</a> : (
          <button
            type="button" class="button"
            onClick={() => {
              form.discard();
              cancel();
            }}
          >
            {t("command.cancel")}
          </button>
        )}
      </div>
    </form>
  );
}

/** What was restored after a reload, and how to throw it away. */
export function Restored<V>({ form }: { readonly form: Form<V> }): JSX.Element | null {
  if (form.restoredAt === null || !form.dirty) return null;
  return (
    <div class="notice" role="status" data-draft="restored">
      <span>{t("form.restored", { time: brief(form.restoredAt) })}</span>
      <button type="button" class="button slim" onClick={form.discard}>{t("form.discard")}</button>
    </div>
  );
}

/** Why the service refused, with the faults that no field shows; without `fields`, all are shown elsewhere. */
export function Refused({ problem, fields }: { readonly problem: Problem; readonly fields?: readonly string[] }): JSX.Element {
  const advice = known("advice", problem.code);
  const others = fields === undefined ? [] : problem.faults.filter(({ field }) => !fields.includes(field.split(/[.[]/)[0] ?? field));
  return (
    <div class="notice bad refusal" role="alert" data-problem={problem.code}>
      <p><strong>{t("form.refused")}</strong> {meaning(problem)}</p>
      {advice === undefined ? null : <p class="small">{advice}</p>}
      {others.map((fault) => <p key={fault.field} class="small"><span class="mono">{fault.field}</span>: {serviceFault(fault.message)}</p>)}
      <p class="small mono">{problem.code}{problem.detail === null ? "" : ` · ${problem.detail}`}</p>
    </div>
  );
}
