// Ends a session whose stop never arrived: a reason, and the register if somebody read it.

import type { JSX } from "preact";
import { assets } from "../api/client.ts";
import type { Session } from "../api/types.ts";
import { may } from "../app/session.ts";
import { Confirmed } from "../design/confirmed.tsx";
import { Refused, Restored } from "../forms/frame.tsx";
import { TextInput } from "../forms/inputs.tsx";
import { useForm } from "../forms/use-form.ts";
import { t } from "../i18n/language.ts";
import { NOT_ENTERED, checkEnd, endOf, limitsOfEnd } from "./end-values.ts";

const FIELDS = Object.keys(NOT_ENTERED);

export function EndForm({ session, onEnded }: { readonly session: Session; readonly onEnded: () => void }): JSX.Element {
  const { id, meterStartWh } = session;
  const form = useForm({ name: `session.end.${id}`, version: 0, base: NOT_ENTERED, check: (values) => checkEnd(values, meterStartWh) });
  const limits = limitsOfEnd(meterStartWh);
  const allowed = may("operations");
  const end = async (signal: AbortSignal) => {
    await assets.post("/api/v1/sessions/{sessionId}/end", { path: { sessionId: id }, body: endOf(form.values), signal });
  };
  const line = (field: "reason" | "meterStopWh", label: string) => (
    <TextInput
      label={label} limit={limits[field]} value={form.values[field]} fault={form.fault(field)}
      onEnter={(text) => form.set(field, text)} onLeave={() => form.touch(field)}
    />
  );
  return (
    <section class="card" aria-labelledby="end-session">
      <div class="card-head"><h2 id="end-session">{t("session.endTitle")}</h2></div>
      <form ref={form.element} class="card-body form" noValidate onSubmit={(event) => event.preventDefault()}>
        <Restored form={form} />
        <p class="soft small">{t("session.endLead")}</p>
        <fieldset class="form" disabled={!allowed}>
          {line("reason", t("session.endReason"))}
          {line("meterStopWh", t("session.endRegister"))}
        </fieldset>
        {form.problem === null ? null : <Refused problem={form.problem} fields={FIELDS} />}
        <Confirmed
          text={t("session.end")} ask={t("session.endAsk")} scope={allowed ? null : "operations"} ready={checkEnd(form.values, meterStartWh).length === 0}
          act={() => form.submit(end)} onDone={onEnded}
        />
      </form>
    </section>
  );
}
