// The numbers of open issues that are not muted.

import { signal } from "@preact/signals";
import { assets } from "../api/client.ts";
import type { IssueCounts } from "../api/types.ts";
import { SEVERITIES } from "./filter.ts";

/** The newest counts that a part of the console read; null before the first. */
export const openIssues = signal<IssueCounts | null>(null);

export async function countIssues(ended: AbortSignal): Promise<IssueCounts> {
  const counts = await assets.get("/api/v1/issues/counts", { query: { muted: false }, signal: ended });
  openIssues.value = counts;
  return counts;
}

export function total(counts: IssueCounts): number {
  return SEVERITIES.reduce((sum, severity) => sum + counts[severity].open, 0);
}
