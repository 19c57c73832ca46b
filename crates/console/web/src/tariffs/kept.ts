// Unsaved edits of a draft, which survive a reload of the tab. They are kept for each user, because
// the next user of the tab may not be allowed to read them.

import { isRecord } from "../api/problem.ts";
import { session } from "../app/session.ts";
import type { Prices } from "./price-list.ts";

export interface Kept {
  /** When the last edit was made, in ms since 1970. */
  readonly at: number;
  /** The revision of the draft that was edited; 0 if there was none. */
  readonly revision: number;
  /** The prices at which the edit began. */
  readonly base: Prices;
  readonly prices: Prices;
}

function key(tariffId: string): string {
  return `console.draft.${session.value?.subject ?? ""}.${tariffId}`;
}

export function keep(tariffId: string, kept: Kept): void {
  try {
    sessionStorage.setItem(key(tariffId), JSON.stringify(kept));
  } catch {
    // The storage is full or forbidden: the edits are lost when the tab reloads.
  }
}

export function drop(tariffId: string): void {
  sessionStorage.removeItem(key(tariffId));
}

export function kept(tariffId: string): Kept | null {
  try {
    const found: unknown = JSON.parse(sessionStorage.getItem(key(tariffId)) ?? "null");
    return isRecord(found) && arePrices(found["prices"]) && arePrices(found["base"]) ? (found as unknown as Kept) : null;
  } catch {
    return null;
  }
}

function arePrices(value: unknown): boolean {
  return isRecord(value) && Array.isArray(value["schedules"]);
}
