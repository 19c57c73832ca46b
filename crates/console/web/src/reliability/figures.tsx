// The figures of a tally: shares of its time, and what they come to.

import type { JSX } from "preact";
import { count, duration, percent } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";
import type { Profile } from "./filter.ts";
import { PARTS, type Tally, down, missesNevi, percentOf, uptime, wholeTime } from "./ledger.ts";

/** Seconds as a duration. */
export function lasting(seconds: number): string {
  return duration(seconds * 1_000);
}

export function percentText(value: number | null | undefined): string {
  return typeof value === "number" ? percent(value) : "–";
}

/** The uptime, marked if it misses the minimum of its profile. */
export function Uptime({ of, profile }: { readonly of: Tally; readonly profile: Profile }): JSX.Element {
  const ratio = uptime(of, profile);
  const text = percentText(percentOf(ratio));
  if (profile !== "nevi" || !missesNevi(ratio)) return <>{text}</>;
  return <span class="tag bad" title={t("rel.belowNevi")}>{text}<span class="hidden-text"> {t("rel.belowNevi")}</span></span>;
}

/** A bar with the shares of the time. */
export function Shares({ of }: { readonly of: Tally }): JSX.Element {
  const whole = wholeTime(of);
  const shown = PARTS.filter((part) => of[part] > 0);
  const text = shown.map((part) => `${t(`rel.${part}`)} ${lasting(of[part])}`).join(" · ");
  return (
    <div class="shares" role="img" aria-label={text === "" ? t("rel.noTime") : text} title={text}>
      {shown.map((part) => <span key={part} class={`share share-${part}`} style={{ width: `${(of[part] / whole) * 100}%` }} />)}
    </div>
  );
}

export function SharesLegend(): JSX.Element {
  return (
    <ul class="legend">
      {PARTS.map((part) => <li key={part}><span class={`swatch share share-${part}`} />{t(`rel.${part}`)}</li>)}
    </ul>
  );
}

/** What a tally comes to, by both profiles. */
export function Figures({ of }: { readonly of: Tally }): JSX.Element {
  const { failures, repairs, repairS, starts, charging } = of;
  return (
    <dl class="facts" data-figures>
      <div><dt>{t("rel.profile.nevi")}</dt><dd data-figure="nevi"><Uptime of={of} profile="nevi" /></dd></div>
      <div><dt>{t("rel.profile.availability")}</dt><dd data-figure="availability"><Uptime of={of} profile="availability" /></dd></div>
      <div><dt>{t("rel.down")}</dt><dd>{lasting(down(of))}</dd></div>
      <div><dt>{t("rel.excluded")}</dt><dd>{lasting(of.excluded)}</dd></div>
      <div><dt>{t("rel.failures")}</dt><dd data-figure="failures">{count(failures)}</dd></div>
      <div><dt>{t("rel.repair")}</dt><dd data-figure="repair">{repairs === 0 ? "–" : lasting(repairS / repairs)}</dd></div>
      <div><dt>{t("rel.starts")}</dt><dd data-figure="starts">{percentText(percentOf({ part: charging, whole: starts }))} <span class="soft small">{t("rel.ofStarts", { n: count(charging), of: count(starts) })}</span></dd></div>
    </dl>
  );
}
