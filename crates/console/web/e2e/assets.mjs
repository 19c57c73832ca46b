// Managing stations and piles: forms with their faults, drafts and conflicts; moves, replacements,
// retirement, history and labels.
import assert from "node:assert/strict";
import { test } from "node:test";
import { judge } from "./axe.mjs";
import { api, disabled, enter, eventually, run, shut, signIn, site, stage, step } from "./stage.mjs";

const merge = (path, body) => api("PATCH", path, body, { type: "application/merge-patch+json" });
const labelled = (page, name) => page.getByLabel(name, { exact: true });

test("a station is registered by a form that checks, and whose draft survives a reload", async (t) => {
  const name = `新站 ${run}`;
  const page = await enter("/console/");
  await step(t, page, "an empty form names what is missing and focuses it", async () => {
    await page.getByRole("link", { name: "New station" }).click();
    await page.getByRole("button", { name: "Register" }).click();
    await page.getByText("This field is required.").waitFor();
    await eventually("the focus", () => labelled(page, "Name").evaluate((one) => one === document.activeElement));
    assert.equal(await labelled(page, "Name").getAttribute("aria-invalid"), "true");
  });

  await step(t, page, "faults are shown at their fields, with the limits of the API", async () => {
    await labelled(page, "Name").fill(name);
    await labelled(page, "Latitude (optional)").fill("91");
    await labelled(page, "Latitude (optional)").press("Tab");
    await page.getByText("At most 90.").waitFor();
    await labelled(page, "Latitude (optional)").fill("31.23");
    await page.getByText("Enter latitude and longitude, or neither.").waitFor();
    await labelled(page, "Longitude (optional)").fill("121.47");
    await page.getByText("Enter latitude and longitude, or neither.").waitFor({ state: "detached" });
    await page.getByLabel("By weekday").check();
    const sunday = page.locator("[data-period='6']");
    await sunday.getByLabel("Closes").fill("7:00");
    await sunday.getByLabel("Closes").press("Tab");
    assert.equal(await sunday.getByLabel("Closes").inputValue(), "07:00");
    await sunday.getByText("Must be later than the beginning").waitFor();
    await sunday.getByLabel("Closes").fill("18:00");
    await page.getByLabel("Restroom").check();
  });

  await step(t, page, "a reload keeps the draft, and another user does not see it", async () => {
    await page.reload();
    await signIn(page, "read");
    await page.getByText("It needs the scope assets:write").waitFor();
    await page.reload();
    await signIn(page, "all");
    await page.locator("[data-draft=restored]").waitFor();
    assert.equal(await labelled(page, "Name").inputValue(), name);
    assert.equal(await page.locator("[data-period='6']").getByLabel("Closes").inputValue(), "18:00");
  });

  await step(t, page, "a position that the browser does not give is explained", async () => {
    for (const [code, reason] of [[1, "The browser may not use the position"], [3, "This device found no position"]]) {
      await page.evaluate((given) => {
        navigator.geolocation.getCurrentPosition = (_found, failed) => failed({ code: given });
      }, code);
      await page.getByRole("button", { name: "Use my position" }).click();
      await page.getByText(reason).waitFor();
    }
  });

  await step(t, page, "Enter registers it, and the draft is gone", async () => {
    await labelled(page, "Name").press("Enter");
    await page.getByRole("heading", { name, level: 1 }).waitFor();
    const { items: [station] } = await api("GET", `/api/v1/stations?q=${encodeURIComponent(name)}`);
    assert.deepEqual(station.facilities, ["Restroom"]);
    assert.equal(station.openingHours.weekly.length, 7);
    assert.deepEqual(station.openingHours.weekly.at(-1), { weekday: "Sunday", from: "08:00", to: "18:00" });
    assert.equal(await page.evaluate(() => Object.keys(sessionStorage).filter((key) => key.startsWith("console.draft.")).length), 0);
  });
  await shut(page);
});

