// How the figures are computed, with the numbers of what is shown.

import type { JSX } from "preact";
import { count } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";
import { percentText } from "./figures.tsx";
import type { Profile } from "./filter.ts";
import { type Tally, down, percentOf, uptime, wholeTime } from "./ledger.ts";

export function Formula({ of, profile }: { readonly of: Tally; readonly profile: Profile }): JSX.Element {
  const ratio = uptime(of, profile);
  const result = `${percentText(percentOf(ratio))}`;
  const worked = profile === "nevi"
    ? `(${count(wholeTime(of))} − ${count(down(of))} − ${count(of.unknown)}) ÷ ${count(ratio.whole)} = ${result}`
    : `${count(of.up)} ÷ (${count(of.up)} + ${count(down(of))}) = ${result}`;
  return (
    <details class="formula" data-formula={profile}>
      <summary>{t("rel.formula")}</summary>
      <div class="stack">
        <p>{t(`rel.rules.${profile}`)}</p>
        <p><code>{t(`rel.formula.${profile}`)}</code><br /><code class="num">{worked}</code> <span class="soft small">{t("rel.seconds")}</span></p>
        <p>{t("rel.conditions")}</p>
        <ul class="marked">
          <li>{t("rel.formula.failures")}</li>
          <li>{t("rel.formula.repair")}</li>
          <li>{t("rel.formula.starts")}</li>
          <li>{t("rel.formula.closed")}</li>
          <li>{t("rel.formula.days")}</li>
        </ul>
      </div>
    </details>
  );
}
