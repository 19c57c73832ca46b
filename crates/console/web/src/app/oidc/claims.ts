// The claims of a token, unverified: only the services verify signatures.

/** The claims of a JWT; null if the text is not one. */
export function claimsOf(token: string): Readonly<Record<string, unknown>> | null {
  const middle = /^[\w-]+\.([\w-]+)\.[\w-]+$/.exec(token)?.[1];
  if (middle === undefined) return null;
  try {
    const bytes = Uint8Array.from(atob(middle.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof claims === "object" && claims !== null && !Array.isArray(claims) ? (claims as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** A claim that is a text or a list of texts, as a list. */
export function listed(claim: unknown): readonly string[] {
  return typeof claim === "string" ? [claim] : Array.isArray(claim) ? claim.filter((one) => typeof one === "string") : [];
}
