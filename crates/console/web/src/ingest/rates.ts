// The rate at which partitions are read, from their offsets at two times.

interface Progress {
  readonly partition: number;
  readonly nextOffset: number;
  readonly readAt: string;
}

export interface Rates {
  readonly seen: ReadonlyMap<number, readonly Progress[]>;
  readonly perSecond: ReadonlyMap<number, number>;
}

/**
 * The window of the rate, in ms. Batches are written one by one, so the rate of a shorter window
 * jumps.
 */
const WINDOW_MS = 10_000;

export function ratesOf(before: Rates, now: readonly Progress[]): Rates {
  const seen = new Map<number, readonly Progress[]>();
  const perSecond = new Map<number, number>();
  for (const progress of now) {
    const at = Date.parse(progress.readAt);
    const held = (before.seen.get(progress.partition) ?? []).filter((one) => at - Date.parse(one.readAt) <= WINDOW_MS);
    const all = [...held, progress];
    seen.set(progress.partition, all);
    const first = all[0];
    const elapsed = first === undefined ? 0 : (at - Date.parse(first.readAt)) / 1000;
    if (first !== undefined && elapsed > 0.5) perSecond.set(progress.partition, Math.max(0, progress.nextOffset - first.nextOffset) / elapsed);
  }
  return { seen, perSecond };
}
