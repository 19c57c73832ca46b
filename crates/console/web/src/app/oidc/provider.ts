// The OpenID provider: its endpoints by discovery (OpenID Connect Discovery 1.0), and calls of them.

import { isRecord } from "../../api/problem.ts";
import { SignInFailure } from "./failure.ts";

export interface Provider {
  readonly issuer: string;
  readonly authorization: string;
  readonly token: string;
  /** Where the user signs out (OpenID Connect RP-Initiated Logout 1.0); null if nowhere. */
  readonly endSession: string | null;
  /** Where refresh tokens are revoked (RFC 7009); null if nowhere. */
  readonly revocation: string | null;
}

/** Time limit of a call, in ms. */
const PATIENCE_MS = 10_000;

/** The provider that issues tokens as `issuer`. */
export async function discover(issuer: string): Promise<Provider> {
  const { ok, body } = await ask(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
  if (!ok) throw new SignInFailure("misconfigured", `${issuer} publishes no configuration`);
  const text = (name: string): string | null => (typeof body[name] === "string" ? body[name] : null);
  const [authorization, token] = [text("authorization_endpoint"), text("token_endpoint")];
  if (text("issuer") !== issuer) throw new SignInFailure("misconfigured", `${issuer} calls itself ${text("issuer") ?? "nothing"}`);
  if (authorization === null || token === null) throw new SignInFailure("misconfigured", `${issuer} names no endpoints`);
  return { issuer, authorization, token, endSession: text("end_session_endpoint"), revocation: text("revocation_endpoint") };
}

export interface Answer {
  readonly ok: boolean;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Calls the provider; with `form` by POST. A network failure or a body without JSON throws. */
export async function ask(url: string, form?: URLSearchParams): Promise<Answer> {
  const init: RequestInit = { cache: "no-store", credentials: "omit", signal: AbortSignal.timeout(PATIENCE_MS) };
  if (form !== undefined) Object.assign(init, { method: "POST", body: form });
  try {
    const response = await fetch(url, init);
    const body: unknown = await response.json();
    if (response.status >= 500 || !isRecord(body)) throw new Error(`${new URL(url).host}: ${response.status}`);
    return { ok: response.ok, body };
  } catch (error) {
    throw new SignInFailure("unreachable", error instanceof Error ? error.message : null);
  }
}
