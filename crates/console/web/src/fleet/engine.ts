// The map itself: Leaflet moves it and loads tiles, and a canvas above it has the stations. This
// module is loaded only where a map is shown.

import { type FitBoundsOptions, Map as LeafletMap, TileLayer, latLngBounds } from "leaflet";
import type { MapTiles } from "../app/session.ts";
import { Clusters, type Mark, stationsOf } from "./clusters.ts";
import type { Dot } from "./dots.ts";
import { draw, radius } from "./drawing.ts";
import { type Point, type View, project, screen } from "./projection.ts";

export interface Listener {
  /** Another mark is pointed at; null if none is. */
  readonly onPoint: (mark: Mark | null) => void;
  /** A station was clicked, or opened by a key. */
  readonly onOpen: (dot: Dot) => void;
  readonly onMoved: (latitude: number, longitude: number) => void;
}

const FIT: FitBoundsOptions = { padding: [36, 36], maxZoom: 15, animate: false };
/** What is shown while there is no station. */
const COUNTRY = { centre: [36, 104], zoom: 4 } as const;
/** How far from a mark a pointer still hits it, in pixels. */
const SLACK_PX = 6;

export class Engine {
  private readonly map: LeafletMap;
  private readonly resizes: ResizeObserver;
  private dots: readonly Dot[] = [];
  private clusters = new Clusters([]);
  private marks: readonly Mark[] = [];
  private chosen: Dot | null = null;
  private pointed: Mark | null = null;
  /** Whether keys move the map: then its middle is the pointer. */
  private steered = false;
  /** Whether tiles cover the outlines. */
  private covered = false;
  private frame = 0;

  constructor(place: HTMLElement, private readonly canvas: HTMLCanvasElement, tiles: MapTiles | null, private readonly listener: Listener) {
    this.map = new LeafletMap(place, {
      // The controls and the attribution of Leaflet are made of markup, which the policy of the
      // pages forbids; the pages have their own.
      attributionControl: false, zoomControl: false, boxZoom: false,
      // The canvas follows each step of a movement, and would not follow an animation.
      zoomAnimation: false, fadeAnimation: false, markerZoomAnimation: false, inertia: false,
      minZoom: 2, maxZoom: 19, maxBounds: [[-85, -180], [85, 180]], maxBoundsViscosity: 1,
    });
    if (tiles !== null) this.cover(tiles);
    this.map.on("move zoom viewreset resize", () => this.redraw());
    this.map.on("moveend", () => {
      const { lat, lng } = this.map.getCenter();
      listener.onMoved(lat, lng);
    });
    this.map.on("mousemove", ({ containerPoint }) => {
      this.steered = false;
      this.point(this.find(containerPoint));
    });
    this.map.on("mouseout", () => this.point(null));
    this.map.on("click", ({ containerPoint }) => this.open(this.find(containerPoint)));
    this.map.setView([...COUNTRY.centre], COUNTRY.zoom, { animate: false });
    this.resizes = new ResizeObserver(() => {
      this.map.invalidateSize({ animate: false });
      this.redraw();
    });
    this.resizes.observe(place);
  }

  /** Shows these stations. */
  show(dots: readonly Dot[], chosen: string | null): void {
    if (dots !== this.dots) {
      this.dots = dots;
      this.clusters = new Clusters(dots);
    }
    this.chosen = dots.find(({ id }) => id === chosen) ?? null;
    this.redraw();
  }

  /** Moves the map so that all stations are visible. */
  fit(): void {
    if (this.dots.length === 0) this.map.setView([...COUNTRY.centre], COUNTRY.zoom, { animate: false });
    else this.map.fitBounds(latLngBounds(this.dots.map(({ latitude, longitude }) => [latitude, longitude])), FIT);
  }

  zoom(by: number): void {
    this.map.setZoom(this.map.getZoom() + by);
  }

  pan(x: number, y: number): void {
    this.map.panBy([x, y], { animate: false });
  }

  /** Follows a key: the mark nearest to the middle is pointed at, and Enter opens it. */
  steer(key: string): void {
    this.steered = true;
    if (key === "Enter") this.open(this.nearest());
    else this.redraw();
  }

  /** Draws again before the next frame, for example because the theme changed. */
  redraw(): void {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => {
      const bounds = this.map.getBounds().pad(0.1);
      this.marks = this.clusters.marks([bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()], this.map.getZoom());
      draw(this.canvas, { marks: this.marks, view: this.view(), chosen: this.chosen, outlines: !this.covered });
      this.canvas.dataset["marks"] = String(this.marks.length);
      this.canvas.dataset["stations"] = String(stationsOf(this.marks));
      if (this.steered) this.point(this.nearest());
    });
  }

  remove(): void {
    cancelAnimationFrame(this.frame);
    this.resizes.disconnect();
    this.map.remove();
  }

  private cover({ url }: MapTiles): void {
    // Providers check the origin of the page, and need no more of its address.
    const layer = new TileLayer(url, { noWrap: true, maxZoom: 19, referrerPolicy: "origin" });
    const cover = (covered: boolean) => {
      if (covered === this.covered) return;
      this.covered = covered;
      this.redraw();
    };
    layer.on("tileload", () => cover(true));
    // Without the provider the outlines are better than nothing.
    layer.on("tileerror", () => cover(false));
    layer.addTo(this.map);
  }

  private view(): View {
    const { lat, lng } = this.map.getCenter();
    return { centre: project(lat, lng), scale: 256 * 2 ** this.map.getZoom() };
  }

  private nearest(): Mark | null {
    return this.find(this.map.getSize().divideBy(2), Number.POSITIVE_INFINITY);
  }

  private find(at: Point, slackPx = SLACK_PX): Mark | null {
    const [view, { x: width, y: height }] = [this.view(), this.map.getSize()];
    let found: Mark | null = null;
    let least = Number.POSITIVE_INFINITY;
    for (const mark of this.marks) {
      const place = screen(view, mark.at, width, height);
      const distance = Math.hypot(place.x - at.x, place.y - at.y);
      if (distance <= radius(mark) + slackPx && distance < least) [found, least] = [mark, distance];
    }
    return found;
  }

  private point(mark: Mark | null): void {
    const keyOf = (one: Mark | null) => (one === null ? null : one.kind === "station" ? one.dot.id : one.key);
    if (keyOf(mark) === keyOf(this.pointed)) return;
    this.pointed = mark;
    this.map.getContainer().style.cursor = mark === null ? "" : "pointer";
    this.listener.onPoint(mark);
  }

  private open(mark: Mark | null): void {
    if (mark?.kind === "station") this.listener.onOpen(mark.dot);
    if (mark?.kind !== "cluster") return;
    const { lat, lng } = this.map.unproject([mark.at.x * 256, mark.at.y * 256], 0);
    this.map.setView([lat, lng], this.clusters.apartAt(mark.key), { animate: false });
  }
}
