// Follows charge points and issues while a component shows them.

import { useEffect, useRef } from "preact/hooks";
import { may } from "../app/session.ts";
import type { Change } from "../feed/changes.ts";
import { connection, follow } from "../feed/feed.ts";
import { useEvery } from "./resource.ts";

/** Changes of issues within this time, in ms, cause one reload. */
const SETTLE_MS = 300;
/** Interval of reloading issues, in ms: the end of a mute is not in the feed. */
const LIVE_MS = 30_000;
/** The same without the feed. */
const POLL_MS = 4_000;

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
      issues: false,
      onChange: (change) => handlers.current.onChange(change),
      onFollowed: () => handlers.current.onFollowed(),
    });
  }, [names]);
}

/**
 * Calls `reload` when an issue that `concerns` selects changes, and from time to time; never if it is
 * null. A hidden tab reloads when it becomes visible.
 */
export function useIssues(concerns: ((change: Change) => boolean) | null, reload: () => void): void {
  const handlers = useRef({ concerns, reload });
  handlers.current = { concerns, reload };
  const wanted = concerns !== null && may("issues:read");
  const followed = wanted && may("assets:read");
  useEffect(() => {
    if (!followed) return;
    let settling: ReturnType<typeof setTimeout> | undefined;
    const stop = follow({
      chargePoints: [],
      issues: true,
      onChange: (change) => {
        if (settling !== undefined || handlers.current.concerns?.(change) !== true) return;
        settling = setTimeout(() => {
          settling = undefined;
          if (document.visibilityState === "visible") handlers.current.reload();
        }, SETTLE_MS);
      },
      onFollowed: () => handlers.current.reload(),
    });
    return () => {
      clearTimeout(settling);
      stop();
    };
  }, [followed]);
  useEvery(!wanted ? null : connection.value.state === "live" ? LIVE_MS : POLL_MS, reload);
}
