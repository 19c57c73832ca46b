// Issues: a fault that a device reports, with all that callers do until it closes by itself; outages of
// a station and of a gateway; the recovery of a fault; and a maintenance window, in which no issue opens.
import assert from "node:assert/strict";
import { test } from "node:test";
import { api, enter, eventually, order, run, shut, site, stage, step } from "./stage.mjs";

const fault = (device) => order({ do: "status", device, connector: 1, status: "Faulted" });
const repair = (device) => order({ do: "status", device, connector: 1, status: "Available" });
/** The open issues that match, once there is one. */
const opened = (query) => eventually(`an issue with ${query}`, async () => (await api("GET", `/api/v1/issues?state=open&${query}`)).items[0]);

test("a fault becomes an issue, is acknowledged, assigned and muted, and closes by itself", async (t) => {
  const { id: station, piles: [pile] } = await site({ name: `问题站 ${run}` });
  const page = await enter(`/console/stations/${station}`);
  const head = page.locator("h1[data-issue]");
  const event = (kind) => page.locator(`[data-event=${kind}]`);

  await step(t, page, "it appears on the page of its station, and leads to its own", async () => {
    await page.getByText("No issue is open.").waitFor();
    await fault(pile.device);
    await page.locator("section[aria-labelledby=place-issues] [data-cause=fault] a", { hasText: "Fault" }).click();
    await head.waitFor();
    await page.locator("[data-severity=major]").waitFor();
    await page.locator("[data-evidence=fact] [data-fact=status]", { hasText: "Faulted" }).waitFor();
    await event("opened").waitFor();
  });

  await step(t, page, "it is acknowledged with a note and assigned", async () => {
    await page.getByRole("button", { name: "Acknowledge" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Note").fill("技师在路上");
    await dialog.getByRole("button", { name: "Acknowledge" }).click();
    await dialog.waitFor({ state: "detached" });
    await event("acknowledged").getByText("技师在路上").waitFor();
    await event("acknowledged").getByText("operator", { exact: true }).waitFor();
    assert.equal(await page.locator("[data-action=acknowledge]").count(), 0, "once is enough");
    await page.getByRole("button", { name: "Assign" }).click();
    await dialog.getByRole("button", { name: "Take it myself" }).click();
    await dialog.getByRole("button", { name: "Assign", exact: true }).click();
    await event("assigned").waitFor();
  });

  await step(t, page, "it is muted with a reason, and unmuted", async () => {
    await page.getByRole("button", { name: "Mute" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Mute" }).click();
    await dialog.getByText("This field is required.").waitFor();
    await dialog.getByLabel("Until").fill("2020-01-01T00:00");
    await dialog.getByText("Must be in the future.").waitFor();
    await dialog.getByLabel("Until").fill("2098-01-01T00:00");
    await dialog.getByLabel("Reason").fill("备件周一到");
    await dialog.getByRole("button", { name: "Mute" }).click();
    await event("muted").getByText("备件周一到").waitFor();
    await page.getByRole("button", { name: "Unmute" }).click();
    await page.getByRole("alert").getByRole("button", { name: "Unmute" }).click();
    await event("unmuted").waitFor();
  });

  await step(t, page, "it closes with what ended it, and nothing can be done any more", async () => {
    await repair(pile.device);
    await page.locator("h1[data-open=false]").waitFor();
    await page.locator("[data-evidence=proof]").getByText("Available").waitFor();
    await event("closed").waitFor();
    assert.equal(await page.locator("[data-action]").count(), 0);
  });
  await shut(page);
});

test("issues are filtered by the address, the open ones first, and appear by themselves", async () => {
  const { id: station, piles: [one, other] } = await site({ piles: 2 });
  await fault(one.device);
  await opened(`stationId=${station}`);
  await repair(one.device);
  const page = await enter(`/console/issues?station=${station}`);
  const rows = page.locator("tr[data-issue]");
  await page.locator("tr[data-open=false]").getByText("Closed").waitFor();
  await fault(other.device);
  await page.locator("tr[data-open=true]").waitFor();
  await eventually("the open one first", async () => (await rows.evaluateAll((all) => all.map((row) => row.dataset.open).join(" "))) === "true false");
  await page.getByLabel("State").selectOption("closed");
  await eventually("one row", async () => (await rows.count()) === 1);
  assert.match(page.url(), /state=closed/, "the filter is a part of the address");
  await page.getByLabel("Severity").selectOption("critical");
  await page.getByText("No issues match").waitFor();
  await shut(page);
});

test("each page shows issues as the feed reports them", async () => {
  const { id: station, piles: [pile, other] } = await site({ piles: 2 });
  const page = await enter("/console/import");
  // Nothing is asked for at intervals from now on.
  await page.evaluate(() => {
    window.setInterval = () => 0;
  });
  const visit = (name) => page.locator("nav").getByRole("link", { name }).click();
  await visit("Issues");
  await page.locator("[data-feed=live]").waitFor();
  await fault(pile.device);
  const { id } = await opened(`stationId=${station}`);
  await page.locator(`tr[data-issue="${id}"][data-open=true] th a`).click();
  await page.locator("h1[data-open=true]").waitFor();
  await api("POST", `/api/v1/issues/${id}/assign`, { assignee: "ann" });
  await page.locator("[data-event=assigned]").waitFor();
  await page.locator(`dl a[href$="/stations/${station}"]`).click();
  await page.locator(`section[aria-labelledby=place-issues] [data-issue="${id}"]`).waitFor();
  await repair(pile.device);
  await page.locator("section[aria-labelledby=place-issues]").getByText("No issue is open.").waitFor();
  await visit("Fleet");
  await page.locator("[data-open-issues]").waitFor();
  await fault(other.device);
  const { id: next } = await opened(`stationId=${station}`);
  await page.locator(`[data-open-issues] [data-issue="${next}"]`).waitFor();
  await eventually("the number of issues", async () => (await page.locator("[data-badge=issues]").innerText()) !== "0");
  await repair(other.device);
  await page.locator(`[data-open-issues] [data-issue="${next}"]`).waitFor({ state: "detached" });
  await shut(page);
});

test("the fleet page counts the open issues; muted ones do not count", async () => {
  const { id: station, piles: [pile] } = await site();
  const page = await enter("/console/");
  const count = async () => Number((await page.locator("[data-count=major] strong").innerText()).replace(/\D/g, ""));
  await page.locator("[data-count=major] strong", { hasText: /\d/ }).waitFor();
  const without = await count();
  await fault(pile.device);
  const { id } = await opened(`stationId=${station}`);
  await page.locator(`[data-open-issues] [data-issue="${id}"]`).waitFor();
  await eventually("one more", async () => (await count()) > without);
  const before = await count();
  await api("POST", `/api/v1/issues/${id}/mute`, { until: "2098-01-01T00:00:00Z", reason: "已知故障" });
  await page.locator(`[data-open-issues] [data-issue="${id}"]`).waitFor({ state: "detached" });
  await eventually("one less", async () => (await count()) < before);
  await page.locator("[data-count=major]").click();
  await page.getByRole("heading", { name: "Issues", level: 1 }).waitFor();
  assert.match(page.url(), /state=open&muted=false&severity=major/);
  await repair(pile.device);
  await shut(page);
});

test("a station without power is one issue, and its devices leave it one by one", async () => {
  // Without them most devices of the gateway would be offline, and the outage would be its.
  await site({ name: `有电站 ${run}`, piles: 12 });
  const { id: station, piles } = await site({ name: `停电站 ${run}`, piles: 6 });
  for (const { device } of piles) await order({ do: "disconnect", device });
  const outage = await opened(`stationId=${station}&severity=critical`);
  const page = await enter(`/console/issues/${outage.id}`);
  await eventually("all devices", async () => (await page.locator("tr[data-device]").count()) === piles.length);
  await page.locator("[data-fact=outage]").first().waitFor();
  await order({ do: "connect", device: piles[0].device, connectors: 1 });
  await page.locator(`tr[data-device="${piles[0].device}"][data-left=true]`).waitFor();
  for (const { device } of piles.slice(1)) await order({ do: "connect", device, connectors: 1 });
  await page.locator("h1[data-open=false]").waitFor();
  await shut(page);
});

test("an outage of a gateway counts all its devices, and lists them in pages", async () => {
  const issue = crypto.randomUUID();
  const gateway = `gateway-${run}`;
  await order({ do: "outage", issue, gateway, devices: 250 });
  const page = await enter(`/console/issues/${issue}`);
  await page.locator(`h1[data-issue="${issue}"][data-open=true]`, { hasText: gateway }).waitFor();
  await page.locator("[data-severity=critical]").waitFor();
  await page.locator("[data-evidence=fact] [data-fact=outage]", { hasText: "250 of 250 devices are offline" }).waitFor();
  const devices = page.locator("section[aria-labelledby=issue-devices]");
  await devices.getByText("209 of 250 are part of it").waitFor();
  const rows = devices.locator("tr[data-device]");
  for (const shown of [100, 200]) {
    await devices.getByText(`${shown} of 250 are shown`).waitFor();
    assert.equal(await rows.count(), shown);
    await devices.getByRole("button", { name: "Show more" }).click();
  }
  await eventually("all devices", async () => (await rows.count()) === 250);
  assert.equal(await devices.locator("tr[data-left=true]").count(), 41);
  assert.equal(await devices.getByRole("button", { name: "Show more" }).count(), 0);
  assert.equal(await page.locator("[data-recovery]").count(), 0, "no command ends an outage");
  await order({ do: "outage-over", issue });
  await page.locator("h1[data-open=false]").waitFor();
  await page.locator("[data-evidence=proof] [data-fact=recovered]").waitFor();
  await shut(page);
});

test("an issue shows what the recovery tried, what is next, and why it waits", async (t) => {
  const { id: station, piles: [pile] } = await site({ name: `恢复站 ${run}` });
  await fault(pile.device);
  const { id } = await opened(`stationId=${station}`);
  const page = await enter(`/console/issues/${id}`);
  const attempt = (name) => page.locator(`[data-attempt=${name}]`);

  await step(t, page, "it says that the recovery is off", async () => {
    await page.locator("[data-recovery=off]", { hasText: "recovery is off" }).waitFor();
    assert.equal(await page.locator("[data-attempt]").count(), 0);
  });

  await step(t, page, "it shows the attempts with the steps of their commands", async () => {
    const asked = { requestedMessage: "StatusNotification", connectorId: 1 };
    const { commandId } = await api("POST", `/api/v1/piles/${pile.id}/commands/trigger-message`, asked, { base: stage.commands });
    await order({ do: "attempts", issue: id, command: commandId });
    await attempt("trigger").getByText("Refused", { exact: true }).waitFor();
    await attempt("trigger").getByText("This connector is not free, or was never reported.").waitFor();
    await attempt("softReset").getByText("Soft reset").waitFor();
    await attempt("softReset").locator("summary").click();
    await attempt("softReset").locator(".life", { hasText: commandId }).waitFor();
  });

  await step(t, page, "it waits while the issue is muted", async () => {
    await api("POST", `/api/v1/issues/${id}/mute`, { until: "2098-01-01T00:00:00Z", reason: "已知故障" });
    // The command of the last step ends before.
    await page.locator("[data-recovery=muted]", { hasText: "Step: Hard reset" }).waitFor();
    const chinese = await enter(`/console/issues/${id}`, { language: "zh" });
    await chinese.locator("[data-recovery=muted]", { hasText: "等待中：问题已静音。" }).waitFor();
    await shut(chinese);
  });

  await step(t, page, "nothing is next once it is closed", async () => {
    await repair(pile.device);
    await page.locator("h1[data-open=false]").waitFor();
    await page.locator("[data-recovery]").waitFor({ state: "detached" });
    assert.equal(await page.locator("[data-attempt]").count(), 2);
  });
  await shut(page);
});

test("no issue opens in a maintenance window, and what is still wrong at its end becomes one", async (t) => {
  const { id: station, piles: [pile] } = await site({ name: `维护站 ${run}` });
  const { id: elsewhere, piles: [control] } = await site();
  const page = await enter(`/console/piles/${pile.id}`);
  const windows = `/api/v1/maintenance-windows?stationId=${station}`;

  await step(t, page, "it is recorded by a form that checks", async () => {
    await page.locator("[data-manage=new-window]").click();
    await page.getByRole("button", { name: "Record" }).click();
    await page.getByText("This field is required.").first().waitFor();
    await page.getByLabel("Beginning").fill("2098-01-02T00:00");
    await page.getByLabel("End", { exact: true }).fill("2098-01-01T00:00");
    await page.getByText("Must be later than the beginning.").waitFor();
    await page.getByLabel("Beginning").fill("");
    await page.getByLabel("Reason").fill("更换变压器");
    await page.getByRole("button", { name: "Record" }).click();
    // The API knows the longest time; its fault is shown at the field.
    await page.locator(".fault", { hasText: "at most 31 days" }).waitFor();
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 16);
    await page.getByLabel("End", { exact: true }).fill(tomorrow);
    await page.getByRole("button", { name: "Record" }).click();
    await page.locator("tr[data-window][data-state=active]").getByText("更换变压器").waitFor();
    assert.equal((await api("GET", windows)).items[0].pileId, pile.id);
  });

  await step(t, page, "no issue opens meanwhile", async () => {
    await fault(pile.device);
    await eventually("the fault", async () => (await api("GET", `/api/v1/piles/${pile.id}`)).status === "Faulted");
    // The rules follow the order of events: once this is an issue, the other one was judged.
    await fault(control.device);
    await opened(`stationId=${elsewhere}`);
    assert.equal((await api("GET", `/api/v1/issues?stationId=${station}`)).items.length, 0);
  });

  await step(t, page, "it is ended, and the fault becomes an issue", async () => {
    await page.getByRole("button", { name: "End now" }).click();
    await page.getByRole("alert").getByRole("button", { name: "End now" }).click();
    await page.locator("tr[data-window][data-state=ended]").getByText("ended by operator").waitFor();
    await opened(`stationId=${station}`);
    await repair(pile.device);
    await repair(control.device);
  });
  await shut(page);
});

test("a token without the scope sees no issues", async () => {
  const page = await enter("/console/issues", { as: "read" });
  await page.getByText("It needs the scope issues:read").waitFor();
  await page.getByRole("link", { name: "Fleet" }).click();
  await page.locator("[data-figure=free]").waitFor();
  assert.equal(await page.locator("[data-open-issues]").count(), 0);
  await shut(page);
});
