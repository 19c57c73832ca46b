// The pages of issues and maintenance windows, by their address. They are loaded together.

import type { JSX } from "preact";
import { type Scope, may } from "../app/session.ts";
import { Title } from "../app/title.tsx";
import { Forbidden } from "../design/states.tsx";
import { t } from "../i18n/language.ts";
import { WindowsPage } from "../maintenance/list.tsx";
import { NewWindowPage } from "../maintenance/new-page.tsx";
import { IssuePage } from "./issue-page.tsx";
import { IssueList } from "./list.tsx";
import type { IssueView } from "./routes.ts";

export function IssuePages({ show }: { readonly show: IssueView }): JSX.Element {
  const needed: readonly Scope[] = show.of === "new-window" ? ["issues:read", "issues:write", "assets:read"] : ["issues:read"];
  const missing = needed.find((scope) => !may(scope));
  if (missing !== undefined) return <section class="card"><Title text={t("issues.title")} /><Forbidden whole scope={missing} /></section>;
  switch (show.of) {
    case "list":
      return <IssueList />;
    case "issue":
      return <IssuePage id={show.issueId} />;
    case "windows":
      return <WindowsPage />;
    case "new-window":
      return <NewWindowPage />;
  }
}
