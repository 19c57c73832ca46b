// What is followed: the query of the feed, and which changes concern whom.

import { type Change, ISSUE_TYPES } from "./changes.ts";

export interface Followed {
  /** The charge points to follow. */
  readonly chargePoints: readonly string[];
  /** Whether to follow the issues of all places. */
  readonly issues: boolean;
}

/** Largest number of charge points in a filter of the service. */
const MOST_NAMES = 200;

/** The query for all of `followed`; null if nothing is followed. */
export function feedQuery(followed: readonly Followed[]): string | null {
  const names = [...new Set(followed.flatMap(({ chargePoints }) => chargePoints))].sort();
  const issues = followed.some((one) => one.issues);
  if (names.length === 0) return issues ? `?types=${ISSUE_TYPES.join(",")}` : null;
  // There are too many for a filter, so all changes are requested.
  if (names.length > MOST_NAMES) return "";
  return `?chargePointId=${encodeURIComponent(names.join(","))}${issues ? `&alsoTypes=${ISSUE_TYPES.join(",")}` : ""}`;
}

export function isFollowed({ chargePoints, issues }: Followed, change: Change): boolean {
  return change.type === "issue" ? issues : chargePoints.includes(change.subject);
}
