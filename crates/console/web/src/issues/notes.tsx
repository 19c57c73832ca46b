// What callers did with an issue, as words.

import type { JSX } from "preact";
import type { Issue } from "../api/types.ts";
import { brief, moment } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";

/** Whether it is closed, acknowledged and muted. */
export function Notes({ issue }: { readonly issue: Pick<Issue, "closedAt" | "acknowledgedAt" | "acknowledgedBy" | "mutedUntil"> }): JSX.Element {
  const { closedAt, acknowledgedAt, acknowledgedBy, mutedUntil } = issue;
  return (
    <span class="notes">
      {closedAt === null ? null : <span class="tag good" title={moment(closedAt)}>{t("issue.closed")}</span>}
      {acknowledgedAt === null ? null : <span class="tag" title={`${acknowledgedBy ?? ""} · ${moment(acknowledgedAt)}`}>{t("issue.acknowledged")}</span>}
      {mutedUntil === null || closedAt !== null ? null : <span class="tag plain">{t("issue.mutedUntil", { time: brief(mutedUntil) })}</span>}
    </span>
  );
}
