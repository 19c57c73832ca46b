// Loads what the console needs before it shows a page, and clears state when another user signs in.

import { effect, signal } from "@preact/signals";
import { send } from "../api/client.ts";
import { Problem, isRecord } from "../api/problem.ts";
import { forget } from "../feed/feed.ts";
import { listen } from "./router.ts";
import { session, settings } from "./session.ts";

/** Why the console could not start; null if it did. */
export const startProblem = signal<Problem | null>(null);

export async function start(): Promise<void> {
  listen();
  let before = session.value;
  effect(() => {
    const now = session.value;
    if (now !== before) forget();
    before = now;
  });
  await readSettings();
}

export async function readSettings(): Promise<void> {
  startProblem.value = null;
  try {
    const said: unknown = await (await send("/console/settings.json", { signal: AbortSignal.timeout(10_000) })).json();
    if (!isRecord(said)) throw Problem.unreachable(null);
    settings.value = {
      dispatcher: typeof said["dispatcher"] === "string" ? said["dispatcher"] : null,
      labelContent: String(said["labelContent"] ?? ""),
      asksForTokens: said["asksForTokens"] === true,
      version: String(said["version"] ?? ""),
    };
  } catch (error) {
    startProblem.value = error instanceof Problem ? error : Problem.unreachable(error);
  }
}
