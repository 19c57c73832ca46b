// Requests to publish that a second person approves, and the comparison with past sessions.
import assert from "node:assert/strict";
import { test } from "node:test";
import { api, charged, enter, eventually, run, shut, site, stage, tariff } from "./stage.mjs";

async function drafted(name) {
  const id = await tariff(`${name} ${run}`, [], [["00:00", "24:00", "flat", "0.9"]]);
  const { priceList } = await api("GET", `/api/v1/tariffs/${id}/versions/1`);
  await api("PUT", `/api/v1/tariffs/${id}/draft`, priceList);
  return { id, priceList };
}

test("a request is shown, approved by a second person, and not by the first or after an edit", async () => {
  const { id, priceList } = await drafted("批准");
  await api("PUT", `/api/v1/tariffs/${id}/draft/proposal`, {});
  const own = await enter(`/console/tariffs/${id}/draft`);
  await own.locator("[data-proposal=own]").waitFor();
  assert.equal(await own.getByRole("button", { name: "Approve and publish" }).count(), 0);
  await shut(own);

  await api("PUT", `/api/v1/tariffs/${id}/draft`, priceList);
  const stale = await enter(`/console/tariffs/${id}/draft`, { as: "second" });
  await stale.locator("[data-proposal=stale]").waitFor();
  await shut(stale);

  const page = await enter("/console/tariffs?awaits=approval", { as: "second" });
  await page.getByRole("table").or(page.getByText("No tariff matches")).waitFor();
  assert.equal(await page.locator(`tr[data-tariff="${id}"]`).count(), 0, "the request covers an earlier revision");
  await api("PUT", `/api/v1/tariffs/${id}/draft/proposal`, {});
  await page.getByLabel("Approval").selectOption("");
  await page.locator(`tr[data-tariff="${id}"]`).waitFor();
  await page.getByLabel("Approval").selectOption("approval");
  await page.locator(`a[data-awaits="${id}"]`).click();
  await page.locator("[data-proposal=open]").getByRole("button", { name: "Approve and publish" }).click();
  await page.locator("tr[data-version=InForce]").waitFor();
  assert.equal((await api("GET", `/api/v1/tariffs/${id}/versions/2`)).publishedBy, "second");
  await shut(page);
});

test("where the setting requires it, the approval is requested, withdrawn, and given by a second person", async () => {
  const { id } = await drafted("申请");
  const page = await enter(`/console/tariffs/${id}/draft`, { at: stage.extended });
  const request = async () => {
    await page.getByRole("button", { name: "Publish…" }).click();
    await page.getByRole("dialog").getByText("A publication needs the approval of a second person.").waitFor();
    await page.getByRole("button", { name: "Request approval" }).click();
    await page.locator("[data-proposal=own]").waitFor();
  };
  await request();
  await page.getByRole("button", { name: "Withdraw the request" }).click();
  await page.getByRole("alert").getByRole("button", { name: "Withdraw the request" }).click();
  await page.locator("[data-proposal]").waitFor({ state: "detached" });
  assert.equal((await api("GET", `/api/v1/tariffs/${id}/draft`)).proposal, null);
  await request();
  await assert.rejects(api("POST", `/api/v1/tariffs/${id}/draft/publish`, {}, { base: stage.extended }), /TARIFF_APPROVAL_REQUIRED/);
  await shut(page);

  const second = await enter(`/console/tariffs/${id}`, { at: stage.extended, as: "second" });
  await second.locator(`a[data-awaits="${id}"]`).click();
  await second.getByRole("button", { name: "Approve and publish" }).click();
  await second.locator("tr[data-version=InForce]").waitFor();
  await second.locator(`a[data-awaits="${id}"]`).waitFor({ state: "detached" });
  assert.equal((await api("GET", `/api/v1/tariffs/${id}/versions/2`)).publishedBy, "second");
  await shut(second);
});

/** Chooses a station to compare with. */
async function choose(page, stationId, name) {
  await page.getByLabel("Search a station").fill(name);
  const choice = page.getByLabel("Station", { exact: true });
  await eventually("the station to be chosen", async () => (await choice.locator("option").count()) === 1 && (await choice.inputValue()) === stationId);
}

test("a charged session is compared, part by part, with what a dearer version would have earned", async () => {
  const name = `假设站 ${run}`;
  const { id: stationId, piles: [pile] } = await site({ name });
  await tariff(`实收 ${run}`, [{ level: "station", stationId }], [["00:00", "24:00", "flat", "0.9"]]);
  const session = await charged(pile);
  const dearer = await tariff(`假设 ${run}`, [], [["00:00", "24:00", "peak", "1.8"]]);
  const { startedAt } = await api("GET", `/api/v1/sessions/${session}`);
  // The month of the page is that of the session: both are in UTC.
  const page = await enter(`/console/tariffs/${dearer}/versions/1`, { zone: "UTC" });
  await choose(page, stationId, name);
  await page.getByLabel("Month", { exact: true }).fill(startedAt.slice(0, 7));
  const result = page.locator("[data-what-if]");
  const part = (of) => result.locator(`[data-part-of=${of}] td`).allInnerTexts();
  // Another receipt may replace the first one meanwhile.
  const expected = await eventually("the figures of the receipt", async () => {
    const [{ energyWh }, { price: { totals } }] = [await api("GET", `/api/v1/sessions/${session}`), await api("GET", `/api/v1/sessions/${session}/receipt`)];
    await page.getByRole("button", { name: "Calculate" }).click();
    await result.waitFor();
    const [, did] = await part("total");
    const cents = (amount) => Math.round(Number(amount) * 100);
    const more = Math.round((energyWh / 1000) * 180) - cents(totals.electricity.amount);
    return did === totals.total.amount ? { ...totals, more: (more / 100).toFixed(2), would: ((cents(did) + more) / 100).toFixed(2) } : null;
  });
  const { electricity, service, total, more, would } = expected;
  assert.ok(Number(more) > 0, "the version is dearer");
  assert.deepEqual((await part("electricity")).toSpliced(2, 1), ["Electricity", electricity.amount, `+${more}`]);
  assert.deepEqual(await part("service"), ["Service", service.amount, service.amount, "0.00"]);
  assert.deepEqual(await part("total"), ["Total", total.amount, would, `+${more}`]);
  await result.getByText(`This version would have earned ${would} CNY instead of ${total.amount} CNY: +${more} CNY.`).waitFor();
  const [sessions, , leftOut] = await result.locator("dd").allInnerTexts();
  assert.deepEqual([sessions, leftOut], ["1", "0"]);
  await shut(page);
});

test("a station without sessions cannot be compared, and the comparison says so", async () => {
  const name = `比较站 ${run}`;
  const { id: stationId } = await site({ name, connected: false });
  const { id } = await drafted("比较");
  const page = await enter(`/console/tariffs/${id}/versions/1`);
  await choose(page, stationId, name);
  await page.getByRole("button", { name: "Calculate" }).click();
  await page.getByText("No ended session of this month can be compared").waitFor();
  await shut(page);
});
