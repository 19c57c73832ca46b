// Every page and dialog in both languages, light and dark, wide and narrow: screenshots for review,
// and a check by axe.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { judge } from "./axe.mjs";
import { ROUTES, routeOf } from "./routes.mjs";
import { scenery } from "./scenery.mjs";
import { api, artefacts, enter, eventually, shut, site, today } from "./stage.mjs";

const COMMANDS = ["start-transaction", "stop-transaction", "reset", "unlock-connector", "change-availability", "trigger-message", "change-configuration"];

/** A dialog for each of `names`, which the button with this attribute opens, with what it then has. */
function dialogsOf(names, attribute, content = "form") {
  return Object.fromEntries(names.map((name) => [name, [`[${attribute}=${name}]`, `dialog ${content}`]]));
}

/** Pages that are checked in parallel, because most of the time is waiting. */
const AT_ONCE = 3;

test("every page is accessible and fits, in both languages, light and dark, wide and narrow", { concurrency: AT_ONCE }, async (t) => {
  const { prices, bound, proposed, compared, station, edited, closed, pile, spare, batch, session, ended, fault, outage } = await scenery();
  const PAGES = {
    "sign-in": { path: "/console/", as: null, ready: "textarea" },
    fleet: { path: "/console/", ready: ".map-plane canvas[data-marks]" },
    piles: { path: "/console/?view=piles", ready: ".rows a" },
    station: {
      path: `/console/stations/${station}`, ready: ".day",
      dialogs: {
        ...dialogsOf(["reset", "change-availability", "trigger-message"], "data-station-order", "[data-preview]"),
        ...dialogsOf(["change-configuration"], "data-station-order"),
      },
    },
    pile: { path: `/console/piles/${pile}`, ready: ".uplot", dialogs: dialogsOf(COMMANDS, "data-order") },
    ingest: {
      path: "/console/ingest", ready: "tr[data-partition]",
      dialogs: {
        account: ["[data-account]", "dialog dl"],
        letter: ["tr[data-letter] button", "dialog pre"],
        register: ["tr[data-device] button", "dialog option"],
        "bulk-replay": [".filters > button", "dialog .dialog-foot"],
      },
    },
    import: { path: "/console/import", ready: ".drop", states: { report } },
    audit: { path: "/console/audit", ready: "tr[data-entry]", click: "tr[data-entry] summary", then: "tr[data-entry] pre" },
    tariffs: { path: "/console/tariffs", ready: "tr[data-tariff]", dialogs: { new: [".page-head button", "dialog form"] } },
    tariff: {
      path: `/console/tariffs/${prices}`, ready: "section[aria-labelledby=bindings] .state",
      dialogs: { edit: [".page-head .buttons > button", "dialog form"], bind: ["section[aria-labelledby=bindings] .card-head button", "dialog option"] },
    },
    "bound-tariff": { path: `/console/tariffs/${bound}`, ready: "tr[data-binding]", dialogs: { end: ["tr[data-binding] button", "dialog form"] } },
    version: { path: `/console/tariffs/${prices}/versions/1`, ready: ".strip-part", states: { "what-if": (page) => compare(page, compared) } },
    draft: { path: `/console/tariffs/${prices}/draft`, ready: "[data-check=valid]" },
    proposal: {
      path: `/console/tariffs/${proposed}/draft`, ready: "[data-proposal=own]", dialogs: { publish: [".editing-foot > button:last-child", "dialog form"] },
    },
    // Not the present month: on its last day it may be over in the zone of the prices.
    calendar: { path: `/console/stations/${station}/prices?month=${new Date(Date.now() + 31 * 86_400_000).toISOString().slice(0, 7)}`, ready: "[data-day]" },
    commands: { path: "/console/commands", ready: "tr[data-command]", click: "tr[data-command] summary", then: "tr[data-command] .life" },
    sessions: { path: "/console/sessions", ready: "tr[data-session]" },
    revenue: { path: "/console/revenue", ready: ".uplot" },
    "revenue-stations": { path: "/console/revenue?unit=month&by=station", ready: "tr[data-period]" },
    session: { path: `/console/sessions/${session}`, ready: "[data-total]" },
    "ended-session": { path: `/console/sessions/${ended}`, ready: "[data-receipt]" },
    issues: { path: "/console/issues", ready: "tr[data-issue]" },
    issue: {
      path: `/console/issues/${fault}`, ready: "[data-event=muted]", click: "[data-attempt=softReset] summary", then: "[data-attempt=softReset] .life",
      dialogs: dialogsOf(["assign", "mute"], "data-action"),
    },
    outage: { path: `/console/issues/${outage}`, ready: "tr[data-device]", dialogs: dialogsOf(["acknowledge"], "data-action") },
    windows: { path: "/console/maintenance", ready: "tr[data-window]" },
    "new-window": { path: `/console/maintenance/new?station=${station}`, ready: ".form", click: ".form [type=submit]", then: ".fault" },
    batch: { path: `/console/batches/${batch}`, ready: "tbody tr" },
    reliability: { path: `/console/reliability?by=connector&pile=${pile}`, ready: "tr[data-total]", click: ".formula summary", then: ".formula code" },
    exclusions: {
      path: "/console/reliability/exclusions", ready: "tr[data-exclusion]",
      dialogs: { withdraw: ["tr[data-withdrawn=false] button", "dialog .form"] },
    },
    "exclusion-form": { path: `/console/reliability/exclusions/new?pile=${pile}`, ready: ".form option", click: ".form [type=submit]", then: ".fault" },
    "station-form": { path: "/console/stations/new", ready: ".form", click: "input[value=weekly]", then: "[data-period]" },
    "pile-form": { path: `/console/piles/${pile}/edit`, ready: "[data-outlet]" },
    "station-edit": { path: `/console/stations/${edited}/edit`, ready: ".form", states: { conflict: (page) => collide(page, edited) } },
    "new-pile": { path: `/console/stations/${station}/piles/new`, ready: ".form", click: ".form [type=submit]", then: ".fault" },
    move: { path: `/console/piles/${pile}/move`, ready: "option" },
    replace: { path: `/console/piles/${pile}/replace`, ready: ".form", click: ".form [type=submit]", then: ".fault" },
    history: { path: `/console/piles/${pile}/history`, ready: "[data-placement]" },
    "station-history": { path: `/console/stations/${station}/history`, ready: "[data-edit]" },
    labels: { path: `/console/stations/${station}/labels`, ready: "[data-label]" },
    "pile-labels": { path: `/console/piles/${pile}/labels`, ready: "[data-label]" },
    retired: { path: "/console/retired", ready: "[data-retired]" },
    "retired-station": { path: `/console/stations/${closed}`, ready: "[data-edit]" },
    "retired-piles": { path: "/console/retired?view=piles", ready: "[data-retired]" },
    "retired-pile": { path: `/console/piles/${spare}`, ready: "[data-placement]" },
    nowhere: { path: "/console/no/such/page", ready: ".state" },
    forbidden: { path: "/console/", as: "operations", ready: ".state" },
    missing: { path: "/console/piles/0192f0c1-7a3b-7cc1-8f00-0123456789ab", ready: ".state" },
  };
  await t.test("every route of the console is among them", () => {
    const visited = new Set(Object.values(PAGES).map(({ path }) => routeOf(path)));
    assert.deepEqual([...ROUTES].filter((route) => !visited.has(route)), []);
  });
  const PHONE = { width: 390, height: 844 };
  const LOOKS = [{ language: "en" }, { language: "zh", dark: true }, { language: "zh", dark: true, ...PHONE }, { language: "en", ...PHONE }];
  const looked = Object.entries(PAGES).flatMap(([name, { path, as = "all", ready, click, then, dialogs = {}, states = {} }]) => LOOKS.map((look) => {
    const called = `${name}-${look.language}${look.dark ? "-dark" : ""}${look.width ? "-phone" : ""}`;
    return t.test(called, async () => {
      const page = await enter(path, { ...look, as });
      await page.locator(ready).first().waitFor({ state: "attached" });
      if (click !== undefined) await open(page, click, then);
      await page.waitForLoadState("networkidle", { timeout: 1_500 }).catch(() => undefined);
      await page.screenshot({ path: `${artefacts}${called}.png`, fullPage: true });
      assert.equal(await page.evaluate(() => document.documentElement.lang), look.language === "zh" ? "zh-CN" : "en-GB");
      await check(page);
      for (const [dialog, [button, content]] of Object.entries(dialogs)) {
        await open(page, button, content);
        await page.screenshot({ path: `${artefacts}${called}-${dialog}.png` });
        await check(page, "dialog");
        await page.keyboard.press("Escape");
        await page.locator("dialog").waitFor({ state: "detached" });
      }
      for (const [state, reach] of Object.entries(states)) {
        await reach(page);
        await page.screenshot({ path: `${artefacts}${called}-${state}.png`, fullPage: true });
        await check(page);
      }
      await shut(page);
    });
  }));
  await Promise.all(looked);
});

