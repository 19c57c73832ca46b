// The map of stations. The list next to it is the accessible alternative.

import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Station } from "../api/types.ts";
import { go, to } from "../app/router.ts";
import { type MapTiles, settings } from "../app/session.ts";
import { meaning } from "../design/states.tsx";
import { repaint } from "../design/theme.ts";
import { count } from "../i18n/format.ts";
import { language, t } from "../i18n/language.ts";
import { useEvery, useResource } from "../live/resource.ts";
import type { Mark } from "./clusters.ts";
import { type Dot, MOODS, type Mood, type Moods, dotOf } from "./dots.ts";
import type { Engine } from "./engine.ts";
import { type Near, Standing, type StationFilter, asked, listStations } from "./stations.tsx";

/** Largest number of stations on the map. */
const MOST = 10_000;
const PAGE = 200;
const PAUSE_MS = 600;
/** Interval of reloading the stations, in ms: longer if there are many, which take many pages. */
const EVERY_MS = 30_000;
const EVERY_OF_MANY_MS = 120_000;
const MANY = 1_000;

interface Placed {
  readonly stations: readonly Station[];
  readonly cut: boolean;
}

async function readAll(filter: StationFilter, signal: AbortSignal, onProgress: (so: Placed) => void): Promise<Placed> {
  const stations: Station[] = [];
  let cursor: string | undefined;
  for (;;) {
    const page = await listStations({ ...asked(filter), cursor, limit: PAGE }, signal);
    stations.push(...page.items);
    cursor = page.nextCursor ?? undefined;
    if (cursor === undefined) return { stations, cut: false };
    if (stations.length >= MOST) return { stations, cut: true };
    onProgress({ stations: [...stations], cut: false });
  }
}

export function FleetMap({ filter, chosen, onChoose, onMoved }: {
  readonly filter: StationFilter;
  readonly chosen: string | null;
  readonly onChoose: (id: string | null) => void;
  readonly onMoved: (centre: Near) => void;
}): JSX.Element {
  const key = JSON.stringify(filter);
  const [partial, setPartial] = useState<{ readonly key: string; readonly placed: Placed } | null>(null);
  const [cluster, setCluster] = useState<Mark | null>(null);
  // The lists load first, because they are visible at once.
  const [begun, setBegun] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setBegun(true), PAUSE_MS);
    return () => clearTimeout(timer);
  }, []);
  const all = useResource(begun ? key : null, (signal) => readAll(filter, signal, (placed) => setPartial({ key, placed })));
  useEvery((all.value?.stations.length ?? 0) > MANY ? EVERY_OF_MANY_MS : EVERY_MS, all.reload);
  const placed = all.value ?? (partial?.key === key ? partial.placed : null);
  const dots = useMemo(() => placed?.stations.flatMap(dotOf) ?? [], [placed]);
  const missing = (placed?.stations.length ?? 0) - dots.length;
  const pointed = dots.find((dot) => dot.id === chosen) ?? null;
  const tiles = settings.value?.mapTiles ?? null;
  return (
    <section class="card map" aria-label={t("fleet.map")}>
      <Plane
        key={key} dots={dots} whole={all.value !== undefined} chosen={chosen} tiles={tiles} onMoved={onMoved}
        onPoint={(mark) => {
          setCluster(mark?.kind === "cluster" ? mark : null);
          onChoose(mark?.kind === "station" ? mark.dot.id : null);
        }}
      />
      <div class="map-foot small">
        <ul class="legend">
          {(Object.keys(MOODS) as Mood[]).map((mood) => (
            <li key={mood}><Sign mood={mood} />{t(`map.${mood}`)}</li>
          ))}
        </ul>
        <p class="soft num">
          {t("map.placed", { n: count(dots.length) })}
          {missing > 0 ? ` · ${t("map.unplaced", { n: count(missing) })}` : ""}
          {placed?.cut === true ? ` · ${t("map.cut", { n: count(MOST) })}` : ""}
          {(all.loading || !begun) && all.value === undefined ? ` · ${t("state.loading")}` : ""}
          {all.problem === undefined ? "" : ` · ${meaning(all.problem)}`}
        </p>
        <p class="soft">{tiles === null ? t("map.outlines") : tiles.attribution}</p>
      </div>
      {pointed === null ? null : (
        <div class="map-card small" role="status">
          <strong>{pointed.station.name}</strong>
          <Standing piles={pointed.station.availability.connectors} />
        </div>
      )}
      {cluster?.kind !== "cluster" ? null : (
        <div class="map-card small" role="status">
          <strong>{t("map.cluster", { n: count(cluster.stations) })}</strong>
          <Connectors of={cluster.moods} />
        </div>
      )}
    </section>
  );
}

