// Buttons that export a list as a file, with progress.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Problem, isAbort } from "../api/problem.ts";
import { meaning } from "../design/states.tsx";
import { count } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";
import { type Progress, download, save } from "./download.ts";
import { FORMATS, type Format } from "./lines.ts";

type State =
  | { readonly is: "idle" }
  | { readonly is: "running"; readonly format: Format; readonly progress: Progress }
  | { readonly is: "done"; readonly rows: number }
  | { readonly is: "failed"; readonly problem: Problem };

export function Export({ path, query, name }: {
  readonly path: "/api/v1/sessions/export" | "/api/v1/revenue/export";
  readonly query: Record<string, unknown>;
  /** The name of the file, without its ending. */
  readonly name: string;
}): JSX.Element {
  const [state, setState] = useState<State>({ is: "idle" });
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);
  const begin = async (format: Format) => {
    const stop = new AbortController();
    running.current = stop;
    let rows = 0;
    const show = (progress: Progress) => {
      rows = progress.rows;
      setState({ is: "running", format, progress });
    };
    show({ rows, estimated: null });
    try {
      save(await download(path, query, format, stop.signal, show), `${name}.${format}`);
      setState({ is: "done", rows });
    } catch (error) {
      if (stop.signal.aborted || isAbort(error)) setState({ is: "idle" });
      else setState({ is: "failed", problem: error instanceof Problem ? error : Problem.unreachable(error) });
    }
  };
  return (
    <div class="buttons" data-export={state.is}>
      {FORMATS.map((format) => (
        <button key={format} type="button" class="button slim" disabled={state.is === "running"} onClick={() => void begin(format)}>{t(`export.${format}`)}</button>
      ))}
      {state.is === "running" ? (
        <>
          <Bar {...state.progress} />
          <button type="button" class="button slim" onClick={() => running.current?.abort()}>{t("export.stop")}</button>
        </>
      ) : null}
      {state.is === "done" ? <span role="status" class="small">{t("export.done", { n: count(state.rows) })}</span> : null}
      {state.is === "failed" ? <span role="alert" class="fault">{t("export.failed", { why: meaning(state.problem) })}</span> : null}
    </div>
  );
}

/** The estimate may be too low. */
function Bar({ rows, estimated }: Progress): JSX.Element {
  const known = estimated !== null && estimated > rows;
  return (
    <>
      <progress class="export-bar" aria-label={t("export.progress")} {...(known ? { value: rows, max: estimated } : {})} />
      <span class="small num">{known ? t("export.rowsOf", { n: count(rows), of: count(estimated) }) : t("export.rows", { n: count(rows) })}</span>
    </>
  );
}
