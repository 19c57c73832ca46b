// The price calendar of a station.
import assert from "node:assert/strict";
import { test } from "node:test";
import { api, enter, eventually, run, shut, site } from "./stage.mjs";

test("the calendar of a station shows each day of a month, and months without a tariff", async () => {
  const { id: stationId } = await site({ name: `日历站 ${run}`, connected: false });
  const { id } = await api("POST", "/api/v1/tariffs", { name: `日历 ${run}`, currency: "CNY", status: "Active" });
  const band = (from, to, kind, electricityPrice) => ({ from, to, kind, electricityPrice, serviceFee: "0.80" });
  await api("PUT", `/api/v1/tariffs/${id}/draft`, {
    timeZone: "Asia/Shanghai",
    schedules: [
      { weekdays: ["Saturday", "Sunday"], bands: [band("00:00", "24:00", "flat", "0.5")] },
      { bands: [band("23:00", "07:00", "valley", "0.3"), band("07:00", "23:00", "sharp", "1.2")] },
    ],
  });
  await api("POST", `/api/v1/tariffs/${id}/draft/publish`, {});
  await api("POST", "/api/v1/tariffs/bindings", { subject: { level: "station", stationId }, tariffId: id });

  const page = await enter(`/console/stations/${stationId}`);
  await page.getByRole("link", { name: "Price calendar" }).click();
  await page.getByRole("heading", { name: "Price calendar", level: 1 }).waitFor();
  await page.getByLabel("Month", { exact: true }).fill("2031-03");
  await page.locator("[data-day='2031-03-31']").waitFor();
  assert.equal(await page.locator("[data-day]").count(), 31);
  assert.match(page.url(), /month=2031-03/);
  await page.getByRole("img", { name: /2031-03-01: 00:00–24:00 Flat 1\.3/ }).waitFor();
  await page.getByRole("img", { name: /2031-03-03: .*07:00–23:00 Sharp peak 2\.0/ }).waitFor();
  await page.getByRole("button", { name: /^03-03/ }).click();
  const table = page.locator("[data-chosen='2031-03-03']");
  await eventually("the bands of the day", async () => (await table.locator("tbody tr").count()) === 3);
  await page.getByRole("button", { name: "Month before" }).click();
  await page.locator("[data-day='2031-02-28']").waitFor();
  const month = page.getByLabel("Month", { exact: true });
  // Other browsers show a line of text, into which anything can be typed.
  await month.evaluate((one) => {
    one.type = "text";
  });
  await month.fill("2031-13");
  await month.blur();
  await page.getByText("Enter a month as YYYY-MM").waitFor();
  assert.equal(await page.locator("[data-month]").getAttribute("data-month"), "2031-02", "the shown month stays");
  await month.fill("2001-01");
  await page.locator("[data-month='2001-01'] .state").waitFor();
  await shut(page);
});
