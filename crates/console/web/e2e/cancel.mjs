// Cancelling: a stop that waits, and a command to a station that runs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { api, enter, eventually, order, shut, site, stage } from "./stage.mjs";

test("a stop that waits for the transaction id is cancelled", async () => {
  const { piles: [pile] } = await site();
  await order({ do: "begin-unnamed", device: pile.device });
  await eventually("the session", async () => (await api("GET", `/api/v1/piles/${pile.id}/sessions`)).items[0]);
  const page = await enter(`/console/piles/${pile.id}`);
  await page.locator("[data-order=stop-transaction]").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Send" }).click();
  await dialog.locator("[data-progress=waiting]").waitFor();
  await dialog.getByRole("button", { name: "Cancel this command" }).click();
  await dialog.getByRole("alert").getByRole("button", { name: "Keep it" }).click();
  await dialog.getByRole("alert").waitFor({ state: "detached" });
  await dialog.getByRole("button", { name: "Cancel this command" }).click();
  await dialog.getByRole("alert").getByRole("button", { name: "Cancel this command" }).click();
  await dialog.locator("[data-progress=cancelled]").getByText("Cancelled; not sent").waitFor();
  assert.equal(await dialog.getByRole("button", { name: "Cancel this command" }).count(), 0);
  await dialog.getByRole("button", { name: "Close" }).click();
  await page.locator("[data-command][data-state=cancelled]").waitFor();
  const { items: [stop] } = await api("GET", `/api/v1/piles/${pile.id}/commands`, undefined, { base: stage.commands });
  assert.equal(stop.status, "cancelled");
  await shut(page);
});

test("a running command to a station is found in the audit, followed and cancelled", async () => {
  const { id } = await site({ piles: 40, connected: false });
  const { batchId } = await api("POST", `/api/v1/stations/${id}/commands/reset`, { type: "Soft", ratePerSecond: 1 }, { base: stage.commands });
  const page = await enter("/console/audit?thing=commandBatch");
  await page.locator("tr[data-thing=commandBatch] a", { hasText: batchId }).click();
  await page.locator("[data-batch=running]").waitFor();
  await page.locator("[data-count=refused]").waitFor();
  await page.getByRole("button", { name: "Cancel the batch" }).click();
  await page.getByRole("alert").getByRole("button", { name: "Cancel the batch" }).click();
  await page.locator("[data-batch=cancelled]").waitFor();
  await page.getByLabel("State").selectOption("cancelled");
  await page.locator("td", { hasText: "BATCH_CANCELLED" }).first().waitFor();
  const { counts, cancelledBy } = await api("GET", `/api/v1/command-batches/${batchId}`, undefined, { base: stage.commands });
  assert.equal(cancelledBy, "operator");
  assert.equal(counts.waiting, 0);
  assert.ok(counts.cancelled > 0, JSON.stringify(counts));
  await shut(page);
});
