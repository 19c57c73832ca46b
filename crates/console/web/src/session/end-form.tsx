// Ends a session whose stop never arrived: a reason, and the register if somebody read it.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { assets } from "../api/client.ts";
import { Problem } from "../api/problem.ts";
import type { Session } from "../api/types.ts";
import { may } from "../app/session.ts";
import { Confirmed } from "../design/confirmed.tsx";
import { Field } from "../design/field.tsx";
import { t } from "../i18n/language.ts";

export function EndForm({ session, onEnded }: { readonly session: Session; readonly onEnded: () => void }): JSX.Element {
  const [reason, setReason] = useState("");
  const [register, setRegister] = useState("");
  const [faults, setFaults] = useState<Problem["faults"]>([]);
  const fault = (field: string) => faults.find((one) => one.field === field)?.message;
  const allowed = may("operations");
  const complete = reason.trim() !== "" && (register === "" || Number(register) >= 0);
  const end = async () => {
    setFaults([]);
    const meterStopWh = register === "" ? null : Math.round(Number(register) * 1_000);
    try {
      await assets.post("/api/v1/sessions/{sessionId}/end", { path: { sessionId: session.id }, body: { reason: reason.trim(), meterStopWh } });
    } catch (error) {
      if (error instanceof Problem) setFaults(error.faults);
      throw error;
    }
  };
  return (
    <section class="card" aria-labelledby="end-session">
      <div class="card-head"><h2 id="end-session">{t("session.endTitle")}</h2></div>
      <form class="card-body stack" onSubmit={(event) => event.preventDefault()}>
        <p class="soft small">{t("session.endLead")}</p>
        <Field label={t("session.endReason")} fault={fault("reason")}>
          {(id) => <input id={id} class="input" value={reason} maxLength={200} required disabled={!allowed} onInput={(event) => setReason(event.currentTarget.value)} />}
        </Field>
        <Field label={t("session.endRegister")} fault={fault("meterStopWh")}>
          {(id) => (
            <input
              id={id} class="input num" type="number" inputMode="decimal" step="any" min={(session.meterStartWh ?? 0) / 1_000} value={register} disabled={!allowed}
              onInput={(event) => setRegister(event.currentTarget.value)}
            />
          )}
        </Field>
        <Confirmed
          text={t("session.end")} ask={t("session.endAsk")} scope={allowed ? null : "operations"} ready={complete}
          act={end} onDone={onEnded}
        />
      </form>
    </section>
  );
}
