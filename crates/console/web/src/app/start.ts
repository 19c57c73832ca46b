// Loads what the console needs before it shows a page, and clears state when another user signs in.

import { effect, signal } from "@preact/signals";
import { send } from "../api/client.ts";
import { Problem, isRecord } from "../api/problem.ts";
import { forget, reopen } from "../feed/feed.ts";
import { RETURN_PATH, complete, resume, underWay } from "./oidc/flow.ts";
import { listen, restore } from "./router.ts";
import { type Settings, type SignInSettings, session, settings } from "./session.ts";

/** Why the console could not start; null if it did. */
export const startProblem = signal<Problem | null>(null);

export async function start(): Promise<void> {
  listen();
  let before = session.value;
  effect(() => {
    const now = session.value;
    if (now?.subject !== before?.subject) forget();
    else if (now !== before) reopen();
    before = now;
  });
  addEventListener("pageshow", ({ persisted }) => {
    // The user came back from the provider by the browser's button.
    if (persisted) underWay.value = false;
  });
  await readSettings();
}

export async function readSettings(): Promise<void> {
  startProblem.value = null;
  try {
    const said: unknown = await (await send("/console/settings.json", { signal: AbortSignal.timeout(10_000) })).json();
    if (!isRecord(said)) throw Problem.unreachable(null);
    const read = parse(said);
    if (read.signIn !== null) underWay.value = true;
    settings.value = read;
    if (read.signIn !== null) await enter(read.signIn);
  } catch (error) {
    startProblem.value = error instanceof Problem ? error : Problem.unreachable(error);
  }
}

function parse(said: Record<string, unknown>): Settings {
  const text = (of: Record<string, unknown>, name: string): string => String(of[name] ?? "");
  const { signIn, mapTiles } = said;
  return {
    dispatcher: typeof said["dispatcher"] === "string" ? said["dispatcher"] : null,
    labelContent: text(said, "labelContent"),
    asksForTokens: said["asksForTokens"] === true,
    operatorsClaim: text(said, "operatorsClaim"),
    signIn: isRecord(signIn)
      ? {
          issuer: text(signIn, "issuer"), clientId: text(signIn, "clientId"), scopes: text(signIn, "scopes"), parameters: text(signIn, "parameters"),
          acceptsTokens: signIn["acceptsTokens"] === true,
        }
      : null,
    mapTiles: isRecord(mapTiles) ? { url: text(mapTiles, "url"), attribution: text(mapTiles, "attribution") } : null,
    version: text(said, "version"),
  };
}

/** Completes a sign-in whose user returns from the provider, or repeats that of a reloaded tab. */
async function enter(by: SignInSettings): Promise<void> {
  if (location.pathname === RETURN_PATH) restore(await complete(by, new URLSearchParams(location.search)));
  else await resume(by, location.pathname + location.search);
  underWay.value = false;
}
