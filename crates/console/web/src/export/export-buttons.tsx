// Buttons that download an export, with its progress.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Problem, isAbort } from "../api/problem.ts";
import { meaning } from "../design/states.tsx";
import { bytes, count } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";
import { type Progress, read, save } from "./download.ts";
import { FORMATS, type Format } from "./part.ts";

type State =
  | { readonly stage: "idle" }
  | { readonly stage: "reading" | "saved"; readonly progress: Progress }
  | { readonly stage: "failed"; readonly problem: Problem };

export function ExportButtons({ path, query, name }: {
  /** The operation that exports. */
  readonly path: string;
  /** Its parameters, without format and cursor. */
  readonly query: Readonly<Record<string, unknown>>;
  /** The name of the file without its ending. */
  readonly name: string;
}): JSX.Element {
  const [state, setState] = useState<State>({ stage: "idle" });
  const stop = useRef<AbortController | null>(null);
  useEffect(() => () => stop.current?.abort(), []);
  const busy = state.stage === "reading";
  const begin = (format: Format) => {
    const ended = new AbortController();
    stop.current = ended;
    let progress: Progress = { rows: 0, bytes: 0 };
    setState({ stage: "reading", progress });
    read(path, query, format, ended.signal, (next) => {
      progress = next;
      setState({ stage: "reading", progress });
    }).then(
      (content) => {
        save(content, `${name}.${format}`);
        setState({ stage: "saved", progress });
      },
      (error: unknown) => {
        if (ended.signal.aborted || isAbort(error)) setState({ stage: "idle" });
        else setState({ stage: "failed", problem: error instanceof Problem ? error : Problem.unreachable(error) });
      },
    );
  };
  return (
    <div class="export" data-export={state.stage}>
      <div class="buttons" role="group" aria-label={t("export.title")}>
        {FORMATS.map((format) => (
          <button key={format} type="button" class="button slim" disabled={busy} onClick={() => begin(format)}>{t(`export.${format}`)}</button>
        ))}
        {busy ? <button type="button" class="button slim" onClick={() => stop.current?.abort()}>{t("command.cancel")}</button> : null}
      </div>
      <p class="soft small" role="status">
        {state.stage === "reading" || state.stage === "saved" ? t(`export.${state.stage}`, { n: count(state.progress.rows), size: bytes(state.progress.bytes) }) : ""}
      </p>
      {state.stage === "failed" ? (
        <p class="notice bad" role="alert" data-problem={state.problem.code}>
          <strong>{meaning(state.problem)}</strong> <span class="small mono">{[state.problem.code, state.problem.detail, ...state.problem.faults.map(({ message }) => message)].filter((text) => text !== null).join(" · ")}</span>
        </p>
      ) : null}
    </div>
  );
}
