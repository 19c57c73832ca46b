// The dialog of one command: its parameters, the confirmation and the outcome.

import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { dispatcher } from "../api/client.ts";
import { Problem, isAbort } from "../api/problem.ts";
import type { Pile } from "../api/types.ts";
import { Dialog } from "../design/dialog.tsx";
import { Shown, meaning } from "../design/states.tsx";
import { clock } from "../i18n/format.ts";
import { known, t } from "../i18n/language.ts";
import { useEvery, useResource } from "../live/resource.ts";
import { CancelCommand } from "./cancel-command.tsx";
import { Life, StateTag } from "./command-log.tsx";
import { Entries } from "./entries.tsx";
import { newKey } from "../forms/new-key.ts";
import { type Entered, NOTHING_ENTERED, type OrderName, isComplete, sendOrder } from "./orders.ts";

/**
 * Interval of polling in addition to the feed, in ms, so that the dialog also updates without a
 * feed connection.
 */
const EVERY_MS = 2_000;
const ENDS: readonly string[] = ["confirmed", "rejected", "failed", "expired", "cancelled"];
const DANGEROUS: readonly OrderName[] = ["stop-transaction", "reset", "change-availability", "change-configuration"];

type Stage =
  | { readonly at: "asking"; readonly refused: Problem | null }
  | { readonly at: "sending" }
  | { readonly at: "sent"; readonly commandId: string };

export function CommandDialog({ pile, order, news, onSent, onClose }: {
  readonly pile: Pile;
  readonly order: OrderName;
  readonly news: number;
  readonly onSent: () => void;
  readonly onClose: () => void;
}): JSX.Element {
  const [stage, setStage] = useState<Stage>({ at: "asking", refused: null });
  const [entered, setEntered] = useState<Entered>(() => ({ ...NOTHING_ENTERED, connectorId: likely(order, pile) }));
  // The idempotency key stays the same until a response arrives, so that a retry is the same
  // command.
  const key = useRef(newKey());
  const ended = useMemo(() => new AbortController(), []);
  useEffect(() => () => ended.abort(), []);
  const name = pile.name ?? pile.chargePointId;
  const incomplete = !isComplete(order, entered);

  const send = () => {
    if (incomplete || stage.at !== "asking") return;
    setStage({ at: "sending" });
    sendOrder(order, pile.id, entered, key.current, ended.signal).then(
      (commandId) => {
        setStage({ at: "sent", commandId });
        onSent();
      },
      (error: unknown) => {
        if (isAbort(error)) return;
        const problem = error instanceof Problem ? error : Problem.unreachable(error);
        // After a refusal the next attempt is a new command; an uncertain outcome keeps the key.
        if (problem.status >= 400 && problem.status < 500) key.current = newKey();
        setStage({ at: "asking", refused: problem });
      },
    );
  };
  const title = stage.at === "sent" ? t(`command.${order}`) : t("command.confirm", { command: t(`command.${order}`), pile: name });
  return (
    <Dialog title={title} onClose={onClose}>
      {stage.at === "sent" ? <Progress commandId={stage.commandId} news={news} onClose={onClose} /> : (
        <form
          class="dialog-form"
          onSubmit={(event) => {
            event.preventDefault();
            send();
          }}
        >
          <p class="soft">{t(`command.ask.${order}`)}</p>
          <Entries order={order} pile={pile} entered={entered} onEnter={setEntered} />
          {stage.at === "asking" && stage.refused !== null ? <Refusal problem={stage.refused} /> : null}
          <div class="dialog-foot">
            <button type="button" class="button" onClick={onClose}>{t("command.cancel")}</button>
            <button type="submit" class={DANGEROUS.includes(order) ? "button danger" : "button primary"} disabled={incomplete || stage.at === "sending"}>
              {stage.at === "sending" ? t("command.sending") : t("command.send")}
            </button>
          </div>
        </form>
      )}
    </Dialog>
  );
}

/** The connector to preselect. */
function likely(order: OrderName, pile: Pile): number | null {
  const with_ = (wanted: (connector: Pile["connectors"][number]) => boolean) => pile.connectors.find(wanted)?.connectorId;
  switch (order) {
    case "start-transaction":
      return with_((connector) => connector.status === "Available") ?? pile.connectors[0]?.connectorId ?? null;
    case "stop-transaction":
      return with_((connector) => connector.sessionId !== null) ?? null;
    case "unlock-connector":
      return pile.connectors[0]?.connectorId ?? 1;
    default:
      return null;
  }
}

/** Why a command was refused, and what to do. */
export function Refusal({ problem }: { readonly problem: Problem }): JSX.Element {
  const advice = known("advice", problem.code);
  return (
    <div class="notice bad refusal" role="alert" data-problem={problem.code}>
      <p><strong>{t("command.refused")}:</strong> {meaning(problem)}</p>
      {advice === undefined ? null : <p class="small"><strong>{t("command.whatNow")}:</strong> {advice}</p>}
      {problem.faults.map((fault) => <p key={fault.field} class="small">{fault.field}: {fault.message}</p>)}
      <p class="small mono">{problem.code}{problem.detail === null ? "" : ` · ${problem.detail}`}</p>
    </div>
  );
}

function Progress({ commandId, news, onClose }: { readonly commandId: string; readonly news: number; readonly onClose: () => void }): JSX.Element {
  const command = useResource(commandId, (signal) => dispatcher.get("/api/v1/commands/{commandId}", { path: { commandId }, signal }));
  useEffect(() => command.reload(), [news]);
  const over = command.value !== undefined && ENDS.includes(command.value.status) && (command.value.effect !== null || command.value.status !== "confirmed");
  useEvery(over ? null : EVERY_MS, command.reload);
  const first = useRef<HTMLDivElement>(null);
  useEffect(() => first.current?.focus(), []);
  return (
    <div class="dialog-form" ref={first} tabIndex={-1}>
      <Shown of={command} rows={3}>
        {(shown) => (
          <div aria-live="polite" data-progress={shown.status}>
            <p class="buttons"><strong>{t("command.progress")}</strong> <StateTag state={shown.status} /></p>
            {ENDS.includes(shown.status) ? null : <p class="soft small num">{t("command.expires", { time: clock(shown.expiresAt) })}</p>}
            <Life command={shown} />
            <CancelCommand command={shown} onCancelled={command.reload} />
          </div>
        )}
      </Shown>
      <div class="dialog-foot"><button type="button" class="button primary" onClick={onClose}>{t("command.close")}</button></div>
    </div>
  );
}
