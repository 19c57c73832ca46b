// Sessions of the fleet: the list with its filters, a stuck session that an operator ends, and receipts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { api, disabled, enter, eventually, order, run, shut, site, stage, tariff } from "./stage.mjs";

/** Starts a charge at a new station with a price; returns the station, the pile and the session. */
async function charge() {
  const { id, piles: [pile] } = await site();
  await tariff(`账单 ${run}`, [{ level: "station", stationId: id }], [["00:00", "24:00", "peak", "0.9"]]);
  await api("POST", `/api/v1/piles/${pile.id}/commands/start-transaction`, { idTag: "RFID123", connectorId: 1 }, { base: stage.commands });
  const session = await eventually("the session", async () => (await api("GET", `/api/v1/piles/${pile.id}/sessions`)).items[0]);
  return { station: id, pile, session };
}

test("sessions are filtered by the address, and a stuck one is ended and has receipts", async () => {
  const { station, pile, session } = await charge();
  const page = await enter(`/console/sessions?station=${station}`);
  const row = page.locator(`tr[data-session="${session.id}"]`);
  await row.locator("a", { hasText: "人民广场站" }).waitFor();
  assert.equal(await row.getAttribute("data-open"), "true");
  await page.getByLabel("State").selectOption("ended");
  await page.getByText("No sessions match").waitFor();
  assert.match(page.url(), /station=.*state=ended|state=ended.*station=/, "the filters are a part of the address");
  await page.getByRole("button", { name: "Clear filters" }).click();
  await page.getByLabel("Device").fill(pile.device);
  await page.getByLabel("Device").press("Enter");
  await page.getByLabel("Card").fill("RFID123");
  await page.getByLabel("Card").press("Enter");
  await eventually("one row", async () => (await page.locator("tr[data-session]").count()) === 1);
  await row.locator("th a").click();

  await page.locator("[data-session][data-open=true]").waitFor();
  await page.locator("[data-total]").waitFor();
  const end = page.getByRole("button", { name: "End the session" });
  await disabled(end); // a reason is required
  await page.getByLabel("Reason").fill("现场抄表");
  await end.click();
  await page.getByRole("alert").getByRole("button", { name: "End the session" }).click();
  await page.locator("[data-session][data-open=false]").getByText("Ended by an operator · operator").waitFor();

  const receipt = page.locator("[data-receipt]");
  await receipt.waitFor();
  await receipt.getByText("Peak", { exact: true }).first().waitFor();
  await receipt.locator("[data-total]").getByText("Total", { exact: true }).waitFor();
  const content = await api("GET", `/api/v1/sessions/${session.id}/receipt?number=1`);
  assert.equal(content.replaces, null);

  // The connector becomes free, which the next receipt has.
  await order({ do: "status", device: pile.device, connector: 1, status: "Available" });
  await page.locator("[data-receipt-number='1']").click();
  await page.getByText("This receipt was replaced").waitFor();
  await page.locator("[data-receipt='1']").waitFor();
  await page.locator("[data-receipt-number='2']").click();
  await page.locator("[data-receipt='2']").getByText("replaces no. 1").waitFor();
  await shut(page);
});

test("a token for reading sees sessions, but neither drivers nor receipts, and ends none", async () => {
  const { session } = await charge();
  const page = await enter("/console/sessions", { as: "read" });
  await disabled(page.getByLabel("Card"));
  await page.locator(`tr[data-session="${session.id}"] th a`).click();
  await page.getByText("It needs the scope tariffs:read").waitFor();
  await disabled(page.getByRole("button", { name: "End the session" }));
  await shut(page);
});

test("a session that does not exist is reported", async () => {
  const page = await enter("/console/sessions/0192f0c1-7a3b-7cc1-8f00-0123456789ab");
  await page.getByText("This session does not exist").waitFor();
  await shut(page);
});
