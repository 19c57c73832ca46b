// The meter samples of a session, oldest first, fetched incrementally.

import type { MeterSample, Page } from "../api/types.ts";

export type Samples = readonly MeterSample[];

/** Extends `known` by newer samples; at most the newest `mostPages` pages of a long session. */
export async function grown(known: Samples, read: (cursor: string | undefined) => Promise<Page<MeterSample>>, mostPages: number): Promise<Samples> {
  const last = known.at(-1)?.takenAt;
  const since = last === undefined ? Number.NEGATIVE_INFINITY : Date.parse(last);
  const fresh: MeterSample[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < mostPages; page += 1) {
    const { items, nextCursor } = await read(cursor);
    const newer = items.filter((sample) => Date.parse(sample.takenAt) > since);
    fresh.push(...newer);
    cursor = nextCursor ?? undefined;
    if (newer.length < items.length || cursor === undefined) break;
  }
  return fresh.length === 0 ? known : [...known, ...fresh.reverse()];
}

/** At most `most` evenly spaced samples, including the first and the last. */
export function thinned(samples: Samples, most: number): Samples {
  if (samples.length <= most) return samples;
  const by = (samples.length - 1) / (most - 1);
  return Array.from({ length: most }, (_none, at) => samples[Math.round(at * by)]).filter((sample) => sample !== undefined);
}
