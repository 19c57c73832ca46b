// An edit of something that another caller changed meanwhile: the two are compared field by field,
// and the user decides where they collide.

import type { JSX } from "preact";
import { useId, useState } from "preact/hooks";
import { Problem, isAbort } from "../api/problem.ts";
import { moment } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";
import { Radios } from "./inputs.tsx";
import { merge } from "./merge.ts";
import type { Form } from "./use-form.ts";

/** The newest revision, and the edits that led to it, the newest first. */
export interface Newest<V> {
  readonly values: V;
  readonly version: number;
  readonly edits: readonly { readonly version: number; readonly by: string; readonly at: string }[];
}

export interface Conflict<V> {
  /** The newest revision until the form continues from it; null if the form does. */
  readonly newest: Newest<V> | null;
  /** Sends an edit; if it is refused because of its revision, reads the newest one to compare. */
  readonly guarded: (send: () => Promise<void>, signal: AbortSignal) => Promise<void>;
}

/**
 * The conflict of a form with the newest revision. A draft that began at an older revision than
 * `current` is in conflict at once.
 */
export function useConflict<V>(form: Form<V>, current: Newest<V>, load: (signal: AbortSignal) => Promise<Newest<V>>): Conflict<V> {
  const [newest, setNewest] = useState(current);
  const guarded = async (send: () => Promise<void>, signal: AbortSignal) => {
    try {
      await send();
    } catch (error) {
      if (!isAbort(error) && error instanceof Problem && error.status === 412) setNewest(await load(signal));
      throw error;
    }
  };
  return { newest: newest.version === form.version ? null : newest, guarded };
}

export function ConflictNotice<V extends object>({ form, newest, labelOf, textOf }: {
  readonly form: Pick<Form<V>, "base" | "values" | "version" | "rebase">;
  readonly newest: Newest<V>;
  readonly labelOf: (field: keyof V & string) => string;
  /** The value of a field as a text; empty if it has none. */
  readonly textOf: (field: keyof V & string, values: V) => string;
}): JSX.Element {
  const group = useId();
  const [chosen, setChosen] = useState<Readonly<Record<string, "mine" | "theirs">>>({});
  const { values, conflicts, theirs } = merge(form.base, form.values, newest.values);
  const text = (field: keyof V & string, of: V) => textOf(field, of) || t("conflict.nothing");
  const settle = () => {
    const decided = { ...values };
    for (const field of conflicts) if (chosen[field] === "theirs") decided[field] = newest.values[field];
    form.rebase(newest.values, newest.version, decided);
  };
  const edits = newest.edits.filter(({ version }) => version > form.version);
  return (
    <section class="notice warn conflict" aria-label={t("conflict.title")} data-conflict={conflicts.length}>
      <p role="alert"><strong>{t("conflict.title")}</strong> {edits.map(({ by, at }) => t("conflict.by", { by, at: moment(at) })).join(" · ")}</p>
      {theirs.length === 0 ? null : (
        <>
          <p class="small">{t("conflict.theirs")}</p>
          <dl class="facts">
            {theirs.map((field) => (
              <div key={field} data-theirs={field}><dt>{labelOf(field)}</dt><dd><del>{text(field, form.base)}</del> → {text(field, newest.values)}</dd></div>
            ))}
          </dl>
        </>
      )}
      {conflicts.length === 0 ? <p>{t("conflict.none")}</p> : <p>{t("conflict.choose")}</p>}
      {conflicts.map((field) => (
        <fieldset key={field} class="form-group" data-conflict-field={field}>
          <legend>{labelOf(field)}</legend>
          <p class="small soft">{t("conflict.before", { value: text(field, form.base) })}</p>
          <Radios
            name={`${group}-${field}`} value={chosen[field] ?? ""} onChoose={(side) => setChosen({ ...chosen, [field]: side === "theirs" ? "theirs" : "mine" })}
            choices={[
              { value: "mine", text: t("conflict.mine", { value: text(field, form.values) }) },
              { value: "theirs", text: t("conflict.other", { value: text(field, newest.values) }) },
            ]}
          />
        </fieldset>
      ))}
      <div><button type="button" class="button" disabled={conflicts.some((field) => chosen[field] === undefined)} onClick={settle}>{t("conflict.continue")}</button></div>
    </section>
  );
}
