// The page of an issue: what is wrong where, the evidence, its history, and what callers can do.

import type { ComponentChildren, JSX } from "preact";
import { assets } from "../api/client.ts";
import type { WholeIssue } from "../api/types.ts";
import { to } from "../app/router.ts";
import { Title } from "../app/title.tsx";
import { Shown } from "../design/states.tsx";
import { ago, duration, moment } from "../i18n/format.ts";
import { known, named, t } from "../i18n/language.ts";
import { useIssues } from "../live/follow.ts";
import { useEvery, useNow, useResource } from "../live/resource.ts";
import { StationLink } from "../live/station-names.tsx";
import { Actions } from "./actions.tsx";
import { Attempts } from "./attempts.tsx";
import { Devices } from "./devices.tsx";
import { Fact } from "./fact.tsx";
import { History } from "./history.tsx";
import { Notes } from "./notes.tsx";
import { Place, placeText } from "./place.tsx";
import { Severity } from "./severity.tsx";

/** Interval of reloading an outage, in ms, because the feed does not contain its devices. */
const DEVICES_MS = 3_000;
/** Interval of reloading an issue at a device, in ms, because the feed does not contain why its recovery waits. */
const RECOVERY_MS = 10_000;

export function IssuePage({ id }: { readonly id: string }): JSX.Element {
  const issue = useResource(id, (signal) => assets.get("/api/v1/issues/{issueId}", { path: { issueId: id }, signal }));
  const isOpen = issue.value?.closedAt === null;
  useIssues(isOpen ? (change) => change.subject === id : null, issue.reload);
  useEvery(isOpen ? (issue.value?.chargePointId === null ? DEVICES_MS : RECOVERY_MS) : null, issue.reload);
  return (
    <Shown whole of={issue} rows={6}>
      {(shown) => (
        <>
          <Head issue={shown} />
          {shown.closedAt === null ? <Actions issue={shown} onDone={issue.reload} /> : null}
          <div class="columns">
            <div class="stack">
              <Facts issue={shown} />
              <Attempts issue={shown} />
              <Devices issue={shown} />
            </div>
            <History issue={shown} />
          </div>
        </>
      )}
    </Shown>
  );
}

function Head({ issue }: { readonly issue: WholeIssue }): JSX.Element {
  const cause = named("cause", issue.cause);
  return (
    <>
      <Title text={`${cause} · ${placeText(issue)}`} />
      <div class="page-head">
        <div>
          <p class="crumb"><a href={to.issues}>{t("issues.title")}</a></p>
          <h1 data-issue={issue.id} data-open={issue.closedAt === null}>{cause} <span class="soft">· <Place of={issue} /></span></h1>
          <p class="soft">{known("causeAbout", issue.cause)}</p>
        </div>
        <div class="page-now"><Severity of={issue.severity} /><Notes issue={issue} /></div>
      </div>
    </>
  );
}

function Facts({ issue }: { readonly issue: WholeIssue }): JSX.Element {
  const now = useNow(1_000);
  const { stationId, operatorId, openedAt, closedAt, fact, proof, recurrences, assignee, acknowledgedAt, acknowledgedBy, mutedUntil } = issue;
  const entry = (label: string, value: ComponentChildren) => (value === null ? null : <div><dt>{label}</dt><dd>{value}</dd></div>);
  return (
    <section class="card" aria-labelledby="issue-facts">
      <div class="card-head"><h2 id="issue-facts">{t("issue.facts")}</h2></div>
      <div class="card-body">
        <dl class="facts">
          {entry(t("col.station"), stationId === null ? null : <StationLink id={stationId} />)}
          {entry(t("sessions.operator"), operatorId)}
          {entry(t("issue.opened"), <span title={ago(openedAt, now)}>{moment(openedAt)}</span>)}
          {entry(closedAt === null ? t("issue.age") : t("issue.duration"), duration((closedAt === null ? now : Date.parse(closedAt)) - Date.parse(openedAt)))}
          {entry(t("issue.recurrences"), recurrences)}
          {entry(t("issue.assignee"), assignee ?? <span class="soft">{t("issue.unassigned")}</span>)}
          {entry(t("issue.acknowledged"), acknowledgedAt === null ? <span class="soft">{t("issues.no")}</span> : `${acknowledgedBy ?? ""} · ${moment(acknowledgedAt)}`)}
          {entry(t("issue.muted"), mutedUntil === null ? null : t("issue.mutedUntil", { time: moment(mutedUntil) }))}
        </dl>
        <h3 class="facts-between">{t("issue.evidence")}</h3>
        <p data-evidence="fact"><Fact fact={fact} /></p>
        {proof === null ? null : (
          <>
            <h3 class="facts-between">{t("issue.proof")}</h3>
            <p data-evidence="proof"><Fact fact={proof} /></p>
          </>
        )}
      </div>
    </section>
  );
}
