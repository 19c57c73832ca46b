// The open issues of the fleet: how many there are of each severity, and the most urgent ones.

import type { JSX } from "preact";
import { assets } from "../api/client.ts";
import type { Issue, IssueCounts } from "../api/types.ts";
import { to } from "../app/router.ts";
import { may } from "../app/session.ts";
import { Shown } from "../design/states.tsx";
import { count } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";
import { useIssues } from "../live/follow.ts";
import { useResource } from "../live/resource.ts";
import { Brief } from "./brief.tsx";
import { countIssues, total } from "./counts.ts";
import { SEVERITIES } from "./filter.ts";
import { Severity } from "./severity.tsx";

/** The most issues that are listed. */
const SHOWN = 4;

interface Summary {
  readonly counts: IssueCounts;
  readonly urgent: readonly Issue[];
}

/** The issues that are open and not muted. Nothing for users who may not read issues. */
export function FleetIssues(): JSX.Element | null {
  const summary = useResource(may("issues:read") ? "open-issues" : null, load);
  useIssues(() => true, summary.reload);
  if (!may("issues:read")) return null;
  const counts = summary.value?.counts;
  return (
    <section class="card" aria-labelledby="fleet-issues" data-open-issues={counts === undefined ? undefined : total(counts)}>
      <div class="card-head">
        <h2 id="fleet-issues">{t("issues.open")}</h2>
        {counts === undefined ? null : <Counts of={counts} />}
        <a class="small" href={to.issues}>{t("issues.all")}</a>
      </div>
      <Shown of={summary} rows={1}>
        {({ urgent }) => <div class="card-body">{urgent.length === 0 ? <p class="soft">{t("issues.noneOpen")}</p> : <Brief issues={urgent} />}</div>}
      </Shown>
    </section>
  );
}

async function load(ended: AbortSignal): Promise<Summary> {
  const counts = await countIssues(ended);
  const urgent: Issue[] = [];
  for (const severity of SEVERITIES) {
    const limit = SHOWN - urgent.length;
    if (limit === 0 || counts[severity].open === 0) continue;
    const page = await assets.get("/api/v1/issues", { query: { state: "open", muted: false, severity, limit }, signal: ended });
    urgent.push(...page.items);
  }
  return { counts, urgent };
}

function Counts({ of }: { readonly of: IssueCounts }): JSX.Element {
  return (
    <ul class="severities">
      {SEVERITIES.map((severity) => (
        <li key={severity}>
          <a href={`${to.issues}?state=open&muted=false&severity=${severity}`} data-count={severity}>
            <Severity of={severity} /><strong class="num">{count(of[severity].open)}</strong>
          </a>
        </li>
      ))}
    </ul>
  );
}
