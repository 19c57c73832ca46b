// Every page in both languages, light and dark, wide and narrow: screenshots for review, and a
// check by axe.
import assert from "node:assert/strict";
import { test } from "node:test";
import { judge } from "./axe.mjs";
import { api, artefacts, charged, enter, eventually, order, run, shut, site, stage, tariff, today } from "./stage.mjs";

const CITIES = [["上海", 31.23, 121.47], ["杭州", 30.27, 120.15], ["南京", 32.06, 118.79], ["苏州", 31.3, 120.58], ["合肥", 31.82, 117.23], ["宁波", 29.87, 121.55]];

async function scenery() {
  const sites = [];
  for (const [city, ...place] of CITIES) sites.push(await site({ name: `${city}滨江站`, piles: 4, connectors: 2, place }));
  await tariff("分时电价", sites.map(({ id }) => ({ level: "station", stationId: id })));
  const devices = sites.flatMap(({ piles }) => piles);
  for (const [at, pile] of devices.entries()) {
    if (at % 3 === 0) await api("POST", `/api/v1/piles/${pile.id}/commands/start-transaction`, { idTag: "RFID123", connectorId: 1 }, { base: stage.commands });
    if (at % 7 === 1) await order({ do: "status", device: pile.device, connector: 2, status: "Faulted" });
    if (at % 11 === 2) await order({ do: "disconnect", device: pile.device });
  }
  await order({ do: "connect", device: `CP-${run}-NEW`, connectors: 1 });
  await order({ do: "garbage", key: "x", value: "no event" });
  await order({ do: "ledger", pile: devices[0].id, until: today() });
  await api("POST", "/api/v1/reliability/exclusions", { pileId: devices[0].id, connectorId: 1, from: "2026-06-05T03:00:00Z", until: "2026-06-05T11:00:00Z", reason: "grid", note: "10 kV 线路停电，通知 2026-118" });
  const { piles: [spare] } = await site({ connected: false });
  await api("DELETE", `/api/v1/piles/${spare.id}`);
  await eventually("a reading", async () => (await api("GET", `/api/v1/piles/${devices[0].id}`)).connectors[0].powerW !== null);
  const { batchId } = await api("POST", `/api/v1/stations/${sites[1].id}/commands/reset`, { ratePerSecond: 1 }, { base: stage.commands });
  await charged(devices[5]);
  const prices = await tariff("看价格", []);
  const [session] = (await api("GET", `/api/v1/piles/${devices[0].id}/sessions`)).items;
  return { prices, station: sites[0].id, pile: devices[0].id, spare: spare.id, batch: batchId, session: session.id, ...(await troubles(sites[0])) };
}

/** An issue of a station with a history, a maintenance window there, and an outage of another station. */
async function troubles({ id: stationId }) {
  const dark = await site({ name: "停电站", piles: 5 });
  for (const { device } of dark.piles) await order({ do: "disconnect", device });
  const opened = (query) => eventually(`an issue with ${query}`, async () => (await api("GET", `/api/v1/issues?state=open&${query}`)).items[0]);
  const { id: fault } = await opened(`cause=fault&stationId=${stationId}`);
  await api("POST", `/api/v1/issues/${fault}/acknowledge`, { note: "技师在路上" });
  await api("POST", `/api/v1/issues/${fault}/assign`, { assignee: "field-team-3" });
  await api("POST", `/api/v1/issues/${fault}/mute`, { until: "2098-01-01T00:00:00Z", reason: "备件周一到" });
  await api("POST", "/api/v1/maintenance-windows", { stationId, endsAt: new Date(Date.now() + 86_400_000).toISOString(), reason: "更换变压器" });
  return { fault, outage: (await opened(`severity=critical&stationId=${dark.id}`)).id };
}

/** Pages that are checked in parallel, because most of the time is waiting. */
const AT_ONCE = 3;

