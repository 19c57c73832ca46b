// Tariffs: the list, a tariff with its versions, and editing its details.
import assert from "node:assert/strict";
import { test } from "node:test";
import { api, enter, eventually, run, shut, tariff } from "./stage.mjs";

test("tariffs are listed, filtered and shown with their versions", async () => {
  const id = await tariff(`列表 ${run}`, []);
  const page = await enter("/console/tariffs");
  await page.locator(`tr[data-tariff="${id}"] a`).click();
  await page.getByRole("heading", { name: `列表 ${run}`, level: 1 }).waitFor();
  await page.locator("tr[data-version=InForce] a").click();
  await page.getByRole("heading", { name: "Version 1", level: 1 }).waitFor();
  await page.getByRole("group", { name: /Bands of schedule 1: 00:00–07:00 Valley 1\.1158; .* 23:00–24:00 Valley 1\.1158/ }).waitFor();
  assert.equal(await page.locator("[data-part]").count(), 7, "the valley has two parts");
  assert.equal(await page.locator("[data-edge]").count(), 0, "nothing can be dragged in a published version");
  await shut(page);

  const filtered = await enter("/console/tariffs?status=Draft");
  await eventually("only tariffs in preparation", async () => (await filtered.getByRole("table").count()) + (await filtered.locator(".state").count()) > 0);
  assert.equal(await filtered.locator(`tr[data-tariff="${id}"]`).count(), 0);
  await filtered.getByLabel("Status").selectOption("Active");
  await filtered.locator(`tr[data-tariff="${id}"]`).waitFor();
  assert.match(filtered.url(), /status=Active/);
  await shut(filtered);
});

test("a tariff is created, edited over another edit, and retired", async () => {
  const page = await enter("/console/tariffs");
  await page.getByRole("button", { name: "New tariff" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Create" }).click();
  await dialog.getByText("This field is required.").waitFor();
  await dialog.getByLabel("Name").fill(`新建 ${run}`);
  await dialog.getByLabel("Currency").selectOption("CNY");
  await dialog.getByRole("button", { name: "Create" }).click();
  await page.getByRole("heading", { name: `新建 ${run}`, level: 1 }).waitFor();
  const id = new URL(page.url()).pathname.split("/").at(-1);

  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await api("PATCH", `/api/v1/tariffs/${id}`, { operatorId: "op-9" }, { type: "application/merge-patch+json" });
  await dialog.getByLabel("Name").fill(`改名 ${run}`);
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.locator("[data-conflict]", { hasText: "op-9" }).waitFor();
  await dialog.getByRole("button", { name: "Continue with this" }).click();
  assert.equal(await dialog.getByLabel("Operator (optional)").inputValue(), "op-9");
  assert.equal(await dialog.getByLabel("Name").inputValue(), `改名 ${run}`);
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: `改名 ${run}`, level: 1 }).waitFor();
  assert.equal((await api("GET", `/api/v1/tariffs/${id}`)).operatorId, "op-9");

  await page.getByRole("button", { name: "Retire" }).click();
  await page.getByRole("alert").getByRole("button", { name: "Retire" }).click();
  await page.getByRole("heading", { name: "Tariffs", level: 1 }).waitFor();
  await eventually("the tariff to be retired", async () => (await api("GET", "/api/v1/tariffs?retired=true")).items.some((one) => one.id === id));
  await shut(page);
});

test("tariffs need a scope of their own", async () => {
  const page = await enter("/console/tariffs", { as: "read" });
  await page.getByText("It needs the scope tariffs:read").waitFor();
  assert.equal(await page.getByRole("link", { name: "Tariffs" }).count(), 0);
  await shut(page);
});
