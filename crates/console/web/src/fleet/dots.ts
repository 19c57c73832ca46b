// Stations as dots of the map: where they are, and how their connectors stand.

import type { Station } from "../api/types.ts";
import { type Point, project } from "./projection.ts";

/** How a connector, or the best one of a station, stands. */
export type Mood = "free" | "busy" | "trouble" | "away";
/** The numbers of connectors by mood. */
export type Moods = Readonly<Record<Mood, number>>;

export interface Dot {
  readonly id: string;
  readonly station: Station;
  readonly latitude: number;
  readonly longitude: number;
  readonly at: Point;
  readonly mood: Mood;
  readonly moods: Moods;
}

/** The colours of moods, most usable first. */
export const MOODS: Readonly<Record<Mood, string>> = {
  free: "--s-available", busy: "--s-charging", trouble: "--s-faulted", away: "--s-unknown",
};

function moodOf(status: string): Mood {
  if (status === "Available") return "free";
  if (status === "Faulted" || status === "Unavailable") return "trouble";
  return status === "Offline" || status === "Unknown" ? "away" : "busy";
}

/** The numbers by mood of connectors that are counted by status. */
export function moodsOf(connectors: Readonly<Record<string, number>>): Moods {
  const moods = { free: 0, busy: 0, trouble: 0, away: 0 };
  for (const [status, count] of Object.entries(connectors)) moods[moodOf(status)] += count;
  return moods;
}

/** The mood of the most usable connector; `away` if there is none. */
export function best(moods: Moods): Mood {
  return (Object.keys(MOODS) as Mood[]).find((mood) => moods[mood] > 0) ?? "away";
}

/** The dot of a station; none without coordinates. */
export function dotOf(station: Station): Dot[] {
  const { latitude, longitude } = station;
  if (latitude === null || latitude === undefined || longitude === null || longitude === undefined) return [];
  const moods = moodsOf(station.availability.connectors);
  return [{ id: station.id, station, latitude, longitude, at: project(latitude, longitude), mood: best(moods), moods }];
}
