// The editor of a draft: numbers, dragging, the keyboard, findings while typing, and conflicts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { api, disabled, enter, eventually, run, shut, signIn, tariff } from "./stage.mjs";

const draftOf = (id) => api("GET", `/api/v1/tariffs/${id}/draft`);
const edge = (page, clock) => page.locator(`.strip.tall [data-edge="${clock}"]`);

async function editor(name, bands) {
  const id = await tariff(`${name} ${run}`, [], bands);
  const page = await enter(`/console/tariffs/${id}/draft`);
  await page.locator("[data-check=valid]").waitFor();
  return { id, page };
}

async function save(page) {
  await page.getByRole("button", { name: "Save the draft" }).click();
  await page.locator("[data-saved=true]").waitFor();
}

test("edges are moved by the keyboard and by dragging, in the day and in the week", async () => {
  const { id, page } = await editor("拖动");
  await edge(page, "07:00").focus();
  await page.keyboard.press("ArrowRight");
  await edge(page, "07:15").waitFor();
  await page.keyboard.press("Shift+ArrowLeft");
  await page.keyboard.press("PageUp");
  await edge(page, "08:14").waitFor();
  await eventually("the edge to keep the focus", async () => (await page.evaluate(() => document.activeElement?.getAttribute("aria-valuetext"))) === "08:14");

  const strip = await page.locator(".strip.tall").boundingBox();
  const handle = await edge(page, "15:00").boundingBox();
  await page.mouse.move(handle.x + handle.width / 2, handle.y + handle.height / 2);
  await page.mouse.down();
  await page.mouse.move(strip.x + (strip.width * 16) / 24, handle.y + 5, { steps: 6 });
  await page.mouse.up();
  await edge(page, "16:00").waitFor();

  const day = page.locator("[data-day]").first();
  await day.locator('[data-edge="21:00"]').focus();
  await page.keyboard.press("ArrowLeft");
  await edge(page, "20:45").waitFor();
  await save(page);
  const { priceList } = await draftOf(id);
  assert.deepEqual(priceList.schedules[0].bands.map(({ from, to }) => `${from}-${to}`), ["23:00-08:14", "08:14-10:00", "10:00-16:00", "16:00-18:00", "18:00-20:45", "20:45-23:00"]);
  await shut(page);
});

test("faults are shown at their place while typing, and the draft is saved once there is none", async () => {
  const { id, page } = await editor("检查", [["00:00", "24:00", "flat", "0.9"]]);
  await page.getByLabel("To of band 1").fill("22:00");
  await page.getByText("No band from 22:00 to 24:00.").waitFor();
  await page.locator('[data-gap="22:00-24:00"]').first().waitFor();
  await page.getByRole("button", { name: "Add a band" }).click();
  await page.getByLabel("Electricity of band 2").fill("1,5");
  await eventually("the fault at the price", () => page.getByLabel("Electricity of band 2").evaluate((one) => one.getAttribute("aria-invalid") === "true" && document.getElementById(one.getAttribute("aria-describedby"))?.textContent !== ""));
  await page.getByRole("button", { name: "Save the draft" }).click();
  await page.locator("[data-problem=INVALID_REQUEST]").waitFor();
  await page.getByLabel("Time zone").focus();
  await page.locator("[data-faults]").click();
  await eventually("the fault to have the focus", () => page.getByLabel("Electricity of band 2").evaluate((one) => one === document.activeElement));
  await page.getByLabel("Electricity of band 2").fill("1.5");
  await page.getByLabel("Service of band 2").fill("0.5");
  await page.getByRole("row").filter({ has: page.getByLabel("From of band 2") }).getByText("2.0").waitFor();
  await page.locator("[data-check=valid]").waitFor();
  await save(page);
  assert.deepEqual((await draftOf(id)).priceList.schedules[0].bands.map(({ electricityPrice }) => electricityPrice), ["0.9", "1.5"]);
  await shut(page);
});

