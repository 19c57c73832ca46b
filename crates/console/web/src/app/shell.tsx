// The frame around every page: navigation, the signed-in user, and the state of the feed.

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Empty, Failed, Loading } from "../design/states.tsx";
import { theme, paint } from "../design/theme.ts";
import { type Language, choose, language, t } from "../i18n/language.ts";
import { OpenIssues } from "../issues/badge.tsx";
import type { ReliabilityView } from "../reliability/routes.ts";
import { Account } from "./account.tsx";
import { FeedBanner, FeedState } from "./feed-state.tsx";
import { lazy } from "./lazy.tsx";
import { underWay } from "./oidc/flow.ts";
import { type Route, type TariffRoute, route, to } from "./router.ts";
import { type Scope, bound, may, mayEnter, settings } from "./session.ts";
import { SignIn } from "./sign-in.tsx";
import { readSettings, startProblem } from "./start.ts";
import { Title } from "./title.tsx";

const FleetPage = lazy(async () => (await import("../fleet/page.tsx")).FleetPage);
const StationPage = lazy(async () => (await import("../station/page.tsx")).StationPage);
const PilePage = lazy(async () => (await import("../pile/page.tsx")).PilePage);
const IngestPage = lazy(async () => (await import("../ingest/page.tsx")).IngestPage);
const ImportPage = lazy(async () => (await import("../import/page.tsx")).ImportPage);
const AuditPage = lazy(async () => (await import("../audit/page.tsx")).AuditPage);
const BatchPage = lazy(async () => (await import("../batch/page.tsx")).BatchPage);
const SessionsPage = lazy(async () => (await import("../sessions/page.tsx")).SessionsPage);
const SessionPage = lazy(async () => (await import("../session/page.tsx")).SessionPage);
const RevenuePage = lazy(async () => (await import("../revenue/page.tsx")).RevenuePage);
const CommandsPage = lazy(async () => (await import("../commands/page.tsx")).CommandsPage);
const AssetPages = lazy(async () => (await import("../assets/pages.tsx")).AssetPages);
const IssuePages = lazy(async () => (await import("../issues/pages.tsx")).IssuePages);
const TariffPages = lazy<{ readonly of: TariffRoute }>(async () => (await import("../tariffs/pages.tsx")).TariffPages);
const ReliabilityPages = lazy<{ readonly show: ReliabilityView }>(async () => (await import("../reliability/pages.tsx")).ReliabilityPages);

export function Shell(): JSX.Element {
  const main = useRef<HTMLElement>(null);
  const page = route.value;
  const name = JSON.stringify(page);
  const first = useRef(true);
  useEffect(() => {
    // A screen reader must begin a new page at its start.
    if (!first.current) main.current?.focus({ preventScroll: true });
    first.current = false;
  }, [name]);
  const entered = mayEnter.value;
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => {
        event.preventDefault();
        main.current?.focus();
      }}>{t("app.skip")}</a>
      <header class="bar">
        <div class="bar-in">
          <a class="brand" href={to.fleet} aria-label={t("app.title")}>
            <img src="/console/assets/icon.svg" alt="" width="26" height="26" />
            <span>{t("app.title")}</span>
          </a>
          {entered ? <Navigation page={page.page} /> : null}
          <div class="bar-end">
            {entered ? <FeedState /> : null}
            <ThemeChoice />
            <LanguageChoice />
            {entered ? <Account /> : null}
          </div>
        </div>
      </header>
      {entered ? <FeedBanner /> : null}
      <main id="main" ref={main} tabIndex={-1} class="page" key={name}>
        {entered ? <Page of={page} /> : <Entrance />}
      </main>
    </>
  );
}

function Entrance(): JSX.Element {
  if (startProblem.value !== null) {
    return (
      <section class="card">
        <Failed whole problem={startProblem.value} retry={() => void readSettings()} />
      </section>
    );
  }
  return settings.value === null || underWay.value ? <Loading /> : <SignIn />;
}

