// Publishing a draft, at once or at an instant.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { assets, ifMatch } from "../api/client.ts";
import type { TariffDraft } from "../api/types.ts";
import { go, to } from "../app/router.ts";
import { asLocal, ofLocal } from "../audit/filter.ts";
import { Dialog } from "../design/dialog.tsx";
import { Field } from "../design/field.tsx";
import { Foot, Refusal, useSending } from "./forms.tsx";
import { w } from "./words.ts";

export function PublishDialog({ draft: { tariffId, revision }, onClose }: { readonly draft: Pick<TariffDraft, "tariffId" | "revision">; readonly onClose: () => void }): JSX.Element {
  const [from, setFrom] = useState("");
  const sending = useSending();
  const past = from !== "" && Date.parse(from) < Date.now();
  const publish = (event: Event) => {
    event.preventDefault();
    sending.send(async () => {
      const body = from === "" ? {} : { effectiveFrom: from };
      await assets.post("/api/v1/tariffs/{tariffId}/draft/publish", { path: { tariffId }, body, headers: ifMatch(revision) });
      go(to.tariff(tariffId));
    });
  };
  return (
    <Dialog title={w("publish.title")} onClose={onClose}>
      <form class="dialog-form" onSubmit={publish}>
        <p>{w("publish.lead")}</p>
        <Field label={w("publish.at")} fault={past ? w("publish.past") : undefined}>
          {(id) => <input id={id} type="datetime-local" class="input" value={asLocal(from)} aria-invalid={past} onInput={(event) => setFrom(ofLocal(event.currentTarget.value))} />}
        </Field>
        <Refusal problem={sending.problem} />
        <Foot text={w("publish.do")} disabled={sending.busy || past} onClose={onClose} />
      </form>
    </Dialog>
  );
}
