// A hundred thousand piles at ten thousand stations: importing, first view, scrolling to the end, the
// map, and live updates under load.
import assert from "node:assert/strict";
import { test } from "node:test";
import { api, artefacts, enter, eventually, order, run, shut, signIn, site, stage } from "./stage.mjs";

const PILES = 100_000;
const STATIONS = 10_000;
const CITIES = [
  ["北京", 39.9, 116.4], ["上海", 31.23, 121.47], ["广州", 23.13, 113.26], ["深圳", 22.54, 114.06], ["成都", 30.57, 104.07],
  ["杭州", 30.27, 120.15], ["武汉", 30.59, 114.3], ["西安", 34.34, 108.94], ["南京", 32.06, 118.79], ["重庆", 29.56, 106.55],
  ["郑州", 34.75, 113.62], ["长沙", 28.23, 112.94], ["青岛", 36.07, 120.38], ["沈阳", 41.8, 123.43], ["昆明", 25.04, 102.71], ["哈尔滨", 45.8, 126.53],
];

/** What the names of these stations contain, and of no other. */
const NAME = `规模${run}`;

/** The id of a device in the load of the simulator. */
const device = (at) => `M${run}-${String(at).padStart(6, "0")}`;

async function build() {
  const stations = Array.from({ length: STATIONS }, (_none, at) => {
    const [city, latitude, longitude] = CITIES[at % CITIES.length];
    // In a spiral around the city's centre.
    const [angle, distance] = [at * 2.4, 0.01 * Math.sqrt(at)];
    return {
      id: `0192f0b0-${run.slice(-4).toLowerCase().replace(/[^0-9a-f]/g, "0")}-7000-8000-${at.toString(16).padStart(12, "0")}`,
      name: `${city} ${NAME}-${Math.floor(at / CITIES.length) + 1}号站`, latitude: latitude + distance * Math.sin(angle), longitude: longitude + distance * Math.cos(angle),
    };
  });
  const lines = (rows) => rows.map((row) => JSON.stringify(row)).join("\n");
  const load = async (kind, rows) => {
    const report = await api("POST", `/api/v1/${kind}/import?mode=best-effort`, lines(rows), { type: "application/x-ndjson" });
    assert.equal(report.failed, 0, JSON.stringify(report.errors));
  };
  await load("stations", stations);
  const piles = Array.from({ length: PILES }, (_none, at) => ({
    stationId: stations[at % STATIONS].id, chargePointId: device(at), name: `${Math.floor(at / STATIONS) + 1}号桩`, model: "DC-120", ratedPowerKw: 120, currentType: "DC",
    connectors: [1, 2].map((connectorId) => ({ connectorId, type: "GB_DC", maxPowerKw: 120 })),
  }));
  for (let from = 0; from < PILES; from += 25_000) await load("piles", piles.slice(from, from + 25_000));
}

/** The views of the fleet, by their address. */
const VIEWS = { stations: "/console/", piles: "/console/?view=piles" };
/**
 * Each view is opened this often, and its fastest time counts: it has the least of what else the machine did. One that
 * seems slow is opened up to MOST_TIMES: a busy machine is fast at some time, a slow view never.
 */
const TIMES = 3;
const MOST_TIMES = 15;
/**
 * How many times longer a first view may take with 100,000 piles than with the few of the other tests. The target
 * is 1 s, but a machine may be half as fast as another one, so a time proves nothing. The same view with few piles
 * is the floor: it loads the same scripts, signs in and asks the same of the services, in about half of the target.
 * On an idle machine the ratio is 1.0 to 1.3. The floor is measured some minutes before, and the machine may do more
 * or less by then: beside compilers it was 4.4. A view that reads every pile would take hundreds of times as long.
 */
const MOST_RATIO = 10;