function Page({ of }: { readonly of: Route }): JSX.Element {
  switch (of.page) {
    case "fleet":
      return <FleetPage />;
    case "station":
      return <StationPage id={of.id} />;
    case "pile":
      return <PilePage id={of.id} />;
    case "ingest":
      return <IngestPage />;
    case "import":
      return <ImportPage />;
    case "audit":
      return <AuditPage />;
    case "batch":
      return <BatchPage id={of.id} />;
    case "assets":
      return <AssetPages show={of.show} />;
    case "issues":
      return <IssuePages show={of.show} />;
    case "tariffs":
    case "tariff":
    case "draft":
    case "version":
    case "prices":
      return <TariffPages of={of} />;
    case "sessions":
      return <SessionsPage />;
    case "revenue":
      return <RevenuePage />;
    case "commands":
      return <CommandsPage />;
    case "session":
      return <SessionPage id={of.id} />;
    case "reliability":
      return <ReliabilityPages show={of.show} />;
    case "nowhere":
      return (
        <section class="card">
          <Title text={t("state.nowhere")} />
          <Empty whole title={t("state.nowhere")}><a href={to.fleet}>{t("state.back")}</a></Empty>
        </section>
      );
  }
}

interface Place {
  readonly page: Route["page"];
  readonly href: string;
  readonly text: string;
  readonly scope: Scope;
}

function Navigation({ page }: { readonly page: Route["page"] }): JSX.Element {
  const places: readonly Place[] = [
    { page: "fleet", href: to.fleet, text: t("nav.fleet"), scope: "assets:read" },
    { page: "issues", href: to.issues, text: t("nav.issues"), scope: "issues:read" },
    { page: "tariffs", href: to.tariffs, text: t("nav.tariffs"), scope: "tariffs:read" },
    { page: "sessions", href: to.sessions, text: t("nav.sessions"), scope: "assets:read" },
    { page: "revenue", href: to.revenue, text: t("nav.revenue"), scope: "tariffs:read" },
    { page: "commands", href: to.commands, text: t("nav.commands"), scope: "commands:read" },
    { page: "reliability", href: to.reliability(), text: t("nav.reliability"), scope: "assets:read" },
    { page: "ingest", href: to.ingest, text: t("nav.ingest"), scope: "operations" },
    { page: "import", href: to.import, text: t("nav.import"), scope: "assets:write" },
    { page: "audit", href: to.audit, text: t("nav.audit"), scope: "audit:read" },
  ];
  const here = placeOf(page);
  // Ingest concerns the platform as a whole.
  const shown = bound() ? places.filter((place) => place.page !== "ingest") : places;
  return (
    <nav class="nav" aria-label={t("nav.label")}>
      {shown.map((place) =>
        may(place.scope) || (place.page === "ingest" && may("assets:read")) ? (
          <a key={place.page} href={place.href} aria-current={place.page === here ? "page" : undefined}>{place.text}{place.page === "issues" ? <OpenIssues /> : null}</a>
        ) : (
          <span key={place.page} title={t("nav.forbidden", { scope: place.scope })}>
            {place.text}
            <span class="hidden-text"> ({t("nav.forbidden", { scope: place.scope })})</span>
          </span>
        ),
      )}
    </nav>
  );
}

function LanguageChoice(): JSX.Element {
  const other: Language = language.value === "zh" ? "en" : "zh";
  return (
    <button type="button" class="button slim quiet" lang={other === "zh" ? "zh-CN" : "en"} onClick={() => choose(other)}>
      <span class="hidden-text">{t("bar.language")}: </span>
      {other === "zh" ? "中文" : "English"}
    </button>
  );
}

function ThemeChoice(): JSX.Element {
  const next = theme.value === "system" ? "light" : theme.value === "light" ? "dark" : "system";
  const shape = {
    system: "M2 3h12v8H2z M5 14h6",
    light: "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6z M8 1v1.5 M8 13.5V15 M1 8h1.5 M13.5 8H15 M3 3l1 1 M12 12l1 1 M3 13l1-1 M12 4l1-1",
    dark: "M13 10A6 6 0 0 1 6 3a5.5 5.5 0 1 0 7 7z",
  }[theme.value];
  return (
    <button type="button" class="button slim quiet" title={`${t("bar.theme")}: ${t(`theme.${theme.value}`)}`} onClick={() => paint(next)}>
      <svg viewBox="0 0 16 16" width="18" height="18" fill="none" stroke="currentColor" stroke-width="1.5" aria-hidden="true"><path d={shape} /></svg>
      <span class="hidden-text">{t("bar.theme")}: {t(`theme.${theme.value}`)}</span>
    </button>
  );
}

/** The entry of the navigation to which a page belongs. */
function placeOf(page: Route["page"]): Route["page"] {
  switch (page) {
    case "station":
    case "pile":
    case "assets":
    case "prices":
      return "fleet";
    case "tariff":
    case "draft":
    case "version":
      return "tariffs";
    case "session":
      return "sessions";
    case "batch":
      return "commands";
    default:
      return page;
  }
}
