// Energy and revenue by day, month, station and band, and exports with their progress.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { api, charged, enter, eventually, run, shut, site, tariff } from "./stage.mjs";

/** The text of the file that a click on the button `name` saves, and its name. */
async function saved(page, name) {
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name }).click()]);
  return { name: download.suggestedFilename(), text: await readFile(await download.path(), "utf8") };
}

test("energy and revenue are shown by day, month, station and band, and exported", async () => {
  const name = `收入站 ${run}`;
  const { id, piles: [pile] } = await site({ name });
  await tariff(`收入 ${run}`, [{ level: "station", stationId: id }], [["00:00", "24:00", "peak", "0.9"]]);
  const session = await charged(pile);
  // The zone of the prices, so that the day is the same.
  const page = await enter(`/console/revenue?station=${id}`, { zone: "Asia/Shanghai" });
  const row = page.locator("tr[data-currency=CNY]");
  // Another receipt may replace the first one meanwhile.
  await eventually("the total of the receipt", async () => {
    const { price } = await api("GET", `/api/v1/sessions/${session}/receipt`);
    return (await row.locator("strong").innerText()) === price.totals.total.amount;
  });
  const day = await row.getAttribute("data-period");
  await page.locator("[data-sum=sessions] dd", { hasText: /^1$/ }).waitFor();
  await page.locator(".uplot").waitFor();
  assert.notEqual(await page.locator("[data-part=peak] strong").innerText(), "0.0 kWh");
  assert.equal(await page.locator("[data-part=valley] strong").innerText(), "0.0 kWh");
  await page.getByRole("button", { name: "Revenue", exact: true }).click();
  await page.locator("[data-part=peak] strong", { hasText: "CNY" }).waitFor();

  await page.getByLabel("Grouped by").selectOption("station");
  await page.locator("tr[data-period] a", { hasText: name }).waitFor();
  assert.match(page.url(), /by=station/, "the filters are a part of the address");
  const csv = await saved(page, "Export CSV");
  assert.match(csv.name, /^revenue-.*\.csv$/);
  const [header, first, end] = csv.text.split("\r\n");
  assert.match(header, /^startsOn,operatorId,stationId,/);
  assert.equal(first.startsWith(`${day},op-7,${id},1,`), true, first);
  assert.match(end, /^,+complete,$/);
  await page.getByText("Exported rows: 1").waitFor();

  await page.getByRole("button", { name: "Months" }).click();
  await page.locator(`tr[data-period="${day.slice(0, 7)}-01"]`).waitFor();
  await page.getByRole("button", { name: "Clear filters" }).click();
  await page.getByLabel("Grouped by").selectOption("operator");
  await page.locator("tr[data-period]", { hasText: "op-7" }).first().waitFor();
  await page.getByLabel("From", { exact: true }).fill("2010-01");
  await page.getByText("At most 366 days or 120 months").waitFor();
  await shut(page);
});

test("sessions are exported as they are filtered, and an export that reaches a limit is continued", async () => {
  const { id, piles: [pile] } = await site();
  const session = await charged(pile);
  const page = await enter(`/console/sessions?station=${id}`);
  await page.locator(`tr[data-session="${session}"]`).waitFor();
  const { name, text } = await saved(page, "Export NDJSON");
  assert.equal(name, "sessions.ndjson");
  const lines = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual([lines.length, lines[0].session.id, lines[1].end.outcome], [2, session, "complete"]);

  const asked = [];
  await page.route("**/api/v1/sessions/export?*", (route) => {
    const { searchParams } = new URL(route.request().url());
    asked.push(searchParams.get("cursor"));
    const row = searchParams.has("cursor") ? "2,,\r\n,complete," : "1,,\r\n,rowLimit,AQ";
    return route.fulfill({ contentType: "text/csv", body: `id,exportOutcome,nextCursor\r\n${row}\r\n` });
  });
  const joined = await saved(page, "Export CSV");
  assert.equal(joined.text, "id,exportOutcome,nextCursor\r\n1,,\r\n2,,\r\n,complete,\r\n");
  assert.deepEqual(asked, [null, "AQ"]);
  await page.getByText("Exported rows: 2").waitFor();

  await page.unroute("**/api/v1/sessions/export?*");
  await page.route("**/api/v1/sessions/export?*", (route) => route.fulfill({ contentType: "text/csv", body: "id,exportOutcome,nextCursor\r\n1,,\r\n" }));
  await page.getByRole("button", { name: "Export CSV" }).click();
  await page.locator("[data-export=failed]").waitFor();
  await eventually("another export to be possible", () => page.getByRole("button", { name: "Export CSV" }).isEnabled());
  await shut(page);
});

test("revenue needs tariffs:read", async () => {
  const page = await enter("/console/revenue", { as: "read" });
  await page.getByText("It needs the scope tariffs:read").waitFor();
  await shut(page);
});
