// Draws the map: outlines and lines of latitude and longitude, and on them stations and clusters.

import { colour } from "../design/status.tsx";
import { language } from "../i18n/language.ts";
import type { Mark } from "./clusters.ts";
import { type Dot, MOODS, type Mood } from "./dots.ts";
import { CITIES, COASTS, COUNTRY, type Ring } from "./outline.ts";
import { type Point, type View, project, screen, step, unproject } from "./projection.ts";

export interface Scene {
  readonly marks: readonly Mark[];
  readonly view: View;
  /** A station that is emphasized, even if it is in a cluster. */
  readonly chosen: Dot | null;
  /** Whether outlines are drawn below the marks; tiles replace them. */
  readonly outlines: boolean;
}

/** The view's scales at which outlines are exact enough, and cities have room, in pixels. */
const OUTLINE_SCALE = 256 * 2 ** 9;
const CITY_SCALE = 256 * 2 ** 3.5;
const FONT = "system-ui, sans-serif";

/** The radius of a mark on the screen, in pixels. */
export function radius(mark: Mark): number {
  if (mark.kind === "cluster") return 15 + Math.min(13, 2 * Math.log2(mark.stations));
  const connectors = Object.values(mark.dot.moods).reduce((sum, of) => sum + of, 0);
  return 5 + Math.min(6, Math.sqrt(connectors) / 3);
}

export function draw(canvas: HTMLCanvasElement, scene: Scene): void {
  const pen = canvas.getContext("2d");
  if (pen === null) return;
  const { clientWidth: width, clientHeight: height } = canvas;
  const ratio = devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  const place = (at: Point) => screen(scene.view, at, width, height);
  if (scene.outlines) {
    if (scene.view.scale < OUTLINE_SCALE) outlines(pen, place, scene.view.scale > CITY_SCALE);
    grid(pen, scene.view, width, height);
  }
  for (const mark of scene.marks) {
    if (mark.kind === "cluster") cluster(pen, mark, place(mark.at));
    else spot(pen, mark.dot.mood, radius(mark), place(mark.at));
  }
  if (scene.chosen !== null) emphasize(pen, scene.chosen, place(scene.chosen.at));
}

function outlines(pen: CanvasRenderingContext2D, place: (at: Point) => Point, cities: boolean): void {
  const trace = (rings: readonly Ring[]) => {
    pen.beginPath();
    for (const ring of rings) {
      for (const [at, point] of ring.entries()) {
        const { x, y } = place(point);
        if (at === 0) pen.moveTo(x, y);
        else pen.lineTo(x, y);
      }
      pen.closePath();
    }
  };
  trace(COASTS);
  pen.fillStyle = colour("--card");
  pen.fill("evenodd");
  pen.strokeStyle = colour("--line");
  pen.lineWidth = 1;
  pen.stroke();
  trace(COUNTRY);
  pen.fill("evenodd");
  pen.strokeStyle = colour("--edge");
  pen.stroke();
  if (!cities) return;
  pen.fillStyle = colour("--soft");
  pen.font = `12px ${FONT}`;
  pen.textAlign = "left";
  for (const city of CITIES) {
    const { x, y } = place(city.at);
    pen.fillRect(x - 1.5, y - 1.5, 3, 3);
    pen.fillText(city[language.value], x + 5, y + 4);
  }
}

