// Draws the map: lines of latitude and longitude, and a dot for each station.

import type { Station } from "../api/types.ts";
import { colour } from "../design/status.tsx";
import { type Point, type View, project, step, unproject } from "./projection.ts";

export type Mood = "free" | "busy" | "trouble" | "away";

export interface Dot {
  readonly id: string;
  readonly station: Station;
  readonly at: Point;
  readonly radius: number;
  readonly mood: Mood;
}

/** The best state among the piles of a station. */
export function moodOf(piles: Readonly<Record<string, number>>): Mood {
  const has = (...statuses: string[]) => statuses.some((status) => (piles[status] ?? 0) > 0);
  if (has("Available")) return "free";
  if (has("Charging", "Preparing", "Reserved", "Finishing", "SuspendedEV", "SuspendedEVSE")) return "busy";
  return has("Faulted", "Unavailable") ? "trouble" : "away";
}

export const MOODS: Readonly<Record<Mood, string>> = {
  free: "--s-available", busy: "--s-charging", trouble: "--s-faulted", away: "--s-unknown",
};

export function dotOf(station: Station): Dot[] {
  const { latitude, longitude } = station;
  if (latitude === null || latitude === undefined || longitude === null || longitude === undefined) return [];
  const { piles } = station.availability;
  const size = Object.values(piles).reduce((sum, of) => sum + of, 0);
  return [{ id: station.id, station, at: project(latitude, longitude), radius: 4 + Math.min(6, Math.sqrt(size) / 2.5), mood: moodOf(piles) }];
}

export interface Scene {
  readonly dots: readonly Dot[];
  readonly view: View;
  readonly chosen: string | null;
  readonly hovered: string | null;
}

export function screen(view: View, at: Point, width: number, height: number): Point {
  return { x: (at.x - view.centre.x) * view.scale + width / 2, y: (at.y - view.centre.y) * view.scale + height / 2 };
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
  grid(pen, scene.view, width, height);
  const edge = colour("--card");
  const colours = Object.fromEntries(Object.entries(MOODS).map(([mood, name]) => [mood, colour(name)]));
  let last: Dot | undefined;
  for (const dot of scene.dots) {
    if (dot.id === scene.chosen || dot.id === scene.hovered) last = dot;
    else spot(pen, dot, screen(scene.view, dot.at, width, height), colours[dot.mood] ?? "", edge, width, height);
  }
  if (last !== undefined) {
    const at = screen(scene.view, last.at, width, height);
    pen.beginPath();
    pen.arc(at.x, at.y, last.radius + 6, 0, 2 * Math.PI);
    pen.strokeStyle = colour("--text");
    pen.lineWidth = 2;
    pen.stroke();
    spot(pen, last, at, colours[last.mood] ?? "", edge, width, height);
  }
}

function spot(pen: CanvasRenderingContext2D, dot: Dot, { x, y }: Point, fill: string, edge: string, width: number, height: number): void {
  if (x < -20 || y < -20 || x > width + 20 || y > height + 20) return;
  pen.beginPath();
  // Shapes in addition to colours: a square is busy, a triangle is faulted or closed.
  const r = dot.radius;
  if (dot.mood === "busy") pen.rect(x - r * 0.85, y - r * 0.85, r * 1.7, r * 1.7);
  else if (dot.mood === "trouble") {
    pen.moveTo(x, y - r);
    pen.lineTo(x + r, y + r * 0.8);
    pen.lineTo(x - r, y + r * 0.8);
    pen.closePath();
  } else pen.arc(x, y, r, 0, 2 * Math.PI);
  pen.lineWidth = 1.5;
  if (dot.mood === "away") {
    pen.strokeStyle = fill;
    pen.stroke();
    return;
  }
  pen.fillStyle = fill;
  pen.fill();
  pen.strokeStyle = edge;
  pen.stroke();
}

function grid(pen: CanvasRenderingContext2D, view: View, width: number, height: number): void {
  const by = step(view.scale);
  const corner = (x: number, y: number) => ({ x: view.centre.x + (x - width / 2) / view.scale, y: view.centre.y + (y - height / 2) / view.scale });
  const [from, to] = [corner(0, height), corner(width, 0)];
  pen.strokeStyle = colour("--line");
  pen.fillStyle = colour("--soft");
  pen.lineWidth = 1;
  pen.font = "11px system-ui, sans-serif";
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
