// Cancelling a command that was not sent yet: a stop that waits for the transaction id.

import type { JSX } from "preact";
import { dispatcher } from "../api/client.ts";
import type { Command } from "../api/types.ts";
import { may } from "../app/session.ts";
import { Confirmed } from "../design/confirmed.tsx";
import { t } from "../i18n/language.ts";

export function CancelCommand({ command, onCancelled }: { readonly command: Command; readonly onCancelled: () => void }): JSX.Element | null {
  const { commandId, status } = command;
  if (status !== "waiting") return null;
  return (
    <Confirmed
      text={t("command.cancelWaiting")} ask={t("command.cancelWaitingAsk")} scope={may("commands:send") ? null : "commands:send"}
      act={() => dispatcher.post("/api/v1/commands/{commandId}/cancel", { path: { commandId } })} onDone={onCancelled}
    />
  );
}
