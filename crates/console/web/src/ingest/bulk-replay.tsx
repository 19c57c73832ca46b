// Replays many dead letters; a dry run comes first.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { assets } from "../api/client.ts";
import { Problem } from "../api/problem.ts";
import { Dialog } from "../design/dialog.tsx";
import { meaning } from "../design/states.tsx";
import { count } from "../i18n/format.ts";
import { named, t } from "../i18n/language.ts";

/** Largest number of dead letters in one call. */
const LIMIT = 200;

interface Tally {
  readonly tried: number;
  readonly outcomes: Readonly<Record<string, number>>;
}

/** Calls the API until no dead letter is left, and reports the progress. */
async function replayAll(reason: string, dryRun: boolean, onProgress: (tally: Tally) => void): Promise<void> {
  let tally: Tally = { tried: 0, outcomes: {} };
  let cursor: string | undefined;
  do {
    const body = { dryRun, limit: LIMIT, ...(reason === "" ? {} : { reason }), ...(cursor === undefined ? {} : { cursor }) };
    const done = await assets.post("/api/v1/dead-letters/replay", { body: body as never });
    const outcomes = { ...tally.outcomes };
    for (const [name, of] of Object.entries(done.outcomes)) outcomes[name] = (outcomes[name] ?? 0) + of;
    tally = { tried: tally.tried + done.tried, outcomes };
    onProgress(tally);
    cursor = done.nextCursor ?? undefined;
  } while (cursor !== undefined);
}

export function BulkReplay({ reason, disabled, onDone }: { readonly reason: string; readonly disabled: boolean; readonly onDone: () => void }): JSX.Element {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" class="button" disabled={disabled} onClick={() => setOpen(true)}>{t("letters.bulk")}</button>
      {open ? <Bulk reason={reason} onDone={onDone} onClose={() => setOpen(false)} /> : null}
    </>
  );
}

function Bulk({ reason, onDone, onClose }: { readonly reason: string; readonly onDone: () => void; readonly onClose: () => void }): JSX.Element {
  const [tally, setTally] = useState<Tally | null>(null);
  const [done, setDone] = useState<"dry" | "real" | null>(null);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const run = (dryRun: boolean) => {
    setBusy(true);
    setProblem(null);
    setTally(null);
    replayAll(reason, dryRun, setTally).then(
      () => {
        setDone(dryRun ? "dry" : "real");
        if (!dryRun) onDone();
      },
      (error: unknown) => setProblem(error instanceof Problem ? error : Problem.unreachable(error)),
    ).finally(() => setBusy(false));
  };
  return (
    <Dialog title={t("letters.bulkAsk")} onClose={onClose}>
      <p class="soft">{t("letters.reason")}: <span class="mono">{reason === "" ? t("letters.anyReason") : reason}</span></p>
      <p class="soft">{t("letters.replayAskText")}</p>
      {tally === null ? null : (
        <div class="notice" role="status" data-bulk={done ?? "running"}>
          <div>
            <p><strong>{done === "dry" ? t("letters.dryResult") : done === "real" ? t("letters.realResult") : t("state.loading")}</strong> · {t("letters.bulkResult", { tried: count(tally.tried) })}</p>
            <ul class="legend">{Object.entries(tally.outcomes).filter(([, of]) => of > 0).map(([name, of]) => <li key={name}>{named("outcome", name)} <strong class="num">{count(of)}</strong></li>)}</ul>
          </div>
        </div>
      )}
      {problem === null ? null : <div class="notice bad" role="alert"><strong>{meaning(problem)}</strong> <span class="mono small">{problem.code}</span></div>}
      <div class="dialog-foot">
        <button type="button" class="button" disabled={busy} onClick={() => run(true)}>{t("letters.bulkDry")}</button>
        <button type="button" class="button danger" disabled={busy || done !== "dry"} onClick={() => run(false)}>{t("letters.bulk")}</button>
        <button type="button" class="button" onClick={onClose}>{t("command.close")}</button>
      </div>
    </Dialog>
  );
}