/** Clicks the first match of `click`, and waits for what that shows. */
async function open(page, click, then) {
  await page.locator(click).first().click();
  await page.locator(then).first().waitFor({ state: "attached" });
}

/** Tries a file with an invalid row. */
async function report(page) {
  const file = "name,latitude,longitude\n报告站,31.23,121.47\n北极站,north,121.47\n";
  await page.setInputFiles("input[type=file]", { name: "stations.csv", mimeType: "text/csv", buffer: Buffer.from(file) });
  await page.locator(".drop + .buttons button").first().click();
  await page.locator("[data-report=dry] tbody tr").waitFor();
}

/** Compares the prices with what this month's sessions of a station earned. */
async function compare(page, { id, name }) {
  const card = page.locator("section[aria-labelledby=what-if]");
  await card.locator("input[type=search]").fill(name);
  await card.locator("select").selectOption(id);
  await card.locator("input[type=month]").fill(today().slice(0, 7));
  await card.locator("[type=submit]").click();
  await card.locator("[data-what-if]").waitFor();
}

/** Saves a station that another caller renamed meanwhile. */
async function collide(page, id) {
  await page.locator(".form input[type=text]").first().fill("我的站");
  await api("PATCH", `/api/v1/stations/${id}`, { name: `别人的站 ${randomUUID().slice(0, 8)}` }, { type: "application/merge-patch+json" });
  await page.locator(".form [type=submit]").click();
  await page.locator("[data-conflict-field=name]").waitFor();
}

/** The page must not overflow, and axe must find nothing in `part` of it. */
async function check(page, part) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(wide, 0, "the page does not overflow horizontally");
  let barriers = await judge(page, part);
  // Of a page that is being drawn just then axe may see a half: a barrier remains.
  for (let again = 0; barriers.length > 0 && again < 3; again++) {
    await page.waitForTimeout(1_000);
    barriers = await judge(page, part);
  }
  assert.deepEqual(barriers, []);
}

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
