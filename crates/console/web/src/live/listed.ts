// The pages of a list that were loaded one after the other, the newest first.

import type { Page } from "../api/types.ts";

export interface Listed<T> {
  readonly items: readonly T[];
  /** Where the next page begins; null after the last one. */
  readonly cursor: string | null;
  /** The number of pages that were loaded. */
  readonly pages: number;
}

export type LoadPage<T> = (cursor: string | undefined) => Promise<Page<T>>;

/**
 * Loads as many pages as `before` has, from the newest on, so that items that left the list are gone
 * from all of them; the first page if `before` is null.
 */
export async function reloaded<T>(before: Listed<T> | null, load: LoadPage<T>, idOf: (item: T) => string): Promise<Listed<T>> {
  let listed = added(null, await load(undefined), idOf);
  while (listed.cursor !== null && listed.pages < (before?.pages ?? 1)) listed = added(listed, await load(listed.cursor), idOf);
  return listed;
}

/** The list with its next page. An item that is on both is shown where it was read last. */
export function added<T>(before: Listed<T> | null, page: Page<T>, idOf: (item: T) => string): Listed<T> {
  const fresh = new Set(page.items.map(idOf));
  const others = before?.items.filter((item) => !fresh.has(idOf(item))) ?? [];
  return { items: [...others, ...page.items], cursor: page.nextCursor ?? null, pages: (before?.pages ?? 0) + 1 };
}
