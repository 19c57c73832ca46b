// The dialog of one command: its parameters, the confirmation and the outcome.

import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { dispatcher } from "../api/client.ts";
import type { Problem } from "../api/problem.ts";
import type { Pile } from "../api/types.ts";
import { Dialog } from "../design/dialog.tsx";
import { Shown, meaning } from "../design/states.tsx";
import { clock } from "../i18n/format.ts";
import { known, t } from "../i18n/language.ts";
import { useEvery, useResource } from "../live/resource.ts";
import { CancelCommand } from "./cancel-command.tsx";
import { Life, StateTag } from "./command-log.tsx";
import { Entries } from "./entries.tsx";
import { FormFrame } from "../forms/frame.tsx";
import { serviceFault } from "../forms/service-fault.ts";
import { useForm } from "../forms/use-form.ts";
import { type Entered, LIMITS, NOTHING_ENTERED, type OrderName, checkOrder, sendOrder } from "./orders.ts";

/**
 * Interval of polling in addition to the feed, in ms, so that the dialog also updates without a
 * feed connection.
 */
const EVERY_MS = 2_000;
const ENDS: readonly string[] = ["confirmed", "rejected", "failed", "expired", "cancelled"];
const DANGEROUS: readonly OrderName[] = ["stop-transaction", "reset", "change-availability", "change-configuration"];

export function CommandDialog({ pile, order, news, onSent, onClose }: {
  readonly pile: Pile;
  readonly order: OrderName;
  readonly news: number;
  readonly onSent: () => void;
  readonly onClose: () => void;
}): JSX.Element {
  const [sent, setSent] = useState<string | null>(null);
  const base = useMemo<Entered>(() => ({ ...NOTHING_ENTERED, connectorId: likely(order, pile) }), []);
  // The idempotency key of the form is kept with its draft, so that a repeated request is the same
  // command.
  const form = useForm({ name: `command.${order}.${pile.id}`, version: 0, base, check: (entered) => checkOrder(order, entered) });
  const send = async (signal: AbortSignal) => {
    setSent(await sendOrder(order, pile.id, form.values, form.key, signal));
    onSent();
  };
  const command = t(`command.${order}`);
  const title = sent === null ? t("command.confirm", { command, pile: pile.name ?? pile.chargePointId }) : command;
  return (
    <Dialog title={title} onClose={onClose}>
      {sent !== null ? <Progress commandId={sent} news={news} onClose={onClose} /> : (
        <FormFrame
          form={form} label={command} save={t("command.send")} saving={t("command.sending")} danger={DANGEROUS.includes(order)} cancel={onClose} fields={Object.keys(LIMITS)}
          refusal={(problem) => <Refusal problem={problem} fields={Object.keys(LIMITS)} />} act={send}
        >
          <p class="soft">{t(`command.ask.${order}`)}</p>
          <Entries order={order} pile={pile} form={form} />
        </FormFrame>
      )}
    </Dialog>
  );
}

/** The connector to preselect. */
function likely(order: OrderName, pile: Pile): string {
  return String(likelyConnector(order, pile) ?? "");
}

function likelyConnector(order: OrderName, pile: Pile): number | null {
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

/** Why a command was refused, and what to do; the faults of `fields` are shown next to them. */
export function Refusal({ problem, fields = [] }: { readonly problem: Problem; readonly fields?: readonly string[] }): JSX.Element {
  const advice = known("advice", problem.code);
  return (
    <div class="notice bad refusal" role="alert" data-problem={problem.code}>
      <p><strong>{t("command.refused")}:</strong> {meaning(problem)}</p>
      {advice === undefined ? null : <p class="small"><strong>{t("command.whatNow")}:</strong> {advice}</p>}
      {problem.faults.filter(({ field }) => !fields.includes(field)).map((fault) => <p key={fault.field} class="small">{fault.field}: {serviceFault(fault.message)}</p>)}
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
