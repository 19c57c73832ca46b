// The audit: what callers did, with its filters in the address.
import assert from "node:assert/strict";
import { test } from "node:test";
import { api, enter, eventually, shut, site } from "./stage.mjs";

test("the audit is filtered, and shows what changed", async () => {
  const { id, piles: [pile] } = await site({ connected: false });
  await api("PATCH", `/api/v1/stations/${id}`, { name: "外滩站" }, { type: "application/merge-patch+json" });
  const page = await enter(`/console/audit?id=${id}`);
  await eventually("both entries", async () => (await page.locator("tr[data-thing=station]").count()) === 2);
  await page.getByLabel("Action").selectOption("updated");
  await eventually("one entry", async () => (await page.locator("tr[data-entry]").count()) === 1);
  const changed = page.locator("tr[data-entry=updated]");
  await changed.getByText("operator", { exact: true }).waitFor();
  await changed.locator("summary", { hasText: "name" }).click();
  await changed.locator("pre", { hasText: "外滩站" }).waitFor();
  assert.match(page.url(), /action=updated/);
  await page.reload();
  assert.match(page.url(), /action=updated/, "the filter is a part of the address");
  await shut(page);

  const all = await enter(`/console/audit?thing=pile&id=${pile.id}&from=2000-01-01T00:00:00.000Z&until=2000-01-02T00:00:00.000Z`);
  await all.getByText("No entries match").waitFor();
  await all.getByLabel("Until").fill("");
  await all.locator("tr[data-entry=created] a", { hasText: pile.id }).click();
  await all.getByRole("heading", { name: "1号桩", level: 1 }).waitFor();
  await shut(all);
});

test("the audit needs a scope of its own", async () => {
  const page = await enter("/console/audit", { as: "read" });
  await page.getByText("It needs the scope audit:read").waitFor();
  assert.equal(await page.getByRole("link", { name: "Audit" }).count(), 0);
  await shut(page);
});
