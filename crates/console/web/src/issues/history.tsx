// The history of an issue: the newest entries with the issue, all of them in pages on request.

import type { JSX } from "preact";
import { assets } from "../api/client.ts";
import type { IssueEvent, WholeIssue } from "../api/types.ts";
import { moment } from "../i18n/format.ts";
import { named, t } from "../i18n/language.ts";
import { Fact, type FactValue } from "./fact.tsx";
import { Remaining } from "./remaining.tsx";
import { useWholeList } from "./whole-list.ts";

const PAGE = 200;

export function History({ issue: { id, history, version } }: { readonly issue: WholeIssue }): JSX.Element {
  const { shown, problem, onMore } = useWholeList<IssueEvent>({
    id, first: history, counts: [version], idOf: (event) => String(event.number),
    load: (cursor, signal) => assets.get("/api/v1/issues/{issueId}/history", { path: { issueId: id }, query: { cursor, limit: PAGE }, signal }),
  });
  return (
    <section class="card" aria-labelledby="issue-history">
      <div class="card-head"><h2 id="issue-history">{t("issue.history")}</h2></div>
      <div class="card-body stack">
        <ol class="events">
          {shown.map((event) => (
            <li key={event.number} data-event={event.kind}>
              <time class="num soft small" dateTime={event.at}>{moment(event.at)}</time>
              <div>
                <strong>{named("issueEvent", event.kind)}</strong>{event.by === null ? null : <span class="soft"> · <span class="mono">{event.by}</span></span>}
                <div><Detail event={event} /></div>
              </div>
            </li>
          ))}
        </ol>
        <Remaining shown={shown.length} all={version} problem={problem} onMore={onMore} />
      </div>
    </section>
  );
}

/** The fact of an entry that the rules wrote, or what the caller stated. */
function Detail({ event }: { readonly event: IssueEvent }): JSX.Element | null {
  const detail: FactValue = event.detail;
  if ("kind" in detail) return <Fact fact={detail} />;
  const text = (name: string) => (typeof detail[name] === "string" ? detail[name] : null);
  switch (event.kind) {
    case "assigned":
      return <>{text("assignee") ?? t("issue.unassigned")}</>;
    case "muted":
      return <>{t("issue.mutedUntil", { time: moment(text("until") ?? "") })} · {text("reason")}</>;
    case "attempted":
      return <>{named("recoveryStep", text("step") ?? "")}</>;
    default:
      return <>{text("note") ?? ""}</>;
  }
}
