// The request for an authorization code, and the check of the response to it (OpenID Connect Core
// 1.0, section 3.1.2).

import { SignInFailure } from "./failure.ts";
import { challenge, random } from "./pkce.ts";
import type { Provider } from "./provider.ts";

/** The console as a client of the provider. */
export interface Client {
  readonly id: string;
  /** The scopes that are requested, separated by spaces. */
  readonly scopes: string;
  /** Further parameters of all requests, in the form of a query; empty if there are none. */
  readonly parameters: string;
  /** The page to which the provider returns. */
  readonly redirectUri: string;
}

/** What must be remembered until the provider returns. None of it is a token. */
export interface Pending {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  /** The address of the console at which the sign-in began. */
  readonly from: string;
}

export interface Request {
  readonly url: string;
  readonly pending: Pending;
}

/** A request for a code; a silent one fails if the provider needs the user. */
export async function request(provider: Provider, client: Client, from: string, silent: boolean): Promise<Request> {
  const pending = { state: random(), nonce: random(), verifier: random(), from };
  const url = new URL(provider.authorization);
  const parameters = {
    response_type: "code", client_id: client.id, redirect_uri: client.redirectUri, scope: client.scopes, state: pending.state, nonce: pending.nonce,
    code_challenge: await challenge(pending.verifier), code_challenge_method: "S256", ...(silent ? { prompt: "none" } : {}),
  };
  for (const [name, value] of [...new URLSearchParams(client.parameters), ...Object.entries(parameters)]) url.searchParams.set(name, value);
  return { url: url.href, pending };
}

const NEEDS_THE_USER = ["login_required", "interaction_required", "consent_required", "account_selection_required"];

/** The code in a response to the request of `pending`. */
export function codeOf(response: URLSearchParams, pending: Pending, issuer: string): string {
  if (response.get("state") !== pending.state) throw new SignInFailure("foreign");
  // Another issuer could answer in place of ours (RFC 9207).
  if ((response.get("iss") ?? issuer) !== issuer) throw new SignInFailure("foreign", response.get("iss"));
  const error = response.get("error");
  if (error !== null) throw new SignInFailure(NEEDS_THE_USER.includes(error) ? "interaction" : "refused", response.get("error_description") ?? error);
  const code = response.get("code");
  if (code === null) throw new SignInFailure("misconfigured", "the provider returned no code");
  return code;
}
