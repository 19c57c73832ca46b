// The dialogs in which callers acknowledge, assign and mute an issue.

import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { limits } from "../../generated/limits.ts";
import { assets } from "../api/client.ts";
import type { WholeIssue } from "../api/types.ts";
import { session } from "../app/session.ts";
import { asLocal, ofLocal } from "../audit/filter.ts";
import { Dialog } from "../design/dialog.tsx";
import { FormFrame } from "../forms/frame.tsx";
import { TextInput, TimeInput } from "../forms/inputs.tsx";
import { checkAll } from "../forms/limit.ts";
import { useForm } from "../forms/use-form.ts";
import { t } from "../i18n/language.ts";
import { checkMute } from "./mute.ts";

interface Asked {
  readonly issue: WholeIssue;
  /** Called when the API has carried it out. */
  readonly onDone: () => void;
  readonly onClose: () => void;
}

const DAY_MS = 86_400_000;

export function AcknowledgeDialog({ issue, onDone, onClose }: Asked): JSX.Element {
  const form = useForm({ name: `issue.acknowledge.${issue.id}`, version: 0, base: { note: "" }, check: (values) => checkAll(limits.IssueAcknowledgement, values) });
  const acknowledge = async (signal: AbortSignal) => {
    const note = form.values.note.trim();
    await assets.post("/api/v1/issues/{issueId}/acknowledge", { path: { issueId: issue.id }, body: note === "" ? {} : { note }, signal });
    onDone();
  };
  return (
    <Dialog title={t("issue.do.acknowledge")} onClose={onClose}>
      <FormFrame form={form} label={t("issue.do.acknowledge")} save={t("issue.do.acknowledge")} cancel={onClose} fields={["note"]} act={acknowledge}>
        <TextInput
          label={t("issue.note")} limit={limits.IssueAcknowledgement.note} value={form.values.note} fault={form.fault("note")}
          onEnter={(text) => form.set("note", text)} onLeave={() => form.touch("note")}
        />
      </FormFrame>
    </Dialog>
  );
}

export function AssignDialog({ issue, onDone, onClose }: Asked): JSX.Element {
  const form = useForm({
    name: `issue.assign.${issue.id}`, version: 0, base: { assignee: issue.assignee ?? "" }, check: (values) => checkAll(limits.IssueAssignment, values),
  });
  const own = session.value?.subject;
  const assign = async (signal: AbortSignal) => {
    await assets.post("/api/v1/issues/{issueId}/assign", { path: { issueId: issue.id }, body: { assignee: form.values.assignee.trim() || null }, signal });
    onDone();
  };
  return (
    <Dialog title={t("issue.do.assign")} onClose={onClose}>
      <FormFrame form={form} label={t("issue.do.assign")} save={t("issue.do.assign")} cancel={onClose} fields={["assignee"]} act={assign}>
        <TextInput
          label={t("issue.assignee")} limit={limits.IssueAssignment.assignee} value={form.values.assignee} fault={form.fault("assignee")} hint={t("issue.assigneeHint")}
          onEnter={(text) => form.set("assignee", text)} onLeave={() => form.touch("assignee")}
        />
        {own === undefined ? null : <div><button type="button" class="button slim" onClick={() => form.set("assignee", own)}>{t("issue.takeIt")}</button></div>}
      </FormFrame>
    </Dialog>
  );
}

export function MuteDialog({ issue, onDone, onClose }: Asked): JSX.Element {
  const base = useMemo(() => ({ until: asLocal(new Date(Date.now() + DAY_MS).toISOString()), reason: "" }), []);
  const form = useForm({ name: `issue.mute.${issue.id}`, version: 0, base, check: (values) => checkMute(values, Date.now()) });
  const mute = async (signal: AbortSignal) => {
    const { until, reason } = form.values;
    await assets.post("/api/v1/issues/{issueId}/mute", { path: { issueId: issue.id }, body: { until: ofLocal(until), reason: reason.trim() }, signal });
    onDone();
  };
  return (
    <Dialog title={t("issue.do.mute")} onClose={onClose}>
      <FormFrame form={form} label={t("issue.do.mute")} save={t("issue.do.mute")} cancel={onClose} fields={["until", "reason"]} act={mute}>
        <p class="soft small">{t("issue.muteLead")}</p>
        <TimeInput
          label={t("issue.until")} limit={limits.IssueMute.until} value={form.values.until} fault={form.fault("until")}
          onEnter={(text) => form.set("until", text)} onLeave={() => form.touch("until")}
        />
        <TextInput
          label={t("issue.reason")} limit={limits.IssueMute.reason} value={form.values.reason} fault={form.fault("reason")}
          onEnter={(text) => form.set("reason", text)} onLeave={() => form.touch("reason")}
        />
      </FormFrame>
    </Dialog>
  );
}
