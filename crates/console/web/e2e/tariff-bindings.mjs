// Publishing a draft, and binding a tariff where another one is in the way.
import assert from "node:assert/strict";
import { test } from "node:test";
import { api, disabled, enter, run, shut, signIn, site, tariff } from "./stage.mjs";

/** An instant some days from now as a field for date and time takes it; pages are in the zone of this machine. */
function inDays(days) {
  const at = new Date(Date.now() + days * 86_400_000);
  const two = (part) => String(part).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T12:00`;
}

test("a draft is published for an instant, and not for one that is taken", async () => {
  const id = await tariff(`发布 ${run}`, []);
  const at = new Date(inDays(9)).toISOString();
  for (const effectiveFrom of [at, null]) {
    const { priceList } = await api("GET", `/api/v1/tariffs/${id}/versions/1`);
    await api("PUT", `/api/v1/tariffs/${id}/draft`, priceList);
    if (effectiveFrom !== null) await api("POST", `/api/v1/tariffs/${id}/draft/publish`, { effectiveFrom });
  }
  const page = await enter(`/console/tariffs/${id}/draft`);
  await page.getByLabel("Fee per session").fill("2");
  await disabled(page.getByRole("button", { name: "Publish…" })); // only a saved draft is published
  await page.getByRole("button", { name: "Save the draft" }).click();
  await page.locator("[data-saved=true]").waitFor();
  await page.getByRole("button", { name: "Publish…" }).click();
  const dialog = page.getByRole("dialog");
  const instant = dialog.getByLabel("In force from");
  await instant.fill(inDays(-2));
  await dialog.getByRole("button", { name: "Publish the version" }).click();
  await dialog.getByText("Must be in the future.").waitFor();
  await instant.fill(inDays(9));
  await dialog.getByRole("button", { name: "Publish the version" }).click();
  await dialog.locator("[data-problem=TARIFF_VERSION_INSTANT_TAKEN]").waitFor();
  await instant.fill(inDays(11));
  await dialog.getByRole("button", { name: "Publish the version" }).click();
  await page.locator("tr[data-version=Scheduled]").nth(1).waitFor();
  assert.equal((await api("GET", `/api/v1/tariffs/${id}/versions/3`)).effectiveFrom, new Date(inDays(11)).toISOString().replace(".000", ""));
  await shut(page);
});

test("a binding that overlaps another one is explained, and each way out works", async () => {
  const name = `绑定站 ${run}`;
  const { id: stationId } = await site({ name, connected: false });
  const subject = { level: "station", stationId };
  const old = await tariff(`旧 ${run}`, [subject]);
  const id = await tariff(`新 ${run}`, []);
  const page = await enter(`/console/tariffs/${id}`);
  await page.getByText("The tariff is bound to nothing").waitFor();
  const dialog = page.getByRole("dialog");
  const open = async () => {
    await page.getByRole("button", { name: "Bind…" }).click();
    await dialog.getByLabel("Search a station").fill(name);
    await dialog.locator(`option[value="${stationId}"]`).waitFor({ state: "attached" });
  };
  await open();
  await dialog.locator("[data-clash]", { hasText: `旧 ${run}` }).waitFor();
  await disabled(dialog.getByRole("button", { name: "Bind", exact: true }));
  await dialog.getByLabel("From (optional)", { exact: true }).fill(inDays(3));
  await dialog.getByRole("button", { name: /^End the other one at/ }).click();
  await page.locator("tr[data-phase=future] a", { hasText: name }).waitFor();
  const { items } = await api("GET", `/api/v1/tariffs/bindings?tariffId=${old}`);
  assert.equal(Date.parse(items[0].effectiveUntil), Date.parse(inDays(3)));

  await open();
  await dialog.locator("[data-clash]", { hasText: `新 ${run}` }).waitFor();
  await dialog.getByRole("button", { name: "Begin when that one ends" }).first().click();
  await dialog.locator("[data-clash]").first().waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });

  await page.locator("tr[data-phase=future]").getByRole("button", { name: "End" }).click();
  await dialog.getByLabel("End (optional)", { exact: true }).fill(inDays(20));
  await dialog.getByRole("button", { name: "End", exact: true }).click();
  await dialog.waitFor({ state: "detached" });
  const [bound] = (await api("GET", `/api/v1/tariffs/bindings?tariffId=${id}`)).items;
  assert.equal(Date.parse(bound.effectiveUntil), Date.parse(inDays(20)));
  await shut(page);
});

test("the entries of a binding survive a reload, and its end must be after its beginning", async () => {
  const id = await tariff(`录入 ${run}`, []);
  const page = await enter(`/console/tariffs/${id}`);
  const dialog = page.getByRole("dialog");
  const open = () => page.getByRole("button", { name: "Bind…" }).click();
  const bind = () => dialog.getByRole("button", { name: "Bind", exact: true }).click();
  const end = dialog.getByLabel("Until (optional)", { exact: true });
  await open();
  await bind();
  await dialog.getByText("This field is required.").waitFor();
  await dialog.getByLabel("Level").selectOption("operator");
  await dialog.getByLabel("Operator", { exact: true }).fill(`op-${run}`);
  const early = inDays(4);
  await dialog.getByLabel("From (optional)", { exact: true }).fill(inDays(5));
  await end.fill(early);
  await bind();
  await dialog.getByText("Must be later than the beginning.").waitFor();
  await page.reload();
  await signIn(page, "all");
  await open();
  await dialog.locator("[data-draft=restored]").waitFor();
  assert.equal(await end.inputValue(), early);
  await end.fill(inDays(6));
  await bind();
  await page.locator("tr[data-phase=future]", { hasText: `op-${run}` }).waitFor();
  await shut(page);
});

test("a tariff in preparation cannot be bound, and a token for reading binds nothing", async () => {
  const { id } = await api("POST", "/api/v1/tariffs", { name: `准备 ${run}`, currency: "CNY" });
  const page = await enter(`/console/tariffs/${id}`);
  await page.getByText("Only an active tariff can be bound").first().waitFor();
  await disabled(page.getByRole("button", { name: "Bind…" }));
  await shut(page);
});