test("every page is accessible and fits, in both languages, light and dark, wide and narrow", { concurrency: AT_ONCE }, async (t) => {
  const { prices, station, pile, spare, batch, session, fault, outage } = await scenery();
  const PAGES = {
    "sign-in": { path: "/console/", as: null, ready: "textarea" },
    fleet: { path: "/console/", ready: ".map-plane canvas[data-marks]" },
    piles: { path: "/console/?view=piles", ready: ".rows a" },
    station: { path: `/console/stations/${station}`, ready: ".day" },
    pile: { path: `/console/piles/${pile}`, ready: ".uplot" },
    command: { path: `/console/piles/${pile}`, ready: ".uplot", click: "[data-order=reset]", then: "dialog" },
    account: { path: "/console/ingest", ready: "tr[data-partition]", click: "[data-account]", then: "dialog dl" },
    ingest: { path: "/console/ingest", ready: "tr[data-partition]" },
    letter: { path: "/console/ingest", ready: "tr[data-letter]", click: "tr[data-letter] button", then: "dialog pre" },
    register: { path: "/console/ingest", ready: "tr[data-device]", click: "tr[data-device] button", then: "dialog option" },
    import: { path: "/console/import", ready: ".drop" },
    audit: { path: "/console/audit", ready: "tr[data-entry]", click: "tr[data-entry] summary", then: "tr[data-entry] pre" },
    tariffs: { path: "/console/tariffs", ready: "tr[data-tariff]" },
    "new-tariff": { path: "/console/tariffs", ready: "tr[data-tariff]", click: ".page-head button", then: "dialog form" },
    tariff: { path: `/console/tariffs/${prices}`, ready: "tr[data-version]" },
    version: { path: `/console/tariffs/${prices}/versions/1`, ready: ".strip-part" },
    draft: { path: `/console/tariffs/${prices}/draft`, ready: "[data-check=valid]" },
    bind: { path: `/console/tariffs/${prices}`, ready: "section[aria-labelledby=bindings] .state", click: "section[aria-labelledby=bindings] .card-head button", then: "dialog option" },
    calendar: { path: `/console/stations/${station}/prices`, ready: "[data-day]" },
    configuration: { path: `/console/piles/${pile}`, ready: ".uplot", click: "[data-order=change-configuration]", then: "dialog datalist" },
    "station-command": { path: `/console/stations/${station}`, ready: ".day", click: "[data-station-order=reset]", then: "dialog [data-preview]" },
    commands: { path: "/console/commands", ready: "tr[data-command]", click: "tr[data-command] summary", then: "tr[data-command] .life" },
    sessions: { path: "/console/sessions", ready: "tr[data-session]" },
    revenue: { path: "/console/revenue", ready: ".uplot" },
    "revenue-stations": { path: "/console/revenue?unit=month&by=station", ready: "tr[data-period]" },
    session: { path: `/console/sessions/${session}`, ready: "[data-total]" },
    issues: { path: "/console/issues", ready: "tr[data-issue]" },
    issue: { path: `/console/issues/${fault}`, ready: "[data-event=muted]" },
    mute: { path: `/console/issues/${fault}`, ready: "[data-action=mute]", click: "[data-action=mute]", then: "dialog form" },
    outage: { path: `/console/issues/${outage}`, ready: "tr[data-device]" },
    windows: { path: "/console/maintenance", ready: "tr[data-window]" },
    "new-window": { path: `/console/maintenance/new?station=${station}`, ready: ".form", click: ".form [type=submit]", then: ".fault" },
    batch: { path: `/console/batches/${batch}`, ready: "tbody tr" },
    reliability: { path: `/console/reliability?by=connector&pile=${pile}`, ready: "tr[data-total]", click: ".formula summary", then: ".formula code" },
    exclusions: { path: "/console/reliability/exclusions", ready: "tr[data-exclusion]" },
    withdraw: { path: "/console/reliability/exclusions", ready: "tr[data-exclusion]", click: "tr[data-withdrawn=false] button", then: "dialog .form" },
    "exclusion-form": { path: `/console/reliability/exclusions/new?pile=${pile}`, ready: ".form option", click: ".form [type=submit]", then: ".fault" },
    "station-form": { path: "/console/stations/new", ready: ".form", click: "input[value=weekly]", then: "[data-period]" },
    "pile-form": { path: `/console/piles/${pile}/edit`, ready: "[data-outlet]" },
    move: { path: `/console/piles/${pile}/move`, ready: "option" },
    replace: { path: `/console/piles/${pile}/replace`, ready: ".form", click: ".form [type=submit]", then: ".fault" },
    history: { path: `/console/piles/${pile}/history`, ready: "[data-placement]" },
    labels: { path: `/console/stations/${station}/labels`, ready: "[data-label]" },
    retired: { path: "/console/retired?view=piles", ready: "[data-retired]" },
    "retired-pile": { path: `/console/piles/${spare}`, ready: "[data-placement]" },
    nowhere: { path: "/console/no/such/page", ready: ".state" },
    forbidden: { path: "/console/", as: "operations", ready: ".state" },
    missing: { path: "/console/piles/0192f0c1-7a3b-7cc1-8f00-0123456789ab", ready: ".state" },
  };
  const PHONE = { width: 390, height: 844 };
  const LOOKS = [{ language: "en" }, { language: "zh", dark: true }, { language: "zh", dark: true, ...PHONE }, { language: "en", ...PHONE }];
  const looked = Object.entries(PAGES).flatMap(([name, { path, as = "all", ready, click, then }]) => LOOKS.map((look) => {
    const called = `${name}-${look.language}${look.dark ? "-dark" : ""}${look.width ? "-phone" : ""}`;
    return t.test(called, async () => {
      const page = await enter(path, { ...look, as });
      await page.locator(ready).first().waitFor({ state: "attached" });
      if (click !== undefined) {
        await page.locator(click).first().click();
        await page.locator(then).first().waitFor({ state: "attached" });
      }
      await page.waitForLoadState("networkidle", { timeout: 1_500 }).catch(() => undefined);
      await page.screenshot({ path: `${artefacts}${called}.png`, fullPage: click === undefined });
      assert.equal(await page.evaluate(() => document.documentElement.lang), look.language === "zh" ? "zh-CN" : "en-GB");
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(wide, 0, "the page does not overflow horizontally");
      assert.deepEqual(await judge(page), []);
      await shut(page);
    });
  }));
  await Promise.all(looked);
});