function Connectors({ of }: { readonly of: Moods }): JSX.Element {
  return (
    <ul class="legend num">
      {(Object.keys(MOODS) as Mood[]).filter((mood) => of[mood] > 0).map((mood) => <li key={mood}><Sign mood={mood} />{count(of[mood])}</li>)}
    </ul>
  );
}

function Sign({ mood }: { readonly mood: Mood }): JSX.Element {
  return (
    <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true" style={{ color: `var(${MOODS[mood]})` }}>
      {mood === "busy" ? <rect x="1" y="1" width="10" height="10" fill="currentColor" />
        : mood === "trouble" ? <path d="M6 0 12 11H0z" fill="currentColor" />
        : mood === "away" ? <circle cx="6" cy="6" r="4.5" fill="none" stroke="currentColor" stroke-width="1.6" />
        : <circle cx="6" cy="6" r="5.5" fill="currentColor" />}
    </svg>
  );
}

function Plane({ dots, whole, chosen, tiles, onPoint, onMoved }: {
  readonly dots: readonly Dot[];
  readonly whole: boolean;
  readonly chosen: string | null;
  readonly tiles: MapTiles | null;
  readonly onPoint: (mark: Mark | null) => void;
  readonly onMoved: (centre: Near) => void;
}): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [engine, setEngine] = useState<Engine | null>(null);
  const [broken, setBroken] = useState(false);
  const touched = useRef(false);
  const latest = useRef({ onPoint, onMoved });
  latest.current = { onPoint, onMoved };
  const [theme, words] = [repaint.value, language.value];
  useEffect(() => {
    let made: Engine | null = null;
    let ended = false;
    import("./engine.ts").then(({ Engine: Made }) => {
      if (ended || place.current === null || canvas.current === null) return;
      made = new Made(place.current, canvas.current, tiles, {
        onPoint: (mark) => latest.current.onPoint(mark),
        onOpen: ({ id }) => go(to.station(id)),
        onMoved: (latitude, longitude) => latest.current.onMoved({ latitude, longitude, radiusM: 10_000 }),
      });
      setEngine(made);
    }, () => setBroken(true));
    return () => {
      ended = true;
      made?.remove();
    };
  }, []);
  useEffect(() => engine?.show(dots, chosen), [engine, dots, chosen, theme, words]);
  // Until the user moves it, the map shows all stations that were read so far.
  useEffect(() => {
    if (!touched.current) engine?.fit();
  }, [engine, dots, whole]);
  const touch = () => {
    touched.current = true;
  };
  const move = (act: (map: Engine) => void) => {
    touch();
    if (engine !== null) act(engine);
  };
  return (
    <div class="map-plane">
      <div
        ref={place} class="map-place" role="application" aria-label={t("map.label", { n: count(dots.length) })}
        onPointerDown={touch} onWheel={touch} onKeyDown={({ key }) => move((map) => map.steer(key))}
      />
      <canvas ref={canvas} aria-hidden="true" />
      {broken ? <p class="map-broken notice warn" role="alert">{t("map.broken")}</p> : null}
      <div
        class="map-controls" role="group" aria-label={t("fleet.map")}
        onKeyDown={(event) => {
          const by: Record<string, [number, number]> = { ArrowLeft: [-60, 0], ArrowRight: [60, 0], ArrowUp: [0, -60], ArrowDown: [0, 60] };
          const step = by[event.key];
          if (step === undefined) return;
          event.preventDefault();
          move((map) => map.pan(...step));
        }}
      >
        <button type="button" class="button slim" aria-label={t("map.zoomIn")} title={t("map.zoomIn")} onClick={() => move((map) => map.zoom(1))}>+</button>
        <button type="button" class="button slim" aria-label={t("map.zoomOut")} title={t("map.zoomOut")} onClick={() => move((map) => map.zoom(-1))}>−</button>
        <button
          type="button" class="button slim" aria-label={t("map.fit")} title={t("map.fit")}
          onClick={() => {
            touched.current = false;
            engine?.fit();
          }}
        >
          ⤢
        </button>
      </div>
    </div>
  );
}
