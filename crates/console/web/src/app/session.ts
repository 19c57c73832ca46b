// The session: a bearer token that is kept only in the memory of this tab. Its scopes decide what
// is shown; the services enforce them.

import { computed, signal } from "@preact/signals";

export type Scope = "assets:read" | "assets:write" | "drivers:read" | "commands:read" | "commands:send" | "tariffs:read" | "tariffs:write" | "issues:read" | "issues:write" | "audit:read" | "operations";

/** The settings that asset-api publishes before sign-in. */
export interface Settings {
  /** The origin of command-dispatcher; null if commands are not available. */
  readonly dispatcher: string | null;
  readonly asksForTokens: boolean;
  readonly version: string;
}

export interface Session {
  readonly token: string;
  readonly subject: string;
  readonly scopes: ReadonlySet<string>;
  /** When the token expires, in ms since 1970; null if it does not. */
  readonly endsAt: number | null;
}

export const settings = signal<Settings | null>(null);
export const session = signal<Session | null>(null);
/** The service's reason for ending the last session. */
export const denied = signal<string | null>(null);

export const mayEnter = computed(() => settings.value !== null && (!settings.value.asksForTokens || session.value !== null));

let ending: ReturnType<typeof setTimeout> | undefined;

/** Whether the session has a scope; without authentication every scope is granted. */
export function may(scope: Scope): boolean {
  const known = settings.value;
  if (known === null) return false;
  return !known.asksForTokens || session.value?.scopes.has(scope) === true;
}

export function token(): string | null {
  return session.value?.token ?? null;
}

/**
 * Begins a session; returns why a text is not a valid token. Only the services check the signature.
 */
export function signIn(text: string): "not-a-token" | "over" | null {
  const found = read(text.trim().replace(/^bearer\s+/i, ""));
  if (found === null) return "not-a-token";
  if (found.endsAt !== null && found.endsAt <= Date.now()) return "over";
  clearTimeout(ending);
  if (found.endsAt !== null) {
    // The longest time of a timer is longer than a tab stays open.
    ending = setTimeout(() => deny(null), Math.min(found.endsAt - Date.now(), 2 ** 31 - 1));
  }
  denied.value = null;
  session.value = found;
  return null;
}

export function signOut(): void {
  clearTimeout(ending);
  denied.value = null;
  session.value = null;
}

/** Ends the session because a service refused the token or the token expired. */
export function deny(why: string | null): void {
  if (settings.value?.asksForTokens !== true || session.value === null) return;
  signOut();
  denied.value = why ?? "";
}

function read(text: string): Session | null {
  const parts = text.split(".");
  const middle = parts[1];
  if (parts.length !== 3 || middle === undefined || !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(text)) return null;
  try {
    const bytes = Uint8Array.from(atob(middle.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof claims !== "object" || claims === null) return null;
    const { sub, exp, scope, scp } = claims as Record<string, unknown>;
    const named = [scope, scp].flatMap((said) => (typeof said === "string" ? said.split(" ") : Array.isArray(said) ? said.map(String) : []));
    return {
      token: text,
      subject: typeof sub === "string" ? sub : "",
      scopes: new Set(named),
      endsAt: typeof exp === "number" ? exp * 1000 : null,
    };
  } catch {
    return null;
  }
}
