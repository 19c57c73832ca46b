// What opened, changed or ended an issue, in words and with links.

import type { JSX } from "preact";
import { to } from "../app/router.ts";
import { duration, kwh, moment } from "../i18n/format.ts";
import { known, named, t } from "../i18n/language.ts";
import { CommandLink } from "./command-link.tsx";

/** A fact of the API: `kind`, `at`, and the values of that kind. */
export type FactValue = Readonly<Record<string, unknown>>;

/** A fact with its time. */
export function Fact({ fact }: { readonly fact: FactValue }): JSX.Element {
  const at = fact["at"];
  return <span data-fact={String(fact["kind"])}><Seen fact={fact} />{typeof at === "string" ? <span class="soft small nowrap"> · {moment(at)}</span> : null}</span>;
}

function Seen({ fact }: { readonly fact: FactValue }): JSX.Element {
  const text = (name: string) => (typeof fact[name] === "string" ? fact[name] : "");
  const number = (name: string) => (typeof fact[name] === "number" ? fact[name] : 0);
  const session = <a href={to.session(text("sessionId"))}>{t("command.session")}</a>;
  switch (fact["kind"]) {
    case "status":
      return <>{named("status", text("status"))} <span class="mono">{[text("errorCode"), text("vendorErrorCode")].filter((code) => code !== "").join(" · ")}</span></>;
    case "connectivity":
      return <>{named("connectivity", String(fact["online"]))}{text("gatewayId") === "" ? null : <span class="mono small"> · {text("gatewayId")}</span>}</>;
    case "session":
      return <>{session}: {named("sessionPhase", text("phase"))}</>;
    case "energy":
      return <>{session}: {kwh(number("energyWh"))}</>;
    case "price":
      return <>{session}: {text("unpriced") === "" ? t("fact.priced") : known("problem", text("unpriced")) ?? text("unpriced")}</>;
    case "command":
      return <><CommandLink id={text("commandId")} />: {named("commandState", text("state"))} <span class="mono small soft">{text("commandId")}</span></>;
    case "partOf":
      return <a href={to.issue(text("issueId"))}>{t("fact.partOf")}</a>;
    case "lag":
      return <>{t(number("seconds") < 0 ? "fact.ahead" : "fact.lag", { time: duration(Math.abs(number("seconds")) * 1000) })}</>;
    case "quiet":
      return <>{t("fact.quiet", { time: duration(number("seconds") * 1000) })}</>;
    case "removed":
      return <>{t("fact.removed", { action: named("auditAction", text("action")) })}</>;
    case "outage":
      return <>{t("fact.outage", { n: number("offline"), all: number("devices") })}</>;
    case "recovered":
      return <>{t("fact.recovered", { n: number("offline") })}</>;
    case "ruleOff":
      return <>{t("fact.ruleOff")}</>;
    default:
      // A fact of a newer release.
      return <span class="mono small">{Object.entries(fact).filter(([name]) => name !== "at").map(([name, value]) => `${name}: ${String(value)}`).join(" · ")}</span>;
  }
}
