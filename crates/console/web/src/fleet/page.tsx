// The fleet page: counts of connectors and piles, lists of stations and piles, and the map of stations.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { query, remember } from "../app/router.ts";
import { may } from "../app/session.ts";
import { Title } from "../app/title.tsx";
import { FleetActions } from "../assets/manage.tsx";
import { Segments } from "../design/field.tsx";
import { Forbidden } from "../design/states.tsx";
import { t } from "../i18n/language.ts";
import { FleetIssues } from "../issues/fleet-summary.tsx";
import { Counts } from "./counts.tsx";
import { FleetMap } from "./map.tsx";
import { PileFilters, PileList } from "./piles.tsx";
import { type Near, StationFilters, StationList } from "./stations.tsx";

export function FleetPage(): JSX.Element {
  const asked = query.value;
  const view = asked.get("view") === "piles" ? "piles" : "stations";
  const [centre, setCentre] = useState<Near | null>(null);
  const [chosen, setChosen] = useState<string | null>(null);
  if (!may("assets:read")) return <section class="card"><Title text={t("fleet.title")} /><Forbidden whole scope="assets:read" /></section>;
  const near = readNear(asked);
  const stations = { q: asked.get("q") ?? "", status: asked.get("station") ?? "", availableOnly: asked.get("free") === "true", near };
  const piles = { q: asked.get("q") ?? "", status: asked.get("status") ?? "", online: asked.get("online") ?? "" };
  return (
    <>
      <Title text={t("fleet.title")} />
      <div class="page-head"><h1>{t("fleet.title")}</h1><FleetActions /></div>
      <FleetIssues />
      <Counts
        chosen={view === "piles" ? piles.status : null}
        onChoose={(status) => remember({ view: "piles", status, online: "" })}
      />
      <div class="fleet">
        <section class="card fleet-list" aria-label={view === "piles" ? t("fleet.piles") : t("fleet.stations")}>
          <div class="card-head">
            <Segments
              label={t("fleet.views")} value={view}
              choices={[{ value: "stations", text: t("fleet.stations") }, { value: "piles", text: t("fleet.piles") }]}
              onChange={(next) => remember({ view: next === "piles" ? "piles" : "", q: "" })}
            />
          </div>
          {view === "piles" ? (
            <>
              <PileFilters {...piles} />
              <PileList filter={piles} height="fill" />
            </>
          ) : (
            <>
              <StationFilters {...stations} centre={centre} />
              <StationList filter={stations} chosen={chosen} onPoint={setChosen} />
            </>
          )}
        </section>
        <FleetMap filter={stations} chosen={chosen} onChoose={setChosen} onMoved={setCentre} />
      </div>
    </>
  );
}

function readNear(asked: URLSearchParams): Near | null {
  const [latitude, longitude] = (asked.get("near") ?? "").split(",").map(Number);
  if (latitude === undefined || longitude === undefined || !Number.isFinite(latitude) || !Number.isFinite(longitude)) return null;
  return { latitude, longitude, radiusM: Number(asked.get("radius") ?? 10_000) || 10_000 };
}
