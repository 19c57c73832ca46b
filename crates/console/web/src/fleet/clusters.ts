// Stations that would overlap on the map, as clusters with the numbers of their connectors.

import Supercluster from "supercluster";
import type { Dot, Mood, Moods } from "./dots.ts";
import { type Point, project } from "./projection.ts";

/** What the map draws at one place: a station, or a cluster of several. */
export type Mark =
  | { readonly kind: "station"; readonly at: Point; readonly dot: Dot }
  | { readonly kind: "cluster"; readonly at: Point; readonly key: number; readonly stations: number; readonly moods: Moods };

/** The number of stations of `marks`. */
export function stationsOf(marks: readonly Mark[]): number {
  return marks.reduce((sum, mark) => sum + (mark.kind === "cluster" ? mark.stations : 1), 0);
}

/** Stations within this distance on the screen become a cluster, in pixels. */
const RADIUS_PX = 72;
/** The zoom from which on all stations are drawn by themselves. */
export const APART_ZOOM = 15;

type Sum = Record<Mood, number>;

/** [west, south, east, north] in degrees. */
export type Bounds = readonly [number, number, number, number];

export class Clusters {
  private readonly index = new Supercluster<{ readonly at: number }, Sum>({
    radius: RADIUS_PX, extent: 256, maxZoom: APART_ZOOM - 1,
    map: ({ at }) => ({ ...this.dots[at]!.moods }),
    reduce: (sum, { free, busy, trouble, away }) => {
      sum.free += free;
      sum.busy += busy;
      sum.trouble += trouble;
      sum.away += away;
    },
  });

  constructor(private readonly dots: readonly Dot[]) {
    this.index.load(dots.map(({ latitude, longitude }, at) => ({
      type: "Feature" as const, properties: { at }, geometry: { type: "Point" as const, coordinates: [longitude, latitude] },
    })));
  }

  /** The marks within `bounds` at `zoom`. */
  marks([west, south, east, north]: Bounds, zoom: number): Mark[] {
    return this.index.getClusters([west, south, east, north], Math.round(zoom)).map(({ properties, geometry }) => {
      const [longitude = 0, latitude = 0] = geometry.coordinates;
      if (!("cluster_id" in properties)) {
        const dot = this.dots[properties.at]!;
        return { kind: "station", at: dot.at, dot };
      }
      const { cluster_id: key, point_count: stations, free, busy, trouble, away } = properties;
      return { kind: "cluster", at: project(latitude, longitude), key, stations, moods: { free, busy, trouble, away } };
    });
  }

  /** The zoom at which a cluster falls apart. */
  apartAt(key: number): number {
    return this.index.getClusterExpansionZoom(key);
  }
}
