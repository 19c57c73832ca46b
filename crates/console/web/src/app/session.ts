// The session: a bearer token that is kept only in the memory of this tab. Its scopes decide what
// is shown; the services enforce them.

import { computed, signal } from "@preact/signals";
import { claimsOf, listed } from "./oidc/claims.ts";

/** The scopes on which the console's pages and forms depend. */
export const SCOPES = [
  "assets:read", "assets:write", "drivers:read", "commands:read", "commands:send", "tariffs:read", "tariffs:write", "issues:read", "issues:write", "audit:read",
  "operations",
] as const;

export type Scope = (typeof SCOPES)[number];

/** The settings that asset-api publishes before sign-in. */
export interface Settings {
  /** The origin of command-dispatcher; null if commands are not available. */
  readonly dispatcher: string | null;
  /** The text of the codes on labels, with names of values in braces. */
  readonly labelContent: string;
  readonly asksForTokens: boolean;
  /** The claim of a token that lists its operators; empty if tokens have none. */
  readonly operatorsClaim: string;
  /** The OpenID provider; null if users can only paste a token. */
  readonly signIn: SignInSettings | null;
  /** The tiles of the map; null if it has only outlines. */
  readonly mapTiles: MapTiles | null;
  readonly version: string;
}

export interface MapTiles {
  /** The address of a tile, with `{z}`, `{x}` and `{y}`. */
  readonly url: string;
  /** Whose tiles they are. */
  readonly attribution: string;
}

export interface SignInSettings {
  readonly issuer: string;
  readonly clientId: string;
  /** The scopes to request, separated by spaces. */
  readonly scopes: string;
  /** Further parameters of requests to the provider, in the form of a query. */
  readonly parameters: string;
  /** Whether users may also paste a token. */
  readonly acceptsTokens: boolean;
}

export interface Session {
  readonly token: string;
  readonly subject: string;
  /** The user's name; the subject if the token came without one. */
  readonly name: string;
  readonly scopes: ReadonlySet<string>;
  /** The operators to which the token is bound; null if it reaches all. */
  readonly operators: readonly string[] | null;
  /** When the token expires, in ms since 1970; null if it does not. */
  readonly endsAt: number | null;
}

/** Where a session comes from, if its token was not pasted. */
export interface Origin {
  readonly name: string | null;
  /** Returns a new token; null if the user must sign in again. A network failure throws. */
  readonly renew: () => Promise<string | null>;
}

export const settings = signal<Settings | null>(null);
export const session = signal<Session | null>(null);
/** The service's reason for ending the last session. */
export const denied = signal<string | null>(null);

export const mayEnter = computed(() => settings.value !== null && (!settings.value.asksForTokens || session.value !== null));

/** The longest time before its expiry at which a token is renewed, in ms. */
const RENEWAL_MS = 60_000;
/** Delay before a renewal is repeated after a network failure, in ms. */
const AGAIN_MS = 5_000;
/** The longest time of a timer, in ms; longer than a tab stays open. */
const LONGEST_MS = 2 ** 31 - 1;

let origin: Origin | null = null;
let renewing: Promise<boolean> | null = null;
let timers: ReturnType<typeof setTimeout>[] = [];

/** Whether the session has a scope; without authentication every scope is granted. */
export function may(scope: Scope): boolean {
  const known = settings.value;
  if (known === null) return false;
  return !known.asksForTokens || session.value?.scopes.has(scope) === true;
}

/** Whether the session reaches only some operators, and therefore nothing of the platform as a whole. */
export function bound(): boolean {
  return settings.value?.asksForTokens === true && session.value !== null && session.value.operators !== null;
}

export function token(): string | null {
  return session.value?.token ?? null;
}

/**
 * Begins a session; returns why a text is not a valid token. Only the services check the signature.
 */
export function signIn(text: string, from: Origin | null = null): "not-a-token" | "over" | null {
  const found = read(text.trim().replace(/^bearer\s+/i, ""), from);
  if (found === null) return "not-a-token";
  if (found.endsAt !== null && found.endsAt <= Date.now()) return "over";
  release();
  origin = from;
  if (found.endsAt !== null) {
    const left = found.endsAt - Date.now();
    at(left, () => void renewed().then((good) => good || deny(null)));
    if (from !== null) at(left - Math.min(RENEWAL_MS, left / 4), () => void renewed());
  }
  denied.value = null;
  session.value = found;
  return null;
}

export function signOut(): void {
  release();
  denied.value = null;
  session.value = null;
}

function release(): void {
  timers.forEach(clearTimeout);
  timers = [];
  origin = null;
}

/** Ends the session because a service refused the token or the token expired. */
export function deny(why: string | null): void {
  if (settings.value?.asksForTokens !== true || session.value === null) return;
  signOut();
  denied.value = why ?? "";
}

/**
 * Replaces the token by a new one if the session can be renewed. All callers meanwhile receive the
 * same result.
 */
export function renewed(): Promise<boolean> {
  const held = origin;
  if (held === null) return Promise.resolve(false);
  renewing ??= held.renew().then(
    // The user may have signed out meanwhile.
    (next) => next !== null && origin === held && signIn(next, held) === null,
    () => {
      at(AGAIN_MS, () => void renewed());
      return false;
    },
  ).finally(() => {
    renewing = null;
  });
  return renewing;
}

function at(ms: number, act: () => void): void {
  timers.push(setTimeout(act, Math.min(ms, LONGEST_MS)));
}

function read(text: string, from: Origin | null): Session | null {
  const claims = claimsOf(text);
  if (claims === null) return null;
  const { sub, exp, scope, scp } = claims;
  const subject = typeof sub === "string" ? sub : "";
  const claim = settings.value?.operatorsClaim ?? "";
  return {
    token: text,
    subject,
    name: from?.name ?? subject,
    scopes: new Set([scope, scp].flatMap((said) => listed(said).flatMap((names) => names.split(" ")))),
    operators: claim === "" || claims[claim] === undefined ? null : listed(claims[claim]),
    endsAt: typeof exp === "number" ? exp * 1000 : null,
  };
}