/** The time from the call of a page to its rows, its counts and the first marks of its map, without the user's, in ms. */
async function firstView(path) {
  const page = await enter(path, { as: null });
  const asked = await page.evaluate(async () => {
    while (document.querySelector("textarea") === null) await new Promise(requestAnimationFrame);
    return performance.now();
  });
  const shown = await page.evaluate(async (token) => {
    const until = async (done) => {
      while (!done()) await new Promise(requestAnimationFrame);
      return performance.now() - begun;
    };
    const area = document.querySelector("textarea");
    area.value = token;
    area.dispatchEvent(new InputEvent("input", { bubbles: true }));
    await new Promise(requestAnimationFrame);
    const begun = performance.now();
    document.querySelector("button[type=submit]").click();
    const rows = await until(() => document.querySelector(".rows a") !== null);
    const counts = await until(() => /\d/.test(document.querySelector("[data-status=all] .count-value")?.innerText ?? ""));
    return { rows, counts, map: await until(() => Number(document.querySelector(".map-plane canvas")?.dataset.marks ?? 0) > 0) };
  }, stage.tokens.all);
  await shut(page);
  return { prompt: asked, rows: asked + shown.rows, counts: asked + shown.counts, map: asked + shown.map };
}

/** The fastest times of each view; no more are measured than are `enough`. */
async function firstViews(enough = () => true) {
  const fastest = {};
  for (let time = 0; time < TIMES || (time < MOST_TIMES && !enough(fastest)); time += 1) {
    for (const [view, path] of Object.entries(VIEWS)) {
      for (const [part, ms] of Object.entries(await firstView(path))) {
        fastest[`${view}: ${part}`] = Math.min(ms, fastest[`${view}: ${part}`] ?? Number.POSITIVE_INFINITY);
      }
    }
  }
  return fastest;
}

