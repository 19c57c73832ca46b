// The console in Chinese on a phone: a form is filled by taps, and an edge of a band is dragged by a
// finger.
import assert from "node:assert/strict";
import { test } from "node:test";
import { api, enter, run, shut, step, tariff } from "./stage.mjs";

const PHONE = { language: "zh", width: 390, height: 844, touch: true };
const labelled = (page, name) => page.getByLabel(name, { exact: true });

test("a station is registered by taps on a phone in Chinese", async (t) => {
  const name = `手机站 ${run}`;
  const page = await enter("/console/stations/new", PHONE);
  await step(t, page, "a fault of the phone form is shown at its field in Chinese", async () => {
    await page.getByRole("button", { name: "登记", exact: true }).tap();
    await page.locator(".fault", { hasText: "此项必填。" }).first().waitFor();
    assert.equal(await labelled(page, "名称").getAttribute("aria-invalid"), "true");
  });

  await step(t, page, "the phone form is filled and saved", async () => {
    await labelled(page, "名称").tap();
    await page.keyboard.type(name);
    await page.getByLabel("纬度").fill("31.23");
    await page.getByLabel("经度").fill("121.47");
    await page.getByLabel("按星期").tap();
    const sunday = page.locator("[data-period='6']");
    await sunday.getByLabel("结束").fill("18:00");
    await page.getByLabel("卫生间").tap();
    await page.getByRole("button", { name: "登记", exact: true }).tap();
    await page.getByRole("heading", { name, level: 1 }).waitFor();
    const { items: [station] } = await api("GET", `/api/v1/stations?q=${encodeURIComponent(name)}`);
    assert.deepEqual([station.latitude, station.longitude, station.facilities], [31.23, 121.47, ["Restroom"]]);
    assert.deepEqual(station.openingHours.weekly.at(-1), { weekday: "Sunday", from: "08:00", to: "18:00" });
  });
  await shut(page);
});

/** Moves a finger from a point over others to the last one; Playwright has only taps. */
async function drag(page, [from, ...over]) {
  const session = await page.context().newCDPSession(page);
  const touch = (type, touchPoints) => session.send("Input.dispatchTouchEvent", { type, touchPoints });
  await touch("touchStart", [from]);
  for (const point of over) await touch("touchMove", [point]);
  await touch("touchEnd", []);
  await session.detach();
}

test("an edge of a band is dragged by a finger on a phone, and the draft is saved", async () => {
  const id = await tariff(`手机 ${run}`, []);
  const page = await enter(`/console/tariffs/${id}/draft`, PHONE);
  await page.locator("[data-check=valid]").waitFor();
  const edge = (clock) => page.locator(`.strip.tall [data-edge="${clock}"]`);
  // The bar at the bottom must not cover it.
  await edge("15:00").evaluate((handle) => handle.scrollIntoView({ block: "center" }));
  const strip = await page.locator(".strip.tall").boundingBox();
  const at = (hour) => ({ x: strip.x + (strip.width * hour) / 24, y: strip.y + strip.height / 2 });
  // First far, because the browser takes a short movement for a tap.
  await drag(page, [15, 16, 17, 17.5, 17, 16].map(at));
  await edge("16:00").waitFor();
  // Not by a tap: right after a drag the browser may take it for the end of a fling.
  await page.getByRole("button", { name: "保存草稿" }).click();
  await page.locator("[data-saved=true]").waitFor();
  const { priceList } = await api("GET", `/api/v1/tariffs/${id}/draft`);
  assert.deepEqual(priceList.schedules[0].bands.map(({ from, to }) => `${from}-${to}`), ["23:00-07:00", "07:00-10:00", "10:00-16:00", "16:00-18:00", "18:00-21:00", "21:00-23:00"]);
  await shut(page);
});
