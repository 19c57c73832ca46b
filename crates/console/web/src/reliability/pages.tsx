// The pages of the reliability ledger, by their address. Their code is loaded when the first is shown.

import type { JSX } from "preact";
import { type Scope, may } from "../app/session.ts";
import { Title } from "../app/title.tsx";
import { Forbidden } from "../design/states.tsx";
import { t } from "../i18n/language.ts";
import { ExclusionsPage } from "./exclusions-page.tsx";
import { LedgerPage } from "./ledger-page.tsx";
import { NewExclusionPage } from "./new-exclusion-page.tsx";
import type { ReliabilityView } from "./routes.ts";

export function ReliabilityPages({ show }: { readonly show: ReliabilityView }): JSX.Element {
  const needed: readonly Scope[] = show === "new-exclusion" ? ["assets:read", "assets:write"] : ["assets:read"];
  const missing = needed.find((scope) => !may(scope));
  if (missing !== undefined) return <section class="card"><Title text={t("rel.title")} /><Forbidden whole scope={missing} /></section>;
  switch (show) {
    case "ledger":
      return <LedgerPage />;
    case "exclusions":
      return <ExclusionsPage />;
    case "new-exclusion":
      return <NewExclusionPage />;
  }
}