test("a pile is registered with its connectors, and a device that is taken is refused", async () => {
  const { id, piles: [other] } = await site({ connected: false });
  const page = await enter(`/console/stations/${id}`);
  await page.getByRole("link", { name: "New pile" }).click();
  await labelled(page, "Device").fill(other.device);
  await labelled(page, "Model").fill("DC-60");
  await labelled(page, "Rated power").fill("６０");
  await page.getByRole("button", { name: "Add a connector" }).click();
  const second = page.locator("[data-outlet='1']");
  assert.equal(await second.getByLabel("Number").inputValue(), "2");
  await second.getByLabel("Number").fill("1");
  await page.getByRole("button", { name: "Register" }).click();
  await second.getByText("Another connector has this number.").waitFor();
  await second.getByLabel("Number").fill("2");
  await page.getByRole("button", { name: "Register" }).click();
  await page.locator("[data-problem=CHARGE_POINT_ID_CONFLICT]").getByText("Search the fleet for the device").waitFor();
  await labelled(page, "Device").fill(`CP-${run}-A1`);
  await page.getByRole("button", { name: "Register" }).click();
  await page.getByRole("heading", { name: `CP-${run}-A1`, level: 1 }).waitFor();
  const { items: [pile] } = await api("GET", `/api/v1/piles?chargePointId=CP-${run}-A1`);
  assert.equal(pile.ratedPowerKw, 60);
  assert.deepEqual(pile.connectors.map(({ connectorId, type }) => `${connectorId} ${type}`), ["1 GB_DC", "2 GB_DC"]);
  await shut(page);
});

test("edits of two people are compared field by field", async (t) => {
  const { piles: [pile] } = await site({ connected: false });
  const path = `/api/v1/piles/${pile.id}`;
  const page = await enter(`/console/piles/${pile.id}`);
  await step(t, page, "a save after another one is refused, and shows both", async () => {
    await page.getByRole("link", { name: "Edit" }).click();
    await labelled(page, "Name (optional)").fill("一号");
    await labelled(page, "Model").fill("DC-180");
    await merge(path, { name: "甲桩", vendor: "Vendor-B" });
    await page.getByRole("button", { name: "Save" }).click();
    const conflict = page.locator("[data-conflict='1']");
    await conflict.getByText("By operator").waitFor();
    await conflict.locator("[data-theirs=vendor]", { hasText: "Vendor-B" }).waitFor();
    const name = conflict.locator("[data-conflict-field=name]");
    for (const text of ["When you began: 1号桩", "Yours: 一号", "Saved meanwhile: 甲桩"]) await name.getByText(text).waitFor();
    await disabled(page.getByRole("button", { name: "Save" }));
    await disabled(page.getByRole("button", { name: "Continue with this" })); // not before a choice
    assert.deepEqual(await judge(page), []);
  });

  await step(t, page, "a draft that is older than the pile is in conflict at once", async () => {
    await page.reload();
    await signIn(page, "all");
    await page.locator("[data-conflict='1']").waitFor();
    await page.getByLabel("Saved meanwhile: 甲桩").check();
    await page.getByRole("button", { name: "Continue with this" }).click();
    await page.locator("[data-conflict]").waitFor({ state: "detached" });
    assert.equal(await labelled(page, "Name (optional)").inputValue(), "甲桩");
  });

  await step(t, page, "the choice is saved with the other fields of both", async () => {
    await page.getByRole("button", { name: "Save" }).click();
    // The form has the name in its heading, too.
    await page.getByRole("heading", { name: "甲桩", level: 1, exact: true }).waitFor();
    const { name, model, vendor, version } = await eventually("the edit", async () => {
      const found = await api("GET", path);
      return found.version === 3 ? found : null;
    });
    assert.deepEqual([name, model, vendor, version], ["甲桩", "DC-180", "Vendor-B", 3]);
  });

  await step(t, page, "the history shows who changed what", async () => {
    await page.getByRole("link", { name: "History" }).click();
    const edit = page.locator("[data-edit=updated][data-version='3']");
    await edit.getByText("operator", { exact: true }).waitFor();
    assert.equal(await edit.locator("[data-field=model] dd").innerText(), "DC-120 → DC-180");
    assert.equal(await page.locator("[data-edit]").count(), 3);
    await page.locator(`[data-placement="${pile.device}"]`).getByText("until now").waitFor();
  });
  await shut(page);
});

