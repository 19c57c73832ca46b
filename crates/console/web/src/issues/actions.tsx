// What callers can do with an open issue.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { assets } from "../api/client.ts";
import type { WholeIssue } from "../api/types.ts";
import { to } from "../app/router.ts";
import { may } from "../app/session.ts";
import { Confirmed } from "../design/confirmed.tsx";
import { t } from "../i18n/language.ts";
import { AcknowledgeDialog, AssignDialog, MuteDialog } from "./dialogs.tsx";

const DIALOGS = { acknowledge: AcknowledgeDialog, assign: AssignDialog, mute: MuteDialog } as const;
type Action = keyof typeof DIALOGS;

export function Actions({ issue, onDone }: { readonly issue: WholeIssue; readonly onDone: () => void }): JSX.Element {
  const [action, setAction] = useState<Action | null>(null);
  const allowed = may("issues:write");
  const Dialog = action === null ? null : DIALOGS[action];
  const button = (name: Action) => (
    <button
      type="button" class="button slim" disabled={!allowed} title={allowed ? undefined : t("nav.forbidden", { scope: "issues:write" })} data-action={name}
      onClick={() => setAction(name)}
    >
      {t(`issue.do.${name}`)}
    </button>
  );
  return (
    <div class="buttons" role="group" aria-label={t("issue.actions")}>
      {issue.acknowledgedAt === null ? button("acknowledge") : null}
      {button("assign")}
      {button("mute")}
      {issue.mutedUntil === null ? null : (
        <Confirmed
          text={t("issue.do.unmute")} ask={t("issue.unmuteAsk")} scope={allowed ? null : "issues:write"} onDone={onDone}
          act={() => assets.post("/api/v1/issues/{issueId}/unmute", { path: { issueId: issue.id } })}
        />
      )}
      {issue.stationId === null ? null : (
        <a class="button slim" href={to.newWindow(issue.pileId === null ? { station: issue.stationId } : { pile: issue.pileId })}>{t("maintenance.new")}</a>
      )}
      {Dialog === null ? null : (
        <Dialog
          issue={issue} onClose={() => setAction(null)}
          onDone={() => {
            setAction(null);
            onDone();
          }}
        />
      )}
    </div>
  );
}
