// Sign-in by OpenID Connect: the authorization code flow with PKCE, silent renewal, and sign-out.
// Tokens are only in the memory of this tab.

import { signal } from "@preact/signals";
import { type SignInSettings, signIn, signOut } from "../session.ts";
import { claimsOf } from "./claims.ts";
import { SignInFailure } from "./failure.ts";
import { askSilently } from "./frame.ts";
import { type Provider, ask, discover } from "./provider.ts";
import { type Client, type Pending, codeOf, request } from "./request.ts";
import { type Grant, redeem, refresh } from "./tokens.ts";

/** The page to which the provider returns. */
export const RETURN_PATH = "/console/signed-in";
/** The page to which the provider returns after the sign-out. */
const SIGNED_OUT_PATH = "/console/";

/** Whether the tab is on its way to the provider or back. */
export const underWay = signal(false);
/** Why the last sign-in failed; null if it did not. */
export const failure = signal<SignInFailure | null>(null);

/** The pending request of this tab, which survives the way to the provider and back. */
const PENDING = "console.sign-in.pending";
/** Set while a user is signed in, so that a reload signs in again without questions. */
const SIGNED_IN = "console.sign-in.done";

let grant: Grant | null = null;

function clientOf(by: SignInSettings): Client {
  return { id: by.clientId, scopes: by.scopes, parameters: by.parameters, redirectUri: location.origin + RETURN_PATH };
}

/** Leaves for the provider; the sign-in continues at {@link RETURN_PATH}. */
export async function begin(by: SignInSettings, from: string, silent = false): Promise<void> {
  await attempt(async () => {
    const { url, pending } = await request(await discover(by.issuer), clientOf(by), from, silent);
    sessionStorage.setItem(PENDING, JSON.stringify(pending));
    location.assign(url);
    // The page is left, but until then it must not offer another sign-in.
    await new Promise(() => undefined);
  });
}

/** Signs in again without questions if this tab was signed in before it was reloaded. */
export async function resume(by: SignInSettings, from: string): Promise<void> {
  if (sessionStorage.getItem(SIGNED_IN) === null) return;
  sessionStorage.removeItem(SIGNED_IN);
  await begin(by, from, true);
}

/** Completes a sign-in with the query of the address; returns where it began. */
export async function complete(by: SignInSettings, response: URLSearchParams): Promise<string> {
  const pending = takePending();
  await attempt(async () => {
    const provider = await discover(by.issuer);
    adopt(by, provider, await granted(provider, clientOf(by), response, pending));
  });
  return pending?.from ?? SIGNED_OUT_PATH;
}

/** Signs out here and at the provider. */
export async function end(by: SignInSettings): Promise<void> {
  const held = grant;
  grant = null;
  sessionStorage.removeItem(SIGNED_IN);
  if (held === null) return signOut();
  underWay.value = true;
  signOut();
  await attempt(async () => {
    const provider = await discover(by.issuer);
    if (held.refreshToken !== null && provider.revocation !== null) {
      // The sign-out itself ends what the token is good for; a failure here must not stop it.
      await ask(provider.revocation, new URLSearchParams({ token: held.refreshToken, client_id: by.clientId })).catch(() => undefined);
    }
    if (provider.endSession === null) return;
    const url = new URL(provider.endSession);
    const parameters = { id_token_hint: held.idToken, client_id: by.clientId, post_logout_redirect_uri: location.origin + SIGNED_OUT_PATH };
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    location.assign(url.href);
    await new Promise(() => undefined);
  });
}

function adopt(by: SignInSettings, provider: Provider, first: Grant): void {
  const { name, preferred_username: username, email } = claimsOf(first.idToken) ?? {};
  const shown = [name, username, email].find((one) => typeof one === "string" && one !== "");
  const fault = signIn(first.accessToken, { name: typeof shown === "string" ? shown : null, renew: () => renew(by, provider) });
  if (fault !== null) throw new SignInFailure("misconfigured", fault === "over" ? "the access token has expired" : "the access token is not a JWT");
  grant = first;
  sessionStorage.setItem(SIGNED_IN, "1");
}

/** The next access token; null if the provider needs the user. */
async function renew(by: SignInSettings, provider: Provider): Promise<string | null> {
  const held = grant;
  if (held === null) return null;
  try {
    const next = await nextGrant(provider, clientOf(by), held);
    if (grant === held) grant = next;
    return next.accessToken;
  } catch (error) {
    if (error instanceof SignInFailure && error.code === "unreachable") throw error;
    return null;
  }
}

async function nextGrant(provider: Provider, client: Client, held: Grant): Promise<Grant> {
  if (held.refreshToken !== null) return refresh(provider, client, held.refreshToken, held.idToken);
  const { url, pending } = await request(provider, client, "", true);
  const next = await granted(provider, client, await askSilently(url), pending);
  // Another user may have signed in at the provider.
  if (claimsOf(next.idToken)?.["sub"] !== claimsOf(held.idToken)?.["sub"]) throw new SignInFailure("foreign");
  return next;
}

async function granted(provider: Provider, client: Client, response: URLSearchParams, pending: Pending | null): Promise<Grant> {
  if (pending === null) throw new SignInFailure("foreign");
  return redeem(provider, client, codeOf(response, pending, provider.issuer), pending);
}

function takePending(): Pending | null {
  const text = sessionStorage.getItem(PENDING);
  sessionStorage.removeItem(PENDING);
  return text === null ? null : (JSON.parse(text) as Pending);
}

/** Runs a part of the flow, and records why it failed. */
async function attempt(act: () => Promise<void>): Promise<void> {
  underWay.value = true;
  failure.value = null;
  try {
    await act();
  } catch (error) {
    const found = error instanceof SignInFailure ? error : new SignInFailure("misconfigured", String(error));
    // Asking silently and finding that the user is needed is not a failure: the page asks the user.
    if (found.code !== "interaction") failure.value = found;
  }
  underWay.value = false;
}
