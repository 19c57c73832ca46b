// A short list of issues, a line for each, on pages about something else.

import type { JSX } from "preact";
import type { Issue } from "../api/types.ts";
import { to } from "../app/router.ts";
import { ago, moment } from "../i18n/format.ts";
import { named } from "../i18n/language.ts";
import { useNow } from "../live/resource.ts";
import { Notes } from "./notes.tsx";
import { Place } from "./place.tsx";
import { Severity } from "./severity.tsx";

export function Brief({ issues }: { readonly issues: readonly Issue[] }): JSX.Element {
  const now = useNow(1_000);
  return (
    <ol class="log">
      {issues.map((issue) => (
        <li key={issue.id} data-issue={issue.id} data-cause={issue.cause}>
          <span class="log-line issue">
            <Severity of={issue.severity} />
            <a href={to.issue(issue.id)}>{named("cause", issue.cause)}</a>
            <span><Place of={issue} /></span>
            <Notes issue={issue} />
            <time class="soft small num" dateTime={issue.openedAt} title={moment(issue.openedAt)}>{ago(issue.openedAt, now)}</time>
          </span>
        </li>
      ))}
    </ol>
  );
}
