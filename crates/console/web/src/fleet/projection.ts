// The Mercator projection between degrees and a unit square; it preserves angles.

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The latitude at which the plane ends, in degrees. */
const LAST_LATITUDE = 85;

export function project(latitude: number, longitude: number): Point {
  const held = Math.max(-LAST_LATITUDE, Math.min(LAST_LATITUDE, latitude));
  const sine = Math.sin((held * Math.PI) / 180);
  return { x: longitude / 360 + 0.5, y: 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI) };
}

export function unproject({ x, y }: Point): { readonly latitude: number; readonly longitude: number } {
  const longitude = (x - 0.5) * 360;
  const latitude = (Math.atan(Math.sinh((0.5 - y) * 2 * Math.PI)) * 180) / Math.PI;
  return { latitude, longitude: ((((longitude + 180) % 360) + 360) % 360) - 180 };
}

/** The visible part of the plane: its centre, and the pixels per side of the plane. */
export interface View {
  readonly centre: Point;
  readonly scale: number;
}

export const LEAST_SCALE = 256;
export const MOST_SCALE = 256 * 2 ** 18;

export function zoomed(view: View, factor: number, at: Point, width: number, height: number): View {
  const scale = Math.max(LEAST_SCALE, Math.min(MOST_SCALE, view.scale * factor));
  // The point under the pointer stays in place.
  const under = { x: view.centre.x + (at.x - width / 2) / view.scale, y: view.centre.y + (at.y - height / 2) / view.scale };
  return { scale, centre: { x: under.x - (at.x - width / 2) / scale, y: under.y - (at.y - height / 2) / scale } };
}

/** The view that contains all points, with a margin. */
export function fitting(points: readonly Point[], width: number, height: number): View {
  if (points.length === 0) return { centre: { x: 0.5, y: 0.42 }, scale: Math.max(LEAST_SCALE, width) };
  let [left, right, top, bottom] = [1, 0, 1, 0];
  for (const { x, y } of points) {
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  const room = 64;
  const scale = Math.min((width - room) / Math.max(right - left, 1e-5), (height - room) / Math.max(bottom - top, 1e-5));
  return { centre: { x: (left + right) / 2, y: (top + bottom) / 2 }, scale: Math.max(LEAST_SCALE, Math.min(MOST_SCALE, scale)) };
}

/** The distance between lines in round degrees, about 90 pixels. */
export function step(scale: number): number {
  const wanted = (90 / scale) * 360;
  const steps = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 45];
  return steps.find((degrees) => degrees >= wanted) ?? 90;
}
