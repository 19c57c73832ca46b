// The list of stations: search, filters, and order by distance from a place.

import type { JSX } from "preact";
import { useCallback, useRef, useState } from "preact/hooks";
import { assets } from "../api/client.ts";
import type { Page, Station } from "../api/types.ts";
import { remember, to } from "../app/router.ts";
import { Select } from "../design/field.tsx";
import { Cell, type Column, Rows } from "../design/rows.tsx";
import { Empty, Failed, meaning } from "../design/states.tsx";
import { STATUSES, StatusShape } from "../design/status.tsx";
import { count, degrees, metres } from "../i18n/format.ts";
import { named, t } from "../i18n/language.ts";
import { usePages } from "../live/pages.ts";
import { useEvery } from "../live/resource.ts";
import { SearchBox } from "./search-box.tsx";

/** A place and a radius around it. */
export interface Near {
  readonly latitude: number;
  readonly longitude: number;
  readonly radiusM: number;
}

export interface StationFilter {
  readonly q: string;
  readonly status: string;
  readonly availableOnly: boolean;
  readonly near: Near | null;
}

const PAGE = 50;
const ROW_PX = 60;
/** Interval of reloading the counts of visible rows, in ms. */
const COUNT_MS = 10_000;
const STATIONS = ["Open", "Planned", "Closed"] as const;
const RADII = [1_000, 5_000, 10_000, 50_000, 200_000];

type Asked = NonNullable<NonNullable<Parameters<typeof assets.get<"/api/v1/stations">>[1]>["query"]>;

/** The query parameters of a filter. */
export function asked(filter: StationFilter): Asked {
  const { near } = filter;
  return {
    q: filter.q, status: STATIONS.find((name) => name === filter.status), availableOnly: filter.availableOnly ? true : undefined,
    near: near === null ? undefined : `${near.latitude},${near.longitude}`, radiusM: near?.radiusM,
  };
}

export function listStations(query: Asked, signal: AbortSignal): Promise<Page<Station>> {
  return assets.get("/api/v1/stations", { query, signal });
}

export function StationFilters({ q, status, availableOnly, near, centre }: StationFilter & { readonly centre: Near | null }): JSX.Element {
  const [nowhere, setNowhere] = useState(false);
  const goNear = (latitude: number, longitude: number) => remember({ near: `${latitude.toFixed(5)},${longitude.toFixed(5)}` });
  return (
    <div class="card-body filters">
      <SearchBox hint={t("fleet.searchStations")} value={q} onSearch={(text) => remember({ q: text })} />
      <Select
        label={t("fleet.status")} value={status} onChange={(next) => remember({ station: next })}
        choices={[{ value: "", text: t("fleet.anyStatus") }, ...STATIONS.map((name) => ({ value: name, text: named("stationStatus", name) }))]}
      />
      <label class="check">
        <input type="checkbox" checked={availableOnly} onChange={(event) => remember({ free: event.currentTarget.checked ? "true" : "" })} />
        {t("fleet.availableOnly")}
      </label>
      <div class="near">
        {near === null ? (
          <>
            <button type="button" class="button slim" disabled={centre === null} onClick={() => centre && goNear(centre.latitude, centre.longitude)}>
              {t("fleet.nearHere")}
            </button>
            <button type="button" class="button slim" onClick={() => {
              setNowhere(false);
              if (!("geolocation" in navigator)) setNowhere(true);
              else navigator.geolocation.getCurrentPosition(({ coords }) => goNear(coords.latitude, coords.longitude), () => setNowhere(true), { timeout: 10_000 });
            }}>
              {t("fleet.nearMe")}
            </button>
            {nowhere ? <span class="soft small" role="status">{t("fleet.nearMeFailed")}</span> : null}
          </>
        ) : (
          <>
            <span class="tag num">{t("fleet.near", { place: `${degrees(near.latitude)}, ${degrees(near.longitude)}` })}</span>
            <label class="check small">
              {t("fleet.radius")}
              <select class="input radius" value={String(near.radiusM)} onChange={(event) => remember({ radius: event.currentTarget.value })}>
                {RADII.map((radius) => <option key={radius} value={String(radius)}>{metres(radius)}</option>)}
              </select>
            </label>
            <button type="button" class="button slim" onClick={() => remember({ near: "", radius: "" })}>{t("fleet.nearOff")}</button>
          </>
        )}
      </div>
    </div>
  );
}