test("seasons, days of the week, holidays, tiers and fees are edited, and the week shows what applies", async () => {
  const { id, page } = await editor("季节", [["00:00", "24:00", "flat", "0.9"]]);
  await page.getByRole("button", { name: "Add a schedule" }).click();
  await page.locator("[data-schedule='0']", { hasText: "Sat Sun" }).waitFor();
  await eventually("the weekend to have its schedule", async () => (await page.locator("[data-applies='0']").count()) === 2);
  await page.getByRole("button", { name: "Add a season" }).click();
  await page.getByLabel("First day (MM-DD)").fill("13-01");
  await page.getByText("Must be a day of the year as MM-DD.").waitFor();
  await page.getByLabel("First day (MM-DD)").fill("01-01");
  await page.getByLabel("Last day (MM-DD)").fill("12-31");
  await page.getByRole("combobox", { name: "Holidays", exact: true }).selectOption("only");
  await page.getByText("Needs holidays, but there are none.").waitFor();
  await page.getByLabel("Date", { exact: true }).fill("2027-10-01");
  const through = page.getByLabel("Through (optional)");
  for (const [last, fault] of [["2027-09-30", "The last date is before the first one."], ["2027-11-01", "At most 31 days."]]) {
    await through.fill(last);
    await page.getByText(fault).waitFor();
    await disabled(page.getByRole("button", { name: "Add the date" }));
  }
  await through.fill("2027-10-03");
  await page.getByRole("button", { name: "Add the date" }).click();
  await page.getByRole("button", { name: "Remove 2027-10-03" }).waitFor();
  await page.getByLabel("Week of").fill("2027-10-01");
  await page.locator("[data-day='2027-10-02'][data-applies='0']").waitFor();
  await page.locator("[data-day='2027-10-01'][data-applies='1']").waitFor();
  await page.getByRole("button", { name: "Divide band 1" }).click();
  await page.getByRole("button", { name: "Add a tier to band 1" }).click();
  await page.getByLabel("Above (Wh of the session)").fill("20000");
  await page.getByLabel("Fee for staying plugged in").check();
  await page.getByLabel("Price per minute").fill("0.5");
  await page.locator("[data-check=valid]").waitFor();
  await save(page);
  const { priceList } = await draftOf(id);
  assert.deepEqual(priceList.holidays, ["2027-10-01", "2027-10-02", "2027-10-03"]);
  assert.deepEqual(priceList.occupancy, { pricePerMinute: "0.5", graceMinutes: 15 });
  const [first] = priceList.schedules;
  assert.deepEqual([first.seasons, first.weekdays, first.holiday, first.bands.length, first.bands[0].tiers[0].aboveWh], [[{ from: "01-01", to: "12-31" }], ["Saturday", "Sunday"], true, 2, 20_000]);
  await shut(page);
});

test("unsaved edits survive a reload, and another edit is a conflict that the user resolves", async () => {
  const { id, page } = await editor("冲突", [["00:00", "24:00", "flat", "0.9"]]);
  await save(await touched(page, "1.1"));
  await page.getByLabel("Electricity of band 1").fill("1.2");
  await page.reload();
  await signIn(page, "all");
  await page.locator("[data-restored]").waitFor();
  assert.equal(await page.getByLabel("Electricity of band 1").inputValue(), "1.2");
  const { priceList } = await draftOf(id);
  priceList.schedules[0].bands[0].electricityPrice = "3.3";
  await api("PUT", `/api/v1/tariffs/${id}/draft`, { ...priceList, sessionFee: "2" });
  await page.getByRole("button", { name: "Save the draft" }).click();
  const conflict = page.locator("[data-conflict='1']");
  await conflict.getByText("By operator").waitFor();
  await conflict.locator("[data-theirs=sessionFee]", { hasText: "nothing → 2" }).waitFor();
  // An edit that was not compared yet is not lost by another reload, and is compared then.
  await page.reload();
  await signIn(page, "all");
  const schedules = conflict.locator("[data-conflict-field=schedules]");
  await schedules.getByText(/When you began: Schedule 1: .*00:00–24:00 Flat 1\.1 \+ 0\.80?/).waitFor();
  await schedules.getByLabel(/Saved meanwhile: Schedule 1: .*Flat 3\.3 \+ 0\.80?/).waitFor();
  await disabled(page.getByRole("button", { name: "Save the draft" }));
  await disabled(page.getByRole("button", { name: "Continue with this" })); // not before a choice
  await schedules.getByLabel(/Yours: Schedule 1: .*Flat 1\.2 \+ 0\.80?/).check();
  await page.getByRole("button", { name: "Continue with this" }).click();
  await conflict.waitFor({ state: "detached" });
  assert.equal(await page.getByLabel("Fee per session").inputValue(), "2");
  await save(page);
  const both = (await draftOf(id)).priceList;
  assert.deepEqual([both.schedules[0].bands[0].electricityPrice, both.sessionFee], ["1.2", "2"]);
  await page.getByRole("button", { name: "Discard the draft" }).click();
  await page.getByRole("alert").getByRole("button", { name: "Discard the draft" }).click();
  await page.getByRole("heading", { name: "Versions" }).waitFor();
  await page.getByRole("link", { name: "New draft" }).waitFor();
  await shut(page);
});

test("a first draft that another caller saved meanwhile is not replaced", async () => {
  const { id, page } = await editor("首稿", [["00:00", "24:00", "flat", "0.9"]]);
  await touched(page, "1.1");
  const { items: [{ priceList }] } = await api("GET", `/api/v1/tariffs/${id}/versions`);
  await api("PUT", `/api/v1/tariffs/${id}/draft`, { ...priceList, sessionFee: "2" });
  await page.getByRole("button", { name: "Save the draft" }).click();
  await page.locator("[data-theirs=sessionFee]", { hasText: "nothing → 2" }).waitFor();
  await page.getByRole("button", { name: "Continue with this" }).click();
  await save(page);
  const both = (await draftOf(id)).priceList;
  assert.deepEqual([both.schedules[0].bands[0].electricityPrice, both.sessionFee], ["1.1", "2"]);
  await shut(page);
});

async function touched(page, price) {
  await page.getByLabel("Electricity of band 1").fill(price);
  await page.locator("[data-check=valid]").waitFor();
  return page;
}
