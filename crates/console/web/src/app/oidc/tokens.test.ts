import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { SignInFailure } from "./failure.ts";
import { discover } from "./provider.ts";
import { checkIdToken, redeem, refresh } from "./tokens.ts";

const issuer = "https://id.example";
const provider = { issuer, authorization: `${issuer}/auth`, token: `${issuer}/token`, endSession: null, revocation: null };
const client = { id: "console", scopes: "openid", parameters: "audience=platform", redirectUri: "https://assets.example/console/signed-in" };
const pending = { state: "s", nonce: "n", verifier: "v", from: "/console/" };
const claims = { iss: issuer, aud: "console", sub: "u1", exp: Date.now() / 1000 + 300, nonce: "n" };
const fails = (code: string) => (error: unknown) => error instanceof SignInFailure && error.code === code;

function jwt(payload: object): string {
  return `h.${Buffer.from(JSON.stringify(payload)).toString("base64url")}.s`;
}

const real = globalThis.fetch;
let asked: { readonly url: string; readonly form: Record<string, string> }[] = [];
/** Answers the next calls of the provider. */
function answer(body: unknown, status = 200): void {
  asked = [];
  globalThis.fetch = async (url, init) => {
    asked.push({ url: String(url), form: Object.fromEntries((init?.body as URLSearchParams | undefined) ?? []) });
    return new Response(JSON.stringify(body), { status });
  };
}
afterEach(() => {
  globalThis.fetch = real;
});

test("a code is redeemed with its verifier", async () => {
  answer({ access_token: "a", token_type: "Bearer", id_token: jwt(claims), refresh_token: "r" });
  const grant = await redeem(provider, client, "c", pending);
  assert.deepEqual(grant, { accessToken: "a", idToken: jwt(claims), refreshToken: "r" });
  assert.deepEqual(asked, [{
    url: provider.token,
    form: { audience: "platform", client_id: "console", grant_type: "authorization_code", code: "c", code_verifier: "v", redirect_uri: client.redirectUri },
  }]);
});

test("a token for another request, client or time is not accepted", async () => {
  for (const [wrong, code] of [
    [{ nonce: "other" }, "foreign"], [{ nonce: undefined }, "foreign"], [{ iss: "https://evil.example" }, "misconfigured"], [{ aud: "other" }, "misconfigured"],
    [{ aud: ["console", "other"] }, "misconfigured"], [{ exp: Date.now() / 1000 - 120 }, "misconfigured"], [{ exp: undefined }, "misconfigured"],
  ] as const) {
    answer({ access_token: "a", token_type: "Bearer", id_token: jwt({ ...claims, ...wrong }) });
    await assert.rejects(redeem(provider, client, "c", pending), fails(code), JSON.stringify(wrong));
  }
  checkIdToken(jwt({ ...claims, aud: ["console", "other"], azp: "console" }), issuer, "console", Date.now());
});

test("answers without the tokens, and refusals, are distinguished", async () => {
  answer({ access_token: "a", token_type: "Bearer" });
  await assert.rejects(redeem(provider, client, "c", pending), fails("misconfigured"));
  answer({ access_token: "a", token_type: "DPoP", id_token: jwt(claims) });
  await assert.rejects(redeem(provider, client, "c", pending), fails("misconfigured"));
  answer({ error: "invalid_grant" }, 400);
  await assert.rejects(redeem(provider, client, "c", pending), fails("refused"));
  answer({}, 502);
  await assert.rejects(redeem(provider, client, "c", pending), fails("unreachable"));
});

test("a refresh keeps what the provider does not replace, and the user", async () => {
  const idToken = jwt(claims);
  answer({ access_token: "a2", token_type: "bearer" });
  assert.deepEqual(await refresh(provider, client, "r", idToken), { accessToken: "a2", idToken, refreshToken: "r" });
  answer({ access_token: "a3", token_type: "bearer", refresh_token: "r2", id_token: jwt({ ...claims, nonce: undefined }) });
  assert.equal((await refresh(provider, client, "r", idToken)).refreshToken, "r2");
  answer({ access_token: "a4", token_type: "bearer", id_token: jwt({ ...claims, sub: "u2" }) });
  await assert.rejects(refresh(provider, client, "r", idToken), fails("foreign"));
});

test("discovery is only believed of the issuer itself", async () => {
  const said = { issuer, authorization_endpoint: provider.authorization, token_endpoint: provider.token };
  answer(said);
  assert.deepEqual(await discover(issuer), provider);
  assert.equal(asked[0]?.url, `${issuer}/.well-known/openid-configuration`);
  answer({ ...said, issuer: "https://evil.example" });
  await assert.rejects(discover(issuer), fails("misconfigured"));
  answer({ issuer });
  await assert.rejects(discover(issuer), fails("misconfigured"));
  answer({}, 404);
  await assert.rejects(discover(issuer), fails("misconfigured"));
});
