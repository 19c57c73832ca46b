// A list that begins with its newest page and grows on request.

import { useEffect, useRef, useState } from "preact/hooks";
import { Problem, isAbort } from "../api/problem.ts";
import type { Page } from "../api/types.ts";
import { type Listed, added, reloaded } from "./listed.ts";
import { AGAIN_MS, useEvery } from "./resource.ts";

export interface More<T> {
  /** Undefined until the first page is loaded. */
  readonly items: readonly T[] | undefined;
  readonly problem: Problem | undefined;
  readonly more: boolean;
  readonly loading: boolean;
  readonly next: () => void;
  /** Reloads the pages that are shown. */
  readonly refresh: () => void;
}

interface State<T> {
  readonly key: string;
  readonly listed: Listed<T> | null;
  readonly problem: Problem | undefined;
}

type Wish = "next" | "refresh";

/** The requests of a list under one key, one at a time. */
interface Work<T> {
  readonly ended: AbortController;
  listed: Listed<T> | null;
  busy: boolean;
  /** What was wished for while a request was in flight. */
  readonly wishes: Set<Wish>;
}

export function useMore<T>(key: string | null, load: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>, idOf: (item: T) => string): More<T> {
  const nothing = { key: key ?? "", listed: null, problem: undefined };
  const [state, setState] = useState<State<T>>(nothing);
  const latest = useRef({ load, idOf });
  latest.current = { load, idOf };
  const work = useRef<Work<T> | null>(null);

  const read = (wish: Wish) => {
    const here = work.current;
    if (here === null || key === null) return;
    if (here.busy) {
      here.wishes.add(wish);
      return;
    }
    here.busy = true;
    carryOut(wish, here, latest.current.load, latest.current.idOf).then(
      (listed) => {
        if (here.ended.signal.aborted) return;
        here.listed = listed;
        setState({ key, listed, problem: undefined });
      },
      (error: unknown) => {
        if (here.ended.signal.aborted || isAbort(error)) return;
        const problem = error instanceof Problem ? error : Problem.unreachable(error);
        setState({ key, listed: here.listed, problem });
      },
    ).finally(() => {
      here.busy = false;
      const [wished] = here.wishes;
      if (wished === undefined || here.ended.signal.aborted) return;
      here.wishes.delete(wished);
      read(wished);
    });
  };

  useEffect(() => {
    setState(nothing);
    if (key === null) return;
    const ended = new AbortController();
    work.current = { ended, listed: null, busy: false, wishes: new Set() };
    read("refresh");
    return () => ended.abort();
  }, [key]);

  const { listed, problem } = state.key === key ? state : nothing;
  const refresh = () => read("refresh");
  useEvery(problem?.passes === true ? AGAIN_MS : null, refresh);
  return {
    items: listed?.items,
    problem,
    more: listed !== null && listed.cursor !== null,
    loading: listed === null && problem === undefined,
    next: () => read("next"),
    refresh,
  };
}

async function carryOut<T>(wish: Wish, { listed, ended: { signal } }: Work<T>, load: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>, idOf: (item: T) => string): Promise<Listed<T>> {
  if (wish === "refresh" || listed === null) return reloaded(listed, (cursor) => load(cursor, signal), idOf);
  return listed.cursor === null ? listed : added(listed, await load(listed.cursor, signal), idOf);
}
