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

/** Where a point of the plane is on a screen of `width` and `height`. */
export function screen(view: View, at: Point, width: number, height: number): Point {
  return { x: (at.x - view.centre.x) * view.scale + width / 2, y: (at.y - view.centre.y) * view.scale + height / 2 };
}

/** The distance between lines in round degrees, about 90 pixels. */
export function step(scale: number): number {
  const wanted = (90 / scale) * 360;
  const steps = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 45];
  return steps.find((degrees) => degrees >= wanted) ?? 90;
}
