// The audit: what callers did, the latest first, with the filters of the API in the address.

import type { JSX } from "preact";
import { assets } from "../api/client.ts";
import type { AuditEntry } from "../api/types.ts";
import { query, remember, to } from "../app/router.ts";
import { may } from "../app/session.ts";
import { Title } from "../app/title.tsx";
import { Field, Select } from "../design/field.tsx";
import { Empty, Failed, Forbidden, Loading } from "../design/states.tsx";
import { moment } from "../i18n/format.ts";
import { named, t } from "../i18n/language.ts";
import { useMore } from "../live/more.ts";
import { ACTIONS, type Filter, NAMES, THINGS, asLocal, asQuery, ofLocal, read } from "./filter.ts";

const PAGE = 50;

export function AuditPage(): JSX.Element {
  if (!may("audit:read")) return <section class="card"><Title text={t("audit.title")} /><Forbidden whole scope="audit:read" /></section>;
  const filter = read(query.value);
  return (
    <>
      <Title text={t("audit.title")} />
      <div class="page-head"><div><h1>{t("audit.title")}</h1><p class="soft">{t("audit.lead")}</p></div></div>
      <section class="card" aria-label={t("audit.title")}>
        <div class="card-body stack">
          <Filters filter={filter} />
          <Entries filter={filter} />
        </div>
      </section>
    </>
  );
}

function Filters({ filter }: { readonly filter: Filter }): JSX.Element {
  const filtered = NAMES.some((name) => filter[name] !== "");
  const time = (name: "from" | "until") => (
    <Field label={t(`audit.${name}`)}>
      {(id) => <input id={id} type="datetime-local" class="input" value={asLocal(filter[name])} onChange={(event) => remember({ [name]: ofLocal(event.currentTarget.value) })} />}
    </Field>
  );
  const text = (name: "by" | "id") => (
    <Field label={t(`audit.${name}`)} grow>
      {(id) => <input id={id} class="input mono" value={filter[name]} autocomplete="off" onChange={(event) => remember({ [name]: event.currentTarget.value.trim() })} />}
    </Field>
  );
  return (
    <div class="filters">
      {time("from")}
      {time("until")}
      <Select
        label={t("audit.action")} value={filter.action} onChange={(action) => remember({ action })}
        choices={[{ value: "", text: t("audit.anyAction") }, ...ACTIONS.map((name) => ({ value: name, text: named("auditAction", name) }))]}
      />
      <Select
        label={t("audit.thing")} value={filter.thing} onChange={(thing) => remember({ thing })}
        choices={[{ value: "", text: t("audit.anyThing") }, ...THINGS.map((name) => ({ value: name, text: named("auditThing", name) }))]}
      />
      {text("by")}
      {text("id")}
      <button type="button" class="button" disabled={!filtered} onClick={() => remember(Object.fromEntries(NAMES.map((name) => [name, undefined])))}>{t("audit.clear")}</button>
    </div>
  );
}

function Entries({ filter }: { readonly filter: Filter }): JSX.Element {
  const asked = asQuery(filter);
  const list = useMore<AuditEntry>(JSON.stringify(asked), (cursor, signal) => assets.get("/api/v1/audit", { query: { ...asked, cursor, limit: PAGE }, signal }), keyOf);
  if (list.items === undefined) return list.problem === undefined ? <Loading /> : <Failed problem={list.problem} retry={list.refresh} />;
  if (list.items.length === 0) return <Empty title={t("audit.empty")} />;
  return (
    <>
      <div class="scroll-x" tabIndex={0} role="group" aria-label={t("audit.title")}>
        <table class="table">
          <thead>
            <tr>
              <th scope="col">{t("audit.at")}</th><th scope="col">{t("audit.by")}</th><th scope="col">{t("audit.action")}</th>
              <th scope="col">{t("audit.thing")}</th><th scope="col">{t("audit.changed")}</th>
            </tr>
          </thead>
          <tbody>{list.items.map((entry) => <Row key={keyOf(entry)} entry={entry} />)}</tbody>
        </table>
      </div>
      <div class="buttons">
        {list.more ? <button type="button" class="button slim" onClick={list.next}>{t("state.more")}</button> : null}
        <button type="button" class="button slim" onClick={list.refresh}>{t("audit.refresh")}</button>
      </div>
    </>
  );
}

/** Entries have no id; no two of one thing have the same time, action and version. */
function keyOf({ at, action, thingId, thingType, version }: AuditEntry): string {
  return [at, action, thingType, thingId, version ?? ""].join(" ");
}

function Row({ entry }: { readonly entry: AuditEntry }): JSX.Element {
  return (
    <tr data-entry={entry.action} data-thing={entry.thingType}>
      <td class="nowrap">{moment(entry.at)}</td>
      <td class="mono">{entry.by}</td>
      <td><span class="tag">{named("auditAction", entry.action)}</span></td>
      <td>{named("auditThing", entry.thingType)}<br /><Thing entry={entry} /></td>
      <td class="wide"><Change entry={entry} /></td>
    </tr>
  );
}

/** The id of the thing, as a link if it has a page. */
function Thing({ entry: { thingType, thingId } }: { readonly entry: AuditEntry }): JSX.Element {
  const pages: Readonly<Record<string, (id: string) => string>> = { station: to.station, pile: to.pile, commandBatch: to.batch, session: to.session };
  const href = pages[thingType]?.(thingId);
  return href === undefined ? <span class="mono small soft">{thingId}</span> : <a class="mono small" href={href}>{thingId}</a>;
}

/** The changed fields before and after; of a thing that was created or retired, all fields. */
function Change({ entry: { changed, before, after, reason, version } }: { readonly entry: AuditEntry }): JSX.Element {
  const part = (side: Readonly<Record<string, unknown>> | null): string | null => {
    if (side === null) return null;
    return JSON.stringify(changed.length === 0 ? side : Object.fromEntries(changed.map((name) => [name, side[name] ?? null])), null, 2);
  };
  const sides = [["audit.before", part(before)], ["audit.after", part(after)]] as const;
  return (
    <>
      {reason === null ? null : <p>{reason}</p>}
      <details>
        <summary>{changed.length === 0 ? t("audit.fields") : changed.join(", ")}{version === null ? null : <span class="soft small"> · {t("audit.version", { n: version })}</span>}</summary>
        {sides.map(([title, text]) => (text === null ? null : (
          <div key={title}>
            <p class="soft small">{t(title)}</p>
            <pre class="payload" tabIndex={0}>{text}</pre>
          </div>
        )))}
      </details>
    </>
  );
}
