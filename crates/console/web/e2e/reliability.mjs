// The reliability ledger: figures by group with their formula, the export, and excluded downtime.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { api, disabled, enter, eventually, order, shut, signIn, site, stage, step, today } from "./stage.mjs";

/** A station with a pile whose first connector was faulted for an hour of each of the last 30 days. */
async function ledger() {
  const { id, piles: [pile] } = await site({ connectors: 2, connected: false });
  await order({ do: "ledger", pile: pile.id, until: today() });
  return { station: id, pile };
}

test("the ledger has both uptimes with their formulas, the worst first, and leads from a station to its connectors", async (t) => {
  const { station, pile } = await ledger();
  const page = await enter(`/console/stations/${station}`);
  const card = page.locator("[data-reliability]");
  await step(t, page, "the card of the station has the last 30 days", async () => {
    await card.locator("[data-figure=nevi]", { hasText: "97.9166 %" }).waitFor();
    await card.locator("[data-figure=failures]", { hasText: "30" }).waitFor();
    await card.locator("[data-figure=starts]", { hasText: "75.00 %" }).waitFor();
    await card.getByRole("link", { name: "Its piles" }).click();
    await page.getByRole("heading", { name: "Reliability", level: 1 }).waitFor();
  });

  await step(t, page, "the pile leads to its connectors, of which the worse one is first", async () => {
    const row = page.locator(`tr[data-total="${pile.id}"]`);
    await row.locator("th a", { hasText: "1号桩" }).waitFor();
    await row.getByRole("link", { name: "Its connectors" }).click();
    const rows = page.locator("tr[data-total]");
    await eventually("two connectors", async () => (await rows.count()) === 2);
    assert.deepEqual(await rows.evaluateAll((all) => all.map((one) => one.dataset.total.split(" ").at(-1))), ["1", "2"]);
    await rows.first().locator(".tag.bad", { hasText: "95.8333 %" }).waitFor();
    await rows.first().getByText("1 h 0 min").first().waitFor();
    await page.getByLabel("Order").selectOption("place");
    assert.match(page.url(), /by=connector.*sort=place|sort=place.*by=connector/, "the selection is a part of the address");
  });

  await step(t, page, "the formula of the profile is shown with its numbers", async () => {
    await page.locator(".formula summary").click();
    await page.locator("[data-formula=nevi]").getByText("(5,184,000 − 108,000 − 0) ÷ 5,184,000 = 97.9166 %").waitFor();
    await page.getByRole("button", { name: "Availability" }).click();
    await page.locator("[data-formula=availability]").getByText("5,076,000 ÷ (5,076,000 + 108,000) = 97.9166 %").waitFor({ state: "attached" });
    assert.equal(await page.locator("tr[data-total] .tag.bad").count(), 0, "97 % is the minimum of NEVI only");
  });

  await step(t, page, "a period that ends later than the ledger says so, and an impossible one is not requested", async () => {
    await page.getByLabel("First day").fill("2098-12-01");
    await page.getByText("Must not be before the first day.").waitFor();
    await page.getByLabel("Last day").fill("2098-12-31");
    await page.locator("[data-reach]").waitFor();
    await page.getByText("No day of this selection is in the ledger").waitFor();
    await page.getByRole("button", { name: "Last 30 days" }).click();
    await page.locator("tr[data-total]").first().waitFor();
  });
  await shut(page);
});

test("the ledger is exported with what is selected", async () => {
  const { pile } = await ledger();
  const page = await enter(`/console/reliability?by=connector&pile=${pile.id}`);
  await page.locator("tr[data-total]").first().waitFor();
  for (const [button, ending, lines] of [["Export CSV", "csv", 4], ["Export NDJSON", "ndjson", 3]]) {
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: button }).click()]);
    assert.match(download.suggestedFilename(), new RegExp(`^reliability-connector-.*\\.${ending}$`));
    const text = await readFile(await download.path(), "utf8");
    assert.equal(text.trimEnd().split("\n").length, lines, text);
    assert.match(text, /complete/);
    await page.locator("[data-export=done]").getByText("Exported rows: 2").waitFor();
  }
  await shut(page);
});

test("downtime is excluded by a form that checks, and withdrawn with a note", async (t) => {
  const { pile } = await ledger();
  const page = await enter(`/console/piles/${pile.id}`);
  const labelled = (name) => page.getByLabel(name, { exact: true });
  await step(t, page, "the pile leads to a form that begins with it", async () => {
    await page.locator("[data-manage=new-exclusion]").click();
    await page.getByRole("button", { name: "Exclude", exact: true }).click();
    await page.getByText("This field is required.").first().waitFor();
    assert.equal(await labelled("Pile (optional)").inputValue(), pile.id);
  });

  await step(t, page, "a reversed time is refused, and a whole entry accepted", async () => {
    await labelled("From").fill("2026-06-05T11:00");
    await labelled("Until").fill("2026-06-05T03:00");
    await page.getByText("Must be after the beginning.").waitFor();
    await labelled("Until").fill("2026-06-05T19:00");
    await labelled("Connector (optional)").selectOption("2");
    await labelled("Reason").selectOption("grid");
    await labelled("Note").fill("feeder outage, notice 118");
    await page.getByRole("button", { name: "Exclude", exact: true }).click();
    await page.locator("tr[data-exclusion]").getByText("feeder outage, notice 118").waitFor();
  });

  await step(t, page, "a withdrawal needs a note, and the entry remains in the list", async () => {
    await page.getByRole("button", { name: "Withdraw" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Withdraw" }).click();
    await dialog.getByText("This field is required.").waitFor();
    await dialog.getByLabel("Why it is withdrawn").fill("it was on our side");
    await dialog.getByRole("button", { name: "Withdraw" }).click();
    await page.locator("tr[data-withdrawn=true]").getByText("it was on our side").waitFor();
    await page.getByLabel("State").selectOption("applies");
    await page.getByText("No excluded downtime matches").waitFor();
  });
  const { items: [entry] } = await api("GET", `/api/v1/reliability/exclusions?pileId=${pile.id}`);
  assert.deepEqual([entry.connectorId, entry.reason, entry.withdrawnBy, entry.withdrawalNote], [2, "grid", "operator", "it was on our side"]);
  await shut(page);
});

test("a token for reading sees exclusions and enters none", async () => {
  const page = await enter("/console/reliability/exclusions", { as: "read" });
  await disabled(page.locator("[data-manage=new-exclusion]"));
  await page.goto(`${stage.page}/console/reliability/exclusions/new`);
  await signIn(page, "read");
  await page.getByText("It needs the scope assets:write").waitFor();
  await shut(page);
});
