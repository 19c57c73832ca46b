// Live updates: changes appear by themselves, stale data is marked, and missed changes are caught
// up.
import assert from "node:assert/strict";
import { test } from "node:test";
import { enter, eventually, order, shut, site, way } from "./stage.mjs";

test("a change of status appears in the list, at the station and at the pile", async () => {
  const { id, piles: [pile] } = await site();
  const pages = [await enter(`/console/?view=piles&q=${pile.device}`), await enter(`/console/stations/${id}`), await enter(`/console/piles/${pile.id}`)];
  for (const page of pages) await page.locator("[data-feed=live]").waitFor();
  await order({ do: "status", device: pile.device, connector: 1, status: "Faulted" });
  await pages[0].locator(".row .status.tone-Faulted").waitFor();
  await pages[1].locator(".row .status.tone-Faulted").waitFor();
  await pages[2].locator("[data-pile-status=Faulted]").waitFor();
  for (const page of pages) await shut(page);
});

test("a lost feed connection is reported, and resumed where it ended", async () => {
  const { piles: [pile, other] } = await site({ piles: 2 });
  const page = await enter(`/console/piles/${pile.id}`);
  await page.locator("[data-feed=live]").waitFor();
  const places = [];
  page.on("request", (request) => {
    if (request.url().includes("/api/v1/feed")) places.push(request.headers()["last-event-id"]);
  });
  way.cut();
  await page.locator("[data-banner=lost]").getByText("The live connection is lost").waitFor();
  assert.equal(await page.locator("[data-pile-status]").getAttribute("data-pile-status"), "Available", "the last known status is still shown");
  await order({ do: "status", device: other.device, connector: 1, status: "Faulted" });
  await order({ do: "status", device: pile.device, connector: 1, status: "Faulted" });
  await order({ do: "status", device: pile.device, connector: 1, status: "Available" });
  await order({ do: "status", device: pile.device, connector: 1, status: "Unavailable" });
  way.mend();
  // Awaited before the click: the banner goes away by itself.
  const resumed = page.locator("[data-banner=resumed]").getByText("Nothing was missed").waitFor();
  await page.locator("[data-banner=lost]").getByRole("button", { name: "Try now" }).click();
  await resumed;
  await page.locator("[data-pile-status=Unavailable]").waitFor();
  assert.match(places.at(-1) ?? "", /^\d+-\d+$/, "the feed resumes at the last position");
  await eventually("every change in the history", async () => (await page.locator(".events .tone-Faulted").count()) >= 1 && (await page.locator(".events .tone-Unavailable").count()) >= 1);
  await page.locator("[data-banner=resumed]").waitFor({ state: "detached" });
  await shut(page);
});

test("a failed read is repeated without user action", async () => {
  const { piles: [pile] } = await site();
  const page = await enter("/console/");
  // Requests fail until their cards say so: news of the pile may repeat them at once.
  const requests = ["**/commands?*", "**/status-history?*"];
  for (const asked of requests) await page.route(asked, (route) => route.abort());
  await page.getByRole("button", { name: "Piles", exact: true }).click();
  await page.locator(`a[data-pile="${pile.device}"]`).click();
  for (const card of ["commands", "timeline"]) await page.locator(`section[aria-labelledby=${card}]`).getByText("Loading failed").waitFor();
  for (const asked of requests) await page.unroute(asked);
  await page.getByText("No command was sent").waitFor();
  await page.locator("[data-changes]").waitFor();
  await shut(page);
});

test("stale data is not shown as live", async () => {
  const { piles: [pile] } = await site();
  const page = await enter(`/console/piles/${pile.id}`);
  await page.locator("[data-confidence=live]").waitFor();
  await order({ do: "ingest", on: false });
  await page.locator("[data-confidence=stale]").getByText("stale since").waitFor();
  await order({ do: "ingest", on: true });
  await page.locator("[data-confidence=live]").waitFor();
  const { piles: [silent] } = await site({ connected: false });
  const unheard = await enter(`/console/piles/${silent.id}`);
  await unheard.locator("[data-confidence=unknown]").getByText("never connected").waitFor();
  await shut(page);
  await shut(unheard);
});
