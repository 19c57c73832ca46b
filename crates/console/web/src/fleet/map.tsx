// Stations as dots on a plain map of coordinates, without tiles from other hosts. The list next to
// it is the accessible alternative.

import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Station } from "../api/types.ts";
import { go, to } from "../app/router.ts";
import { meaning } from "../design/states.tsx";
import { repaint } from "../design/theme.ts";
import { count } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";
import { useEvery, useResource } from "../live/resource.ts";
import { type Dot, MOODS, type Mood, dotOf, draw, screen } from "./dots.ts";
import { type Point, type View, fitting, unproject, zoomed } from "./projection.ts";
import { type Near, Standing, type StationFilter, asked, listStations } from "./stations.tsx";

/** Largest number of stations on the map. */
const MOST = 5_000;
const PAGE = 200;
const PAUSE_MS = 600;
const ORDER: readonly Mood[] = ["away", "free", "busy", "trouble"];
/** Interval of reloading the stations, in ms. */
const EVERY_MS = 30_000;

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
  // The lists load first, because they are visible at once.
  const [begun, setBegun] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setBegun(true), PAUSE_MS);
    return () => clearTimeout(timer);
  }, []);
  const all = useResource(begun ? key : null, (signal) => readAll(filter, signal, (placed) => setPartial({ key, placed })));
  useEvery(EVERY_MS, all.reload);
  const placed = all.value ?? (partial?.key === key ? partial.placed : null);
  // The most important dots are drawn last, on top.
  const dots = useMemo(() => (placed?.stations.flatMap(dotOf) ?? []).sort((one, other) => ORDER.indexOf(one.mood) - ORDER.indexOf(other.mood)), [placed]);
  const missing = (placed?.stations.length ?? 0) - dots.length;
  const pointed = dots.find((dot) => dot.id === chosen) ?? null;
  return (
    <section class="card map" aria-label={t("fleet.map")}>
      <Plane key={key} dots={dots} whole={all.value !== undefined} chosen={chosen} onChoose={onChoose} onMoved={onMoved} />
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
      </div>
      {pointed === null ? null : (
        <div class="map-card small">
          <strong>{pointed.station.name}</strong>
          <Standing piles={pointed.station.availability.piles} />
        </div>
      )}
    </section>
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

function Plane({ dots, whole, chosen, onChoose, onMoved }: {
  readonly dots: readonly Dot[];
  readonly whole: boolean;
  readonly chosen: string | null;
  readonly onChoose: (id: string | null) => void;
  readonly onMoved: (centre: Near) => void;
}): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [view, setView] = useState<View | null>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const touched = useRef(false);
  const drag = useRef<{ readonly from: Point; readonly view: View; moved: boolean } | null>(null);
  const fingers = useRef(new Map<number, Point>());
  const theme = repaint.value;

  useEffect(() => {
    const shown = canvas.current;
    if (shown === null) return;
    const watch = new ResizeObserver(() => setSize({ width: shown.clientWidth, height: shown.clientHeight }));
    watch.observe(shown);
    return () => watch.disconnect();
  }, []);
  useEffect(() => {
    if (size.width > 0 && !touched.current) setView(fitting(dots.map((dot) => dot.at), size.width, size.height));
  }, [dots, size.width, size.height, whole]);
  useEffect(() => {
    if (canvas.current === null || view === null) return;
    const shown = canvas.current;
    const frame = requestAnimationFrame(() => draw(shown, { dots, view, chosen, hovered: null }));
    return () => cancelAnimationFrame(frame);
  }, [dots, view, chosen, size, theme]);
  useEffect(() => {
    if (view !== null) onMoved({ ...unproject(view.centre), radiusM: 10_000 });
  }, [view]);

  const move = (next: View) => {
    touched.current = true;
    setView(next);
  };
  const zoom = (factor: number, at: Point = { x: size.width / 2, y: size.height / 2 }) => {
    if (view !== null) move(zoomed(view, factor, at, size.width, size.height));
  };
  const pan = (x: number, y: number) => {
    if (view !== null) move({ ...view, centre: { x: view.centre.x + x / view.scale, y: view.centre.y + y / view.scale } });
  };
  const find = (at: Point): Dot | null => {
    if (view === null) return null;
    let best: { readonly dot: Dot; readonly far: number } | null = null;
    for (const dot of dots) {
      const place = screen(view, dot.at, size.width, size.height);
      const far = Math.hypot(place.x - at.x, place.y - at.y);
      if (far <= dot.radius + 8 && (best === null || far < best.far)) best = { dot, far };
    }
    return best?.dot ?? null;
  };
  useEffect(() => {
    const shown = canvas.current;
    if (shown === null) return;
    // Not passive, so that the page does not scroll in addition.
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      zoom(Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.0018)), { x: event.offsetX, y: event.offsetY });
    };
    shown.addEventListener("wheel", wheel, { passive: false });
    return () => shown.removeEventListener("wheel", wheel);
  });
  return (
    <div class="map-plane">
      <canvas
        ref={canvas} role="img" aria-label={t("map.label", { n: count(dots.length) })}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          fingers.current.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
          if (view !== null) drag.current = { from: { x: event.offsetX, y: event.offsetY }, view, moved: false };
        }}
        onPointerMove={(event) => {
          const at = { x: event.offsetX, y: event.offsetY };
          const before = fingers.current.get(event.pointerId);
          if (before !== undefined && fingers.current.size === 2) {
            const other = [...fingers.current].find(([id]) => id !== event.pointerId)?.[1];
            fingers.current.set(event.pointerId, at);
            if (other !== undefined) {
              drag.current = null;
              zoom(Math.hypot(at.x - other.x, at.y - other.y) / Math.max(1, Math.hypot(before.x - other.x, before.y - other.y)), other);
            }
            return;
          }
          const held = drag.current;
          if (held !== null && before !== undefined) {
            const [x, y] = [at.x - held.from.x, at.y - held.from.y];
            if (Math.hypot(x, y) > 4) held.moved = true;
            if (held.moved) move({ ...held.view, centre: { x: held.view.centre.x - x / held.view.scale, y: held.view.centre.y - y / held.view.scale } });
            return;
          }
          const dot = find(at);
          event.currentTarget.style.cursor = dot === null ? "grab" : "pointer";
          if ((dot?.id ?? null) !== chosen) onChoose(dot?.id ?? null);
        }}
        onPointerUp={(event) => {
          fingers.current.delete(event.pointerId);
          const dot = drag.current?.moved === false ? find({ x: event.offsetX, y: event.offsetY }) : null;
          drag.current = null;
          if (dot !== null) go(to.station(dot.id));
        }}
        onPointerCancel={(event) => {
          fingers.current.delete(event.pointerId);
          drag.current = null;
        }}
        onPointerLeave={() => onChoose(null)}
      />
      <div
        class="map-controls" role="group" aria-label={t("fleet.map")}
        onKeyDown={(event) => {
          const by: Record<string, [number, number]> = { ArrowLeft: [-60, 0], ArrowRight: [60, 0], ArrowUp: [0, -60], ArrowDown: [0, 60] };
          const to = by[event.key];
          if (to === undefined) return;
          event.preventDefault();
          pan(...to);
        }}
      >
        <button type="button" class="button slim" aria-label={t("map.zoomIn")} title={t("map.zoomIn")} onClick={() => zoom(2)}>+</button>
        <button type="button" class="button slim" aria-label={t("map.zoomOut")} title={t("map.zoomOut")} onClick={() => zoom(0.5)}>−</button>
        <button
          type="button" class="button slim" aria-label={t("map.fit")} title={t("map.fit")}
          onClick={() => {
            touched.current = false;
            setView(fitting(dots.map((dot) => dot.at), size.width, size.height));
          }}
        >
          ⤢
        </button>
      </div>
    </div>
  );
}
