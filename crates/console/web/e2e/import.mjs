// Imports of files: dry run, faults row by row, and writing.
import assert from "node:assert/strict";
import { test } from "node:test";
import { api, disabled, enter, run, shut, site } from "./stage.mjs";

test("faults of a file are listed row by row, and nothing is written", async () => {
  const { id } = await site({ connected: false });
  const rows = [`${id},CP-${run}-I1,DC-120,120,DC`, `${id},CP-${run}-I2,DC-120,much,DC`, `nowhere,CP-${run}-I3,DC-120,60,DC`];
  const file = `stationId,chargePointId,model,ratedPowerKw,currentType\n${rows.join("\n")}\n`;
  const page = await enter("/console/import");
  await page.getByRole("button", { name: "Piles", exact: true }).click();
  await page.setInputFiles("input[type=file]", { name: "piles.csv", mimeType: "text/csv", buffer: Buffer.from(file) });
  await page.getByRole("button", { name: "Try it" }).click();
  const report = page.locator("[data-report=dry]");
  await report.waitFor();
  const faults = await report.locator("tbody tr").evaluateAll((all) => all.map((row) => row.innerText.split("\t").slice(0, 2).join(" ")));
  assert.deepEqual(faults, ["3 ratedPowerKw", "4 stationId"]);
  await disabled(page.getByRole("button", { name: "Import now" })); // an atomic import with faults cannot be written

  await page.getByRole("button", { name: "Write the valid rows" }).click();
  await page.getByRole("button", { name: "Try it" }).click();
  await report.waitFor();
  await page.getByRole("button", { name: "Import now" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Import now" }).click();
  await page.locator("[data-report=applied]").waitFor();
  const written = await api("GET", `/api/v1/piles?stationId=${id}&q=${run}-I`);
  assert.deepEqual(written.items.map((pile) => pile.chargePointId), [`CP-${run}-I1`]);
  await shut(page);
});

test("a dropped file is imported, and its progress is shown", async () => {
  const { id } = await site({ connected: false });
  const page = await enter("/console/import");
  await page.getByRole("button", { name: "Piles", exact: true }).click();
  const seen = page.evaluate(() => new Promise((done) => {
    const phases = new Set();
    new MutationObserver((_all, watch) => {
      const phase = document.querySelector("[data-phase]")?.dataset.phase;
      if (phase) phases.add(phase);
      if (document.querySelector("[data-report]")) {
        watch.disconnect();
        done([...phases]);
      }
    }).observe(document.body, { subtree: true, childList: true, attributes: true });
  }));
  await page.evaluate(([station, mark]) => {
    const lines = Array.from({ length: 3000 }, (_none, at) => `${station},CP-${mark}-D${at},DC-120,120,DC`);
    const data = new DataTransfer();
    data.items.add(new File([`stationId,chargePointId,model,ratedPowerKw,currentType\n${lines.join("\n")}\n`], "many.csv", { type: "text/csv" }));
    document.querySelector(".drop").dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: data }));
  }, [id, run]);
  await page.getByText("many.csv").waitFor();
  await page.getByRole("button", { name: "Try it" }).click();
  const phases = await seen;
  assert.ok(phases.includes("checking") || phases.includes("sending"), String(phases));
  await page.locator("[data-report=dry]").getByText("3,000").first().waitFor();
  await shut(page);
});