export function StationList({ filter, chosen, onPoint }: {
  readonly filter: StationFilter;
  readonly chosen: string | null;
  readonly onPoint: (id: string | null) => void;
}): JSX.Element {
  const pages = usePages<Station>(JSON.stringify(filter), PAGE, (cursor, limit, signal) => listStations({ ...asked(filter), cursor, limit }, signal));
  const latest = useRef(pages);
  latest.current = pages;
  const onShown = useCallback((first: number, last: number) => latest.current.show(first, last), []);
  useEvery(COUNT_MS, pages.refresh);
  if (pages.length === 0) {
    if (pages.problem !== undefined) return <Failed problem={pages.problem} retry={() => pages.show(0, 0)} />;
    if (!pages.loading && !pages.more) return <Empty title={t("fleet.noStations")}>{t("fleet.noStationsText")}</Empty>;
  }
  const byDistance = filter.near !== null;
  const columns: readonly Column[] = [
    { key: "station", text: t("col.station") }, { key: "standing", text: t("col.piles") }, { key: "free", text: t("col.free"), right: true },
    ...(byDistance ? [{ key: "distance", text: t("col.distance"), right: true }] : []),
  ];
  const rows = pages.length + (pages.more ? PAGE : 0);
  return (
    <>
      {pages.problem === undefined ? null : <div class="notice warn" role="status">{t("state.stale", { why: meaning(pages.problem) })}</div>}
      <Rows
        label={t("fleet.stations")} columns={columns} count={rows} total={pages.more ? -1 : pages.length} rowHeight={ROW_PX} onShown={onShown}
        className={byDistance ? "stations by-distance" : "stations"}
      >
        {(row) => <StationRow station={pages.at(row)} chosen={chosen} onPoint={onPoint} byDistance={byDistance} />}
      </Rows>
      <p class="rows-foot soft small num">{t(pages.more ? "fleet.rows" : "fleet.rowsAll", { n: count(pages.length) })}</p>
    </>
  );
}

function StationRow({ station, chosen, onPoint, byDistance }: {
  readonly station: Station | undefined;
  readonly chosen: string | null;
  readonly onPoint: (id: string | null) => void;
  readonly byDistance: boolean;
}): JSX.Element {
  if (station === undefined) return <Cell name="station"><span class="skeleton" style={{ width: "60%", display: "block" }} /></Cell>;
  const { piles } = station.availability;
  const all = Object.values(piles).reduce((sum, of) => sum + of, 0);
  return (
    <>
      <Cell name="station">
        <a
          href={to.station(station.id)} class={station.id === chosen ? "chosen" : ""} data-station={station.id}
          onMouseEnter={() => onPoint(station.id)} onFocus={() => onPoint(station.id)} onMouseLeave={() => onPoint(null)} onBlur={() => onPoint(null)}
        >
          {station.name}
        </a>
        <span class="soft small under">
          {station.status === "Open" ? "" : `${named("stationStatus", station.status)} · `}{station.address ?? ""}
        </span>
      </Cell>
      <Cell name="standing"><Standing piles={piles} /></Cell>
      <Cell name="free" right><strong>{count(piles["Available"] ?? 0)}</strong><span class="soft"> / {count(all)}</span></Cell>
      {byDistance ? <Cell name="distance" right>{station.distanceM === undefined ? "–" : metres(station.distanceM ?? 0)}</Cell> : null}
    </>
  );
}

/** The numbers of piles by status, as shapes and numbers. */
export function Standing({ piles }: { readonly piles: Readonly<Record<string, number>> }): JSX.Element {
  return (
    <span class="standing">
      {STATUSES.filter((status) => (piles[status] ?? 0) > 0).map((status) => (
        <span key={status} class={`outlet tone-${status}`} title={named("status", status)}>
          <StatusShape status={status} />
          <span class="num">{count(piles[status] ?? 0)}</span>
          <span class="hidden-text"> {named("status", status)}</span>
        </span>
      ))}
    </span>
  );
}
