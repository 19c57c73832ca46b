// Random texts, and the proof that a code is redeemed by its requester (PKCE, RFC 7636).

import { SignInFailure } from "./failure.ts";

/** A random text of 256 bits, in base64url. */
export function random(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

/** The challenge for a verifier, by the method S256. */
export async function challenge(verifier: string): Promise<string> {
  // Pages at `http:` have it only on loopback.
  const { subtle } = crypto as { readonly subtle?: SubtleCrypto };
  if (subtle === undefined) throw new SignInFailure("insecure");
  return base64url(new Uint8Array(await subtle.digest("SHA-256", new TextEncoder().encode(verifier))));
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
