// Tokens for a code and for a refresh token, and the checks of an ID token (OpenID Connect Core 1.0,
// sections 3.1.3 and 12).

import { claimsOf, listed } from "./claims.ts";
import { SignInFailure } from "./failure.ts";
import { type Answer, type Provider, ask } from "./provider.ts";
import type { Client, Pending } from "./request.ts";

export interface Grant {
  readonly accessToken: string;
  readonly idToken: string;
  /** Null if the provider issues none. */
  readonly refreshToken: string | null;
}

/** Accepted difference between the provider's clock and this machine's, in seconds. */
const LEEWAY_S = 60;

/** The tokens for a code. */
export async function redeem(provider: Provider, client: Client, code: string, { verifier, nonce }: Pending): Promise<Grant> {
  const answer = await post(provider, client, { grant_type: "authorization_code", code, code_verifier: verifier, redirect_uri: client.redirectUri });
  const idToken = text(answer, "id_token");
  if (idToken === null) throw new SignInFailure("misconfigured", "the provider returned no ID token");
  checkIdToken(idToken, provider.issuer, client.id, Date.now());
  if (claimsOf(idToken)?.["nonce"] !== nonce) throw new SignInFailure("foreign");
  return { accessToken: accessToken(answer), idToken, refreshToken: text(answer, "refresh_token") };
}

/** The next tokens for `refreshToken`, for the user of `idToken`. */
export async function refresh(provider: Provider, client: Client, refreshToken: string, idToken: string): Promise<Grant> {
  const answer = await post(provider, client, { grant_type: "refresh_token", refresh_token: refreshToken });
  const renewed = text(answer, "id_token");
  if (renewed !== null) {
    checkIdToken(renewed, provider.issuer, client.id, Date.now());
    if (claimsOf(renewed)?.["sub"] !== claimsOf(idToken)?.["sub"]) throw new SignInFailure("foreign");
  }
  return { accessToken: accessToken(answer), idToken: renewed ?? idToken, refreshToken: text(answer, "refresh_token") ?? refreshToken };
}

/**
 * Checks the claims of an ID token. Its signature needs no check: it came from the token endpoint
 * itself, over its own connection.
 */
export function checkIdToken(idToken: string, issuer: string, clientId: string, now: number): void {
  const { iss, aud, azp, exp } = claimsOf(idToken) ?? {};
  const audience = listed(aud);
  const fault = iss !== issuer ? "issuer"
    : !audience.includes(clientId) || (audience.length > 1 && azp !== clientId) ? "audience"
    : typeof exp !== "number" || (exp + LEEWAY_S) * 1000 < now ? "expiry"
    : null;
  if (fault !== null) throw new SignInFailure("misconfigured", `the ${fault} of the ID token is not the expected one`);
}

async function post(provider: Provider, client: Client, parameters: Record<string, string>): Promise<Answer["body"]> {
  const form = new URLSearchParams(client.parameters);
  for (const [name, value] of Object.entries({ client_id: client.id, ...parameters })) form.set(name, value);
  const { ok, body } = await ask(provider.token, form);
  if (!ok) throw new SignInFailure("refused", text(body, "error_description") ?? text(body, "error"));
  return body;
}

function accessToken(answer: Answer["body"]): string {
  const found = text(answer, "access_token");
  if (found === null || String(answer["token_type"]).toLowerCase() !== "bearer") throw new SignInFailure("misconfigured", "the provider returned no bearer token");
  return found;
}

function text(answer: Answer["body"], name: string): string | null {
  return typeof answer[name] === "string" && answer[name] !== "" ? answer[name] : null;
}
