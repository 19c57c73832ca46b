// Placeholders for content that is loading, empty, failed or forbidden.

import type { ComponentChildren, JSX } from "preact";
import type { Problem } from "../api/problem.ts";
import { to } from "../app/router.ts";
import { type Scope, bound, session } from "../app/session.ts";
import { known, t } from "../i18n/language.ts";
import type { Resource } from "../live/resource.ts";

const SIGNS = {
  empty: "M4 9h24v17H4z M4 9l4-5h16l4 5 M12 14h8",
  error: "M16 4 30 28H2z M16 12v8 M16 23.5v1",
  forbidden: "M8 14h16v13H8z M11 14v-4a5 5 0 0 1 10 0v4",
} as const;

function Sign({ of }: { readonly of: keyof typeof SIGNS }): JSX.Element {
  return (
    <svg viewBox="0 0 32 32" fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round" stroke-linecap="round" aria-hidden="true">
      <path d={SIGNS[of]} />
    </svg>
  );
}

/** If the placeholder replaces a whole page, its title is the title of the page. */
interface Place {
  readonly whole?: boolean | undefined;
}

function Heading({ whole, text }: Place & { readonly text: string }): JSX.Element {
  return whole === true ? <h1>{text}</h1> : <h3>{text}</h3>;
}

export function Empty({ title, whole, children }: Place & { readonly title?: string; readonly children?: ComponentChildren }): JSX.Element {
  return (
    <div class="state">
      <Sign of="empty" />
      <Heading whole={whole} text={title ?? t("state.empty")} />
      {children === undefined ? null : <p>{children}</p>}
    </div>
  );
}

export function Loading({ rows = 3 }: { readonly rows?: number }): JSX.Element {
  return (
    <div class="card-body" role="status" aria-label={t("state.loading")}>
      {Array.from({ length: rows }, (_none, row) => (
        <div key={row} class="skeleton" style={{ width: `${90 - ((row * 23) % 50)}%`, margin: "10px 0" }} />
      ))}
    </div>
  );
}

/**
 * The translated text of a problem; the text of the service if the code is unknown to this release.
 */
export function meaning(problem: Problem): string {
  return known("problem", problem.code) ?? problem.title;
}

export function Failed({ problem, retry, whole }: Place & { readonly problem: Problem; readonly retry?: () => void }): JSX.Element {
  if (problem.status === 403) {
    const scope = /scope (\S+)/.exec(problem.detail ?? "")?.[1];
    return scope === undefined && bound() ? <Bound whole={whole} /> : <Forbidden whole={whole} scope={scope ?? "?"} />;
  }
  if (problem.status === 404) {
    return (
      <div class="state" role="alert">
        <Sign of="empty" />
        <Heading whole={whole} text={meaning(problem)} />
        <p class="small mono">{problem.code}</p>
        <a class="button" href={to.fleet}>{t("state.back")}</a>
      </div>
    );
  }
  return (
    <div class="state" role="alert">
      <Sign of="error" />
      <Heading whole={whole} text={t("state.errorTitle")} />
      <p>{meaning(problem)}</p>
      {problem.faults.map(({ field, message }) => <p key={field} class="small"><span class="mono">{field}</span>: {message}</p>)}
      <p class="small mono">
        {problem.code}
        {problem.detail === null ? "" : ` · ${problem.detail}`}
        {problem.traceId === null ? "" : ` · ${t("state.trace", { id: problem.traceId })}`}
      </p>
      {retry === undefined ? null : <button type="button" class="button" onClick={retry}>{t("state.retry")}</button>}
    </div>
  );
}

export function Forbidden({ scope, whole }: Place & { readonly scope: Scope | string }): JSX.Element {
  return <Denied whole={whole} why={t("state.forbiddenText", { scope })} />;
}

/** Replaces what concerns the platform as a whole, if the session is bound to operators. */
export function Bound({ whole }: Place): JSX.Element {
  return <Denied whole={whole} why={t("state.boundText", { operators: (session.value?.operators ?? []).join(", ") })} />;
}

function Denied({ why, whole }: Place & { readonly why: string }): JSX.Element {
  return (
    <div class="state">
      <Sign of="forbidden" />
      <Heading whole={whole} text={t("state.forbiddenTitle")} />
      <p>{why}</p>
    </div>
  );
}

/** Shows a resource or its placeholder; an old value whose reload failed is shown with a note. */
export function Shown<T>({ of, children, rows, whole }: Place & {
  readonly of: Resource<T>;
  readonly children: (value: T) => ComponentChildren;
  readonly rows?: number;
}): JSX.Element {
  if (of.value !== undefined) {
    return (
      <>
        {of.problem === undefined ? null : (
          <div class="notice warn" role="status">
            <span>{t("state.stale", { why: meaning(of.problem) })}</span>
            <button type="button" class="button slim" onClick={of.reload}>{t("state.retry")}</button>
          </div>
        )}
        {children(of.value)}
      </>
    );
  }
  if (of.problem !== undefined) {
    const failed = <Failed problem={of.problem} retry={of.reload} whole={whole} />;
    return whole === true ? <section class="card">{failed}</section> : failed;
  }
  return rows === undefined ? <Loading /> : <Loading rows={rows} />;
}