test("a station is edited and cleared of optional fields", async () => {
  const { id } = await site({ piles: 0 });
  const page = await enter(`/console/stations/${id}/edit`);
  await labelled(page, "Address (optional)").fill("");
  await labelled(page, "Latitude (optional)").fill("");
  await labelled(page, "Longitude (optional)").fill("");
  await page.getByLabel("Always open").check();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("group", { name: "Management" }).waitFor();
  const once = await api("GET", `/api/v1/stations/${id}`);
  assert.deepEqual([once.address, once.latitude, once.openingHours, once.operatorId], [null, null, { always: true }, "op-7"]);
  await page.getByRole("link", { name: "Edit" }).click();
  await page.getByLabel("By weekday").check();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("group", { name: "Management" }).waitFor();
  const { openingHours, version } = await api("GET", `/api/v1/stations/${id}`);
  assert.deepEqual([openingHours.weekly.length, version], [7, 3]);
  await shut(page);
});

test("a pile is moved, and its device is replaced", async () => {
  const { piles: [pile] } = await site({ connected: false });
  const target = await site({ name: `目标站 ${run}`, piles: 0 });
  const page = await enter(`/console/piles/${pile.id}`);
  await page.getByRole("link", { name: "Move" }).click();
  await page.getByRole("button", { name: "Move the pile" }).click();
  await eventually("both faults", async () => (await page.getByText("This field is required.").count()) === 2);
  await page.getByLabel("Find a station").fill(`目标站 ${run}`);
  await page.locator("option", { hasText: `目标站 ${run}` }).waitFor({ state: "attached" });
  await labelled(page, "Station").selectOption({ label: `目标站 ${run}` });
  await labelled(page, "Reason").fill("场站改造");
  await page.getByRole("button", { name: "Move the pile" }).click();
  await page.locator("[data-manage=replace]").waitFor();
  assert.equal((await api("GET", `/api/v1/piles/${pile.id}`)).stationId, target.id);

  await page.getByRole("link", { name: "Replace device" }).click();
  await labelled(page, "New device").fill("not a device");
  await labelled(page, "Reason").fill("主板烧毁");
  await page.getByRole("button", { name: "Replace the device" }).click();
  await page.getByText("1 to 64 letters").waitFor();
  await labelled(page, "New device").fill(pile.device);
  await page.getByRole("button", { name: "Replace the device" }).click();
  await page.locator("[data-problem=PILE_UNCHANGED]").waitFor();
  await labelled(page, "New device").fill(`CP-${run}-A2`);
  await page.getByRole("button", { name: "Replace the device" }).click();
  await page.locator("[data-manage=replace]").waitFor();
  assert.equal((await api("GET", `/api/v1/piles/${pile.id}`)).chargePointId, `CP-${run}-A2`);
  await page.getByRole("link", { name: "History" }).click();
  await page.getByText("Reason: 主板烧毁").waitFor();
  await eventually("its placements", async () => (await page.locator("[data-placement]").count()) === 3);
  await shut(page);
});

