// A hundred thousand piles: imported, shown at once, and scrolled to the end.
import assert from "node:assert/strict";
import { test } from "node:test";
import { api, enter, run, shut } from "./stage.mjs";

const PILES = 100_000;
const STATIONS = 1_000;

async function build() {
  const stations = Array.from({ length: STATIONS }, (_none, at) => ({
    id: `0192f0b0-${run.slice(-4).toLowerCase().replace(/[^0-9a-f]/g, "0")}-7000-8000-${at.toString(16).padStart(12, "0")}`,
    name: `站 ${at}`, latitude: 22 + (at % 40) * 0.5, longitude: 100 + Math.floor(at / 40) * 0.8,
  }));
  const lines = (rows) => rows.map((row) => JSON.stringify(row)).join("\n");
  const load = async (kind, rows) => {
    const report = await api("POST", `/api/v1/${kind}/import?mode=best-effort`, lines(rows), { type: "application/x-ndjson" });
    assert.equal(report.failed, 0, JSON.stringify(report.errors));
  };
  await load("stations", stations);
  const piles = Array.from({ length: PILES }, (_none, at) => ({
    stationId: stations[at % STATIONS].id, chargePointId: `M${run}-${at}`, model: "DC-120", ratedPowerKw: 120, currentType: "DC",
  }));
  for (let from = 0; from < PILES; from += 25_000) await load("piles", piles.slice(from, from + 25_000));
}

test("a hundred thousand piles are shown at once and scrolled to the end", async (t) => {
  await build();
  const page = await enter("/console/?view=piles");
  await page.locator(".rows a").first().waitFor();
  const all = Number((await page.locator("[data-status=all] .count-value").innerText()).replace(/\D/g, ""));
  assert.ok(all >= PILES, `${all} are counted`);

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
      if (end || performance.now() - begun > 240_000) {
        scrolling = false;
        gaps.sort((one, other) => one - other);
        return { known, end, most, seconds: (performance.now() - begun) / 1000, p50: gaps[Math.floor(gaps.length / 2)], p99: gaps[Math.floor(gaps.length * 0.99)] };
      }
    }
  });
  t.diagnostic(`scrolled ${ground.known} rows in ${ground.seconds.toFixed(1)} s; a frame took ${ground.p50.toFixed(1)} ms in the median, ${ground.p99.toFixed(1)} ms at P99`);
  assert.equal(ground.end, true, `${ground.known} rows are known`);
  assert.ok(ground.known >= PILES);
  assert.ok(ground.most <= 60, `${ground.most} rows are in the page, not all`);
  // The first rows were let go meanwhile, and are read again.
  await rows.evaluate((box) => {
    box.scrollTop = 0;
  });
  await page.locator(".row[aria-rowindex='2'] a").waitFor();

  await page.getByLabel("Search").fill(`M${run}-77777`);
  await page.locator(`a[data-pile="M${run}-77777"]`).waitFor();
  await shut(page);
});
