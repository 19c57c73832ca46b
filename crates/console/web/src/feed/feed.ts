// The one feed connection of the tab: filtered by what is on the screen, resumed where it was lost,
// with its state shown.

import { signal } from "@preact/signals";
import { authorization, send } from "../api/client.ts";
import { Problem, isAbort } from "../api/problem.ts";
import { type Change, parse } from "./changes.ts";
import { EventReader } from "./events.ts";
import { type Followed, feedQuery, isFollowed } from "./interest.ts";

export type Connection =
  | { readonly state: "idle" | "connecting" | "live" | "forbidden" }
  | { readonly state: "lost"; readonly since: number; readonly retryAt: number; readonly code: string };

export interface Interest extends Followed {
  readonly onChange: (change: Change) => void;
  /** Called when this is followed from now on; earlier data about it may be stale. */
  readonly onFollowed: () => void;
}

export const connection = signal<Connection>({ state: "idle" });
/** Counts how often a lost connection was resumed without a gap. */
export const resumed = signal(0);

/** Changes of what is shown within this time, in ms, are combined into one change of the filter. */
const SETTLE_MS = 150;
/**
 * The service sends a keep-alive every 15 s; after this time without data, in ms, the connection
 * counts as lost.
 */
const SILENCE_MS = 40_000;
const LONGEST_PAUSE_MS = 15_000;

const interests = new Map<object, Interest>();
let lastId: string | null = null;
let running: AbortController | null = null;
let followed: string | null = null;
let settling: ReturnType<typeof setTimeout> | undefined;
let pausing: { readonly end: () => void } | null = null;

/** Follows the feed until the returned function is called. */
export function follow(interest: Interest): () => void {
  const key = {};
  interests.set(key, interest);
  settle();
  return () => {
    interests.delete(key);
    settle();
  };
}

/** Reconnects at once. */
export function retryNow(): void {
  pausing?.end();
}

/** Resets the connection, for example when another user signs in. */
export function forget(): void {
  running?.abort();
  running = null;
  lastId = null;
  followed = null;
  connection.value = { state: "idle" };
  settle();
}

/** Continues with a new token of the same user. The service ends a stream when its token expires. */
export function reopen(): void {
  if (running === null) return;
  followed = null;
  apply();
}

function settle(): void {
  clearTimeout(settling);
  settling = setTimeout(apply, SETTLE_MS);
}

function apply(): void {
  const query = feedQuery([...interests.values()]);
  if (query === null) {
    // Nothing on the screen is followed. Missed changes are reloaded later.
    running?.abort();
    running = null;
    lastId = null;
    followed = null;
    connection.value = { state: "idle" };
    return;
  }
  if (query === followed && running !== null) {
    notifyFollowed();
    return;
  }
  followed = query;
  running?.abort();
  running = new AbortController();
  void run(query, running.signal);
}

function notifyFollowed(): void {
  for (const interest of [...interests.values()]) interest.onFollowed();
}

async function run(query: string, ended: AbortSignal): Promise<void> {
  // The filter is new, so everything shown is reloaded once the filter is active.
  let gap = true;
  let failures = 0;
  let retryMs = 1_000;
  if (connection.value.state !== "live") connection.value = { state: "connecting" };
  while (!ended.aborted) {
    let why = "CLOSED";
    try {
      await stream(query, ended, (requestedRetryMs) => {
        failures = 0;
        retryMs = requestedRetryMs ?? retryMs;
        const before = connection.value.state;
        if (before !== "live") connection.value = { state: "live" };
        if (gap) notifyFollowed();
        else if (before === "lost") resumed.value += 1;
        gap = false;
      });
    } catch (error) {
      if (ended.aborted) return;
      const problem = error instanceof Problem ? error : Problem.unreachable(error);
      why = isAbort(error) ? "SILENT" : problem.code;
      if (problem.status === 401) return;
      if (problem.status === 403) {
        connection.value = { state: "forbidden" };
        return;
      }
      if (problem.status === 410 || problem.code === "INVALID_FEED_POSITION") {
        lastId = null;
        gap = true;
        continue;
      }
    }
    if (ended.aborted) return;
    failures += 1;
    // Random delay, so that tabs do not reconnect all at once when a service returns.
    const pause = Math.min(retryMs * 2 ** Math.min(failures - 1, 5), LONGEST_PAUSE_MS) * (0.75 + Math.random() / 2);
    const before: Connection = connection.value;
    const since: number = before.state === "lost" ? before.since : Date.now();
    connection.value = { state: "lost", since, retryAt: Date.now() + pause, code: why };
    await rest(pause, ended);
  }
}

async function stream(query: string, ended: AbortSignal, onBegun: (retryMs: number | null) => void): Promise<void> {
  const silent = new AbortController();
  let alarm: ReturnType<typeof setTimeout> | undefined;
  const resetSilence = () => {
    clearTimeout(alarm);
    alarm = setTimeout(() => silent.abort(), SILENCE_MS);
  };
  resetSilence();
  try {
    const headers: Record<string, string> = { ...authorization(), accept: "text/event-stream" };
    if (lastId !== null) headers["last-event-id"] = lastId;
    const response = await send(`/api/v1/feed${query}`, { headers, signal: AbortSignal.any([ended, silent.signal]) });
    const body = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    if (body === undefined) return;
    const reader = new EventReader();
    let begun = false;
    for (;;) {
      const { done, value } = await body.read();
      if (done) return;
      resetSilence();
      const piece = reader.read(value);
      for (const event of piece.events) deliver(event.data);
      if (piece.lastId !== null) lastId = piece.lastId;
      if (!begun && piece.lastId !== null) {
        begun = true;
        onBegun(piece.retryMs);
      }
    }
  } finally {
    clearTimeout(alarm);
    silent.abort();
  }
}

function deliver(data: string): void {
  const change = parse(data);
  if (change === null) return;
  for (const interest of [...interests.values()]) {
    if (isFollowed(interest, change)) interest.onChange(change);
  }
}

function rest(ms: number, ended: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      removeEventListener("online", end);
      ended.removeEventListener("abort", end);
      pausing = null;
      resolve();
    };
    const timer = setTimeout(end, ms);
    addEventListener("online", end);
    ended.addEventListener("abort", end);
    pausing = { end };
  });
}
