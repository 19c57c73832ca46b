// The dialog that withdraws an exclusion, with a note for the audit.

import type { JSX } from "preact";
import { limits } from "../../generated/limits.ts";
import { assets } from "../api/client.ts";
import type { Exclusion } from "../api/types.ts";
import { Dialog } from "../design/dialog.tsx";
import { FormFrame } from "../forms/frame.tsx";
import { TextInput } from "../forms/inputs.tsx";
import { checkAll } from "../forms/limit.ts";
import { useForm } from "../forms/use-form.ts";
import { t } from "../i18n/language.ts";

const LIMITS = limits.WithdrawalOfExclusion;

export function WithdrawDialog({ exclusion, onWithdrawn, onClose }: {
  readonly exclusion: Exclusion;
  readonly onWithdrawn: () => void;
  readonly onClose: () => void;
}): JSX.Element {
  const form = useForm({ name: `exclusion.withdraw.${exclusion.id}`, base: { withdrawalNote: "" }, version: 0, check: (values) => checkAll(LIMITS, values) });
  const withdraw = async (signal: AbortSignal) => {
    const body = { withdrawalNote: form.values.withdrawalNote.trim() };
    await assets.post("/api/v1/reliability/exclusions/{exclusionId}/withdraw", { path: { exclusionId: exclusion.id }, body, signal });
    onWithdrawn();
  };
  return (
    <Dialog title={t("exclusion.withdrawTitle")} onClose={onClose}>
      <p>{t("exclusion.withdrawLead", { note: exclusion.note })}</p>
      <FormFrame form={form} label={t("exclusion.withdrawTitle")} save={t("exclusion.withdraw")} cancel={onClose} fields={["withdrawalNote"]} act={withdraw}>
        <TextInput
          label={t("exclusion.withdrawalNote")} limit={LIMITS.withdrawalNote} value={form.values.withdrawalNote} fault={form.fault("withdrawalNote")}
          onEnter={(entered) => form.set("withdrawalNote", entered)} onLeave={() => form.touch("withdrawalNote")}
        />
      </FormFrame>
    </Dialog>
  );
}
