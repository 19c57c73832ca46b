// Follows charge points while a component shows them.

import { useEffect, useRef } from "preact/hooks";
import type { Change } from "../feed/changes.ts";
import { follow } from "../feed/feed.ts";

/**
 * Calls `onChange` for changes of `chargePoints`, and `onFollowed` when earlier data about them may
 * be stale.
 */
export function useFollow(chargePoints: readonly string[], onChange: (change: Change) => void, onFollowed: () => void): void {
  const handlers = useRef({ onChange, onFollowed });
  handlers.current = { onChange, onFollowed };
  const names = chargePoints.join(",");
  useEffect(() => {
    if (names === "") return;
    return follow({
      chargePoints: names.split(","),
      onChange: (change) => handlers.current.onChange(change),
      onFollowed: () => handlers.current.onFollowed(),
    });
  }, [names]);
}
