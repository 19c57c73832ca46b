// A certified OpenID provider (https://github.com/panva/node-oidc-provider) with two users, for
// tests of the sign-in: the console meets a provider that this repository did not write.
import "./older-node.mjs";
import { readFileSync } from "node:fs";
import Provider from "oidc-provider";

/** The resource (RFC 8707) for which the provider issues access tokens. */
export const RESOURCE = "https://platform.example";
const AUDIENCE = "charging-platform";
/** What the console requests by default, but for `openid`. */
const SCOPES = /^sign_in_scopes = "openid (.*)"$/m.exec(readFileSync(new URL("../../../../asset-api/defaults.toml", import.meta.url), "utf8"))[1].split(" ");
export const USERS = {
  lilei: { name: "李雷", scopes: SCOPES },
  hanmei: { name: "韩梅梅", scopes: ["assets:read"], operators: ["op-7"] },
};

/**
 * Starts a provider at `issuer` for the console at `page`. It signs with `key`, a private JWK of
 * the curve Ed25519; access tokens are valid for `lifetime` seconds. Returns what ends it, and a
 * switch for refresh tokens.
 */
export async function startProvider({ issuer, page, key, lifetime }) {
  const state = { refreshTokens: true };
  const provider = new Provider(issuer, {
    clients: [{
      client_id: "console", token_endpoint_auth_method: "none", grant_types: ["authorization_code", "refresh_token"], response_types: ["code"],
      redirect_uris: [`${page}/console/signed-in`], post_logout_redirect_uris: [`${page}/console/`], id_token_signed_response_alg: "EdDSA",
    }],
    jwks: { keys: [{ kty: "OKP", crv: "Ed25519", use: "sig", alg: "EdDSA", ...key }] },
    cookies: { keys: ["for tests only"] },
    clientBasedCORS: (_context, origin) => origin === page,
    issueRefreshToken: () => state.refreshTokens,
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, name: USERS[id]?.name ?? id }) }),
    claims: { openid: ["sub", "name"] },
    conformIdTokenClaims: false,
    extraTokenClaims: (_context, token) => {
      const operators = USERS[token.accountId]?.operators;
      return operators === undefined ? undefined : { operators };
    },
    features: {
      devInteractions: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({
          scope: SCOPES.join(" "), audience: AUDIENCE, accessTokenFormat: "jwt", accessTokenTTL: lifetime, jwt: { sign: { alg: "EdDSA" } },
        }),
        useGrantedResource: () => true,
      },
    },
    ttl: { AuthorizationCode: 60, IdToken: 300, RefreshToken: 3_600, Session: 3_600, Grant: 3_600, Interaction: 600 },
    // Users are not asked for consent: what they may do is granted, and the rest refused.
    async loadExistingGrant({ oidc }) {
      const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      const granted = USERS[oidc.session.accountId]?.scopes ?? [];
      grant.addOIDCScope("openid");
      grant.addResourceScope(RESOURCE, granted.join(" "));
      grant.rejectResourceScope(RESOURCE, SCOPES.filter((scope) => !granted.includes(scope)).join(" "));
      await grant.save();
      return grant;
    },
  });
  provider.on("server_error", (_context, error) => console.error(error));
  const server = provider.listen(Number(new URL(issuer).port), "127.0.0.1");
  await new Promise((listening) => server.once("listening", listening));
  return {
    issueRefreshTokens: (yes) => {
      state.refreshTokens = yes;
    },
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
