// Reads a list of issues in the order of the page: the open ones first.

import type { Issue, IssueQuery, Page } from "../api/types.ts";
import { type Asked, STATES } from "./filter.ts";

/** The largest page of the API. */
const MOST = 200;

export interface Issues {
  readonly items: readonly Issue[];
  /** Whether there may be more than these. */
  readonly more: boolean;
}

type List = (query: { readonly [name in keyof IssueQuery]?: IssueQuery[name] | undefined }) => Promise<Page<Issue>>;

/** Up to `wanted` issues, the open ones first, and of each part the latest opened first. */
export async function openFirst(asked: Asked, wanted: number, list: List): Promise<Issues> {
  const found = new Map<string, Issue>();
  for (const state of asked.state === undefined ? STATES : [asked.state]) {
    let cursor: string | undefined;
    do {
      if (found.size >= wanted) return { items: [...found.values()], more: true };
      const page = await list({ ...asked, state, cursor, limit: Math.min(MOST, wanted - found.size) });
      // An issue that closed meanwhile is in both parts, and keeps its place.
      for (const issue of page.items) found.set(issue.id, issue);
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
  }
  return { items: [...found.values()], more: false };
}