/** A ring with a segment for each mood, around the number of stations. */
function cluster(pen: CanvasRenderingContext2D, mark: Mark & { readonly kind: "cluster" }, { x, y }: Point): void {
  const r = radius(mark);
  pen.beginPath();
  pen.arc(x, y, r, 0, 2 * Math.PI);
  pen.fillStyle = colour("--card");
  pen.fill();
  const all = Object.values(mark.moods).reduce((sum, of) => sum + of, 0);
  let from = -Math.PI / 2;
  pen.lineWidth = 5;
  for (const mood of Object.keys(MOODS) as Mood[]) {
    // Without connectors the whole ring is away.
    const share = all === 0 ? Number(mood === "away") : mark.moods[mood] / all;
    if (share === 0) continue;
    pen.beginPath();
    pen.arc(x, y, r - 2.5, from, from + share * 2 * Math.PI);
    pen.strokeStyle = colour(MOODS[mood]);
    pen.stroke();
    from += share * 2 * Math.PI;
  }
  pen.fillStyle = colour("--text");
  pen.font = `600 ${mark.stations > 999 ? 11 : 12}px ${FONT}`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(brief(mark.stations), x, y + 0.5);
  pen.textBaseline = "alphabetic";
}

/** A number that fits into a cluster. */
export function brief(count: number): string {
  return count < 1_000 ? String(count) : `${(count / 1_000).toFixed(count < 10_000 ? 1 : 0)}k`;
}

function spot(pen: CanvasRenderingContext2D, mood: Mood, r: number, { x, y }: Point): void {
  const fill = colour(MOODS[mood]);
  pen.beginPath();
  // Shapes in addition to colours: a square is busy, a triangle is faulted or closed.
  if (mood === "busy") pen.rect(x - r * 0.85, y - r * 0.85, r * 1.7, r * 1.7);
  else if (mood === "trouble") {
    pen.moveTo(x, y - r);
    pen.lineTo(x + r, y + r * 0.8);
    pen.lineTo(x - r, y + r * 0.8);
    pen.closePath();
  } else pen.arc(x, y, r, 0, 2 * Math.PI);
  pen.lineWidth = 1.5;
  pen.fillStyle = mood === "away" ? colour("--card") : fill;
  pen.fill();
  pen.strokeStyle = mood === "away" ? fill : colour("--card");
  pen.stroke();
}

function emphasize(pen: CanvasRenderingContext2D, dot: Dot, at: Point): void {
  const r = radius({ kind: "station", at: dot.at, dot });
  pen.beginPath();
  pen.arc(at.x, at.y, r + 6, 0, 2 * Math.PI);
  pen.strokeStyle = colour("--text");
  pen.lineWidth = 2;
  pen.stroke();
  spot(pen, dot.mood, r, at);
}

function grid(pen: CanvasRenderingContext2D, view: View, width: number, height: number): void {
  const by = step(view.scale);
  const corner = (x: number, y: number) => ({ x: view.centre.x + (x - width / 2) / view.scale, y: view.centre.y + (y - height / 2) / view.scale });
  const [from, to] = [corner(0, height), corner(width, 0)];
  pen.strokeStyle = colour("--line");
  pen.fillStyle = colour("--soft");
  pen.lineWidth = 1;
  pen.font = `11px ${FONT}`;
  pen.textAlign = "left";
  const digits = by < 0.01 ? 3 : by < 0.1 ? 2 : by < 1 ? 1 : 0;
  pen.beginPath();
  const [west, east] = [(from.x - 0.5) * 360, (to.x - 0.5) * 360];
  for (let at = Math.ceil(west / by) * by; at <= east && east - west < by * 60; at += by) {
    const x = Math.round(screen(view, project(0, at), width, height).x) + 0.5;
    pen.moveTo(x, 0);
    pen.lineTo(x, height);
    pen.fillText(`${Math.abs(at).toFixed(digits)}°${at < 0 ? "W" : "E"}`, x + 4, height - 6);
  }
  const [south, north] = [unproject(from).latitude, unproject(to).latitude];
  for (let at = Math.ceil(south / by) * by; at <= north && north - south < by * 60; at += by) {
    const y = Math.round(screen(view, project(at, 0), width, height).y) + 0.5;
    pen.moveTo(0, y);
    pen.lineTo(width, y);
    pen.fillText(`${Math.abs(at).toFixed(digits)}°${at < 0 ? "S" : "N"}`, 6, y - 4);
  }
  pen.stroke();
}
