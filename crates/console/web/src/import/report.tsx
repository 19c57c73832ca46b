// The report of an import or a dry run: counts and faults.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { ImportReport } from "../api/types.ts";
import { count } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";

/** Faults that are listed at first. */
const LISTED = 100;

export function Report({ report }: { readonly report: ImportReport }): JSX.Element {
  const [shown, setShown] = useState(LISTED);
  const tone = report.failed > 0 ? "notice warn" : "notice good";
  return (
    <section class="card" aria-labelledby="report" data-report={report.dryRun ? "dry" : report.applied ? "applied" : "refused"}>
      <div class="card-head"><h2 id="report">{report.dryRun ? t("import.dryReport") : t("import.report")}</h2></div>
      <div class="card-body stack">
        <p class={tone} role="status">{report.dryRun ? t("import.nothingYet") : report.applied ? t("import.applied") : t("import.notApplied")}</p>
        <dl class="figures">
          <Figure name={t("import.rows")} value={report.rows} />
          <Figure name={t("import.created")} value={report.created} />
          <Figure name={t("import.updated")} value={report.updated} />
          <Figure name={t("import.unchanged")} value={report.unchanged} />
          <Figure name={t("import.failed")} value={report.failed} bad={report.failed > 0} />
        </dl>
        {report.errors.length === 0 ? <p class="soft">{t("import.noFaults")}</p> : (
          <>
            <h3>{t("import.faults")}</h3>
            <div class="scroll-x" tabIndex={0} role="group" aria-label={t("import.faults")}>
              <table class="table">
                <thead><tr><th scope="col" class="right">{t("import.line")}</th><th scope="col">{t("import.field")}</th><th scope="col">{t("import.message")}</th></tr></thead>
                <tbody>
                  {report.errors.slice(0, shown).map((fault, at) => (
                    <tr key={at}><td class="right">{count(fault.line)}</td><td class="mono">{fault.field === "row" ? t("import.wholeRow") : fault.field}</td><td>{fault.message}</td></tr>
                  ))}
                </tbody>
              </table>
            </div>
            {report.errors.length > shown ? <div><button type="button" class="button slim" onClick={() => setShown(shown + LISTED)}>{t("state.more")}</button></div> : null}
            {report.errorsLeftOut > 0 ? <p class="soft">{t("import.leftOut", { n: count(report.errorsLeftOut) })}</p> : null}
          </>
        )}
      </div>
    </section>
  );
}

function Figure({ name, value, bad }: { readonly name: string; readonly value: number; readonly bad?: boolean }): JSX.Element {
  return <div class={bad === true ? "bad" : ""}><dt>{name}</dt><dd class="num">{count(value)}</dd></div>;
}