test("everything can be reached and operated by keyboard", async () => {
  const { piles: [pile] } = await site();
  const page = await enter(`/console/?view=piles&q=${pile.device}`);
  const link = page.locator(`a[data-pile="${pile.device}"]`);
  await link.waitFor();
  await page.locator(".rows").focus();
  await page.keyboard.press("Tab");
  assert.equal(await link.evaluate((one) => one === document.activeElement), true);
  await page.keyboard.press("Enter");
  await page.locator("[data-order=reset]").waitFor();
  await page.locator("[data-order=reset]").focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  await eventually("the dialog to have the focus", () => page.evaluate(() => document.activeElement !== null && document.activeElement.closest("dialog") !== null));
  for (let step = 0; step < 8; step += 1) {
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement === document.body || document.activeElement?.closest("dialog") !== null), true, "the dialog keeps the focus");
  }
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  const button = page.locator("[data-order=reset]");
  await eventually("the focus to return from the dialog", () => button.evaluate((one) => one === document.activeElement));
  await shut(page);
});

test("the language changes at once and is remembered", async () => {
  const page = await enter("/console/");
  await page.getByRole("button", { name: /中文/ }).click();
  await page.getByRole("heading", { name: "设备总览", level: 1 }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "登录" }).waitFor();
  await shut(page);
});
