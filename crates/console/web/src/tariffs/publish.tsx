// Publishing a draft, at once or at an instant; or requesting it, so that a second person approves.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { assets, ifMatch } from "../api/client.ts";
import type { TariffDraft } from "../api/types.ts";
import { go, to } from "../app/router.ts";
import { asLocal, ofLocal } from "../audit/filter.ts";
import { session } from "../app/session.ts";
import { Confirmed } from "../design/confirmed.tsx";
import { Dialog } from "../design/dialog.tsx";
import { Field } from "../design/field.tsx";
import { moment } from "../i18n/format.ts";
import { Foot, Refusal, useSending } from "./forms.tsx";
import { t } from "../i18n/language.ts";

export function PublishDialog({ draft: { tariffId, revision, approvalRequired }, onRequested, onClose }: {
  readonly draft: TariffDraft;
  readonly onRequested: (draft: TariffDraft) => void;
  readonly onClose: () => void;
}): JSX.Element {
  const [from, setFrom] = useState("");
  const sending = useSending();
  const past = from !== "" && Date.parse(from) < Date.now();
  const publish = (event: Event) => {
    event.preventDefault();
    sending.send(async () => {
      const body = from === "" ? {} : { effectiveFrom: from };
      if (approvalRequired) {
        onRequested(await assets.put("/api/v1/tariffs/{tariffId}/draft/proposal", { path: { tariffId }, body, headers: ifMatch(revision) }));
        return;
      }
      await assets.post("/api/v1/tariffs/{tariffId}/draft/publish", { path: { tariffId }, body, headers: ifMatch(revision) });
      go(to.tariff(tariffId));
    });
  };
  return (
    <Dialog title={t("publish.title")} onClose={onClose}>
      <form class="dialog-form" onSubmit={publish}>
        <p>{t("publish.lead")}{approvalRequired ? ` ${t("approval.required")}` : ""}</p>
        <Field label={t("publish.at")} fault={past ? t("publish.past") : undefined}>
          {(id) => <input id={id} type="datetime-local" class="input" value={asLocal(from)} aria-invalid={past} onInput={(event) => setFrom(ofLocal(event.currentTarget.value))} />}
        </Field>
        <Refusal problem={sending.problem} />
        <Foot text={approvalRequired ? t("approval.request") : t("publish.do")} disabled={sending.busy || past} onClose={onClose} />
      </form>
    </Dialog>
  );
}

/** The request to publish a draft: another person approves it, and any can withdraw it. */
export function ProposalNotice({ draft, disabled, onChange }: { readonly draft: TariffDraft; readonly disabled: boolean; readonly onChange: (draft: TariffDraft) => void }): JSX.Element | null {
  const sending = useSending();
  const { tariffId, revision, proposal } = draft;
  if (proposal === null || proposal === undefined) return null;
  const stale = proposal.revision !== revision;
  const own = proposal.proposedBy === (session.value?.subject ?? "anonymous");
  const asked = { path: { tariffId }, headers: ifMatch(revision) };
  const approve = () => sending.send(async () => {
    await assets.post("/api/v1/tariffs/{tariffId}/draft/publish", { ...asked, body: {} });
    go(to.tariff(tariffId));
  });
  return (
    <div class="notice warn" data-proposal={stale ? "stale" : own ? "own" : "open"}>
      <p>
        {t("approval.requested", { by: proposal.proposedBy, n: proposal.revision, from: proposal.effectiveFrom === null || proposal.effectiveFrom === undefined ? t("approval.atOnce") : moment(proposal.effectiveFrom) })}{" "}
        {stale ? t("approval.stale", { n: proposal.revision }) : own ? t("approval.own") : null}
      </p>
      {stale || own ? null : <button type="button" class="button primary slim" disabled={disabled || sending.busy} onClick={approve}>{t("approval.approve")}</button>}
      {disabled ? null : (
        <Confirmed
          text={t("approval.withdraw")} ask={t("approval.withdrawAsk")} scope={null} onDone={() => undefined}
          act={async () => onChange(await assets.delete("/api/v1/tariffs/{tariffId}/draft/proposal", asked))}
        />
      )}
      <Refusal problem={sending.problem} />
    </div>
  );
}
