// The import page: a dry run with faults row by row comes first, then the rows are written.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Problem, isAbort } from "../api/problem.ts";
import type { ImportReport } from "../api/types.ts";
import { may } from "../app/session.ts";
import { Title } from "../app/title.tsx";
import { Dialog } from "../design/dialog.tsx";
import { Segments } from "../design/field.tsx";
import { Forbidden, meaning } from "../design/states.tsx";
import { bytes, count } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";
import { Drop } from "./drop.tsx";
import { Report } from "./report.tsx";
import { type Kind, type Mode, type Progress, Unfinished, columns, send } from "./upload.ts";

type Stage =
  | { readonly at: "ready" }
  | { readonly at: "running"; readonly dryRun: boolean; readonly progress: Progress | null; readonly stop: AbortController }
  | { readonly at: "done"; readonly report: ImportReport }
  | { readonly at: "failed"; readonly problem: Problem | null };

export function ImportPage(): JSX.Element {
  const [kind, setKind] = useState<Kind>("stations");
  const [mode, setMode] = useState<Mode>("atomic");
  const [file, setFile] = useState<File | null>(null);
  const [stage, setStage] = useState<Stage>({ at: "ready" });
  const [asking, setAsking] = useState(false);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);
  if (!may("assets:write")) return <section class="card"><Title text={t("import.title")} /><Forbidden whole scope="assets:write" /></section>;

  const restart = (change: () => void) => {
    if (stage.at === "running") return;
    change();
    setStage({ at: "ready" });
  };
  const run = (dryRun: boolean) => {
    if (file === null) return;
    const stop = new AbortController();
    running.current = stop;
    setAsking(false);
    setStage({ at: "running", dryRun, progress: null, stop });
    send(file, kind, mode, dryRun, stop.signal, (progress) => setStage({ at: "running", dryRun, progress, stop })).then(
      (report) => setStage({ at: "done", report }),
      (error: unknown) => {
        if (isAbort(error)) setStage({ at: "ready" });
        else if (error instanceof Unfinished) setStage({ at: "failed", problem: null });
        else setStage({ at: "failed", problem: error instanceof Problem ? error : Problem.unreachable(error) });
      },
    );
  };
  const tried = stage.at === "done" && stage.report.dryRun ? stage.report : null;
  const writable = tried !== null && tried.created + tried.updated > 0 && (mode === "best-effort" || tried.failed === 0);
  return (
    <>
      <Title text={t("import.title")} />
      <div class="page-head"><div><h1>{t("import.title")}</h1><p class="soft">{t("import.lead")}</p></div></div>
      <section class="card card-body stack">
        <div class="import-choices">
          <div class="field">
            <span class="label">{t("import.kind")}</span>
            <div><Segments label={t("import.kind")} value={kind} choices={[{ value: "stations", text: t("import.stations") }, { value: "piles", text: t("import.piles") }]} onChange={(next) => restart(() => setKind(next === "piles" ? "piles" : "stations"))} /></div>
          </div>
          <div class="field">
            <span class="label">{t("import.mode")}</span>
            <div><Segments label={t("import.mode")} value={mode} choices={[{ value: "atomic", text: t("import.atomic") }, { value: "best-effort", text: t("import.bestEffort") }]} onChange={(next) => restart(() => setMode(next === "atomic" ? "atomic" : "best-effort"))} /></div>
          </div>
        </div>
        <Drop file={file} hint={t("import.fields", { columns: columns(kind) })} disabled={stage.at === "running"} onFile={(next) => restart(() => setFile(next))} />
        <div class="buttons">
          <button type="button" class={tried === null ? "button primary" : "button"} disabled={file === null || stage.at === "running"} onClick={() => run(true)}>{t("import.dryRun")}</button>
          <button type="button" class="button primary" disabled={!writable} onClick={() => setAsking(true)}>{t("import.commit")}</button>
        </div>
      </section>
      {stage.at === "running" ? <Running stage={stage} size={file?.size ?? 0} /> : null}
      {stage.at === "done" ? <Report report={stage.report} /> : null}
      {stage.at === "failed" ? (
        <div class="notice bad" role="alert">
          {stage.problem === null ? <strong>{t("import.unknownEnd")}</strong> : (
            <div>
              <p><strong>{meaning(stage.problem)}</strong> <span class="mono small">{stage.problem.code}{stage.problem.detail === null ? "" : ` · ${stage.problem.detail}`}</span></p>
              {stage.problem.faults.map((fault) => <p key={fault.field} class="small mono">{fault.field}: {fault.message}</p>)}
            </div>
          )}
        </div>
      ) : null}
      {asking && tried !== null ? (
        <Dialog title={t("import.commitAsk", { n: count(tried.created + tried.updated) })} onClose={() => setAsking(false)}>
          <p class="soft mono">{file?.name} · {bytes(file?.size ?? 0)}</p>
          <div class="dialog-foot">
            <button type="button" class="button" onClick={() => setAsking(false)}>{t("command.cancel")}</button>
            <button type="button" class="button primary" onClick={() => run(false)}>{t("import.commit")}</button>
          </div>
        </Dialog>
      ) : null}
    </>
  );
}

function Running({ stage, size }: { readonly stage: Extract<Stage, { at: "running" }>; readonly size: number }): JSX.Element {
  const { progress } = stage;
  const text = progress === null ? t("import.sending") : t(progress.phase === "writing" ? "import.writing" : "import.checking", { rows: count(progress.rows) });
  return (
    <section class="card card-body stack" role="status" data-phase={progress?.phase ?? "sending"}>
      <p><strong>{text}</strong></p>
      <progress class="progress" aria-label={text} {...(progress === null ? {} : { value: Math.min(progress.bytes, size), max: Math.max(size, 1) })} />
      {stage.dryRun ? <div><button type="button" class="button slim" onClick={() => stage.stop.abort()}>{t("import.stop")}</button></div> : null}
    </section>
  );
}
