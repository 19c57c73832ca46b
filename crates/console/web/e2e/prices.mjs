// The price at a station, with its reason.
import assert from "node:assert/strict";
import { test } from "node:test";
import { enter, run, shut, site, tariff } from "./stage.mjs";

const PATH = "/console/stations/";

test("a station without a tariff shows that none applies; a station with two shows which applies and why", async () => {
  const { id } = await site({ connected: false });
  const unpriced = await enter(PATH + id);
  await unpriced.locator("[data-price=none]").getByText("No tariff applies here").waitFor();
  await shut(unpriced);

  await tariff(`平台 ${run}`, [{ level: "operator", operatorId: "op-7" }], [["00:00", "24:00", "flat", "0.9"]]);
  await tariff(`本站 ${run}`, [{ level: "station", stationId: id }]);
  const page = await enter(PATH + id);
  const prices = page.locator("[data-price]");
  await prices.getByText(`本站 ${run}`).waitFor();
  const kind = await prices.getAttribute("data-price");
  const yuan = { valley: "1.1158", flat: "1.5055", peak: "1.8213", sharp: "2.0345" }[kind];
  await prices.locator(".price-now", { hasText: yuan }).getByText("CNY per kWh").waitFor();
  assert.deepEqual(await prices.locator(".why li").evaluateAll((all) => all.map((one) => one.innerText.replace(/\s+/g, " "))), [
    "Station applies: the narrowest binding in force", "Operator overridden by a narrower binding",
  ]);
  const picture = prices.getByRole("img");
  const said = await picture.getAttribute("aria-label");
  assert.match(said, /^Today's timetable: 00:00–/);
  assert.match(said, /–24:00 Valley 1\.1158 CNY$/, "the valley continues over midnight");
  // The past part of the day had another price or none, because the tariff was just created.
  assert.ok((await picture.locator(`[data-band=${kind}]`).count()) >= 1);
  assert.equal(await picture.locator("g").count(), said.split(";").length);
  await shut(page);
});

test("without the scope for tariffs the page says so and shows the rest", async () => {
  const { id } = await site({ connected: false });
  const page = await enter(PATH + id, { as: "read" });
  await page.getByText("It needs the scope tariffs:read").waitFor();
  await page.getByRole("heading", { name: "Piles" }).waitFor();
  await shut(page);
});
