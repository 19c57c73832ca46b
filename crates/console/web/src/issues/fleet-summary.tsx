// The open issues of the fleet: how many there are of each severity, and the most urgent ones.

import type { JSX } from "preact";
import { assets } from "../api/client.ts";
import type { Issue, Page } from "../api/types.ts";
import { to } from "../app/router.ts";
import { may } from "../app/session.ts";
import { Shown } from "../design/states.tsx";
import { count } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";
import { useEvery, useResource } from "../live/resource.ts";
import { Brief } from "./brief.tsx";
import { SEVERITIES } from "./filter.ts";
import { Severity } from "./severity.tsx";

/** Interval of reloading, in ms. */
const EVERY_MS = 4_000;
/** The most issues of a severity that are counted. */
const COUNTED = 100;
const SHOWN = 4;

/** The issues that are open and not muted. Nothing for users who may not read issues. */
export function FleetIssues(): JSX.Element | null {
  const pages = useResource(may("issues:read") ? "open-issues" : null, (signal) => Promise.all(
    SEVERITIES.map((severity) => assets.get("/api/v1/issues", { query: { state: "open", muted: false, severity, limit: COUNTED }, signal })),
  ));
  useEvery(EVERY_MS, pages.reload);
  if (!may("issues:read")) return null;
  return (
    <section class="card" aria-labelledby="fleet-issues" data-open-issues={pages.value?.reduce((sum, { items }) => sum + items.length, 0)}>
      <div class="card-head">
        <h2 id="fleet-issues">{t("issues.open")}</h2>
        {pages.value === undefined ? null : <Counts pages={pages.value} />}
        <a class="small" href={to.issues}>{t("issues.all")}</a>
      </div>
      <Shown of={pages} rows={1}>
        {(shown) => {
          const urgent = shown.flatMap(({ items }) => items).slice(0, SHOWN);
          return <div class="card-body">{urgent.length === 0 ? <p class="soft">{t("issues.noneOpen")}</p> : <Brief issues={urgent} />}</div>;
        }}
      </Shown>
    </section>
  );
}

function Counts({ pages }: { readonly pages: readonly Page<Issue>[] }): JSX.Element {
  return (
    <ul class="severities">
      {SEVERITIES.map((severity, at) => {
        const { items = [], nextCursor = null } = pages[at] ?? {};
        return (
          <li key={severity}>
            <a href={`${to.issues}?state=open&muted=false&severity=${severity}`} data-count={severity}>
              <Severity of={severity} /><strong class="num">{count(items.length)}{nextCursor === null ? "" : "+"}</strong>
            </a>
          </li>
        );
      })}
    </ul>
  );
}
