// The number of open issues, at the entry of the navigation.

import type { JSX } from "preact";
import { count } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";
import { useEvery, useResource } from "../live/resource.ts";
import { countIssues, openIssues, total } from "./counts.ts";

/** Interval of reloading, in ms; the fleet page counts with each change. */
const EVERY_MS = 30_000;

export function OpenIssues(): JSX.Element | null {
  const counts = useResource("open-issues", countIssues);
  useEvery(EVERY_MS, counts.reload);
  const newest = counts.value && openIssues.value;
  if (!newest || total(newest) === 0) return null;
  return (
    <>
      {" "}
      <span class="badge num" aria-hidden="true" data-badge="issues">{count(total(newest))}</span>
      <span class="hidden-text">({t("issues.open")}: {count(total(newest))})</span>
    </>
  );
}
