// The list of dead letters: reasons, contents and replay.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { assets } from "../api/client.ts";
import type { DeadLetterHeading } from "../api/types.ts";
import { Field, Segments } from "../design/field.tsx";
import { Empty, Failed, Loading } from "../design/states.tsx";
import { brief, count } from "../i18n/format.ts";
import { named, t } from "../i18n/language.ts";
import { useMore } from "../live/more.ts";
import { useEvery } from "../live/resource.ts";
import { BulkReplay } from "./bulk-replay.tsx";
import { LetterDialog } from "./letter-dialog.tsx";

const PAGE = 20;
const EVERY_MS = 10_000;

export function DeadLetters(): JSX.Element {
  const [reason, setReason] = useState("");
  const [replayed, setReplayed] = useState("");
  const [open, setOpen] = useState<string | null>(null);
  const list = useMore<DeadLetterHeading>(`${reason}|${replayed}`, (cursor, signal) => {
    const query = { limit: PAGE, cursor, reason, replayed: replayed === "" ? undefined : replayed === "true" };
    return assets.get("/api/v1/dead-letters", { query, signal });
  }, (letter) => letter.id);
  useEvery(EVERY_MS, list.refresh);
  const reasons = [...new Set(list.items?.map((letter) => letter.reason) ?? [])].sort();
  return (
    <div class="card-body stack">
      <div class="filters">
        <Field label={t("letters.reason")}>
          {(id) => (
            <>
              <input id={id} class="input mono" list={`${id}-list`} value={reason} placeholder={t("letters.anyReason")} onChange={(event) => setReason(event.currentTarget.value.trim().toUpperCase())} />
              <datalist id={`${id}-list`}>{reasons.map((one) => <option key={one} value={one} />)}</datalist>
            </>
          )}
        </Field>
        <Segments
          label={t("letters.replayed")} value={replayed} onChange={setReplayed}
          choices={[{ value: "", text: t("letters.any") }, { value: "false", text: t("letters.no") }, { value: "true", text: t("letters.yes") }]}
        />
        <BulkReplay reason={reason} onDone={list.refresh} disabled={list.items?.length === 0} />
      </div>
      {list.items === undefined ? (list.problem === undefined ? <Loading /> : <Failed problem={list.problem} retry={list.refresh} />)
        : list.items.length === 0 ? <Empty title={t("letters.empty")}>{t("letters.emptyText")}</Empty> : (
          <div class="scroll-x" tabIndex={0} role="group" aria-label={t("letters.title")}>
            <table class="table">
              <thead>
                <tr>
                  <th scope="col">{t("letters.at")}</th><th scope="col">{t("letters.reason")}</th><th scope="col">{t("col.device")}</th>
                  <th scope="col">{t("letters.where")}</th><th scope="col">{t("letters.outcome")}</th><th scope="col"><span class="hidden-text">{t("letters.open")}</span></th>
                </tr>
              </thead>
              <tbody>
                {list.items.map((letter) => (
                  <tr key={letter.id} data-letter={letter.id}>
                    <td class="nowrap">{brief(letter.createdAt)}</td>
                    <td class="wide"><span class="mono">{letter.reason}</span><br /><span class="soft small">{letter.detail}</span></td>
                    <td class="mono">{letter.chargePointId ?? ""}</td>
                    <td class="nowrap num">{letter.partition} : {count(letter.firstOffset)}{letter.lastOffset === letter.firstOffset ? "" : `–${count(letter.lastOffset)}`}</td>
                    <td>{letter.replayOutcome === null ? "" : <span class={letter.replayOutcome === "applied" || letter.replayOutcome === "ignored" ? "tag good" : "tag warn"}>{named("outcome", letter.replayOutcome)}</span>}</td>
                    <td><button type="button" class="button slim" onClick={() => setOpen(letter.id)} aria-label={`${t("letters.open")}: ${letter.reason} ${letter.partition}:${letter.firstOffset}`}>{t("letters.open")}</button></td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      {list.more ? <div><button type="button" class="button slim" onClick={list.next}>{t("state.more")}</button></div> : null}
      {open === null ? null : <LetterDialog id={open} onReplayed={list.refresh} onClose={() => setOpen(null)} />}
    </div>
  );
}
