// One dead letter: its payload, a dry run, and the replay after confirmation.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { assets } from "../api/client.ts";
import { Problem } from "../api/problem.ts";
import type { DeadLetter, Replay } from "../api/types.ts";
import { may } from "../app/session.ts";
import { Dialog } from "../design/dialog.tsx";
import { Shown, meaning } from "../design/states.tsx";
import { brief } from "../i18n/format.ts";
import { named, t } from "../i18n/language.ts";
import { useResource } from "../live/resource.ts";

export function LetterDialog({ id, onReplayed, onClose }: { readonly id: string; readonly onReplayed: () => void; readonly onClose: () => void }): JSX.Element {
  const letter = useResource(id, (signal) => assets.get("/api/v1/dead-letters/{id}", { path: { id }, signal }));
  const [outcome, setOutcome] = useState<Replay | Problem | null>(null);
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const replay = (dryRun: boolean) => {
    setBusy(true);
    setAsking(false);
    assets.post("/api/v1/dead-letters/{id}/replay", { path: { id }, query: { dryRun } }).then(
      (done) => {
        setOutcome(done);
        if (!dryRun) {
          onReplayed();
          letter.reload();
        }
      },
      (error: unknown) => setOutcome(error instanceof Problem ? error : Problem.unreachable(error)),
    ).finally(() => setBusy(false));
  };
  return (
    <Dialog title={t("letters.title")} onClose={onClose}>
      <Shown of={letter} rows={5}>{(shown) => <Content letter={shown} />}</Shown>
      {outcome === null ? null : <Outcome of={outcome} />}
      {asking ? (
        <div class="notice warn" role="alert">
          <p><strong>{t("letters.replayAsk")}</strong> {t("letters.replayAskText")}</p>
          <div class="buttons">
            <button type="button" class="button danger slim" onClick={() => replay(false)}>{t("letters.replay")}</button>
            <button type="button" class="button slim" onClick={() => setAsking(false)}>{t("command.cancel")}</button>
          </div>
        </div>
      ) : null}
      <div class="dialog-foot">
        <button type="button" class="button" disabled={busy || letter.value?.appendedAt === null} onClick={() => replay(true)}>{t("letters.dryRun")}</button>
        <button type="button" class="button primary" disabled={busy || asking || letter.value?.appendedAt === null} onClick={() => setAsking(true)}>{t("letters.replay")}</button>
        <button type="button" class="button" onClick={onClose}>{t("command.close")}</button>
      </div>
    </Dialog>
  );
}

function Content({ letter }: { readonly letter: DeadLetter }): JSX.Element {
  return (
    <div class="stack">
      <p><strong class="mono">{letter.reason}</strong><br /><span class="soft">{letter.detail}</span></p>
      <dl class="facts small">
        <div><dt>{t("letters.where")}</dt><dd class="mono">{letter.topic} {letter.partition}:{letter.firstOffset}</dd></div>
        <div><dt>{t("letters.at")}</dt><dd>{brief(letter.createdAt)}</dd></div>
        {letter.chargePointId === null ? null : <div><dt>{t("col.device")}</dt><dd class="mono">{letter.chargePointId}</dd></div>}
        {letter.key === null ? null : <div><dt>{t("letters.key")}</dt><dd class="mono">{asText(letter.key)}</dd></div>}
      </dl>
      <h3>{t("letters.payload")}</h3>
      {letter.value === null ? <p class="soft">{t(letter.appendedAt === null || may("drivers:read") ? "letters.noRecord" : "letters.hidden")}</p> : (
        <>
          {letter.valueText === null ? <p class="soft small">{t("letters.binary")}</p> : null}
          <pre class="payload" tabIndex={0}>{letter.valueText === null ? letter.value.slice(0, 16_384) : pretty(letter.valueText)}</pre>
        </>
      )}
    </div>
  );
}

/** Indents the text if it is JSON. */
function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function asText(base64: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)));
  } catch {
    return base64;
  }
}

function Outcome({ of }: { readonly of: Replay | Problem }): JSX.Element {
  if (of instanceof Problem) return <div class="notice bad" role="alert"><p><strong>{meaning(of)}</strong> <span class="mono small">{of.code}{of.detail === null ? "" : ` · ${of.detail}`}</span></p></div>;
  const good = of.outcome === "applied" || of.outcome === "ignored";
  const changed = [
    ...(of.changes.chargePoint ? [t("col.device")] : []),
    ...of.changes.connectors.map((connector) => t("pile.connector", { n: connector })),
    ...of.changes.sessions.map((session) => `${t("command.session")} ${session}`),
  ];
  return (
    <div class={good ? "notice good" : "notice warn"} role="status" data-outcome={of.outcome} data-dry-run={of.dryRun}>
      <div>
        <p><strong>{of.dryRun ? t("letters.dryResult") : t("letters.realResult")}: {named("outcome", of.outcome)}</strong></p>
        <p>{named("outcomeText", of.outcome)}</p>
        {changed.length === 0 ? null : <p class="small">{t("letters.changes", { what: changed.join(", ") })}</p>}
        {of.reason === null ? null : <p class="small mono">{of.reason}{of.detail === null ? "" : ` · ${of.detail}`}</p>}
      </div>
    </div>
  );
}
