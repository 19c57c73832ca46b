// Pages whose code is loaded when the first of them is shown.

import type { JSX } from "preact";
import { Shown } from "../design/states.tsx";
import { useResource } from "../live/resource.ts";

/** The page that `load` loads; until then, and if that fails, the placeholder of a page. */
export function lazy<P extends object>(load: () => Promise<(props: P) => JSX.Element>): (props: P) => JSX.Element {
  return function Lazy(props) {
    const code = useResource("code", load);
    return <Shown whole of={code} rows={6}>{(Page) => <Page {...props} />}</Shown>;
  };
}
