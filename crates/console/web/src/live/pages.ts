// A long list that is loaded page by page: cursors are kept, items only of pages near the visible
// rows.

import { useEffect, useRef, useState } from "preact/hooks";
import { Problem, isAbort } from "../api/problem.ts";
import type { Page } from "../api/types.ts";

/** Pages whose items are kept; others are reloaded when they are scrolled to. */
const KEPT_PAGES = 12;

interface Held<T> {
  readonly cursor: string | undefined;
  items: readonly T[] | null;
  length: number;
  busy: boolean;
  used: number;
}

export interface Pages<T> {
  /** The number of known rows. */
  readonly length: number;
  /** Whether there are more rows. */
  readonly more: boolean;
  readonly loading: boolean;
  readonly problem: Problem | undefined;
  /** The item of a row; undefined while it is not loaded. */
  readonly at: (row: number) => T | undefined;
  /** Sets the visible rows and loads them. */
  readonly show: (first: number, last: number) => void;
  /** Reloads the visible rows. */
  readonly refresh: () => void;
  /** Replaces an item by a newer one. */
  readonly replace: (same: (item: T) => boolean, item: T) => void;
}

class Store<T> {
  pages: Held<T>[] = [{ cursor: undefined, items: null, length: 0, busy: false, used: 0 }];
  problem: Problem | undefined;
  private clock = 0;
  private shown: [number, number] = [0, 0];
  private readonly ended = new AbortController();

  constructor(
    private readonly size: number,
    private readonly load: (cursor: string | undefined, limit: number, signal: AbortSignal) => Promise<Page<T>>,
    private readonly notify: () => void,
  ) {}

  end(): void {
    this.ended.abort();
  }

  get length(): number {
    return this.pages.reduce((sum, page) => sum + page.length, 0);
  }

  get more(): boolean {
    const last = this.pages.at(-1);
    return last !== undefined && last.items === null && last.length === 0;
  }

  at(row: number): T | undefined {
    // All pages but the last are full.
    const page = this.pages[Math.floor(row / this.size)];
    return page?.items?.[row % this.size];
  }

  show(first: number, last: number): void {
    this.shown = [Math.floor(first / this.size), Math.floor(last / this.size)];
    for (const page of this.pagesShown()) {
      page.used = ++this.clock;
      if (page.items === null) void this.read(page);
    }
    this.forget();
  }

  refresh(): void {
    for (const page of this.pagesShown()) void this.read(page);
  }

  replace(same: (item: T) => boolean, item: T): void {
    for (const page of this.pages) {
      const at = page.items?.findIndex(same) ?? -1;
      if (page.items === null || at < 0) continue;
      page.items = page.items.with(at, item);
      this.notify();
      return;
    }
  }

  private pagesShown(): Held<T>[] {
    return this.pages.slice(this.shown[0], this.shown[1] + 1);
  }

  private forget(): void {
    const held = this.pages.filter((page) => page.items !== null);
    held.sort((one, other) => other.used - one.used);
    for (const page of held.slice(KEPT_PAGES)) page.items = null;
  }

  private async read(page: Held<T>): Promise<void> {
    if (page.busy) return;
    page.busy = true;
    try {
      const read = await this.load(page.cursor, this.size, this.ended.signal);
      this.problem = undefined;
      page.items = read.items;
      page.length = read.items.length;
      const at = this.pages.indexOf(page);
      const next = read.nextCursor ?? null;
      if (next === null) this.pages.length = at + 1;
      else if (at === this.pages.length - 1) this.pages.push({ cursor: next, items: null, length: 0, busy: false, used: 0 });
    } catch (error) {
      if (this.ended.signal.aborted || isAbort(error)) return;
      this.problem = error instanceof Problem ? error : Problem.unreachable(error);
    } finally {
      page.busy = false;
    }
    this.notify();
    // The loaded pages may end before the visible rows.
    if (this.problem === undefined) this.show(this.shown[0] * this.size, this.shown[1] * this.size);
  }

  get loading(): boolean {
    return this.pages.some((page) => page.busy);
  }
}

/** The list with the key `key`, in pages of `size` items. */
export function usePages<T>(
  key: string,
  size: number,
  load: (cursor: string | undefined, limit: number, signal: AbortSignal) => Promise<Page<T>>,
): Pages<T> {
  const [, setTurn] = useState(0);
  const loader = useRef(load);
  loader.current = load;
  const held = useRef<{ key: string; store: Store<T> } | undefined>(undefined);
  if (held.current?.key !== key) {
    held.current?.store.end();
    const store = new Store<T>(size, (...asked) => loader.current(...asked), () => setTurn((turn) => turn + 1));
    held.current = { key, store };
  }
  const { store } = held.current;
  useEffect(() => {
    store.show(0, 0);
    return () => store.end();
  }, [store]);
  return {
    length: store.length,
    more: store.more,
    loading: store.loading,
    problem: store.problem,
    at: (row) => store.at(row),
    show: (first, last) => store.show(first, last),
    refresh: () => store.refresh(),
    replace: (same, item) => store.replace(same, item),
  };
}
