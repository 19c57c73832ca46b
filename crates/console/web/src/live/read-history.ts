// Reads the status history of a pile page by page.

import { assets } from "../api/client.ts";
import type { StatusChange } from "../api/types.ts";

const PAGE = 200;

export interface History {
  /** Ordered newest first. */
  readonly changes: readonly StatusChange[];
  /** Whether no earlier change is recorded. */
  readonly whole: boolean;
}

/** Reads until a change is earlier than `since`, at most `most` pages. */
export async function readHistory(pileId: string, since: number, most: number, signal: AbortSignal): Promise<History> {
  const changes: StatusChange[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < most; page += 1) {
    const read = await assets.get("/api/v1/piles/{pileId}/status-history", { path: { pileId }, query: { limit: PAGE, cursor }, signal });
    changes.push(...read.items);
    cursor = read.nextCursor ?? undefined;
    const oldest = read.items.at(-1);
    if (cursor === undefined || oldest === undefined) return { changes, whole: true };
    if (Date.parse(oldest.notedAt) < since) break;
  }
  return { changes, whole: false };
}
