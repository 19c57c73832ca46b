// A resource of the API while it is shown: its value, its problem, and reloading.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { Problem, isAbort } from "../api/problem.ts";

export interface Resource<T> {
  /** The newest value; kept during a reload. */
  readonly value: T | undefined;
  /** Why the last load failed; undefined if it succeeded. */
  readonly problem: Problem | undefined;
  readonly loading: boolean;
  /** Reloads the value; requests during a reload cause one more reload afterwards. */
  readonly reload: () => void;
}

/** Delay before a load is repeated after a transient problem, in ms. */
export const AGAIN_MS = 5_000;

interface State<T> {
  readonly key: string;
  readonly value?: T;
  readonly problem?: Problem | undefined;
  readonly loading: boolean;
}

/** The resource that `load` reads, identified by `key`. A null key loads nothing. */
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
  // Until the effect has run, the state belongs to another key.
  if (key !== null && state.key !== key) return { value: undefined, problem: undefined, loading: true, reload };
  return { value: state.value, problem: state.problem, loading: state.loading, reload };
}

/** Calls `act` every `ms` while the page is visible, and when it becomes visible again. */
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

/** The current time, updated every `everyMs`. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now());
  useEvery(everyMs, () => setNow(Date.now()));
  return now;
}

