// The issues of the fleet, the open ones first, with the filters of the API in the address.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { assets } from "../api/client.ts";
import type { Issue } from "../api/types.ts";
import { query, to } from "../app/router.ts";
import { Title } from "../app/title.tsx";
import { Empty, Shown } from "../design/states.tsx";
import { duration, moment } from "../i18n/format.ts";
import { named, t } from "../i18n/language.ts";
import { useIssues } from "../live/follow.ts";
import { useNow, useResource } from "../live/resource.ts";
import { StationLink } from "../live/station-names.tsx";
import { type Filter, asQuery, read } from "./filter.ts";
import { Filters } from "./filters.tsx";
import { Notes } from "./notes.tsx";
import { openFirst } from "./open-first.ts";
import { Place } from "./place.tsx";
import { Severity } from "./severity.tsx";

const PAGE = 100;

export function IssueList(): JSX.Element {
  const filter = read(query.value);
  return (
    <>
      <Title text={t("issues.title")} />
      <div class="page-head">
        <div><h1>{t("issues.title")}</h1><p class="soft">{t("issues.lead")}</p></div>
        <div class="buttons"><a class="button slim" href={to.maintenance}>{t("maintenance.title")}</a></div>
      </div>
      <section class="card" aria-label={t("issues.title")}>
        <div class="card-body stack">
          <Filters filter={filter} />
          <List filter={filter} />
        </div>
      </section>
    </>
  );
}

function List({ filter }: { readonly filter: Filter }): JSX.Element {
  const asked = asQuery(filter);
  const [wanted, setWanted] = useState(PAGE);
  const list = useResource(JSON.stringify(asked), (signal) => openFirst(asked, wanted, (asking) => assets.get("/api/v1/issues", { query: asking, signal })));
  useEffect(() => {
    if (wanted > PAGE) list.reload();
  }, [wanted]);
  useIssues(() => true, list.reload);
  return (
    <Shown of={list}>
      {({ items, more }) => (items.length === 0 ? <Empty title={t("issues.empty")} /> : (
        <>
          <Table issues={items} />
          {more ? <div><button type="button" class="button slim" onClick={() => setWanted(items.length + PAGE)}>{t("state.more")}</button></div> : null}
        </>
      ))}
    </Shown>
  );
}

function Table({ issues }: { readonly issues: readonly Issue[] }): JSX.Element {
  const now = useNow(1_000);
  return (
    <div class="scroll-x" tabIndex={0} role="group" aria-label={t("issues.title")}>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">{t("issue.cause")}</th><th scope="col">{t("issue.severity")}</th><th scope="col">{t("issue.place")}</th>
            <th scope="col">{t("col.station")}</th><th scope="col">{t("issue.age")}</th><th scope="col">{t("issue.assignee")}</th>
            <th scope="col">{t("issue.state")}</th>
          </tr>
        </thead>
        <tbody>{issues.map((issue) => <Row key={issue.id} issue={issue} now={now} />)}</tbody>
      </table>
    </div>
  );
}

function Row({ issue, now }: { readonly issue: Issue; readonly now: number }): JSX.Element {
  const { id, cause, severity, stationId, openedAt, closedAt, assignee } = issue;
  return (
    <tr data-issue={id} data-cause={cause} data-open={closedAt === null}>
      <th scope="row"><a href={to.issue(id)}>{named("cause", cause)}</a></th>
      <td><Severity of={severity} /></td>
      <td class="nowrap"><Place of={issue} /></td>
      <td class="nowrap">{stationId === null ? "" : <StationLink id={stationId} />}</td>
      <td class="nowrap" title={moment(openedAt)}>{closedAt === null ? duration(now - Date.parse(openedAt)) : t("issue.lasted", { time: duration(Date.parse(closedAt) - Date.parse(openedAt)) })}</td>
      <td>{assignee ?? ""}</td>
      <td><Notes issue={issue} /></td>
    </tr>
  );
}
