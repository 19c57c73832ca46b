// Something that is read from the API for as long as it is shown: its value, what is in the way, and reading it anew.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { Problem, isAbort } from "../api/problem.ts";

export interface Resource<T> {
  /** The newest value; kept while it is read anew. */
  readonly value: T | undefined;
  /** Why the last reading failed. */
  readonly problem: Problem | undefined;
  readonly loading: boolean;
  /** Reads it anew; what is asked for while it is being read is done once, afterwards. */
  readonly reload: () => void;
}

/** After what passes by itself it is read again so much later. */
export const AGAIN_MS = 5_000;

interface State<T> {
  readonly key: string;
  readonly value?: T;
  readonly problem?: Problem | undefined;
  readonly loading: boolean;
}

/** What `load` reads; `key` names it. With a null key nothing is read. */
export function useResource<T>(key: string | null, load: (signal: AbortSignal) => Promise<T>): Resource<T> {
  const [state, setState] = useState<State<T>>({ key: key ?? "", loading: key !== null });
  const loader = useRef(load);
  loader.current = load;
  const run = useRef<{ again: boolean; busy: boolean; read: () => void } | undefined>(undefined);

  useEffect(() => {
    if (key === null) {
      setState({ key: "", loading: false });
      return;
    }
    const ended = new AbortController();
    const current = { again: false, busy: false, read: () => undefined as void };
    current.read = () => {
      if (current.busy) {
        current.again = true;
        return;
      }
      current.busy = true;
      setState((before) => (before.key === key ? { ...before, loading: true } : { key, loading: true }));
      loader.current(ended.signal).then(
        (value) => {
          if (!ended.signal.aborted) setState({ key, value, loading: false });
        },
        (error: unknown) => {
          if (ended.signal.aborted || isAbort(error)) return;
          const problem = error instanceof Problem ? error : Problem.unreachable(error);
          setState((before) => ({ ...before, problem, loading: false }));
        },
      ).finally(() => {
        current.busy = false;
        if (current.again && !ended.signal.aborted) {
          current.again = false;
          current.read();
        }
      });
    };
    run.current = current;
    current.read();
    return () => ended.abort();
  }, [key]);

  const reload = useCallback(() => run.current?.read(), []);
  useEvery(state.problem?.passes === true ? AGAIN_MS : null, reload);
  // Until the effect has run, what is held belongs to another key.
  if (key !== null && state.key !== key) return { value: undefined, problem: undefined, loading: true, reload };
  return { value: state.value, problem: state.problem, loading: state.loading, reload };
}

/** Calls `act` every so often while the page can be seen, and when it can be seen again. */
export function useEvery(ms: number | null, act: () => void): void {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    if (ms === null) return;
    const seen = () => {
      if (document.visibilityState === "visible") latest.current();
    };
    const timer = setInterval(seen, ms);
    document.addEventListener("visibilitychange", seen);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [ms]);
}

/** The time, told anew every so often. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now());
  useEvery(everyMs, () => setNow(Date.now()));
  return now;
}

