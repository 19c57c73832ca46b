// Pages that are loaded when they are first shown, so that the first view is small.

import type { ComponentType, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Problem } from "../api/problem.ts";
import { Failed, Loading } from "../design/states.tsx";

/** A component whose module is loaded on first use. */
export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): (props: P) => JSX.Element {
  let Loaded: ComponentType<P> | undefined;
  return function Lazy(props: P): JSX.Element {
    const [attempt, setAttempt] = useState(0);
    const [failed, setFailed] = useState<Problem | null>(null);
    const [, setDone] = useState(Loaded !== undefined);
    useEffect(() => {
      let over = false;
      if (Loaded !== undefined) return;
      load().then(
        (loaded) => {
          Loaded = loaded;
          if (!over) setDone(true);
        },
        (cause: unknown) => {
          if (!over) setFailed(Problem.unreachable(cause));
        },
      );
      return () => {
        over = true;
      };
    }, [attempt]);
    if (Loaded !== undefined) return <Loaded {...props} />;
    if (failed === null) return <Loading rows={6} />;
    const again = () => {
      // A newer release has modules of other names, which only a reload of the page finds.
      if (attempt > 0) location.reload();
      setFailed(null);
      setAttempt(attempt + 1);
    };
    return <section class="card"><Failed whole problem={failed} retry={again} /></section>;
  };
}
