// Reads the totals of a query page by page, as many as can be sorted here.

import { assets } from "../api/client.ts";
import type { ReliabilityTotal } from "../api/types.ts";
import type { Asked } from "./filter.ts";

const PAGE = 200;
/** The most totals that are read; the API has them in the order of their ids. */
export const MOST_TOTALS = 1_000;

export interface Totals {
  readonly totals: readonly ReliabilityTotal[];
  /** The day after the last one of the ledger; null if it is empty. */
  readonly computedUntil: string | null;
  /** Whether more totals match than were read. */
  readonly cut: boolean;
}

export async function readTotals(asked: Asked, signal: AbortSignal, onProgress: (read: number) => void): Promise<Totals> {
  const totals: ReliabilityTotal[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await assets.get("/api/v1/reliability", { query: { ...asked, cursor, limit: PAGE }, signal });
    totals.push(...page.items);
    onProgress(totals.length);
    cursor = page.nextCursor ?? undefined;
    if (cursor === undefined || totals.length >= MOST_TOTALS) return { totals, computedUntil: page.computedUntil ?? null, cut: cursor !== undefined };
  }
}
