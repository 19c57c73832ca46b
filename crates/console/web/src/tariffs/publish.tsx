// Publishing a draft, at once or at an instant; or requesting it, so that a second person approves.

import type { JSX } from "preact";
import { limits } from "../../generated/limits.ts";
import { assets, ifMatch } from "../api/client.ts";
import type { TariffDraft } from "../api/types.ts";
import { go, to } from "../app/router.ts";
import { ofLocal } from "../audit/filter.ts";
import { session } from "../app/session.ts";
import { Confirmed } from "../design/confirmed.tsx";
import { Dialog } from "../design/dialog.tsx";
import { FormFrame, Refused } from "../forms/frame.tsx";
import { TimeInput } from "../forms/inputs.tsx";
import { useForm } from "../forms/use-form.ts";
import { moment } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";
import { useSending } from "./sending.ts";

export function PublishDialog({ draft: { tariffId, revision, approvalRequired }, onRequested, onClose }: {
  readonly draft: TariffDraft;
  readonly onRequested: (draft: TariffDraft) => void;
  readonly onClose: () => void;
}): JSX.Element {
  const form = useForm({
    name: `tariff.publish.${tariffId}.${revision}`, version: 0, base: { from: "" },
    check: ({ from }) => (Date.parse(from) < Date.now() ? [{ path: "effectiveFrom", why: "past" as const }] : []),
  });
  const { from } = form.values;
  const publish = async (signal: AbortSignal) => {
    const asked = { path: { tariffId }, body: from === "" ? {} : { effectiveFrom: ofLocal(from) }, headers: ifMatch(revision), signal };
    if (approvalRequired) {
      onRequested(await assets.put("/api/v1/tariffs/{tariffId}/draft/proposal", asked));
      return;
    }
    await assets.post("/api/v1/tariffs/{tariffId}/draft/publish", asked);
    go(to.tariff(tariffId));
  };
  return (
    <Dialog title={t("publish.title")} onClose={onClose}>
      <FormFrame form={form} label={t("publish.title")} save={approvalRequired ? t("approval.request") : t("publish.do")} cancel={onClose} fields={["effectiveFrom"]} act={publish}>
        <p>{t("publish.lead")}{approvalRequired ? ` ${t("approval.required")}` : ""}</p>
        <TimeInput
          label={t("publish.at")} limit={limits.Publish.effectiveFrom} value={from} fault={form.fault("effectiveFrom")} hint={t("publish.atHint")}
          onEnter={(text) => form.set("from", text)} onLeave={() => form.touch("effectiveFrom")}
        />
      </FormFrame>
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
      {sending.problem === null ? null : <Refused problem={sending.problem} fields={[]} />}
    </div>
  );
}