test("a station and its pile are retired, and restored in the right order", async () => {
  const { id, piles: [pile] } = await site({ name: `退役站 ${run}` });
  const page = await enter(`/console/stations/${id}`);
  const retire = async () => {
    await page.getByRole("button", { name: "Retire" }).click();
    await page.getByRole("alert").getByRole("button", { name: "Retire" }).click();
  };
  const restore = async (place) => {
    await place.getByRole("button", { name: "Restore" }).click();
    await place.getByRole("alert").getByRole("button", { name: "Restore" }).click();
  };
  const row = (one) => page.locator(`[data-retired="${one}"]`);
  const noActions = async () => assert.equal(await page.locator("[data-manage], [data-order], [data-station-order]").count(), 0, "what is retired cannot be operated");
  await retire();
  await page.locator("[data-problem=STATION_NOT_EMPTY]").waitFor();
  await page.locator(`a[data-pile="${pile.device}"]`).click();
  await page.locator("[data-manage=move]").waitFor();
  await retire();
  await page.locator(`[data-retired="${pile.id}"]`).waitFor();
  await page.goto(`${stage.page}/console/stations/${id}`);
  await signIn(page, "all");
  await page.locator("[data-manage=new-pile]").waitFor();
  await retire();
  await page.locator(`[data-retired="${id}"]`).waitFor();

  await page.getByRole("button", { name: "Piles", exact: true }).click();
  await restore(row(pile.id));
  await row(pile.id).locator("[data-problem=STATION_RETIRED]").waitFor();
  await row(pile.id).getByRole("link", { name: "1号桩" }).click();
  await page.locator("[data-retired-at]").waitFor();
  await page.locator("[data-edit=retired]").waitFor();
  await page.getByText("No session yet").waitFor();
  await page.locator("section[aria-labelledby=timeline] [data-changes] .tone-Available").waitFor();
  await noActions();
  await page.getByRole("link", { name: `退役站 ${run}` }).click();
  await page.getByRole("heading", { name: `退役站 ${run}`, level: 1 }).waitFor();
  await page.locator("[data-retired-at]").waitFor();
  await page.locator("[data-edit=retired]").waitFor();
  await noActions();
  await restore(page.locator(".page-head"));
  await page.locator("[data-manage=new-pile]").waitFor();
  await page.goto(`${stage.page}/console/retired?view=piles`);
  await signIn(page, "all");
  await restore(row(pile.id));
  await page.locator("[data-manage=move]").waitFor();
  assert.equal((await api("GET", `/api/v1/piles/${pile.id}`)).retiredAt, null);
  await shut(page);
});

test("each connector has a label with a code, which is printed alone", async () => {
  const { id, piles } = await site({ piles: 2, connectors: 2, connected: false });
  const page = await enter(`/console/stations/${id}`);
  await page.getByRole("link", { name: "Labels" }).click();
  await eventually("four labels", async () => (await page.locator("[data-label]").count()) === 4);
  const first = page.locator(`[data-label="${piles[0].device}/1"]`);
  assert.equal(await first.getAttribute("data-code"), `${piles[0].id}/1`);
  assert.match(await first.getByRole("link").getAttribute("href"), /^data:image\/svg\+xml,/);

  await page.getByLabel("Content of the code").fill("https://app.example/{chargePointId}");
  await page.getByText("Must contain {connectorId}").waitFor();
  await disabled(page.getByRole("button", { name: "Print" }));
  await page.getByLabel("Content of the code").fill("https://app.example/{chargePointId}/{connectorId}");
  assert.equal(await first.getAttribute("data-code"), `https://app.example/${piles[0].device}/1`);

  await page.getByRole("button", { name: "One per page" }).click();
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.locator(".bar").isVisible(), false);
  assert.equal(await page.getByLabel("Content of the code").isVisible(), false);
  const { width, height } = await first.getByRole("img").boundingBox();
  assert.deepEqual([width, height].map((px) => Math.round((px / 96) * 25.4)), [38, 38], "millimetres");
  await shut(page);
});

test("without the scope for writing, nothing can be changed, and history and labels are shown", async () => {
  const { id, piles: [pile] } = await site({ connected: false });
  const page = await enter(`/console/piles/${pile.id}`, { as: "read" });
  for (const action of ["edit", "move", "replace"]) await disabled(page.locator(`[data-manage=${action}]`));
  await disabled(page.getByRole("button", { name: "Retire" }));
  await page.getByRole("link", { name: "History" }).click();
  await page.locator("[data-edit=created]").waitFor();
  for (const path of [`/console/stations/${id}/edit`, `/console/stations/${id}/piles/new`, `/console/piles/${pile.id}/replace`]) {
    await page.goto(stage.page + path);
    await signIn(page, "read");
    await page.getByText("It needs the scope assets:write").waitFor();
  }
  await shut(page);
});
