import assert from "node:assert/strict";
import { test } from "node:test";
import { SignInFailure } from "./failure.ts";
import { challenge, random } from "./pkce.ts";
import type { Provider } from "./provider.ts";
import { codeOf, request } from "./request.ts";

const issuer = "https://id.example";
const provider: Provider = { issuer, authorization: "https://id.example/auth?tenant=7", token: "https://id.example/token", endSession: null, revocation: null };
const client = { id: "console", scopes: "openid assets:read", parameters: "audience=charging-platform", redirectUri: "https://assets.example/console/signed-in" };
const fails = (code: string) => (error: unknown) => error instanceof SignInFailure && error.code === code;

test("the challenge is that of RFC 7636, appendix B", async () => {
  assert.equal(await challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
});

test("random texts are long, differ, and need no escape in an address", () => {
  const texts = Array.from({ length: 100 }, random);
  assert.equal(new Set(texts).size, 100);
  for (const text of texts) assert.match(text, /^[\w-]{43}$/);
});

test("a request proves possession, and keeps what the provider's address already has", async () => {
  const { url, pending } = await request(provider, client, "/console/piles/1", false);
  const asked = Object.fromEntries(new URL(url).searchParams);
  assert.deepEqual(asked, {
    tenant: "7", audience: "charging-platform", response_type: "code", client_id: "console", redirect_uri: client.redirectUri, scope: client.scopes,
    state: pending.state, nonce: pending.nonce, code_challenge: await challenge(pending.verifier), code_challenge_method: "S256",
  });
  assert.equal(pending.from, "/console/piles/1");
  assert.ok(!url.includes(pending.verifier), "the verifier stays in the tab");
  assert.equal(new Set([pending.state, pending.nonce, pending.verifier]).size, 3);
});

test("a setting cannot replace the parameters of the protocol", async () => {
  const { url } = await request(provider, { ...client, parameters: "state=known&redirect_uri=https://evil.example" }, "", true);
  const asked = new URL(url).searchParams;
  assert.equal(asked.get("redirect_uri"), client.redirectUri);
  assert.notEqual(asked.get("state"), "known");
  assert.equal(asked.get("prompt"), "none");
});

test("a response must belong to the request, and come from the issuer", async () => {
  const { pending } = await request(provider, client, "", false);
  const response = (said: Record<string, string>) => new URLSearchParams({ state: pending.state, ...said });
  assert.equal(codeOf(response({ code: "c" }), pending, issuer), "c");
  assert.equal(codeOf(response({ code: "c", iss: issuer }), pending, issuer), "c");
  assert.throws(() => codeOf(response({ code: "c", state: "other" }), pending, issuer), fails("foreign"));
  assert.throws(() => codeOf(new URLSearchParams({ code: "c" }), pending, issuer), fails("foreign"));
  assert.throws(() => codeOf(response({ code: "c", iss: "https://evil.example" }), pending, issuer), fails("foreign"));
  assert.throws(() => codeOf(response({ error: "login_required" }), pending, issuer), fails("interaction"));
  assert.throws(() => codeOf(response({ error: "access_denied", error_description: "not today" }), pending, issuer), /not today/);
  assert.throws(() => codeOf(response({}), pending, issuer), fails("misconfigured"));
});
