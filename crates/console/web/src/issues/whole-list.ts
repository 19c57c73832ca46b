// A list of an issue: the first entries come with it, all of them in pages once they are asked for.

import { useEffect, useState } from "preact/hooks";
import type { Problem } from "../api/problem.ts";
import type { Page } from "../api/types.ts";
import { useMore } from "../live/more.ts";

interface WholeList<T> {
  readonly shown: readonly T[];
  readonly problem: Problem | undefined;
  readonly onMore: () => void;
}

/** The list of the issue `id` that begins with `first`; it is read again when one of `counts` changes. */
export function useWholeList<T>({ id, first, counts, load, idOf }: {
  readonly id: string;
  readonly first: readonly T[];
  readonly counts: readonly number[];
  readonly load: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>;
  readonly idOf: (entry: T) => string;
}): WholeList<T> {
  const [all, setAll] = useState(false);
  const list = useMore(all ? id : null, load, idOf);
  useEffect(() => {
    if (all) list.refresh();
  }, counts);
  return { shown: list.items ?? first, problem: list.problem, onMore: all ? list.next : () => setAll(true) };
}
