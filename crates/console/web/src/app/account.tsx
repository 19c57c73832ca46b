// The signed-in user: name, operators, scopes, and the sign-out.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Dialog } from "../design/dialog.tsx";
import { moment } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";
import { end } from "./oidc/flow.ts";
import { type Session, session, settings, signOut } from "./session.ts";

export function Account(): JSX.Element | null {
  const [open, setOpen] = useState(false);
  const held = session.value;
  if (held === null) return null;
  return (
    <>
      <button type="button" class="button slim account" aria-haspopup="dialog" title={t("bar.signedInAs", { subject: held.name })} data-account onClick={() => setOpen(true)}>
        <svg viewBox="0 0 16 16" width="18" height="18" fill="none" stroke="currentColor" stroke-width="1.5" aria-hidden="true">
          <path d="M8 2a3 3 0 1 0 0 6 3 3 0 0 0 0-6z M2.5 14a5.5 5.5 0 0 1 11 0" />
        </svg>
        <span class="account-name">{held.name}</span>
        <span class="hidden-text"> {t("account.title")}</span>
      </button>
      {open ? <Details of={held} onClose={() => setOpen(false)} /> : null}
    </>
  );
}

function Details({ of, onClose }: { readonly of: Session; readonly onClose: () => void }): JSX.Element {
  const by = settings.value?.signIn ?? null;
  const scopes = [...of.scopes].filter((scope) => scope !== "").sort();
  return (
    <Dialog title={t("account.title")} onClose={onClose}>
      <dl class="facts">
        <div><dt>{t("account.name")}</dt><dd>{of.name}</dd></div>
        {of.name === of.subject ? null : <div><dt>{t("account.subject")}</dt><dd>{of.subject}</dd></div>}
        <div data-operators>
          <dt>{t("account.operators")}</dt>
          <dd>{of.operators === null ? t("account.everyOperator") : of.operators.length === 0 ? t("account.noOperator") : of.operators.join(", ")}</dd>
        </div>
        {of.endsAt === null ? null : <div><dt>{t("account.until")}</dt><dd>{moment(of.endsAt)}</dd></div>}
      </dl>
      <div data-scopes>
        <h3 class="small">{t("account.scopes")}</h3>
        {scopes.length === 0 ? <p class="soft">{t("account.noScope")}</p> : (
          <ul class="legend">{scopes.map((scope) => <li key={scope}><span class="tag plain">{scope}</span></li>)}</ul>
        )}
      </div>
      <div class="dialog-foot">
        <button type="button" class="button" onClick={onClose}>{t("account.close")}</button>
        <button type="button" class="button primary" onClick={() => (by === null ? signOut() : void end(by))}>{t("bar.signOut")}</button>
      </div>
    </Dialog>
  );
}
