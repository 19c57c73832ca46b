// Requests to publish that a second person approves, and the comparison with past sessions.
import assert from "node:assert/strict";
import { test } from "node:test";
import { api, enter, run, shut, signIn, site, tariff } from "./stage.mjs";

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

  await api("PUT", `/api/v1/tariffs/${id}/draft/proposal`, {});
  const page = await enter(`/console/tariffs/${id}/draft`, { as: "second" });
  await page.locator("[data-proposal=open]").getByRole("button", { name: "Approve and publish" }).click();
  await page.locator("tr[data-version=InForce]").waitFor();
  assert.equal((await api("GET", `/api/v1/tariffs/${id}/versions/2`)).publishedBy, "second");
  await shut(page);
});

test("where the setting asks for it, publishing requests the approval, which can be withdrawn", async () => {
  const { id } = await drafted("申请");
  const page = await enter(`/console/tariffs/${id}/draft`, { as: null });
  // The stage runs without the setting: the draft is changed on its way to the page.
  await page.route(`**/api/v1/tariffs/${id}/draft**`, async (route) => {
    const response = await route.fetch();
    if (response.status() !== 200) return route.fulfill({ response });
    return route.fulfill({ response, json: { ...(await response.json()), approvalRequired: true } });
  });
  await signIn(page, "all");
  await page.getByRole("button", { name: "Publish…" }).click();
  await page.getByRole("dialog").getByText("A publication needs the approval of a second person.").waitFor();
  await page.getByRole("button", { name: "Request approval" }).click();
  await page.locator("[data-proposal=own]").waitFor();
  await page.getByRole("button", { name: "Withdraw the request" }).click();
  await page.getByRole("alert").getByRole("button", { name: "Withdraw the request" }).click();
  await page.locator("[data-proposal]").waitFor({ state: "detached" });
  assert.equal((await api("GET", `/api/v1/tariffs/${id}/draft`)).proposal, null);
  await shut(page);
});

test("a station without sessions cannot be compared, and the comparison says so", async () => {
  const name = `比较站 ${run}`;
  const { id: stationId } = await site({ name, connected: false });
  const { id } = await drafted("比较");
  const page = await enter(`/console/tariffs/${id}/versions/1`);
  await page.getByLabel("Search a station").fill(name);
  await page.locator(`option[value="${stationId}"]`).waitFor({ state: "attached" });
  await page.getByRole("button", { name: "Calculate" }).click();
  await page.getByText("No ended session of this month can be compared").waitFor();
  await shut(page);
});
