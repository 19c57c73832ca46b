// A list that begins with its newest page and grows on request.

import { useEffect, useRef, useState } from "preact/hooks";
import { Problem, isAbort } from "../api/problem.ts";
import type { Page } from "../api/types.ts";
import { AGAIN_MS, useEvery } from "./resource.ts";

export interface More<T> {
  /** Undefined until the first page is loaded. */
  readonly items: readonly T[] | undefined;
  readonly problem: Problem | undefined;
  readonly more: boolean;
  readonly loading: boolean;
  readonly next: () => void;
  /** Reloads the newest page and prepends it to the older items. */
  readonly refresh: () => void;
}

interface State<T> {
  readonly key: string;
  readonly items: readonly T[] | undefined;
  readonly cursor: string | null;
  readonly problem: Problem | undefined;
  readonly busy: boolean;
}

export function useMore<T>(key: string | null, load: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>, idOf: (item: T) => string): More<T> {
  const nothing = { items: undefined, cursor: null, problem: undefined, busy: false };
  const [state, setState] = useState<State<T>>({ key: key ?? "", ...nothing });
  const latest = useRef({ load, idOf, state });
  latest.current = { load, idOf, state };
  const work = useRef<{ readonly ended: AbortController; busy: boolean; again: boolean } | null>(null);

  const read = (cursor: string | undefined) => {
    const here = work.current;
    if (here === null || key === null) return;
    if (here.busy) {
      if (cursor === undefined) here.again = true;
      return;
    }
    here.busy = true;
    latest.current.load(cursor, here.ended.signal).then(
      (page) => setState((before) => joined(before, key, page, cursor, latest.current.idOf)),
      (error: unknown) => {
        if (here.ended.signal.aborted || isAbort(error)) return;
        const problem = error instanceof Problem ? error : Problem.unreachable(error);
        setState((before) => ({ ...before, key, problem }));
      },
    ).finally(() => {
      here.busy = false;
      if (here.again && !here.ended.signal.aborted) {
        here.again = false;
        read(undefined);
      }
    });
  };

  useEffect(() => {
    setState({ key: key ?? "", ...nothing });
    if (key === null) return;
    const ended = new AbortController();
    work.current = { ended, busy: false, again: false };
    read(undefined);
    return () => ended.abort();
  }, [key]);

  const current = state.key === key ? state : { ...state, ...nothing };
  const refresh = () => read(undefined);
  useEvery(current.problem?.passes === true ? AGAIN_MS : null, refresh);
  return {
    items: current.items,
    problem: current.problem,
    more: current.cursor !== null,
    loading: current.items === undefined && current.problem === undefined,
    next: () => {
      if (current.cursor !== null) read(current.cursor);
    },
    refresh,
  };
}

function joined<T>(before: State<T>, key: string, page: Page<T>, cursor: string | undefined, idOf: (item: T) => string): State<T> {
  const same = before.key === key ? before.items : undefined;
  const next = page.nextCursor ?? null;
  if (same === undefined) return { key, items: page.items, cursor: next, problem: undefined, busy: false };
  const fresh = new Set(page.items.map(idOf));
  const others = same.filter((item) => !fresh.has(idOf(item)));
  if (cursor !== undefined) return { ...before, items: [...others, ...page.items], cursor: next, problem: undefined };
  // If the newest page contains no known item, there may be a gap, so the list is reset.
  const touches = others.length < same.length || same.length === 0;
  if (!touches || next === null) return { ...before, items: page.items, cursor: next, problem: undefined };
  return { ...before, items: [...page.items, ...others], cursor: before.cursor, problem: undefined };
}
