// A page whose code is loaded when it is first shown.

import { type ComponentType, type JSX, h } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Problem } from "../api/problem.ts";
import { Failed, Loading } from "./states.tsx";

/** A component that loads its code with `load` and shows a placeholder until then. */
export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): (props: P) => JSX.Element {
  let loaded: ComponentType<P> | undefined;
  return (props) => {
    const [attempt, setAttempt] = useState(0);
    const [problem, setProblem] = useState<Problem | null>(null);
    const [, setReady] = useState(loaded !== undefined);
    useEffect(() => {
      if (loaded !== undefined) return;
      let shown = true;
      setProblem(null);
      load().then(
        (component) => {
          loaded = component;
          if (shown) setReady(true);
        },
        (error: unknown) => {
          if (shown) setProblem(Problem.unreachable(error));
        },
      );
      return () => {
        shown = false;
      };
    }, [attempt]);
    if (loaded !== undefined) return h(loaded, props);
    if (problem !== null) return <section class="card"><Failed whole problem={problem} retry={() => setAttempt(attempt + 1)} /></section>;
    return <Loading />;
  };
}