test("a hundred thousand piles are shown at once and scrolled to the end", async (t) => {
  await site();
  const few = await firstViews();
  await build();
  const slow = (part, ms) => ms > few[part] * MOST_RATIO;
  const many = await firstViews((times) => !Object.entries(times).some(([part, ms]) => slow(part, ms)));
  for (const [part, ms] of Object.entries(many)) t.diagnostic(`${part} after ${ms.toFixed(0)} ms, with few piles after ${few[part].toFixed(0)} ms`);
  for (const [part, ms] of Object.entries(many)) assert.ok(!slow(part, ms), `${part} took ${(ms / few[part]).toFixed(1)} times as long as with few piles`);

  const page = await enter(VIEWS.piles);
  await page.locator(".rows a").first().waitFor();
  const all = Number((await page.locator("[data-status=all] .count-value").innerText()).replace(/\D/g, ""));
  assert.ok(all >= PILES, `${all} piles are counted`);

  const rows = page.locator(".rows");
  const ground = await rows.evaluate(async (box) => {
    const gaps = [];
    let last = performance.now();
    let scrolling = true;
    const frame = (now) => {
      gaps.push(now - last);
      last = now;
      if (scrolling) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    const begun = performance.now();
    let most = 0;
    for (;;) {
      box.scrollTop = box.scrollHeight;
      await new Promise((again) => setTimeout(again, 30));
      most = Math.max(most, box.querySelectorAll(".rows-body .row").length);
      const known = Number(document.querySelector(".rows-foot").innerText.replace(/\D/g, ""));
      const end = /^\D*[\d,]+ rows$/.test(document.querySelector(".rows-foot").innerText.trim());
      if (end || performance.now() - begun > 720_000) {
        scrolling = false;
        gaps.sort((one, other) => one - other);
        return { known, end, most, seconds: (performance.now() - begun) / 1000, p50: gaps[Math.floor(gaps.length / 2)], p99: gaps[Math.floor(gaps.length * 0.99)] };
      }
    }
  });
  t.diagnostic(`scrolled ${ground.known} rows in ${ground.seconds.toFixed(1)} s; a frame took ${ground.p50.toFixed(1)} ms in the median, ${ground.p99.toFixed(1)} ms at P99`);
  assert.equal(ground.end, true, `${ground.known} rows are known`);
  assert.ok(ground.known >= PILES);
  assert.ok(ground.most <= 60, `at most 60 rows may be in the page, not ${ground.most}`);
  // The first rows were released meanwhile and are read again.
  await rows.evaluate((box) => {
    box.scrollTop = 0;
  });
  await page.locator(".row[aria-rowindex='2'] a").waitFor();

  await page.getByLabel("Search").fill(device(77_777));
  await page.locator(`a[data-pile="${device(77_777)}"]`).waitFor();
  await shut(page);
});

test("ten thousand stations become few marks that have all of them", async (t) => {
  const page = await enter(`/console/?q=${encodeURIComponent(NAME)}`);
  const plane = page.locator(".map-plane");
  await plane.locator(`canvas[data-stations="${STATIONS}"]`).waitFor({ state: "attached" });
  const marks = Number(await plane.locator("canvas").getAttribute("data-marks"));
  const { width, height } = await plane.boundingBox();
  t.diagnostic(`${STATIONS} stations are ${marks} marks on ${width.toFixed(0)} × ${height.toFixed(0)} pixels`);
  // The largest mark has a radius of 28 pixels, and text in it.
  assert.ok(marks > 1 && marks * 60 ** 2 <= width * height, `${marks} marks have no room`);
  await page.screenshot({ path: `${artefacts}map-10000.png` });
  await shut(page);
});

test("a change appears at once during a load of six hundred events per second", async (t) => {
  const { piles: [pile] } = await site();
  // The newest pile comes first; below it are the piles of the load.
  const page = await enter("/console/?view=piles&online=true", { width: 1360, height: 860 });
  const row = page.locator(".row", { has: page.locator(`a[data-pile="${pile.device}"]`) });
  await row.waitFor();
  const written = async () => (await api("GET", "/api/v1/ingest-partitions")).items.reduce((sum, { nextOffset }) => sum + nextOffset, 0);
  await order({ do: "load", prefix: `M${run}-`, rate: 600, seconds: 60, devices: 2000 });
  await eventually("what the devices announced to be written, and the load to come in evenly", async () => {
    const before = await written();
    await new Promise((later) => setTimeout(later, 1000));
    const second = (await written()) - before;
    return second > 100 && second < 900;
  });
  const [begun, before] = [Date.now(), await written()];
  const took = [];
  for (let change = 0; change < 20; change += 1) {
    const status = change % 2 === 0 ? "Faulted" : "Available";
    const seen = row.evaluate((found, wanted) => new Promise((done) => {
      const look = () => {
        if (found.querySelector(`.status.tone-${wanted}`) === null) return false;
        watch.disconnect();
        done(Date.now());
        return true;
      };
      const watch = new MutationObserver(look);
      watch.observe(found, { subtree: true, childList: true, attributes: true });
      look();
    }), status);
    const ordered = Date.now();
    await order({ do: "status", device: pile.device, connector: 1, status });
    took.push((await seen) - ordered);
  }
  const rate = ((await written()) - before) / ((Date.now() - begun) / 1000);
  took.sort((one, other) => one - other);
  t.diagnostic(`${rate.toFixed(0)} events/s were written; a change was on the screen after ${took[10]} ms in the median, ${took.at(-1)} ms at most`);
  assert.ok(rate > 100, `the load was only ${rate.toFixed(0)} events/s`);
  await order({ do: "load-over" });
  await page.reload();
  await signIn(page, "all");
  await row.waitFor();
  await page.locator("[data-feed=live]").waitFor();
  await page.locator(".map-foot", { hasText: /^(?!.*Loading)/s }).getByText(/(9,9|10,0)\d{2} stations on the map/).waitFor();
  await page.screenshot({ path: `${artefacts}fleet-100000.png` });
  await shut(page);
});
