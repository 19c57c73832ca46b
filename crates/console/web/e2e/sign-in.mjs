// Sign-in at an OpenID provider that is not ours: the whole way, silent renewal with and without
// refresh tokens, a reload, and the sign-out.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startProvider } from "./provider/provider.mjs";
import { enter, eventually, shut, stage } from "./stage.mjs";

const provider = await startProvider({ ...stage.provider, page: stage.page, lifetime: 12 });
after(() => provider.stop());

/** Signs in by the button and the provider's form. */
async function signIn(page, user, button = "Sign in") {
  // The provider's own pages load a font, for which the test need not wait.
  await page.route("https://fonts.googleapis.com/**", (route) => route.abort());
  await page.getByRole("button", { name: button, exact: true }).click();
  await page.waitForURL(`${stage.provider.issuer}/**`);
  await page.locator("[name=login]").fill(user);
  await page.locator("[name=password]").fill("x");
  await page.locator("[type=submit]").click();
  await page.locator("nav[aria-label]").waitFor();
}

/** The bearer tokens with which the page calls the services from now on. */
function tokensOf(page) {
  const tokens = new Set();
  page.on("request", (request) => {
    const { authorization } = request.headers();
    if (authorization !== undefined) tokens.add(authorization);
  });
  return tokens;
}

const stored = (page) => page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));

test("a user signs in, sees name, operators and scopes, stays signed in, and signs out", async () => {
  const page = await enter("/console/audit?thing=pile", { as: null });
  const tokens = tokensOf(page);
  await signIn(page, "lilei");
  await page.getByRole("heading", { name: "Audit", level: 1 }).waitFor();
  assert.match(page.url(), /\/console\/audit\?thing=pile$/, "the user returns to the page");
  assert.ok(!(await stored(page)).includes("eyJ"), "tokens are only in memory");
  await page.getByRole("navigation").getByRole("link", { name: /^Issues/ }).waitFor();

  await page.locator("[data-account]").click();
  const account = page.getByRole("dialog");
  await account.getByText("李雷").waitFor();
  await account.locator("[data-operators]").getByText("All operators").waitFor();
  for (const scope of ["commands:send", "issues:read", "issues:write"]) await account.locator("[data-scopes]").getByText(scope).waitFor();
  await account.getByRole("button", { name: "Close" }).click();

  await page.getByRole("link", { name: "Fleet" }).click();
  await eventually("a renewed token", () => tokens.size >= 2);
  await eventually("another one", () => tokens.size >= 3);
  await eventually("the user not to notice", async () => (await page.locator("[data-account]").count()) === 1);

  await page.reload();
  await page.locator("[data-account]").waitFor();

  await page.locator("[data-account]").click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL(`${stage.provider.issuer}/**`);
  await page.locator("[type=submit][value=yes]").click();
  await page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
  await page.reload();
  await page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
  await shut(page);
});

test("without refresh tokens a hidden frame renews the token", async () => {
  provider.issueRefreshTokens(false);
  const page = await enter("/console/", { as: null, language: "zh" });
  const tokens = tokensOf(page);
  await signIn(page, "hanmei", "登录");
  await page.locator("[data-account]").click();
  await page.locator("[data-operators]").getByText("op-7").waitFor();
  await page.keyboard.press("Escape");
  await eventually("a renewed token", () => tokens.size >= 2);
  await eventually("the frame to be removed", async () => (await page.locator("iframe").count()) === 0);
  provider.issueRefreshTokens(true);
  await shut(page);
});

test("a token can be pasted beside the provider only where the settings accept it", async () => {
  const page = await enter("/console/", { as: null });
  const pasted = page.getByLabel("Bearer token");
  await eventually("the field for a token", async () => (await pasted.count()) === 1);
  await page.route("**/console/settings.json", async (route) => {
    const response = await route.fetch();
    const { signIn: by, ...others } = await response.json();
    await route.fulfill({ response, json: { ...others, signIn: { ...by, acceptsTokens: false } } });
  });
  await page.reload();
  await page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
  assert.equal(await pasted.count(), 0);
  await shut(page);
});

test("a provider that does not answer is reported, and the user can try again", async () => {
  const page = await enter("/console/", { as: null });
  await page.route("**/.well-known/openid-configuration", (route) => route.abort(), { times: 1 });
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.locator("[data-failure=unreachable]").waitFor();
  await signIn(page, "lilei");
  await shut(page);
});
