// Authorization: without a token, with an invalid token, and with tokens of different scopes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { disabled, enter, paste, shut, signIn, site, stage } from "./stage.mjs";

test("sign-in requires a token and explains why a text is not one", async () => {
  const page = await enter("/console/ingest", { as: null });
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  assert.equal(await page.locator("nav").count(), 0);
  await paste(page, "not a token");
  await page.getByText("This is not a token").waitFor();
  const [head, body] = stage.tokens.all.split(".");
  await paste(page, `${head}.${body}.${"A".repeat(86)}`);
  await page.getByText("The service refused the token").waitFor();
  await signIn(page, "all");
  await page.getByRole("heading", { name: "Ingest", level: 1 }).waitFor();
  assert.deepEqual(await page.evaluate(() => [JSON.stringify(localStorage), JSON.stringify(sessionStorage), document.cookie].join("").includes("eyJ")), false);
  await page.reload();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await shut(page);
});

test("a token for reading shows everything and changes nothing", async () => {
  const { piles: [pile] } = await site();
  const page = await enter(`/console/piles/${pile.id}`, { as: "read" });
  await page.locator("[data-pile-status=Available]").waitFor();
  for (const button of await page.locator("[data-order]").all()) await disabled(button);
  await page.getByText("Sending commands needs the scope commands:send").waitFor();
  assert.equal(await page.getByRole("link", { name: "Import" }).count(), 0);
  await page.getByRole("link", { name: "Ingest" }).click();
  await page.getByText("It needs the scope operations").first().waitFor();
  await page.goto(`${stage.page}/console/import`);
  await signIn(page, "read");
  await page.getByText("It needs the scope assets:write").waitFor();
  await shut(page);
});

test("a token for operations shows the ingest page and no assets", async () => {
  const page = await enter("/console/", { as: "operations" });
  await page.getByText("It needs the scope assets:read").waitFor();
  await page.getByRole("link", { name: "Ingest" }).click();
  await page.locator("tr[data-partition]").first().waitFor();
  await shut(page);
});

test("a token that is bound to an operator sees no ingest, and the page says why", async () => {
  const page = await enter("/console/", { as: "bound" });
  await page.getByRole("navigation").getByRole("link", { name: "Sessions" }).waitFor();
  assert.equal(await page.getByRole("navigation").getByText("Ingest").count(), 0);
  await page.goto(`${stage.page}/console/ingest`);
  await signIn(page, "bound");
  await page.getByText("your token is bound to the operators op-7").waitFor();
  assert.equal(await page.getByText("It needs the scope").count(), 0);
  await shut(page);
});
